"""A Messaging Service with an RCS sender, and phones that text it by RCS, SMS and MMS."""

import secrets
from dataclasses import dataclass

import frappe

from support import desks
from support.stack import INBOUND, MESSAGE, Stack, eventually
from support.webhooks import sid, signed, text

NUMBER = "Twilio SMS Number"
FILE = "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME0"


@dataclass(frozen=True)
class Service:
	stack: Stack
	sid: str
	agent: str
	"""the RCS sender, as Twilio addresses it"""
	numbers: list[str]
	"""of its pool"""


def make_service(
	stack: Stack, numbers: int = 1, *, with_itself: bool = True, is_known: bool = True, **fields
) -> Service:
	"""
	:param with_itself: whether the service is set up here, not only its numbers
	:param is_known: whether this site knows that it has an RCS sender
	:param fields: of all of them
	"""
	sim, account = stack.simulator, stack.account_sid
	service_sid = sim.add_service(account, friendly_name="Support", inbound_url=stack.web + INBOUND).sid
	agent = f"rcs:acme_bikes_{secrets.token_hex(6)}_agent"
	fields = {"messaging_service_sid": service_sid, "rcs_sender": agent if is_known else None, **fields}
	sim.add_rcs_sender(account, agent, service_sid=service_sid, friendly_name="Acme Bikes")
	pool = [stack.add_number(**fields) for _n in range(numbers)]
	for number in pool:
		sim.add_number(account, number, service_sid=service_sid)
	if with_itself:
		itself = {
			"doctype": NUMBER,
			"phone_number": service_sid,
			"account": stack.account,
			"description": "Support",
		}
		itself |= {**desks.default().of_number(), **fields}
		frappe.get_doc(itself).insert()
		frappe.db.commit()
	return Service(stack, service_sid, agent, pool)


class Phone:
	"""A customer's phone with a number nobody had before; its webhooks are posted as Twilio does.

	:param takes_rcs: whether what we send reaches it by RCS
	"""

	def __init__(self, service: Service, takes_rcs: bool = True):
		self.service = service
		self.number = f"+1415{2_000_000 + secrets.randbelow(8_000_000)}"
		service.stack.simulator.add_handset(self.number, rcs=takes_rcs)

	def params(self, way: str, body: str, to: str = "", **changes) -> dict[str, str]:
		"""The parameters of a message by "rcs", "sms" or "mms" with a new SID."""
		service = self.service
		sides = {"From": self.number, "To": to or service.numbers[0]}
		if way == "rcs":
			sides = {"From": f"rcs:{self.number}", "To": service.agent}
		if way == "mms":
			sides |= {
				"MessageSid": sid("MM"),
				"NumMedia": "1",
				"MediaUrl0": FILE,
				"MediaContentType0": "image/png",
			}
		about = {"MessagingServiceSid": service.sid, "Body": body, "SmsStatus": "received"}
		return text(service.stack, **{**sides, **about, **changes})

	def post(self, way: str, body: str, to: str = "", **changes) -> str:
		"""The SID of a message that was posted."""
		params = self.params(way, body, to, **changes)
		answer = signed(self.service.stack, INBOUND, params)
		assert answer.status_code == 200, answer.text
		return params["MessageSid"]

	def rcs(self, body: str, **changes):
		"""The Twilio SMS Message of what was sent by RCS, once it is in its ticket."""
		return self.arrived(self.post("rcs", body, **changes))

	def sms(self, body: str, to: str, **changes):
		return self.arrived(self.post("sms", body, to, **changes))

	@staticmethod
	def arrived(message_sid: str):
		def look():
			frappe.db.rollback()
			return frappe.db.get_value(MESSAGE, {"twilio_sid": message_sid, "status": "Threaded"})

		return frappe.get_doc(MESSAGE, eventually(look))
