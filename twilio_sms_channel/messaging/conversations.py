"""All messages between one of our numbers and one customer number."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

from twilio_sms_channel.messaging import consent

CONVERSATION = "Twilio SMS Conversation"


def get_or_create(number: str, customer_number: str) -> str:
	"""Name of the one conversation of this pair. Commits when it creates one.

	:param number: name of a Twilio SMS Number
	:param customer_number: E.164, short code or alphanumeric sender
	"""
	pair = {"number": number, "customer_number": customer_number}
	if name := frappe.db.exists(CONVERSATION, pair):
		return name
	try:
		conversation = frappe.get_doc({"doctype": CONVERSATION, **pair})
		consent.inherit(conversation)
		name = conversation.insert(ignore_permissions=True).name
		frappe.db.commit()
	except frappe.UniqueValidationError:
		# A text of the same customer made it at the same moment.
		frappe.db.rollback()
		frappe.clear_messages()
		name = frappe.db.exists(CONVERSATION, pair)
	return name


@contextmanager
def locked(number: str, customer_number: str) -> Iterator:
	"""Hold the conversation's row while something is decided about it; commits at the end.

	The lock is taken as the first statement of a new transaction: reads behind it see everything that the lock's
	last holder committed. An exception rolls back.

	:return: the Twilio SMS Conversation document
	"""
	name = get_or_create(number, customer_number)
	frappe.db.commit()
	frappe.db.get_value(CONVERSATION, name, "name", for_update=True)
	yield frappe.get_doc(CONVERSATION, name)
	frappe.db.commit()


def follow(conversation: str, ticket_doctype: str, ticket: str) -> None:
	"""Have the customer's next texts continue this ticket: an agent split it off, or has just texted from it."""
	frappe.db.set_value(
		CONVERSATION,
		conversation,
		{"ticket_doctype": ticket_doctype, "ticket": str(ticket)},
		update_modified=False,
	)


def set_contact(conversation: str, ticket_doctype: str, ticket: str, contact: str) -> None:
	"""An agent said on the current ticket who the customer is."""
	doc = frappe.get_doc(CONVERSATION, conversation)
	if (doc.ticket_doctype, doc.ticket) == (ticket_doctype, str(ticket)) and doc.contact != contact:
		doc.contact = contact
		doc.save(ignore_permissions=True)
