"""What the channel needs of a ticket system."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

import frappe
from pypika.queries import QueryBuilder
from pypika.terms import Term, ValueWrapper

from twilio_sms_channel.desks.templates import SavedReply

MAX_DIGITS = 10
# Of a contact. Who has more has them for another reason than to be answered.
MAX_OPEN = 20


@dataclass
class Ticket:
	"""What the channel wants to know of a ticket, from one look at it."""

	doctype: str
	name: str
	subject: str
	resolved_at: datetime | None = None
	"""when it was resolved or closed; None while it is open"""
	assigned: list[str] = field(default_factory=list)
	"""users"""
	team: str = ""


@dataclass
class Logged:
	"""A line of a ticket's history."""

	at: datetime
	what: str
	by: str
	"""user"""


@runtime_checkable
class TextTicket(Protocol):
	"""What the channel needs of a ticket's document; `overrides/X` adds it to the ticket system's own class."""

	name: str | int
	doctype: str
	subject: str
	status: str
	contact: str | None
	"""name of the Contact who is the customer"""
	raised_by: str | None
	"""the customer's e-mail address, as the ticket system has it"""
	twilio_sms_conversation: str | None
	"""name of the Twilio SMS Conversation, None in a ticket without text messages"""
	twilio_sms_reply_channel: str | None
	"""SMS or Email"""

	@property
	def is_text_ticket(self) -> bool:
		"""Whether the ticket has a conversation."""

	@property
	def replies_by_text(self) -> bool:
		"""Whether agents' replies go out as text messages now."""

	def reply_by_text(self, body: str, files: list[str] | None = None, **how: Any) -> Any:
		"""Queue a message to the customer. Returns the Twilio SMS Message; for `how` see `outbox.write`.

		:param files: names of File documents
		"""

	def reply_by_email(self, message: str, to: str, files: list[str]) -> None:
		"""Have the ticket system mail an agent's reply, whatever the reply channel is.

		:param message: HTML
		:param files: names of File documents
		"""

	@property
	def customer_contact(self) -> str | None:
		"""The contact, unless the ticket system has filled in somebody else than the customer."""

	def customer_email(self) -> str:
		"""The customer's valid e-mail address, "" without one."""


