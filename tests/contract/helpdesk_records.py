"""Tickets and what is written in them, made by Helpdesk's own class whatever overrides it on this site."""

from contextlib import contextmanager

import frappe
from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import HDTicket

CUSTOMER_NUMBER = "+14155550123"


def make_ticket(**fields) -> HDTicket:
	return HDTicket({"doctype": "HD Ticket", "subject": "No water", **fields}).insert(ignore_permissions=True)


def read_ticket(name: str) -> HDTicket:
	return HDTicket("HD Ticket", str(name))


def make_communication(ticket: HDTicket, direction: str = "Received", **fields):
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
			"reference_doctype": "HD Ticket",
			"reference_name": str(ticket.name),
			**fields,
		}
	).insert(ignore_permissions=True)


def communications_of(ticket: HDTicket, **filters) -> list:
	"""Oldest first."""
	return frappe.get_all(
		"Communication",
		filters={"reference_doctype": "HD Ticket", "reference_name": str(ticket.name), **filters},
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


def make_team(name: str, *users: str) -> str:
	"""A team of that name. Commits: Frappe keeps assignment rules in a cache that knows no rollback."""
	if not frappe.db.exists("HD Team", name):
		frappe.get_doc(
			{"doctype": "HD Team", "team_name": name, "users": [{"user": user} for user in users]}
		).insert()
		frappe.db.commit()
	return name


@contextmanager
def acting_as(user: str):
	before = frappe.session.user
	frappe.set_user(user)
	try:
		yield
	finally:
		frappe.set_user(before)
