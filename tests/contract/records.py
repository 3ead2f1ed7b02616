"""What is written in tickets of any ticket system, and who does it."""

from contextlib import contextmanager

import frappe

CUSTOMER_NUMBER = "+14155550123"


def make_communication(ticket, direction: str = "Received", **fields):
	"""A text in a ticket; `fields` change what is unusual."""
	return frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"communication_medium": "SMS",
			"sent_or_received": direction,
			"status": "Linked",
			"subject": ticket.subject,
			"content": "It drips again",
			"reference_doctype": ticket.doctype,
			"reference_name": str(ticket.name),
			**fields,
		}
	).insert(ignore_permissions=True)


def communications_of(ticket, **filters) -> list:
	"""Oldest first."""
	return frappe.get_all(
		"Communication",
		filters={"reference_doctype": ticket.doctype, "reference_name": str(ticket.name), **filters},
		fields=["*"],
		order_by="creation",
	)


def make_contact(first_name: str = "Ada", **fields):
	"""A contact with a phone number only; `fields` add an e-mail address."""
	return frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": first_name,
			"phone_nos": [{"phone": CUSTOMER_NUMBER, "is_primary_mobile_no": 1}],
			**fields,
		}
	).insert(ignore_permissions=True)


def make_file(name: str = "leak.txt", **fields):
	return frappe.get_doc(
		{"doctype": "File", "file_name": name, "content": f"contents of {name}", **fields}
	).insert(ignore_permissions=True)


@contextmanager
def acting_as(user: str):
	before = frappe.session.user
	frappe.set_user(user)
	try:
		yield
	finally:
		frappe.set_user(before)
