"""A received text becomes part of a ticket."""

import frappe
from frappe.utils import add_to_date, now_datetime

from twilio_sms_channel.desks import desk_of_site
from twilio_sms_channel.messaging import consent, contacts, phone, text
from twilio_sms_channel.messaging.events import tell
from twilio_sms_channel.messaging.jobs import later


def thread(message, conversation) -> None:
	"""Put the text into the ticket that the number's threading policy names.

	Everything happens in the caller's transaction, under the caller's lock on the conversation.

	:param message: Twilio SMS Message with status Received
	:param conversation: its Twilio SMS Conversation, locked
	"""
	desk = desk_of_site()
	if not conversation.contact:
		conversation.contact = contacts.find_or_create(conversation.customer_number)
	ticket = _continued_ticket(desk, conversation) or desk.open_ticket(conversation, message)
	conversation.ticket_doctype, conversation.ticket = desk.doctype, ticket
	conversation.last_inbound = message.received_at
	consent.note(conversation, message.body)
	conversation.save(ignore_permissions=True)

	communication = _communication(message, conversation).insert(ignore_permissions=True)
	if not frappe.db.get_value("Twilio SMS Number", message.number, "accept_attachments"):
		for item in message.media:
			item.status = "Not Accepted"
	message.update(
		{
			"status": "Threaded",
			"conversation": conversation.name,
			"communication": communication.name,
			"next_attempt": None,
			"error_message": None,
		}
	)
	message.save(ignore_permissions=True)
	if any(item.status == "Waiting" for item in message.media):
		later("twilio_sms_channel.messaging.media.fetch", message.name, queue="default")
	tell("twilio_sms_message_received", message)
	desk.refresh(ticket)


def _continued_ticket(desk, conversation) -> str | None:
	"""The conversation's ticket when the policy says that a text continues it."""
	policy, days = frappe.db.get_value(
		"Twilio SMS Number", conversation.number, ["threading_policy", "reopen_within_days"]
	)
	if policy == "Always a new ticket" or not conversation.ticket:
		return None
	ticket = desk.living_ticket(conversation.ticket)
	if not ticket or policy == "Always the same ticket":
		return ticket
	settled_on = desk.settled_on(ticket)
	if settled_on and settled_on < add_to_date(now_datetime(), days=-(days or 0)):
		return None
	return ticket


def _communication(message, conversation):
	name = contacts.full_name(conversation.contact) or phone.display(message.customer_number)
	return frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"communication_medium": "SMS",
			"sent_or_received": "Received",
			"status": "Linked",
			# No sender: Frappe takes only e-mail addresses there. Without a full name Desk's timeline
			# would show the name of whoever looks.
			"sender_full_name": name,
			"phone_no": message.customer_number,
			"subject": frappe.db.get_value(conversation.ticket_doctype, conversation.ticket, "subject"),
			"content": text.to_html(message.body),
			"communication_date": message.received_at,
			"reference_doctype": conversation.ticket_doctype,
			"reference_name": conversation.ticket,
		}
	)
