"""Tickets made by Helpdesk's own class, whatever overrides it on this site."""

import frappe
from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import HDTicket


def make_ticket(**fields) -> HDTicket:
	return HDTicket({"doctype": "HD Ticket", "subject": "No water", **fields}).insert(ignore_permissions=True)


def read_ticket(name: str) -> HDTicket:
	return HDTicket("HD Ticket", str(name))


def make_team(name: str, *users: str) -> str:
	"""A team of that name. Commits: Frappe keeps assignment rules in a cache that knows no rollback."""
	if not frappe.db.exists("HD Team", name):
		frappe.get_doc(
			{"doctype": "HD Team", "team_name": name, "users": [{"user": user} for user in users]}
		).insert()
		frappe.db.commit()
	return name
