"""Merged and split tickets. Merging, Helpdesk copies Communications into the ticket that goes on, and closes the other
one; splitting, it moves them into a copy of the ticket, whoever wrote them.

What is known of text messages moves on to the copies, so that their fate and their files show where the agents work, and the
ticket that goes on can be answered by SMS and by e-mail.
"""

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce
from frappe.utils import split_emails

from twilio_sms_channel.content import files
from twilio_sms_channel.desks.helpdesk import TICKET
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.infra import own_writes
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.people import contacts, phone

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"
CONVERSATION_FIELD = "twilio_sms_conversation"
FIELDS = ("name", "contact", "raised_by", CONVERSATION_FIELD)


def bring_along(source) -> None:
	"""Do what Helpdesk does not for messages. Called while the merged ticket is saved, after Helpdesk's copying.

	:param source: document of the ticket that was merged into another one
	"""
	target = frappe.db.get_value(TICKET, source.merged_with, FIELDS, as_dict=True)
	if not target or not (source.is_text_ticket or target.twilio_sms_conversation):
		return
	if source.is_text_ticket:
		_move_messages(str(source.name), str(target.name))
	if changes := _to_be_reached(source, target):
		frappe.db.set_value(TICKET, target.name, changes)
	elif source.is_text_ticket:
		_tell_who_is_answered(
			str(target.name),
			_customer_of(source.twilio_sms_conversation),
			_customer_of(target.twilio_sms_conversation),
		)
	desk_of(TICKET).refresh(str(target.name))


def redirect(source, communication) -> bool:
	"""Put what arrives in a merged ticket into the one that goes on, where an SMS ticket is involved. True when done.

	Helpdesk does this for all tickets since v1.28.
	"""
	# An e-mail is saved twice while it is taken in, and Frappe remembers the ticket it came to.
	arrives = not communication.get_doc_before_save() or str(communication.reference_name) != str(source.name)
	# An answer by SMS was written for the ticket that went on at that time: it was merged while it was written.
	is_for_target = (
		communication.sent_or_received == "Received" or communication.communication_medium == "SMS"
	)
	if not is_for_target or not arrives:
		return False
	target = desk_of(TICKET).resolve_ticket(str(source.merged_with))
	if not target or target.name == str(source.name):
		return False
	doc = frappe.get_doc(TICKET, target.name)
	if not (source.is_text_ticket or doc.is_text_ticket):
		return False
	communication.db_set("reference_name", target.name)
	doc.on_communication_update(communication)
	return True


def part(source: str, new: str, communication: str) -> None:
	"""Have each of two tickets answer the customer whose messages it holds. Called after Helpdesk's splitting.

	Helpdesk moves all that is younger, whoever wrote it, into a copy of the ticket. What is another customer's goes
	back: whoever is split off could read it on the portal.

	:param source: the ticket that was split
	:param new: the one that was split off
	:param communication: the first that moved
	:raises frappe.ValidationError: only messages of others would stay
	"""
	was = frappe.db.get_value(TICKET, source, FIELDS, as_dict=True)
	chosen = frappe.db.get_value(MESSAGE, {"communication": communication}, "conversation")
	conversation = chosen or was.twilio_sms_conversation
	customer = _customer_of(conversation)
	moved = _messages_in(new)
	others = {row.number: row for row in moved if not _is_same(row, customer)}
	_put_back([row.communication for row in moved if row.number in others], source)
	stayed, own = _messages_in(source), _customer_of(was.twilio_sms_conversation)
	if stayed and _is_same(own, customer) and not any(_is_same(row, own) for row in stayed):
		_refuse_to_leave(source, stayed[0])
	for name in {row.conversation for row in moved if row.conversation and row.number not in others}:
		if _goes_on_in(name) == source:
			conversations.follow(name, TICKET, new)
	if chosen:
		if not _is_of(was, customer):
			_put_back(_emails_of_others(new, customer.contact), source)
			files_of_ticket = {"attached_to_doctype": TICKET, "attached_to_name": new}
			frappe.db.set_value("File", files_of_ticket, "attached_to_name", source, update_modified=False)
		_answer(new, chosen)
	_answer_who_stayed(source, was, stayed)
	for other in others.values():
		desk_of(TICKET).note(
			new,
			_("Text messages from {0} stay in ticket {1}.").format(
				frappe.utils.escape_html(_named(other)), source
			),
		)
		# The note of the merge may have moved along.
		_tell_who_is_answered(source, other, own)


