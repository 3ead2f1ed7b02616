"""A received text becomes part of a ticket."""

import frappe
from frappe.utils import add_to_date, now_datetime

from twilio_sms_channel.desks import desk_of_site
from twilio_sms_channel.messaging import arrival_order, consent, contacts, notify, phone, text
from twilio_sms_channel.messaging.events import tell
from twilio_sms_channel.messaging.jobs import later


def thread(message, conversation) -> None:
	"""Put the text into the ticket that the number's threading policy names.

	Everything happens in the caller's transaction, under the caller's lock on the conversation.

	:param message: Twilio SMS Message with status Received
	:param conversation: its Twilio SMS Conversation, locked
	"""
	desk = desk_of_site()
	number = frappe.get_cached_doc("Twilio SMS Number", conversation.number)
	if not conversation.contact:
		conversation.contact = contacts.find_or_create(conversation.customer_number)
	continued = _continued_ticket(desk, conversation, number)
	ticket = continued or desk.open_ticket(conversation, message)
	conversation.ticket_doctype, conversation.ticket = desk.doctype, ticket
	conversation.last_inbound = max(filter(None, (conversation.last_inbound, message.received_at)))
	conversation.region = message.region or conversation.region
	keyword = consent.note(conversation, message)
	conversation.save(ignore_permissions=True)

	communication = _communication(message, conversation, ticket).insert(ignore_permissions=True)
	arrival_order.set_arrival(communication.name, message.received_at)
	if not number.accept_attachments:
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
	if keyword:
		consent.answer(keyword, conversation, number)
	if continued:
		notify.about_text(desk, ticket, conversation, message)
	tell("twilio_sms_message_received", message)
	desk.refresh(ticket)


def _continued_ticket(desk, conversation, number) -> str | None:
	"""The conversation's ticket when the policy says that a text continues it."""
	if number.threading_policy == "Always a new ticket" or not conversation.ticket:
		return None
	ticket = desk.living_ticket(conversation.ticket)
	if not ticket or number.threading_policy == "Always the same ticket":
		return ticket
	settled_on = desk.settled_on(ticket)
	if not settled_on:
		return ticket
	# An agent may have texted from it since: this is the answer to that.
	last_contact = max(settled_on, conversation.last_outbound or settled_on)
	too_late = last_contact < add_to_date(now_datetime(), days=-(number.reopen_within_days or 0))
	return None if too_late else ticket


def _communication(message, conversation, ticket: str):
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
			"subject": frappe.db.get_value(conversation.ticket_doctype, ticket, "subject"),
			"content": text.to_html(message.body),
			"communication_date": message.received_at,
			"reference_doctype": conversation.ticket_doctype,
			"reference_name": ticket,
		}
	)
