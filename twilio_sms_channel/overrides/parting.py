"""Tickets that are split or merged: the ticket system moves messages into another ticket, whoever wrote them."""

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce
from frappe.utils import split_emails

from twilio_sms_channel.desks.base import Desk
from twilio_sms_channel.infra import own_writes
from twilio_sms_channel.messaging.conversation import conversations, ticket_marks
from twilio_sms_channel.overrides.frappe import deleting
from twilio_sms_channel.people import contacts, phone

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"
CONVERSATION_FIELD = "twilio_sms_conversation"
FIELDS = ("name", "contact", "raised_by", CONVERSATION_FIELD)


def part(desk: Desk, source: str, new: str, communication: str) -> None:
	"""Have each of two tickets answer the customer whose messages it holds. Called after the ticket system's splitting.

	It moves all that is younger, whoever wrote it, into a copy of the ticket. What is another customer's goes
	back: whoever is split off could read it on the portal.

	:param desk: the ticket system
	:param source: the ticket that was split
	:param new: the one that was split off
	:param communication: the first that moved
	:raises frappe.ValidationError: only messages of others would stay
	"""
	was = frappe.db.get_value(desk.doctype, source, FIELDS, as_dict=True)
	chosen = frappe.db.get_value(MESSAGE, {"communication": communication}, "conversation")
	conversation = chosen or was.twilio_sms_conversation
	# Without a conversation, what is of the ticket's own customer moves.
	customer = customer_of(conversation) if conversation else frappe._dict(contact=was.contact)
	moved = _messages_in(desk, new)
	others = {row.number: row for row in moved if not _is_same(row, customer)}
	_put_back([row.communication for row in moved if row.number in others], source)
	stayed, own = _messages_in(desk, source), customer_of(was.twilio_sms_conversation)
	if stayed and _is_same(own, customer) and not any(_is_same(row, own) for row in stayed):
		_refuse_to_leave(source, stayed[0])
	for name in {row.conversation for row in moved if row.conversation and row.number not in others}:
		if _goes_on_in(desk, name) == source:
			conversations.follow(name, desk.doctype, new)
	if chosen:
		if not _is_of(was, customer):
			_put_back(_emails_of_others(desk, new, customer.contact), source)
			files_of_ticket = {"attached_to_doctype": desk.doctype, "attached_to_name": new}
			frappe.db.set_value("File", files_of_ticket, "attached_to_name", source, update_modified=False)
		_answer(desk, new, chosen)
	_answer_who_stayed(desk, source, was, stayed)
	deleting.forget_moved(desk.doctype, str(source))
	for other in others.values():
		desk.note(
			new,
			_("Text messages from {0} stay in ticket {1}.").format(
				frappe.utils.escape_html(_named(other)), source
			),
		)
		if own:
			# The note of the merge may have moved along.
			tell_who_is_answered(desk, source, other, own)


def _answer_who_stayed(desk: Desk, source: str, was, stayed: list) -> None:
	"""Have the ticket that was split answer one of those whose messages it still has; none, when nobody's are left and
	the customer who was answered is not its own."""
	if was.twilio_sms_conversation in {None, "", *(row.conversation for row in stayed)}:
		return
	own = customer_of(was.twilio_sms_conversation)
	if of_own := [row.conversation for row in stayed if row.conversation and _is_same(row, own)]:
		_answer(desk, source, of_own[-1])
	elif not _is_of(was, own):
		doc = frappe.get_doc(desk.doctype, source)
		doc.update({CONVERSATION_FIELD: None, "twilio_sms_reply_channel": "Email"})
		_save(doc)


def _refuse_to_leave(source: str, other) -> None:
	frappe.throw(
		_(
			"Ticket {0} would keep messages from {1} only. Split these off instead: choose the first message from {1}."
		).format(source, frappe.utils.escape_html(_named(other))),
		title=_("The ticket was not split"),
	)


def _messages_in(desk: Desk, ticket: str) -> list:
	"""The text messages in a ticket, oldest first: `communication`, `conversation`, `number` and `contact` of its customer."""
	Message, Communication = frappe.qb.DocType(MESSAGE), frappe.qb.DocType("Communication")
	Conversation = frappe.qb.DocType(CONVERSATION)
	return (
		frappe.qb.from_(Communication)
		.left_join(Message)
		.on(Message.communication == Communication.name)
		.left_join(Conversation)
		.on(Conversation.name == Message.conversation)
		.select(
			Communication.name.as_("communication"),
			Message.conversation,
			# Somebody may have deleted the message.
			Coalesce(Message.customer_number, Communication.phone_no, "").as_("number"),
			Conversation.contact,
		)
		.where((Communication.reference_doctype == desk.doctype) & (Communication.reference_name == ticket))
		.where(Communication.communication_medium == "SMS")
		.orderby(Communication.creation, Communication.name)
	).run(as_dict=True)


