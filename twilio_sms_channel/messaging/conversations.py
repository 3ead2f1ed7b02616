"""All messages between one of our numbers and one customer number."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

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
		name = frappe.get_doc({"doctype": CONVERSATION, **pair}).insert(ignore_permissions=True).name
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
