"""A customer's phone that takes RCS, at the simulator, and a number of ours whose Messaging Service sends it."""

import secrets
from dataclasses import dataclass

from support.stack import Customer, Stack
from twilio_sms_channel.simulator import Content, Message


@dataclass(frozen=True)
class RcsHandset:
	stack: Stack
	customer: Customer
	number: str
	"""of ours"""
	agent: str
	"""the RCS sender in its Messaging Service"""
	service_sid: str

	def card(self, body: str, **content) -> Message:
		"""A message with buttons, which another program of ours sends; once it has arrived. For `content` see
		`Simulator.add_content`."""
		sim = self.stack.simulator
		message = sim.send_content(self._content(body, **content), self.customer.number, self.service_sid)
		assert sim.wait_idle(30)
		return message

	def _content(self, body: str, **content) -> Content:
		return self.stack.simulator.add_content(self.stack.account_sid, body, **content)


def make_rcs_handset(stack: Stack, name: str = "") -> RcsHandset:
	sim = stack.simulator
	service = sim.add_service(stack.account_sid, use_inbound_webhook_on_number=True)
	agent = f"rcs:shop_{secrets.token_hex(4)}_agent"
	number = stack.add_number(messaging_service_sid=service.sid, rcs_sender=agent, rcs_status="ONLINE")
	pooled = sim.world.numbers[number]
	pooled.service_sid = service.sid
	sim.add_rcs_sender(
		stack.account_sid,
		agent,
		friendly_name="Fernhill Bikes",
		sms_url=pooled.sms_url,
		service_sid=service.sid,
	)
	customer = Customer(stack)
	sim.add_handset(customer.number, name, rcs=True)
	return RcsHandset(stack, customer, number, agent, service.sid)
