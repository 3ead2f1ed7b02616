"""Merged tickets. Helpdesk copies Communications into the ticket that goes on, and closes the other one.

What is known of text messages moves on to the copies, so that their fate and their files show where the agents work, and the
ticket that goes on can be answered by SMS and by e-mail.
"""

import frappe

from twilio_sms_channel.content import files
from twilio_sms_channel.desks.helpdesk import TICKET
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.overrides import parting

MESSAGE = "Twilio SMS Message"


def bring_along(source) -> None:
	"""Do what Helpdesk does not for messages. Called while the merged ticket is saved, after Helpdesk's copying.

	:param source: document of the ticket that was merged into another one
	"""
	target = frappe.db.get_value(TICKET, source.merged_with, parting.FIELDS, as_dict=True)
	if not target or not (source.is_text_ticket or target.twilio_sms_conversation):
		return
	if source.is_text_ticket:
		_move_messages(str(source.name), str(target.name))
	parting.answer_both(desk_of(TICKET), source, target)
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
