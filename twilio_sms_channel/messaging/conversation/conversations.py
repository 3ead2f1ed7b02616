"""All messages between one of our numbers and one customer number."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import frappe
from frappe import _

from twilio_sms_channel.desks.base import Ticket
from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.infra import clock, fetched_fields, locks
from twilio_sms_channel.messaging.conversation import consent, ticket_marks
from twilio_sms_channel.people import contacts

CONVERSATION = "Twilio SMS Conversation"
Answer = TypeVar("Answer")
KEPT = (
	"title",
	"contact",
	"ticket_doctype",
	"ticket",
	"last_inbound",
	"region",
	"opted_out",
	"opted_out_on",
	"may_want_to_stop",
)


# A job waits as long as the database does for a row; a person who waits wants to hear something.
JOB_WAITS_S, PERSON_WAITS_S = 50, 15


class Busy(frappe.ValidationError):
	"""Somebody else goes on working on this customer's messages; the error says so."""


@contextmanager
def serialized(number: str, customer_number: str, *, for_person: bool = False) -> Iterator[None]:
	"""One at a time about this pair's conversation, whoever commits meanwhile. May be taken again within.

	A row that is held is given back by the first commit, and other apps' hooks on contacts, tickets and
	Communications do commit: two first messages would make two tickets.

	:param for_person: whether an agent waits for the answer
	:raises Busy: it was not given back in time, for a person
	:raises frappe.QueryTimeoutError: it was not given back in time, for a job
	"""
	wait_s = PERSON_WAITS_S if for_person else JOB_WAITS_S
	lock = locks.take([lock_of(number, customer_number)], wait_s=wait_s)
	if not lock:
		if for_person:
			frappe.throw(
				_("A message of this customer is being worked on. Try again in a moment."),
				Busy,
				title=_("The message was not sent"),
			)
		raise frappe.QueryTimeoutError(f"the conversation of {number} with {customer_number}")
	try:
		yield
	finally:
		locks.release(lock)


def lock_of(number: str, customer_number: str) -> str:
	return f"conversation {number} {customer_number}"


def locks_of(ticket_doctype: str, tickets: list[str]) -> list[str]:
	"""What is held while something is decided about the conversations that these tickets answer, or have messages of."""
	Ticket, Conversation = frappe.qb.DocType(ticket_doctype), frappe.qb.DocType(CONVERSATION)
	Message, Communication = frappe.qb.DocType("Twilio SMS Message"), frappe.qb.DocType("Communication")
	answered = (
		frappe.qb.from_(Ticket)
		.join(Conversation)
		.on(Conversation.name == Ticket.twilio_sms_conversation)
		.select(Conversation.number, Conversation.customer_number)
		.where(Ticket.name.isin(tickets))
	).run()
	written = (
		frappe.qb.from_(Communication)
		.join(Message)
		.on(Message.communication == Communication.name)
		.select(Message.number, Message.customer_number)
		.where(
			(Communication.reference_doctype == ticket_doctype) & Communication.reference_name.isin(tickets)
		)
		.distinct()
	).run()
	return [lock_of(*pair) for pair in {*answered, *written}]


@contextmanager
def locked(number: str, customer_number: str) -> Iterator:
	"""Hold the row of this pair's conversation while something is decided about it; commits at the end.

	The lock is taken as the first statement of a new transaction: reads behind it see everything that the lock's
	last holder committed. An exception rolls back. The conversation is made, and committed, when there is none.
	What makes documents of other apps takes a `serialized` as well, and asks for the row with `relock`.

	:param number: name of a Twilio SMS Number
	:param customer_number: E.164, short code or alphanumeric sender
	:return: the Twilio SMS Conversation document
	"""
	# Begins a new transaction, which sees what the lock's last holder committed.
	frappe.db.commit()  # nosemgrep
	name = _lock(number, customer_number)
	if not name:
		_create(number, customer_number)
		name = _lock(number, customer_number)
	conversation = frappe.get_doc(CONVERSATION, name)
	_watch(conversation)
	yield conversation
	# Ends the lock of the row: the next one waits for it.
	frappe.db.commit()  # nosemgrep


def relock(conversation) -> None:
	"""Hold the conversation's row again, and read it again, if somebody else's code has committed since."""
	if not conversation.flags.given_back:
		return
	now = frappe.get_doc(CONVERSATION, conversation.name, for_update=True)
	conversation.update(
		{field: now.get(field) for field in KEPT} | {"contact": now.contact or conversation.contact}
	)
	_watch(conversation)


def _watch(conversation) -> None:
	conversation.flags.given_back = False
	frappe.db.after_commit.add(lambda: conversation.flags.update(given_back=True))


