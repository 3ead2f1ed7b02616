"""Helpdesk's saved replies: HD Saved Reply since v1.19, HD Canned Response before."""

import frappe
from frappe import _

from twilio_sms_channel.desks import templates
from twilio_sms_channel.desks.templates import SavedReply

SOURCES = ("HD Saved Reply", "HD Canned Response")


def find(query: str = "") -> list[dict[str, str]]:
	"""See `desks.base.Desk.saved_replies`."""
	source = _source()
	return templates.find(source, "title", query) if source else []


def rendered(ticket, name: str) -> SavedReply:
	"""A saved reply, filled in for a ticket: by Helpdesk itself where its function evaluates nothing.

	:param ticket: HD Ticket document that the user may read, which may be unsaved
	:raises frappe.PermissionError: the saved reply is not for this user
	"""
	source = _source()
	if not source:
		frappe.throw(_("This site's Helpdesk has no saved replies."), frappe.DoesNotExistError)
	reply = frappe.get_doc(source, name)
	reply.check_permission("read")
	title = reply.title or name
	if has_own() and not ticket.is_new():
		from helpdesk.api.saved_replies import get_rendered_saved_reply

		own = get_rendered_saved_reply(str(ticket.name), name)
		return SavedReply(title, own["message"] or "", own["actions"])
	return SavedReply(title, templates.filled(reply.message, title, ticket))


def has_own() -> bool:
	"""Whether this Helpdesk fills in saved replies without evaluating them, which the first versions did."""
	try:
		from helpdesk.api import saved_replies
	except ImportError:
		return False
	return hasattr(saved_replies, "render_saved_reply")


def _source() -> str | None:
	return next((doctype for doctype in SOURCES if frappe.db.exists("DocType", doctype)), None)
