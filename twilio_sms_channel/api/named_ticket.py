"""The ticket that a request names, for whoever may do with it what they want to.

It is named by `ticket` and, where the site has several ticket systems, `ticket_doctype`: left out, the first of them is
meant.
"""

import frappe
from frappe import _
from frappe.model.document import Document

from twilio_sms_channel.desks.base import Desk
from twilio_sms_channel.desks.registry import (
	NoDesk,
	default_desk,
	desk_for_new,
	desk_of,
	desk_or_none_of,
	desks_of_agent,
)


def readable(ticket: str | int, ticket_doctype: str | None):
	"""Its document.

	:raises frappe.PermissionError: the caller may not read it, or is no agent
	:raises frappe.ValidationError: the site has no such tickets
	"""
	desk = _desk(ticket_doctype)
	doc = frappe.get_doc(desk.doctype, desk.name_of(ticket))
	doc.check_permission("read")
	if not desk.is_agent():
		frappe.throw(_("Only agents see this."), frappe.PermissionError)
	return doc


def writable(ticket: str | int, ticket_doctype: str | None):
	"""Its document.

	:raises frappe.PermissionError: the caller may not write it, or is no agent
	:raises frappe.ValidationError: the site has no such tickets
	"""
	desk = _desk(ticket_doctype)
	doc = frappe.get_doc(desk.doctype, desk.name_of(ticket))
	if not desk.is_agent():
		frappe.throw(_("Only agents can do this."), frappe.PermissionError)
	doc.check_permission("write")
	return doc


def writable_of_message(message):
	"""The document of a message's ticket, which the caller may write. One that never reached a ticket, or whose ticket was
	deleted, is for system managers: None.

	:param message: Twilio SMS Message document
	"""
	if message.communication:
		doctype, ticket = frappe.db.get_value(
			"Communication", message.communication, ["reference_doctype", "reference_name"]
		) or (None, None)
		if ticket and desk_or_none_of(doctype) and frappe.db.exists(doctype, ticket):
			return writable(ticket, doctype)
	frappe.only_for("System Manager")
	return None


def replied_to(
	ticket: str | int | None, ticket_doctype: str | None, number: str | None
) -> tuple[Desk, Document]:
	"""The ticket system and the ticket's document of a reply; without a ticket the one that a message from a number of
	ours would open, with nothing in it yet.

	:param number: name of a Twilio SMS Number; default: the first ticket system that the caller answers
	:raises frappe.PermissionError: the caller may not read it, or is no agent there
	"""
	if ticket:
		doc = readable(ticket, ticket_doctype)
		return desk_of(doc.doctype), doc
	first, *others = only_agents(ticket_doctype)
	desk = desk_for_new(frappe.get_cached_doc("Twilio SMS Number", number)) if number else first
	if desk.doctype not in [mine.doctype for mine in (first, *others)]:
		frappe.throw(_("Only agents can do this."), frappe.PermissionError)
	return desk, frappe.new_doc(desk.doctype)


def living(ticket: str | int, ticket_doctype: str | None) -> str | int:
	"""The ticket's name, or that of the one it was merged into."""
	found = _desk(ticket_doctype).resolve_ticket(str(ticket))
	return found.name if found else ticket


def only_agents(ticket_doctype: str | None) -> list[Desk]:
	"""The ticket systems in which the caller is an agent.

	:param ticket_doctype: only the one with these tickets
	:raises frappe.PermissionError: they are in none
	:raises frappe.ValidationError: the site has no such tickets
	"""
	wanted = _desk(ticket_doctype)
	found = [desk for desk in desks_of_agent() if not ticket_doctype or desk.doctype == wanted.doctype]
	if not found:
		frappe.throw(_("Only agents can do this."), frappe.PermissionError)
	return found


def _desk(ticket_doctype: str | None) -> Desk:
	if not ticket_doctype:
		return default_desk()
	try:
		return desk_of(ticket_doctype)
	except NoDesk as e:
		frappe.throw(str(e))
