"""Helpdesk's saved replies: HD Saved Reply since v1.19, HD Canned Response before."""

import frappe
from frappe import _

from twilio_sms_channel.desks import templates

SOURCES = ("HD Saved Reply", "HD Canned Response")


def find(query: str = "") -> list[dict[str, str]]:
	"""See `desks.base.Desk.saved_replies`."""
	source = _source()
	return templates.find(source, "title", query) if source else []


def rendered(ticket, name: str) -> str:
	"""A saved reply as the plain text of a reply to a ticket.

	:param ticket: HD Ticket document that the user may read
	:raises frappe.PermissionError: the saved reply is not for this user
	"""
	source = _source()
	if not source:
		frappe.throw(_("This site's Helpdesk has no saved replies."), frappe.DoesNotExistError)
	reply = frappe.get_doc(source, name)
	reply.check_permission("read")
	return templates.filled(reply.message, reply.title or name, ticket)


def _source() -> str | None:
	return next((doctype for doctype in SOURCES if frappe.db.exists("DocType", doctype)), None)
