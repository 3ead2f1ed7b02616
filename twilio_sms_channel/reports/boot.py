"""What Desk has to know before it shows a page of this app."""

import frappe

from twilio_sms_channel.desks.registry import desk_or_none


def extend(bootinfo) -> None:
	"""Called by Frappe for each page load of Desk."""
	desk = desk_or_none()
	bootinfo.twilio_sms = {
		"team_doctype": desk.team_doctype if desk and frappe.has_permission(desk.team_doctype) else "",
		"may_read_accounts": bool(frappe.has_permission("Twilio SMS Account")),
	}


def may_set_up() -> bool:
	"""Called by Frappe before it shows the app on the screen of apps. For nobody else: with two apps on it, whoever logs
	in lands there and no longer in the helpdesk."""
	return "System Manager" in frappe.get_roles()