def _answer_who_stayed(source: str, was, stayed: list) -> None:
	"""Have the ticket that was split answer one of those whose messages it still has; none, when nobody's are left and
	the customer who was answered is not its own."""
	if was.twilio_sms_conversation in {row.conversation for row in stayed}:
		return
	own = _customer_of(was.twilio_sms_conversation)
	if of_own := [row.conversation for row in stayed if row.conversation and _is_same(row, own)]:
		_answer(source, of_own[-1])
	elif not _is_of(was, own):
		doc = frappe.get_doc(TICKET, source)
		doc.update({CONVERSATION_FIELD: None, "twilio_sms_reply_channel": "Email"})
		_save(doc)


def _refuse_to_leave(source: str, other) -> None:
	frappe.throw(
		_(
			"Ticket {0} would keep messages from {1} only. Split these off instead: choose the first message from {1}."
		).format(source, frappe.utils.escape_html(_named(other))),
		title=_("The ticket was not split"),
	)


def _messages_in(ticket: str) -> list:
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
		.where((Communication.reference_doctype == TICKET) & (Communication.reference_name == ticket))
		.where(Communication.communication_medium == "SMS")
		.orderby(Communication.creation, Communication.name)
	).run(as_dict=True)


def _is_same(one, other) -> bool:
	return one.number == other.number or bool(one.contact and one.contact == other.contact)


def _is_of(ticket, customer) -> bool:
	"""Whether a ticket's contact is a customer, as far as is known."""
	return ticket.contact == customer.contact or customer.number in contacts.numbers_of(ticket.contact)


def _emails_of_others(ticket: str, contact: str | None) -> list[str]:
	"""The ticket's e-mails neither from nor to a customer."""
	own = set(frappe.get_all("Contact Email", {"parent": contact or ""}, pluck="email_id"))
	about = {"reference_doctype": TICKET, "reference_name": ticket, "communication_medium": "Email"}
	fields = ["name", "sender", "recipients", "cc"]
	return [
		row.name
		for row in frappe.get_all("Communication", about, fields)
		if not own & set(split_emails(", ".join(filter(None, (row.sender, row.recipients, row.cc)))))
	]


def _put_back(entries: list[str], source: str) -> None:
	if entries:
		frappe.db.set_value(
			"Communication", {"name": ("in", entries)}, "reference_name", source, update_modified=False
		)


def _goes_on_in(conversation: str) -> str | None:
	"""The ticket of Helpdesk's that a customer's next message would go into."""
	fields = ["ticket_doctype", "ticket"]
	found = frappe.db.get_value(CONVERSATION, conversation, fields, as_dict=True)
	living = conversations.ticket_of(found) if found else None
	return living.name if living and living.doctype == TICKET else None


def _answer(ticket: str, conversation: str) -> None:
	"""Have a ticket answer a conversation's customer, as one that their message opened."""
	doc, answered = frappe.get_doc(TICKET, ticket), _customer_of(conversation)
	is_anothers = not _is_of(doc, answered)
	if doc.twilio_sms_conversation == conversation and not is_anothers:
		return
	doc.twilio_sms_conversation = conversation
	if is_anothers:
		# The one whose ticket it was reads nothing of another customer, and gets none of their e-mails.
		address = desk_of(TICKET).raised_by(answered.contact)
		doc.update({"contact": answered.contact, "customer": None, "raised_by": address})
	if not doc.customer_email():
		doc.twilio_sms_reply_channel = "SMS"
	_save(doc)
	if is_anothers:
		# The note of a merge, which may have moved along, says otherwise.
		name = frappe.utils.escape_html(_named(answered))
		desk_of(TICKET).note(ticket, _("Replies from here go to {0} from now on.").format(name))


