"""Merged tickets. Helpdesk copies Communications into the ticket that goes on, and closes the other one.

The messages of texts move on to the copies, so that their fate and their files show where the agents work, and the
ticket that goes on can be answered by text and by e-mail.
"""

import frappe
from frappe import _

from twilio_sms_channel.content import files
from twilio_sms_channel.desks.registry import desk_of_site
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.people import contacts, phone

TICKET, MESSAGE, CONVERSATION = "HD Ticket", "Twilio SMS Message", "Twilio SMS Conversation"
FIELDS = ("name", "contact", "raised_by", "twilio_sms_conversation")


def bring_along(source) -> None:
	"""Do what Helpdesk does not for texts. Called while the merged ticket is saved, after Helpdesk's copying.

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
		_tell_who_is_answered(source, target)
	desk_of_site().refresh(str(target.name))


def redirect(source, communication) -> bool:
	"""Put what arrives in a merged ticket into the one that goes on, where a text ticket is involved. True when done.

	Helpdesk does this for all tickets since v1.28.
	"""
	# An e-mail is saved twice while it is taken in, and Frappe remembers the ticket it came to.
	arrives = not communication.get_doc_before_save() or str(communication.reference_name) != str(source.name)
	# An answer by text was written for the ticket that went on at that time: it was merged while it was written.
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


def _tell_who_is_answered(source, target) -> None:
	asked, answered = (
		frappe.db.get_value(CONVERSATION, ticket.twilio_sms_conversation, ["contact", "customer_number"])
		for ticket in (source, target)
	)
	if asked[1] == answered[1]:
		return
	other, customer = (
		f"{frappe.utils.escape_html(contacts.full_name(contact))} ({phone.display(number)})"
		for contact, number in (asked, answered)
	)
	desk_of_site().note(
		str(target.name),
		_(
			"Texts of {0} come into this ticket now, too, while replies from here go to {1}. To answer {0}, start a new text conversation."
		).format(other, customer),
	)


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
