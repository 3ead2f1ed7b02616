"""How long one process takes to put a text, and an e-mail, into its ticket, and how many statements that needs.

A person writes four times: the first message makes the contact and the ticket, the others continue it. Each message is
committed by itself, as in a worker. Redis takes what is queued and published, as on a real site.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate

import frappe
from figures import median
from frappe.email.receive import InboundMail
from people import WORDS, Twilio
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from twilio_sms_channel.api import webhooks
from twilio_sms_channel.messaging.inbound import intake

MESSAGE, TICKET = "Twilio SMS Message", "HD Ticket"
MINUTES_BETWEEN_TEXTS = 10


class WrongResult(Exception):
	"""Something is not where it belongs: what was measured means nothing."""


@dataclass
class Measured:
	"""Samples of one kind of work."""

	seconds: list[float] = field(default_factory=list)
	statements: list[int] = field(default_factory=list)
	floor: list[float] = field(default_factory=list)
	"""What a fixed piece of work took right before each of them"""

	def __add__(self, other: Measured) -> Measured:
		return Measured(
			self.seconds + other.seconds, self.statements + other.statements, self.floor + other.floor
		)

	@property
	def median_ms(self) -> float:
		return 1000 * median(self.seconds)

	@property
	def floor_ms(self) -> float:
		return 1000 * median(self.floor)

	@property
	def usual_statements(self) -> int:
		"""How many statements it takes once what Frappe remembers for a while is remembered."""
		return Counter(self.statements).most_common(1)[0][0]

	def take(self, work: Callable[[], object]):
		"""Do the work and note what it took."""
		self.floor.append(_fixed_work())
		# As a job of a worker begins: what this process remembers of earlier messages is forgotten.
		frappe.set_user(frappe.session.user)
		before = _statements_so_far()
		begin = time.perf_counter()
		work()
		self.seconds.append(time.perf_counter() - begin)
		# The second question is one itself.
		self.statements.append(_statements_so_far() - before - 1)


@dataclass
class Mix:
	"""What people's first messages took, and their next ones."""

	first: Measured = field(default_factory=Measured)
	following: Measured = field(default_factory=Measured)

	def __add__(self, other: Mix) -> Mix:
		return Mix(self.first + other.first, self.following + other.following)

	@property
	def per_message_ms(self) -> float:
		"""A message's time, one of four being a first one."""
		return (self.first.median_ms + (len(WORDS) - 1) * self.following.median_ms) / len(WORDS)


class Texts:
	"""Texts of customers, from the row that the webhook wrote into the ticket.

	:param are_new: False: they have a ticket already, which their first text continues like the next ones
	"""

	def __init__(self, twilio: Twilio, customers: list[str], are_new: bool = True):
		self.twilio, self.people, self.are_new = twilio, customers, are_new
		self.mix = Mix()

	def write(self, customer: str, place: int):
		"""Take in a customer's text and put it into a ticket, which alone is measured."""
		name = intake.receive(self.twilio.name, self.twilio.text(customer, WORDS[place]))
		# Minutes apart: texts of one moment would be asked for again at Twilio, for their order.
		earlier = (len(WORDS) - place) * MINUTES_BETWEEN_TEXTS
		frappe.db.sql(
			f"update `tab{MESSAGE}` set received_at = received_at - interval %s minute where name = %s",
			(earlier, name),
		)
		frappe.db.commit()
		kind = self.mix.first if place == 0 and self.are_new else self.mix.following
		kind.take(lambda: intake.process(name))

	def check(self):
		frappe.db.rollback()
		rows = frappe.get_all(
			MESSAGE,
			filters={
				"customer_number": ("in", self.people),
				"twilio_sid": ("like", f"SM{self.twilio.run}%"),
				"status": "Threaded",
			},
			fields=["customer_number", "communication"],
		)
		_check_tickets({row.communication: row.customer_number for row in rows}, self.people, "texts")


class Emails:
	"""E-mails of people who are new to the site, by Frappe's own intake.

	:param account: Email Account that appends to HD Ticket
	"""

	def __init__(self, account, people: int):
		self.account = account
		self.people = [f"person-{secrets.token_hex(6)}@example.com" for _ in range(people)]
		self.mix = Mix()

	def write(self, sender: str, place: int):
		"""Put a person's e-mail into a ticket."""
		raw = _email(sender, self.account.email_id, place)
		kind = self.mix.following if place else self.mix.first
		kind.take(lambda: self._take_in(raw))

	def _take_in(self, raw: bytes):
		InboundMail(raw, self.account).process()
		frappe.db.commit()

	def check(self):
		frappe.db.rollback()
		rows = frappe.get_all(
			"Communication", filters={"sender": ("in", self.people)}, fields=["name", "sender"]
		)
		_check_tickets({row.name: row.sender for row in rows}, self.people, "e-mails")


