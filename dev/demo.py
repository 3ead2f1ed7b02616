"""The story that `make demo` tells on a running stack.

A text becomes a ticket, the answer a text, the ticket goes over to e-mail and back. Every step prints what the customer's
handset and the ticket show, and is compared with what should be there.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from browser import Browser
from demo_desks import DEMO_DESKS
from layout import ADMIN_PASSWORD, BENCH, MAILS, desk_of
from services import HOST
from stack import Stack


@dataclass(frozen=True)
class Person:
	first_name: str
	last_name: str
	number: str


NUMBER = "+14155550100"
ANN = Person("Ann", "Miller", "+14155550132")
ANNS_ADDRESS = "ann.miller@example.com"
SENDER = "helpdesk@example.com"
PATIENCE_S = 60
SECOND_OF_ITS_OWN_S = 1.1


class Differs(Exception):
	"""Something is not as the story has it."""


def play(stack: Stack) -> int:
	"""Play it; the number is what `make demo ARGS=--once` ends with."""
	if not stack.simulator_url:
		print("✗ The story needs the simulator, which did not start.")
		return 1
	try:
		Story(stack).tell()
	except Differs as e:
		print(f"\n✗ This differs: {e}")
		return 1
	except urllib.error.HTTPError as e:
		print(f"\n✗ {e.url} answered {e.code}: {e.read().decode(errors='replace')[:2000]}")
		return 1
	except (urllib.error.URLError, OSError) as e:
		print(
			f"\n✗ {stack.web_url} or {stack.simulator_url} does not answer: {e}. Logs are in .throwaway/logs."
		)
		return 1
	print("\n✓ All of it was as it should be.")
	return 0


class Story:
	def __init__(self, stack: Stack):
		self.stack, self.web, self.simulator = stack, stack.web_url, stack.simulator_url
		self.desk = DEMO_DESKS[desk_of(stack.site)]
		self.admin, self.agent = Browser(self.web), Browser(self.web)
		self.steps = 0

	def tell(self) -> None:
		word = self.desk.word
		self.wait_for(
			"the site to let the Administrator in",
			lambda: self.admin.log_in("Administrator", ADMIN_PASSWORD),
		)
		self.prepare()
		self.agent.log_in(self.desk.agent, self.desk.password)
		if (earlier := self.newest_ticket()) and self.state(earlier)["channel"] != "SMS":
			# The story was interrupted there.
			self.switch(earlier, "SMS")
		hello = "Hello, my order 4711 has not arrived. Can you help?"

		self.step("Ann texts the shop")
		self.ann_texts(hello)
		ticket = self.wait_for(f"an {word}" if word[0] in "aeiou" else f"a {word}", self.newest_ticket)
		state = self.wait_for("her message in it", lambda: self.ends_with(ticket, hello))
		self.expect(state["channel"], "SMS", "the reply channel")
		if self.desk.customer:
			self.expect(self.ticket_field(ticket, "customer"), self.desk.customer, f"the {word}'s customer")
			self.say(word, f"#{ticket} is of the customer {self.desk.customer}.")
		self.show(ticket)

		self.step(f"The agent answers in {self.desk.box}")
		self.reply(ticket, "<p>Hi Ann, it is on its way and arrives <b>tomorrow</b>.</p>")
		self.ann_gets("Hi Ann, it is on its way and arrives tomorrow.")
		self.wait_for(f"its delivery in the {word}", lambda: self.fate(ticket) == "Delivered")
		self.show(ticket)

		self.step(f"Ann sends a picture; it goes into the same {word}")
		self.ann_texts("Is it this parcel?", picture=True)
		self.wait_for(f"the picture in the {word}", lambda: self.picture(ticket))
		self.expect(self.newest_ticket(), ticket, f"the {word} of her message")
		self.show(ticket)

		self.step("The agent wants to go over to e-mail, but Ann has no address yet")
		self.forget_address(ticket)
		refusal = self.refused_switch(ticket)
		if "no valid e-mail address" not in refusal:
			raise Differs(f"the refusal says: {refusal}")
		self.say(word, "Refused: she has no valid e-mail address. Replies still go by SMS.")

		self.step("The agent adds her address, switches, and answers in the same place")
		mails, texts = len(self.mails(ticket)), len(self.handset())
		state = self.switch(ticket, "Email", email=ANNS_ADDRESS)
		self.expect(state["channel"], "Email", "the reply channel")
		self.reply(ticket, "<p>Here is the invoice.</p>", to=ANNS_ADDRESS)
		self.wait_for(f"one e-mail on the {word}", lambda: len(self.mails(ticket)) == mails + 1)
		self.expect(len(self.handset()), texts, "the number of messages on her phone")
		self.say(word, f"#{ticket} e-mail to {ANNS_ADDRESS}: Here is the invoice.")
		self.send_mails()
		self.wait_for("the e-mail to be sent", lambda: self.mails(ticket)[0]["status"] == "Sent")
		self.say("mailbox", f"{ANNS_ADDRESS} has it; the e-mails are in {MAILS.relative_to(BENCH.parent)}")
		self.say("handset", "no new message")

		self.step("And back to SMS")
		self.switch(ticket, "SMS")
		self.reply(ticket, "<p>Did the e-mail arrive?</p>")
		self.ann_gets("Did the e-mail arrive?")
		self.wait_for(f"its delivery in the {word}", lambda: self.fate(ticket) == "Delivered")
		self.show(ticket)

		self.step("Ann texts STOP, and START again")
		self.ann_texts("STOP")
		self.wait_for(f"the {word} to know", lambda: self.state(ticket)["opted_out"])
		self.expect(self.state(ticket)["can_text"], False, "whether she can be texted")
		self.say(word, self.state(ticket)["why_not"])
		# Twilio's times have whole seconds, and of a STOP and a START in the same second STOP counts.
		time.sleep(SECOND_OF_ITS_OWN_S)
		self.ann_texts("START")
		self.wait_for("START to lift it", lambda: self.state(ticket)["can_text"])
		self.say(word, "She can be texted again.")

	# What the two sides do

	def prepare(self) -> None:
		"""People, and an outgoing e-mail account, whose mails go into a mailbox on this machine."""
		self.desk.prepare(self.admin, ANN)
		server = {"smtp_server": HOST, "smtp_port": str(self.stack.mail_port)}
		found = self.admin.call(
			"frappe.client.get_list", doctype="Email Account", filters={"email_id": SENDER}, fields=["name"]
		)
		for row in found:
			self.admin.call(
				"frappe.client.set_value", doctype="Email Account", name=row["name"], fieldname=server
			)
		if found:
			return
		account = {
			"email_account_name": "Example Shop (demo)",
			"email_id": SENDER,
			"enable_outgoing": 1,
			"default_outgoing": 1,
			"no_smtp_authentication": 1,
			**server,
		}
		self.admin.insert("Email Account", **account)

	def ann_texts(self, body: str, picture: bool = False) -> None:
		media = [{"name": "parcel.png", "data": PARCEL}] if picture else []
		text = {"from": ANN.number, "to": NUMBER, "body": body, "media": media}
		self.admin.post(f"{self.simulator}/simulator/api/texts", text)
		self.say("handset", f"Ann texts {NUMBER}: {body}{' [picture]' if picture else ''}")

	def ann_gets(self, body: str) -> None:
		self.wait_for(f"her phone to show {body!r}", lambda: self.handset()[-1]["body"] == body)

	def reply(self, ticket: str, html: str, to: str = "") -> None:
		self.desk.reply(self.agent, ticket, self.state(ticket)["ticket"]["subject"], html, to)

	def switch(self, ticket: str, channel: str, **arguments: str) -> dict:
		named = {"ticket": ticket, "ticket_doctype": self.desk.doctype}
		return self.agent.call(
			"twilio_sms_channel.api.ticket.switch_channel", channel=channel, **named, **arguments
		)

	def refused_switch(self, ticket: str) -> str:
		try:
			self.switch(ticket, "Email")
		except urllib.error.HTTPError as e:
			return e.read().decode()
		raise Differs("the switch to e-mail was not refused")

	def forget_address(self, ticket: str) -> None:
		"""An earlier telling of the story left one."""
		doctype, call = self.desk.doctype, self.admin.call
		contact = call("frappe.client.get", doctype="Contact", name=self.ticket_field(ticket, "contact"))
		contact["email_ids"] = []
		call("frappe.client.save", doc=contact)
		call("frappe.client.set_value", doctype=doctype, name=ticket, fieldname="raised_by", value="")

	# What the two sides see

	def handset(self) -> list[dict]:
		messages = self.admin.get(f"{self.simulator}/simulator/api/state")["messages"]
		return [m for m in messages if m["customer"] == ANN.number and not m["automatic"]]

	def newest_ticket(self) -> str | None:
		found = self.admin.call(
			"frappe.client.get_value",
			doctype="Twilio SMS Conversation",
			filters={"customer_number": ANN.number, "number": NUMBER},
			fieldname="ticket",
		)
		return (found or {}).get("ticket")

	def ticket_field(self, ticket: str, field: str) -> str | None:
		return self.admin.call(
			"frappe.client.get_value", doctype=self.desk.doctype, filters=ticket, fieldname=field
		)[field]

	def state(self, ticket: str) -> dict:
		query = urllib.parse.urlencode({"ticket": ticket, "ticket_doctype": self.desk.doctype})
		return self.agent.get(f"{self.web}/api/method/twilio_sms_channel.api.ticket.state?{query}")["message"]

	def ends_with(self, ticket: str, body: str) -> dict | None:
		state = self.state(ticket)
		return state if state["messages"] and state["messages"][-1]["body"] == body else None

	def fate(self, ticket: str) -> str:
		return self.state(ticket)["messages"][-1]["fate"]

	def picture(self, ticket: str) -> str | None:
		media = self.state(ticket)["messages"][-1]["media"]
		return media[0]["file_url"] if media else None

	def mails(self, ticket: str) -> list[dict]:
		return self.admin.call(
			"frappe.client.get_list",
			doctype="Email Queue",
			filters={"reference_doctype": self.desk.doctype, "reference_name": ticket},
			fields=["name", "status"],
			order_by="creation desc",
			limit_page_length=0,
		)

	def send_mails(self) -> None:
		"""What the scheduler does every few minutes."""
		self.stack.frappe("execute", "frappe.email.queue.flush")

	# Telling

	def step(self, title: str) -> None:
		self.steps += 1
		print(f"\n{self.steps}. {title}")

	def show(self, ticket: str) -> None:
		"""The last lines of the ticket and of the handset."""
		state = self.state(ticket)
		for message in state["messages"][-2:]:
			who = state["customer"] if message["direction"] == "Inbound" else message["by"]
			files = "".join(f" [{file['file_name'] or file['status']}]" for file in message["media"])
			fate = f" ({message['fate']})" if message["fate"] else ""
			self.say(self.desk.word, f"#{ticket} {who}: {message['body']}{files}{fate}")
		last = self.handset()[-1]
		who = "Ann" if last["direction"] == "inbound" else "Shop"
		self.say("handset", f"{who}: {last['body']} ({last['status']})")

	def say(self, where: str, what: str) -> None:
		print(f"   {where:<8} {what}", flush=True)

	def expect(self, found: Any, wanted: Any, what: str) -> None:
		if found != wanted:
			raise Differs(f"{what} is {found!r}, not {wanted!r}")

	def wait_for(self, what: str, ask: Callable[[], Any]) -> Any:
		deadline = time.monotonic() + PATIENCE_S
		while time.monotonic() < deadline:
			if answer := ask():
				return answer
			time.sleep(0.2)
		raise Differs(f"waited {PATIENCE_S} s in vain for {what}")


# A small picture in the colour of cardboard.
PARCEL = (
	"iVBORw0KGgoAAAANSUhEUgAAAGAAAABICAIAAACGBWc0AAAAkElEQVR42u3cUQ0AEBiFUZlkEUEISbQhhjwS/GZevJztC3B3AtzU"
	"StahhOAKaPT6sTV71MdVgAABAgQIECBAgAABAgQIECBAgAABAgQIECBAgAABAgQIECBAgAABAgQIECBAgAABAgQIECBAgAABAgQI"
	"ECBAgAABAgQIECBAgAABAgQIECBAgAABioHkBe+xDTpaiIA0gbRVAAAAAElFTkSuQmCC"
)
