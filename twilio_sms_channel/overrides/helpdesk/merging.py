"""Merged and split tickets. Merging, Helpdesk copies Communications into the ticket that goes on, and closes the other
one; splitting, it moves them into a copy of the ticket, whoever wrote them.

What is known of text messages moves on to the copies, so that their fate and their files show where the agents work, and the
ticket that goes on can be answered by SMS and by e-mail.
"""

import frappe
from frappe import _
from frappe.query_builder.functions import Max

from twilio_sms_channel.content import files
from twilio_sms_channel.desks.registry import desk_of_site
from twilio_sms_channel.infra import own_writes
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.people import contacts, phone

TICKET, MESSAGE, CONVERSATION = "HD Ticket", "Twilio SMS Message", "Twilio SMS Conversation"
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
			str(target.name), source.twilio_sms_conversation, target.twilio_sms_conversation
		)
	desk_of_site().refresh(str(target.name))


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
	target = desk_of_site().resolve_ticket(str(source.merged_with))
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

	Helpdesk moves all that is younger, whoever wrote it: messages of other customers go back, for whoever is split off
	could read them on the portal.

	:param source: the ticket that was split
	:param new: the one that was split off, a copy of it but for its Communications
	:param communication: the first that moved
	"""
	moved = _namesin(new)
	chosen = frappe.db.get_value(MESSAGE, {"communication": communication}, "conversation")
	if not (chosen := chosen or next(iter(moved), None)):
		return
	customer = _customer_of(chosen)
	of_others = [name for name in moved if _customer_of(name).number != customer.number]
	_put_back(of_others, new, source)
	for conversation in moved:
		if conversation not in of_others:
			conversations.follow(conversation, TICKET, new)
	_answer(new, chosen)
	stayed = _namesin(source)
	answered = frappe.db.get_value(TICKET, source, CONVERSATION_FIELD)
	if answered not in stayed and stayed:
		answered = stayed[0]
		_answer(source, answered)
	for other in of_others:
		desk_of_site().note(
			new,
			_("Text messages from {0} stay in ticket {1}.").format(
				frappe.utils.escape_html(_named(_customer_of(other))), source
			),
		)
		# The note of the merge may have moved along.
		_tell_who_is_answered(source, other, answered)


def _put_back(names: list[str], new: str, source: str) -> None:
	Message, Communication = frappe.qb.DocType(MESSAGE), frappe.qb.DocType("Communication")
	if not names:
		return
	entries = (
		frappe.qb.from_(Message)
		.join(Communication)
		.on(Communication.name == Message.communication)
		.select(Communication.name)
		.where((Communication.reference_doctype == TICKET) & (Communication.reference_name == new))
		.where(Message.conversation.isin(names))
	).run(pluck=True)
	frappe.db.set_value(
		"Communication", {"name": ("in", entries)}, "reference_name", source, update_modified=False
	)


def _namesin(ticket: str) -> list[str]:
	"""Whose messages a ticket holds, the newest first."""
	Message, Communication = frappe.qb.DocType(MESSAGE), frappe.qb.DocType("Communication")
	return (
		frappe.qb.from_(Message)
		.join(Communication)
		.on(Communication.name == Message.communication)
		.select(Message.conversation)
		.where((Communication.reference_doctype == TICKET) & (Communication.reference_name == ticket))
		.groupby(Message.conversation)
		.orderby(Max(Communication.creation), order=frappe.qb.desc)
	).run(pluck=True)


def _answer(ticket: str, conversation: str) -> None:
	"""Have a ticket answer a conversation's customer, as one that their message opened."""
	doc = frappe.get_doc(TICKET, ticket)
	if doc.twilio_sms_conversation == conversation:
		return
	asked, answered = (_customer_of(name) for name in (doc.twilio_sms_conversation, conversation))
	doc.twilio_sms_conversation = conversation
	if asked.number != answered.number:
		# The one whose ticket it was reads nothing of another customer, and gets none of their e-mails.
		address = desk_of_site().raised_by(answered.contact)
		doc.update({"contact": answered.contact, "customer": None, "raised_by": address})
	if not doc.customer_email():
		doc.twilio_sms_reply_channel = "SMS"
	doc.flags.ignore_mandatory = doc.flags.ignore_links = True
	own_writes.ours(doc).save()
	if asked.number != answered.number:
		# The note of a merge, which may have moved along, says otherwise.
		name = frappe.utils.escape_html(_named(answered))
		desk_of_site().note(ticket, _("Replies from here go to {0} from now on.").format(name))


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


def _tell_who_is_answered(ticket: str, other: str, answered: str) -> None:
	"""
	:param other: the conversation whose messages come into the ticket as well
	:param answered: the one that its replies go to
	"""
	asked, to = _customer_of(other), _customer_of(answered)
	if asked.number == to.number:
		return
	desk_of_site().note(
		ticket,
		_(
			"Text messages from {0} come into this ticket now, too, while replies from here go to {1}. To answer {0}, start a new SMS conversation."
		).format(*(frappe.utils.escape_html(_named(customer)) for customer in (asked, to))),
	)


def _customer_of(conversation: str):
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
		.select(Communication.name, *_marks(Communication))
		.where((Communication.reference_doctype == TICKET) & (Communication.reference_name == target))
		.where(Communication.communication_medium == "SMS")
	).run()
	copy_of = {tuple(marks): name for name, *marks in copies}
	moved = []
	for message, *marks in moving:
		if copy := copy_of.pop(tuple(marks), None):
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