def take_turns(one: Texts, other: Texts | Emails) -> tuple[Mix, Mix]:
	"""Have everybody write four times, a person of the one side and a person of the other in turns.

	:raises WrongResult: somebody's messages are not all in one ticket
	"""
	for place in range(len(WORDS)):
		# A ticket's times are compared by the second: a message of the same second would cost it one version less.
		time.sleep(1)
		for person, other_person in zip(one.people, other.people, strict=True):
			one.write(person, place)
			other.write(other_person, place)
	one.check()
	other.check()
	return one.mix, other.mix


def endpoints(twilio: Twilio, customers: Iterable[str]) -> Measured:
	"""Take a text of each customer in at the webhook, in this process: the endpoint alone, without Frappe around it."""
	measured = Measured()
	for customer in customers:
		headers, form = twilio.webhook(customer, WORDS[0])
		builder = EnvironBuilder(
			path=twilio.path, base_url="https://bench.example.com", method="POST", headers=headers, data=form
		)
		frappe.local.request = Request(builder.get_environ())
		frappe.set_user("Guest")
		try:
			measured.take(_knock)
		finally:
			frappe.set_user("Administrator")
			frappe.local.request = None
	return measured


def email_account() -> str:
	"""Make an Email Account whose mails become tickets and contacts. Its name. Commits."""
	account = {"doctype": "Email Account", "email_account_name": "Benchmark", "email_id": "help@example.com"}
	options = {"append_to": TICKET, "create_contact": 1, "enable_incoming": 0, "enable_outgoing": 0}
	name = frappe.get_doc(account | options).insert().name
	# Both kinds of customers get no answer of the machine's.
	frappe.db.set_single_value("HD Settings", "send_acknowledgement_email", 0)
	frappe.db.commit()
	return name


def _knock():
	answer = webhooks.inbound()
	if answer.status_code != 200:
		raise WrongResult(f"the webhook was answered with {answer.status_code}")


def _email(sender: str, recipient: str, place: int) -> bytes:
	mail = EmailMessage()
	mail["From"], mail["To"], mail["Date"] = sender, recipient, formatdate()
	# Frappe also threads by subject, and asks for it first.
	mail["Subject"] = f"{'Re: ' if place else ''}Order of {sender.partition('@')[0]}"
	mail["Message-ID"] = f"<{place}.{sender}>"
	if place:
		mail["In-Reply-To"] = f"<{place - 1}.{sender}>"
		mail["References"] = " ".join(f"<{n}.{sender}>" for n in range(place))
	mail.set_content(WORDS[place])
	return mail.as_bytes()


def _check_tickets(writers: dict[str, str], people: list[str], what: str):
	"""
	:param writers: Communication → who wrote it
	"""
	rows = frappe.get_all(
		"Communication",
		filters={"name": ("in", list(writers)), "reference_doctype": TICKET},
		fields=["name", "reference_name"],
	)
	written = Counter(writers[row.name] for row in rows)
	if written != Counter({person: len(WORDS) for person in people}):
		raise WrongResult(f"of {len(people)} people, {written.total()} {what} are in a ticket")
	tickets = {(row.reference_name, writers[row.name]) for row in rows}
	if len(tickets) != len(people) or len({ticket for ticket, _ in tickets}) != len(people):
		raise WrongResult(f"the {what} of {len(people)} people are not in a ticket for each of them")


def _fixed_work() -> float:
	"""Seconds that a document nobody else touches takes to be written and read: what the machine is worth just now."""
	begin = time.perf_counter()
	todo = frappe.get_doc({"doctype": "ToDo", "description": "A fixed piece of work"})
	todo.insert(ignore_permissions=True)
	frappe.db.commit()
	frappe.get_doc("ToDo", todo.name)
	return time.perf_counter() - begin


def _statements_so_far() -> int:
	"""How many statements this connection has sent."""
	return int(frappe.db.sql("show session status like 'Questions'")[0][1])
