"""The Communications by which messages stand in their ticket."""

import frappe

from twilio_sms_channel.content import text


def received(message, sender_name: str, ticket):
	"""A new, unsaved Communication of a customer's message.

	:param message: Twilio SMS Message document
	:param ticket: `desks.base.Ticket`
	"""
	return _new(
		ticket.doctype,
		ticket.name,
		communication_medium="SMS",
		sent_or_received="Received",
		# No sender: Frappe takes only e-mail addresses there. Without a full name Desk's timeline would show the name
		# of whoever looks.
		sender_full_name=sender_name,
		phone_no=message.customer_number,
		subject=ticket.subject,
		content=text.to_html(message.body),
		communication_date=message.received_at,
	)


def sent(conversation, body: str):
	"""A new, unsaved Communication of a message to the conversation's customer, in the conversation's ticket."""
	return _of_user(
		conversation.ticket_doctype,
		conversation.ticket,
		communication_medium="SMS",
		delivery_status="Sending",
		recipients=conversation.customer_number,
		phone_no=conversation.customer_number,
		subject=frappe.db.get_value(conversation.ticket_doctype, conversation.ticket, "subject"),
		content=text.to_html(body),
	)


def notice(ticket, message: str):
	"""A new, unsaved Communication of what the ticket system says in a ticket, which is sent to nobody.

	:param ticket: the ticket's document
	:param message: HTML
	"""
	return _of_user(
		ticket.doctype,
		str(ticket.name),
		communication_type="Automated Message",
		communication_medium="Other",
		subject=ticket.subject,
		content=message,
	)


def _of_user(ticket_doctype: str, ticket: str, **values):
	entry = _new(
		ticket_doctype,
		ticket,
		sent_or_received="Sent",
		sender=frappe.db.get_value("User", frappe.session.user, "email"),
		**values,
	)
	# An e-mail signature has no place in a message.
	entry.flags.skip_add_signature = True
	return entry


def _new(ticket_doctype: str, ticket: str, **values):
	return frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"status": "Linked",
			"reference_doctype": ticket_doctype,
			"reference_name": ticket,
			**values,
		}
	)