class Desk(ABC):
	"""One ticket system. Subclass it per system; override everything that raises here."""

	doctype: str
	"""The ticket's DocType."""

	team_doctype: str = ""
	"""The DocType of teams, "" where there are none."""

	with_words: dict[str, str] = {}
	"""DocType that tells what is said in tickets, besides Communication → its field with the ticket's name."""

	word_fields: tuple[str, ...] = ()
	"""Fields of a ticket that can hold a message's words, besides `subject`."""

	tying_fields: tuple[str, ...] = ()
	"""Fields of a ticket that tie it to another ticket."""

	living: ClassVar[dict[str, Any]] = {}
	"""Filters of the tickets that were not merged into another one."""

	customer_fields: tuple[str, ...] = ()
	"""Fields of a ticket that say which customer it is from."""

	routing_fields: dict[str, str] = {}
	"""Field of Twilio SMS Number → field of the ticket, for what new tickets get."""

	team_fields: tuple[str, ...] = ()
	"""Those of them that say who answers: a number with its own there keeps its messages apart from its service's."""

	replies_in_form: bool = False
	"""Whether agents reply in Desk's form: its e-mail dialog sends a message where the ticket replies by SMS."""

	@abstractmethod
	def open_ticket(self, conversation, body: str, subject: str = "") -> Ticket:
		"""Make a ticket for a message, in the name of the session user. The message itself is added by the caller.

		:param subject: what to call it instead of by the message
		"""

	@abstractmethod
	def about_customer(self, contact: str | None) -> dict[str, str | None]:
		"""Fields of a ticket that say who it is from, besides `contact`: a person's address, customer …"""

	@abstractmethod
	def call_by(self, ticket: str, body: str, customer_number: str) -> None:
		"""Give a ticket that was opened for a message without words the subject that it would have got with them."""

	@abstractmethod
	def attach(self, conversation, ticket: str, is_of_customer: Callable[[str], bool]) -> Ticket:
		"""Have an existing ticket reply by SMS from now on, in this conversation when it has none.

		The ticket's row is locked. What else it has, such as an e-mail address, stays. A ticket that texts another
		customer, into which this one's was merged, goes on texting that one.

		:param is_of_customer: whether a conversation, by its name, is with the same customer
		:raises frappe.ValidationError: it was merged a moment ago
		"""

	@abstractmethod
	def resolve_ticket(self, ticket: str) -> Ticket | None:
		"""The ticket, or the one it was merged into; None when it is gone."""

	@abstractmethod
	def open_tickets(self) -> dict[str, Any]:
		"""Filters of the tickets that are neither resolved nor closed, nor merged into another one."""

	def open_tickets_of(self, contact: str, limit: int = MAX_OPEN) -> list[str]:
		"""Names of a contact's open tickets, the one that changed last first."""
		filters = {"contact": contact, **self.open_tickets()}
		names = frappe.get_all(self.doctype, filters, pluck="name", order_by="modified desc", limit=limit)
		return [str(name) for name in names]

	def reopen(self, ticket: str) -> None:
		"""Give a ticket the status that a customer's message gives it, without the hooks of saving it."""
		frappe.db.set_value(self.doctype, ticket, "status", "Open")

	@abstractmethod
	def call_by_first(self, ticket: str, first, later: list, customer_number: str) -> None:
		"""Call a ticket by its first message if it is called by one of the later ones; what people wrote stays.

		:param first: `body` and `content` (HTML) of a message; `later` the same of others
		"""

	def teams_of(self, user: str) -> list[str]:
		"""Teams in which the user answers customers."""
		return []

	def team_members(self, team: str) -> list[str]:
		"""Users who answer customers in this team."""
		return []

	@abstractmethod
	def push_notification(self, user: str, ticket: str, what: str) -> None:
		"""Show a notice in the ticket system's own list of notifications, where it has one.

		Like `note`, `log` and `refresh` it is a courtesy: it never raises for reasons of its own.
		"""

	@abstractmethod
	def note(self, ticket: str, content: str) -> None:
		"""Write a note into the ticket that agents see and the customer does not.

		:param content: HTML
		"""

	@abstractmethod
	def log(self, ticket: str, what: str) -> None:
		"""Write a line into the ticket's history: what the logged-in user did.

		:param what: a predicate in English, see `messaging.conversation.timeline`
		"""

	@abstractmethod
	def logged(self, ticket: str, lines: list[str]) -> list[Logged]:
		"""Those of the lines that the ticket's history has, oldest first."""

	@abstractmethod
	def is_agent(self, user: str | None = None) -> bool:
		"""Whether the user answers customers."""

	@abstractmethod
	def refresh(self, ticket: str) -> None:
		"""Have open screens of the ticket read it again, after the commit: they hear `twilio_sms_update` with the ticket's
		name and its DocType."""

	def join_ticket(self, query: QueryBuilder, ticket: Term) -> QueryBuilder:
		"""Join the ticket table to a query about messages, for reports; where there are no teams, nothing is joined.

		:param ticket: a ticket's name, as text; NULL where it is none of this ticket system
		"""
		return query

	def team_column(self) -> Term:
		"""The team in the ticket table that `join_ticket` joins, "" where there are no teams."""
		return ValueWrapper("")

	def saved_replies(self, query: str) -> list[dict[str, str]]:
		"""Saved replies that the user may use: `[{"name", "title", "source"}]`; none where there is no such thing."""
		return []

	def saved_reply(self, ticket, name: str) -> SavedReply:
		"""A saved reply, filled in for a ticket: its document, which may be unsaved."""
		raise frappe.DoesNotExistError

	def readers_on_portal(self, ticket) -> list[str]:
		"""Customers with a login who read this ticket (its document)."""
		return []

	def split_from(self, ticket) -> str:
		"""The ticket that this new one (its document) was split off from, "" for none."""
		return ""

	def name_of(self, ticket: str | int) -> str:
		"""A ticket's name as it is stored: to callers that take it for a number, "0002" is 2."""
		name = str(ticket)
		if not name.isascii() or not name.isdigit() or frappe.db.exists(self.doctype, name):
			return name
		padded = [name.zfill(digits) for digits in range(len(name) + 1, MAX_DIGITS + 1)]
		return next(iter(frappe.get_all(self.doctype, {"name": ("in", padded)}, pluck="name", limit=1)), name)

	def may_read(self, ticket: str, user: str | None = None) -> bool:
		"""Whether the user, by default the session's, answers customers and may read a ticket."""
		return self._may("read", ticket, user)

	def may_write(self, ticket: str, user: str | None = None) -> bool:
		"""Whether the user, by default the session's, answers customers and may change a ticket."""
		return self._may("write", ticket, user)

	def _may(self, right: str, ticket: str, user: str | None) -> bool:
		if not self.is_agent(user):
			return False
		with _session_of(user or frappe.session.user):
			return bool(frappe.has_permission(self.doctype, right, doc=str(ticket)))


@contextmanager
def _session_of(user: str) -> Iterator[None]:
	"""Helpdesk's rule for teams asks for the teams of the session's user, whoever is asked about."""
	before, permissions = frappe.session.user, getattr(frappe.local, "user_perms", None)
	if user == before:
		yield
		return
	frappe.local.session.user, frappe.local.user_perms = user, None
	try:
		yield
	finally:
		frappe.local.session.user, frappe.local.user_perms = before, permissions