def contact_of(number: str, customer_number: str) -> str | None:
	"""The contact that this pair's conversation names, if it is still there."""
	Conversation, Contact = frappe.qb.DocType(CONVERSATION), frappe.qb.DocType("Contact")
	found = (
		frappe.qb.from_(Conversation)
		.join(Contact)
		.on(Contact.name == Conversation.contact)
		.select(Contact.name)
		.where((Conversation.number == number) & (Conversation.customer_number == customer_number))
	).run(pluck=True)
	return found[0] if found else None


def save(conversation) -> None:
	"""Write what the channel keeps on a conversation, without the rest of saving a document."""
	conversation.before_save()
	frappe.db.set_value(CONVERSATION, conversation.name, {field: conversation.get(field) for field in KEPT})
	ticket_marks.follow([conversation.name])
	conversation.notify_update()


def _lock(number: str, customer_number: str) -> str | None:
	Conversation = frappe.qb.DocType(CONVERSATION)
	found = (
		frappe.qb.from_(Conversation)
		.select(Conversation.name)
		.where((Conversation.number == number) & (Conversation.customer_number == customer_number))
		.for_update()
	).run(pluck=True)
	return found[0] if found else None


def _create(number: str, customer_number: str) -> None:
	# Having looked for a row that is not there, two transactions would keep each other from inserting it.
	frappe.db.rollback()
	conversation = frappe.get_doc(
		{"doctype": CONVERSATION, "number": number, "customer_number": customer_number}
	)
	consent.inherit(conversation)
	try:
		conversation.insert(ignore_permissions=True, ignore_mandatory=True)
		frappe.db.commit()
	except frappe.UniqueValidationError:
		# A message of the same customer made it at the same moment.
		frappe.db.rollback()
		frappe.clear_messages()


def get_or_create_locked(number: str, customer_number: str):
	"""Hold the row of this pair's conversation until the end of the transaction; made in it when there is none.

	Unlike with `locked` nothing is committed, so that what follows is written altogether or not at all. Only for the
	beginning of a request: what the transaction has written so far is undone.

	:raises frappe.QueryDeadlockError: three transactions wanted to make it at once; trying again helps
	"""
	while True:
		frappe.db.rollback()
		if name := _lock(number, customer_number):
			return frappe.get_doc(CONVERSATION, name)
		# See `_create`.
		frappe.db.rollback()
		try:
			return get_or_new(number, customer_number).insert(ignore_permissions=True, ignore_mandatory=True)
		except frappe.UniqueValidationError:
			# Made at the same moment, and committed: its lock was waited for.
			frappe.clear_messages()


def get_or_new(number: str, customer_number: str):
	"""This pair's conversation, or the one that would be made: then it is not saved."""
	pair = {"number": number, "customer_number": customer_number}
	if name := frappe.db.get_value(CONVERSATION, pair):
		return frappe.get_doc(CONVERSATION, name)
	conversation = frappe.get_doc({"doctype": CONVERSATION, **pair})
	consent.inherit(conversation)
	return conversation


def ticket_of(conversation) -> Ticket | None:
	"""The conversation's ticket, or the one that it was merged into; None without one, and when it is gone or its ticket
	system is."""
	desk = desk_or_none_of(conversation.ticket_doctype) if conversation.ticket else None
	return desk.resolve_ticket(conversation.ticket) if desk else None


def continued_ticket(conversation, number, is_reaction: bool = False) -> Ticket | None:
	"""The conversation's ticket when the number's policy says that a message from the customer continues it now.

	:param number: the conversation's Twilio SMS Number
	:param is_reaction: to one of our messages, such as a heart
	"""
	policy = number.threading_policy
	if policy == "Always a new ticket" and not is_reaction:
		return None
	ticket = ticket_of(conversation)
	if not ticket or not ticket.resolved_at or policy == "Always the same ticket" or is_reaction:
		return ticket
	# An agent may have texted from it since: this is the answer to that.
	last_contact = max(ticket.resolved_at, conversation.last_outbound or ticket.resolved_at)
	too_late = last_contact < clock.ago(days=number.reopen_within_days or 0)
	return None if too_late else ticket


def are_of_one_customer(name: str, conversation) -> bool:
	"""Whether another conversation, by its name, is with the same customer's number."""
	if name == conversation.name:
		return True
	return frappe.db.get_value(CONVERSATION, name, "customer_number") == conversation.customer_number


def lock(conversation: str) -> None:
	"""Hold the conversation's row until the end of the transaction, and see everything committed up to then.

	Only for the beginning of a request: what the transaction has written so far is undone.
	"""
	frappe.db.rollback()
	frappe.db.get_value(CONVERSATION, conversation, "name", for_update=True)