def _save(doc) -> None:
	doc.flags.ignore_mandatory = doc.flags.ignore_links = True
	# Whoever may split a ticket by an assignment has none in the new one.
	own_writes.ours(doc).save(ignore_permissions=True)


def _to_be_reached(source, target) -> dict[str, str]:
	"""What the ticket that goes on lacks to be answered in both ways. How it replies stays as it is."""
	if not target.twilio_sms_conversation:
		return {
			"twilio_sms_conversation": source.twilio_sms_conversation,
			"twilio_sms_reply_channel": "Email",
		}
	address = source.customer_email()
	if address and not target.raised_by and not contacts.email_of(target.contact):
		return {"raised_by": address}
	return {}


def _tell_who_is_answered(ticket: str, other, answered) -> None:
	"""
	:param other: `number` and `contact` of the customer whose messages come into the ticket as well
	:param answered: the same of the one that its replies go to
	"""
	if other.number == answered.number:
		return
	desk_of(TICKET).note(
		ticket,
		_(
			"Text messages from {0} come into this ticket now, too, while replies from here go to {1}. To answer {0}, start a new SMS conversation."
		).format(*(frappe.utils.escape_html(_named(customer)) for customer in (other, answered))),
	)


def _customer_of(conversation: str | None):
	"""`number` and `contact`."""
	fields = ["customer_number as number", "contact"]
	return frappe.db.get_value(CONVERSATION, conversation, fields, as_dict=True) or frappe._dict()


def _named(customer) -> str:
	name, number = contacts.full_name(customer.contact), phone.display(customer.number)
	# Whom nobody has given a name is called by the number.
	return number if not name or phone.of_sender(name) == customer.number else f"{name} ({number})"


def _move_messages(source: str, target: str) -> None:
	Message, Communication = frappe.qb.DocType(MESSAGE), frappe.qb.DocType("Communication")
	moving = (
		frappe.qb.from_(Message)
		.join(Communication)
		.on(Communication.name == Message.communication)
		.select(Message.name, *_marks(Communication))
		.where((Communication.reference_doctype == TICKET) & (Communication.reference_name == source))
	).run()
	copies = (
		frappe.qb.from_(Communication)
		.left_join(Message)
		.on(Message.communication == Communication.name)
		.select(Communication.name, *_marks(Communication))
		.where((Communication.reference_doctype == TICKET) & (Communication.reference_name == target))
		# The ticket's own entries have a message.
		.where((Communication.communication_medium == "SMS") & Message.name.isnull())
	).run()
	# Two pictures without a word, taken from Twilio's list, look alike: times there have no parts of a second.
	copies_of: dict[tuple, list[str]] = {}
	for name, *marks in copies:
		copies_of.setdefault(tuple(marks), []).append(name)
	moved = []
	for message, *marks in moving:
		if alike := copies_of.get(tuple(marks)):
			copy = alike.pop()
			frappe.db.set_value(MESSAGE, message, "communication", copy, update_modified=False)
			_attach_files(message, copy)
			moved.append(message)
	# What Twilio reported since the copies were made.
	message_status.publish_again(moved)


def _marks(Communication) -> tuple:
	"""By what a copy is known: Helpdesk gives it the time of the original."""
	return Communication.creation, Communication.sent_or_received, Communication.content


def _attach_files(message: str, copy: str) -> None:
	"""Whoever may read the ticket that goes on may read the files, too.

	They stay where they are as well: links that Twilio and customers have are bound to it.
	"""
	for name in frappe.get_all("Twilio SMS Media", {"parent": message, "file": ("is", "set")}, pluck="file"):
		files.attach_address(frappe.db.get_value("File", name, "file_url"), "Communication", copy)
