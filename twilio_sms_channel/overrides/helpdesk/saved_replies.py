"""Saved replies in Helpdesk's reply box, on tickets that reply by SMS."""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.desks.helpdesk import TICKET, saved_replies
from twilio_sms_channel.desks.registry import desk_of


@frappe.whitelist()
def get_rendered_saved_reply(
	ticket_id: str | int, saved_reply_id: str | None = None
) -> str | dict[str, Any] | None:
	"""A saved reply as HTML (Helpdesk: `api.saved_replies`). Where it goes out as a message, the box gets the same words as
	the app's own composer, and one sentence where it cannot be filled in.

	:raises frappe.PermissionError: the caller is no agent, or may not read the ticket or the saved reply
	"""
	from helpdesk.api import saved_replies as own

	desk = desk_of(TICKET)
	by_text = frappe.db.get_value(
		TICKET,
		{"name": desk.name_of(ticket_id), "twilio_sms_reply_channel": "SMS"},
		"twilio_sms_conversation",
	)
	if not saved_reply_id or not by_text or saved_replies.has_own():
		return own.get_rendered_saved_reply(ticket_id, saved_reply_id)
	if not desk.is_agent():
		frappe.throw(_("Only agents can do this."), frappe.PermissionError)
	ticket = frappe.get_doc(TICKET, desk.name_of(ticket_id))
	ticket.check_permission("read")
	return saved_replies.rendered(ticket, saved_reply_id).html