def serialize(conversation: str, work: Callable[[], Answer]) -> Answer:
	"""Do something while the conversation is held, from the beginning again when another transaction was in the way.

	Only for the beginning of a request: what the transaction has written so far is undone. Other apps' hooks on
	Communications commit, which gives the row back before the message is written: hence the `serialized`.

	:raises Busy: somebody else goes on working on this customer's messages
	:raises frappe.DoesNotExistError: the conversation was deleted
	"""
	pair = frappe.db.get_value(CONVERSATION, conversation, ["number", "customer_number"])
	if not pair:
		frappe.throw(
			_("The SMS conversation of this ticket was deleted. Start a new one with the customer's number."),
			frappe.DoesNotExistError,
			title=_("The message was not sent"),
		)

	def begin() -> Answer:
		with serialized(*pair, for_person=True):
			lock(conversation)
			return work()

	return locks.again(begin)


def of_other_number(conversation, number: str):
	"""The same customer's conversation with another number of ours, about the same ticket; made when there is none.

	Unlike `locked` within the running transaction.

	:param conversation: Twilio SMS Conversation document
	:param number: name of the other Twilio SMS Number
	"""
	pair = {"number": number, "customer_number": conversation.customer_number}
	about = {field: conversation.get(field) for field in ("ticket_doctype", "ticket")}
	if not (name := frappe.db.get_value(CONVERSATION, pair)):
		other, name = _insert_here(new_like(conversation, number))
		if other:
			return other
	other = frappe.get_doc(CONVERSATION, name, for_update=True)
	other.update(about)
	if not other.contact and conversation.contact:
		other.contact = conversation.contact
		save(other)
	return other


def get_or_create(number: str, customer_number: str):
	"""This pair's conversation, made when there is none. Unlike `get_or_create_locked` anywhere in a transaction."""
	conversation = get_or_new(number, customer_number)
	if conversation.name:
		return conversation
	made, name = _insert_here(conversation)
	return made or frappe.get_doc(CONVERSATION, name)


def _insert_here(conversation):
	"""Insert a conversation within the running transaction: it and None, or None and the name of the same pair's that
	was made at the same moment."""
	frappe.db.savepoint("other_conversation")
	try:
		return conversation.insert(ignore_permissions=True, ignore_mandatory=True), None
	except frappe.UniqueValidationError:
		# A reading lock sees it although this transaction began before.
		frappe.db.rollback(save_point="other_conversation")
		frappe.clear_last_message()
		pair = {"number": conversation.number, "customer_number": conversation.customer_number}
		return None, frappe.db.get_value(CONVERSATION, pair, for_update=True)


def new_like(conversation, number: str):
	"""The same customer's conversation with another number of ours as it would be made."""
	other = frappe.get_doc(
		{
			"doctype": CONVERSATION,
			"number": number,
			**{
				field: conversation.get(field)
				for field in ("customer_number", "contact", "ticket_doctype", "ticket")
			},
		}
	)
	consent.inherit(other)
	return other


def follow(conversation: str, ticket_doctype: str, ticket: str) -> None:
	"""Have the customer's next messages continue this ticket, which an agent split off."""
	frappe.db.set_value(
		CONVERSATION,
		conversation,
		{"ticket_doctype": ticket_doctype, "ticket": str(ticket)},
		update_modified=False,
	)


def forget(ticket_doctype: str, ticket: str) -> None:
	"""A ticket is deleted whose name another one may get."""
	frappe.db.set_value(
		CONVERSATION,
		{"ticket_doctype": ticket_doctype, "ticket": ticket},
		{"ticket_doctype": None, "ticket": None},
		update_modified=False,
	)


def answered_from(conversation) -> None:
	"""An agent has texted from the conversation's ticket: the customer answers what they got last, so there."""
	frappe.db.set_value(
		CONVERSATION,
		conversation.name,
		{
			"ticket_doctype": conversation.ticket_doctype,
			"ticket": conversation.ticket,
			"last_outbound": clock.now(),
		},
		update_modified=False,
	)


def set_contact(conversation: str, ticket_doctype: str, ticket: str, contact: str) -> None:
	"""An agent said on the current ticket who the customer is."""
	doc = frappe.get_doc(CONVERSATION, conversation)
	contacts.confirm_number(contact, doc.customer_number)
	if (doc.ticket_doctype, doc.ticket) == (ticket_doctype, str(ticket)) and doc.contact != contact:
		doc.contact = contact
		doc.flags.ignore_mandatory = doc.flags.ignore_links = True
		fetched_fields.fetch(doc)
		doc.save(ignore_permissions=True)
