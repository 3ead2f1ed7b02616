"""The story that `make demo` tells on a running stack.

A text becomes a ticket, the answer a text, the ticket goes over to e-mail and back. Every step prints what the customer's
handset and the ticket show, and is compared with what should be there.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.parse
from collections.abc import Callable
from typing import Any

from browser import Browser
from cast import ANN, ANNS_ADDRESS, NUMBERS, ORDERS, PASSWORD, SENDER, SHOP, TOM
from demo_desks import DEMO_DESKS
from layout import ADMIN_PASSWORD, PARCEL, desk_of
from services import HOST
from stack import Stack

NUMBER = NUMBERS[ORDERS]
PATIENCE_S = 60
SHOWN_CHARACTERS = 400
SECOND_OF_ITS_OWN_S = 1.1


class Differs(Exception):
	"""Something is not as the story has it."""


class Told:
	"""How the story ended."""

	def __init__(self, ticket: str = "", trouble: str = ""):
		self.ticket, self.trouble = ticket, trouble


def play(stack: Stack) -> Told:
	try:
		return Told(Story(stack).tell())
	except Differs as e:
		return Told(trouble=f"This differs: {e}")
	except urllib.error.HTTPError as e:
		return Told(trouble=f"{e.url} answered {e.code}: {said(e)}")
	except (urllib.error.URLError, OSError) as e:
		return Told(
			trouble=f"{stack.web_url} or {stack.simulator_url} does not answer: {e}. Logs are in .throwaway/logs."
		)


def said(error: urllib.error.HTTPError) -> str:
	"""What an answer says to people, without the traceback that may stand beside it."""
	text = error.read().decode(errors="replace")
	try:
		answer = json.loads(text)
	except ValueError:
		return text[:SHOWN_CHARACTERS]
	return str(answer.get("exception") or answer.get("_server_messages") or answer.get("message"))[
		:SHOWN_CHARACTERS
	]


class Story:
	def __init__(self, stack: Stack):
		self.stack, self.web, self.simulator = stack, stack.web_url, stack.simulator_url
		self.desk = DEMO_DESKS[desk_of(stack.site)]
		self.admin, self.agent = Browser(self.web), Browser(self.web)
		self.steps = 0

	def tell(self) -> str:
		"""Tell all of it; returns the ticket."""
		word = self.desk.word
		self.wait_for(
			"the site to let the Administrator in",
			lambda: self.admin.log_in("Administrator", ADMIN_PASSWORD),
		)
		self.prepare()
		self.agent.log_in(TOM.email, PASSWORD)
		hello = "Hello, my order 4711 has not arrived. Can you help?"

		self.step("Ann texts the shop")
		self.ann_texts(hello)
		ticket = self.wait_for(f"an {word}" if word[0] in "aeiou" else f"a {word}", self.newest_ticket)
		state = self.wait_for("her message in it", lambda: self.ends_with(ticket, hello))
		self.expect(state["channel"], "SMS", "the reply channel")
		self.expect(self.ticket_field(ticket, "customer"), ANN.company, f"the {word}'s customer")
		self.say(word, f"#{ticket} is of the customer {ANN.company}.")
		self.show(ticket)

		self.step(f"{TOM.first_name} answers in {self.desk.box}")
		self.reply(ticket, "<p>Hi Ann, it is on its way and arrives <b>tomorrow</b>.</p>")
		self.ann_gets("Hi Ann, it is on its way and arrives tomorrow.")
		self.wait_for(f"its delivery in the {word}", lambda: self.fate(ticket) == "Delivered")
		self.show(ticket)

		self.step(f"Ann sends a picture; it goes into the same {word}")
		self.ann_texts("Is it this parcel?", picture=True)
		self.wait_for(f"the picture in the {word}", lambda: self.picture(ticket))
		self.expect(self.newest_ticket(), ticket, f"the {word} of her message")
		self.show(ticket)

		self.step(f"{TOM.first_name} wants to go over to e-mail, but Ann has no address yet")
		refusal = self.refused_switch(ticket)
		if "no valid e-mail address" not in refusal:
			raise Differs(f"the refusal says: {refusal}")
		self.say(word, "Refused: she has no valid e-mail address. Replies still go by SMS.")

		self.step(f"{TOM.first_name} adds her address, switches, and answers in the same place")
		mails, texts = len(self.mails(ticket)), len(self.handset())
		state = self.switch(ticket, "Email", email=ANNS_ADDRESS)
		self.expect(state["channel"], "Email", "the reply channel")
		self.reply(ticket, "<p>Here is the invoice.</p>", to=ANNS_ADDRESS)
		self.wait_for(f"one e-mail on the {word}", lambda: len(self.mails(ticket)) == mails + 1)
		self.expect(len(self.handset()), texts, "the number of messages on her phone")
		self.say(word, f"#{ticket} e-mail to {ANNS_ADDRESS}: Here is the invoice.")
		self.send_mails()
		self.wait_for("the e-mail to be sent", lambda: self.mails(ticket)[0]["status"] == "Sent")
		self.say("mailbox", f"{ANNS_ADDRESS} has it; see {self.web}/mailbox")
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
		return ticket

	# What the two sides do

	def prepare(self) -> None:
		"""An outgoing e-mail account, whose mails go into a mailbox on this machine."""
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
			"email_account_name": SHOP,
			"email_id": SENDER,
			"enable_outgoing": 1,
			"default_outgoing": 1,
			"no_smtp_authentication": 1,
			**server,
		}
		self.admin.insert("Email Account", **account)

	def ann_texts(self, body: str, picture: bool = False) -> None:
		content = base64.b64encode(PARCEL.read_bytes()).decode() if picture else ""
		media = [{"name": PARCEL.name, "data": content}] if picture else []
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