def _is_same(one, other) -> bool:
	return any(one.get(field) and one.get(field) == other.get(field) for field in ("number", "contact"))


def _is_of(ticket, customer) -> bool:
	"""Whether a ticket's contact is a customer, as far as is known."""
	return ticket.contact == customer.contact or customer.number in contacts.numbers_of(ticket.contact)


def _emails_of_others(desk: Desk, ticket: str, contact: str | None) -> list[str]:
	"""The ticket's e-mails neither from nor to a customer."""
	own = set(frappe.get_all("Contact Email", {"parent": contact or ""}, pluck="email_id"))
	about = {"reference_doctype": desk.doctype, "reference_name": ticket, "communication_medium": "Email"}
	fields = ["name", "sender", "recipients", "cc"]
	return [row.name for row in frappe.get_all("Communication", about, fields) if not own & _parties(row)]


def _parties(row) -> set[str]:
	return set(split_emails(", ".join(each for each in (row.sender, row.recipients, row.cc) if each)))


def _put_back(entries: list[str], source: str) -> None:
	if entries:
		frappe.db.set_value(
			"Communication", {"name": ("in", entries)}, "reference_name", source, update_modified=False
		)


def _goes_on_in(desk: Desk, conversation: str) -> str | None:
	"""The ticket of this ticket system that a customer's next message would go into."""
	fields = ["ticket_doctype", "ticket"]
	found = frappe.db.get_value(CONVERSATION, conversation, fields, as_dict=True)
	living = conversations.ticket_of(found) if found else None
	return living.name if living and living.doctype == desk.doctype else None


def _answer(desk: Desk, ticket: str, conversation: str) -> None:
	"""Have a ticket answer a conversation's customer, as one that their message opened."""
	doc, answered = frappe.get_doc(desk.doctype, ticket), customer_of(conversation)
	is_anothers = not _is_of(doc, answered)
	if doc.twilio_sms_conversation == conversation and not is_anothers:
		return
	doc.twilio_sms_conversation = conversation
	if is_anothers:
		# The one whose ticket it was reads nothing of another customer, and gets none of their e-mails.
		doc.update({**desk.about_customer(answered.contact), "contact": answered.contact})
	if not doc.customer_email():
		doc.twilio_sms_reply_channel = "SMS"
	_save(doc)
	if is_anothers:
		# The note of a merge, which may have moved along, says otherwise.
		name = frappe.utils.escape_html(_named(answered))
		desk.note(ticket, _("Replies from here go to {0} from now on.").format(name))


def answer_both(desk: Desk, source, target) -> None:
	"""Have a ticket that another one was merged into answer whom that one answered, or say that it answers somebody else.

	:param source: document of the ticket that was merged
	:param target: the fields `FIELDS` of the one that goes on. How it replies stays as it is
	"""
	if changes := _to_be_reached(source, target):
		frappe.db.set_value(desk.doctype, target.name, changes)
		ticket_marks.follow([source.twilio_sms_conversation])
	elif source.is_text_ticket:
		tell_who_is_answered(
			desk,
			str(target.name),
			customer_of(source.twilio_sms_conversation),
			customer_of(target.twilio_sms_conversation),
		)


def _to_be_reached(source, target) -> dict[str, str]:
	"""What the ticket that goes on lacks to be answered in both ways."""
	if not target.twilio_sms_conversation:
		return {
			"twilio_sms_conversation": source.twilio_sms_conversation,
			"twilio_sms_reply_channel": "Email",
		}
	address = source.customer_email()
	if address and not target.raised_by and not contacts.email_of(target.contact):
		return {"raised_by": address}
	return {}


def _save(doc) -> None:
	doc.flags.ignore_mandatory = doc.flags.ignore_links = True
	# Whoever may split a ticket by an assignment has none in the new one.
	own_writes.ours(doc).save(ignore_permissions=True)


def tell_who_is_answered(desk: Desk, ticket: str, other, answered) -> None:
	"""
	:param other: `number` and `contact` of the customer whose messages come into the ticket as well
	:param answered: the same of the one that its replies go to
	"""
	if other.number == answered.number:
		return
	desk.note(
		ticket,
		_(
			"Text messages from {0} come into this ticket now, too, while replies from here go to {1}. To answer {0}, start a new SMS conversation."
		).format(*(frappe.utils.escape_html(_named(customer)) for customer in (other, answered))),
	)


def customer_of(conversation: str | None):
	"""`number` and `contact`; empty without a conversation."""
	if not conversation:
		return frappe._dict()
	fields = ["customer_number as number", "contact"]
	return frappe.db.get_value(CONVERSATION, conversation, fields, as_dict=True) or frappe._dict()


def _named(customer) -> str:
	name, number = contacts.full_name(customer.contact), phone.display(customer.number)
	# Whom nobody has given a name is called by the number.
	return number if not name or phone.of_sender(name) == customer.number else f"{name} ({number})"
