"""What Desk has to know before it shows a report's filters."""

import frappe

from twilio_sms_channel.desks import desk_or_none


def extend(bootinfo) -> None:
	"""Called by Frappe for each page load of Desk."""
	desk = desk_or_none()
	bootinfo.twilio_sms = {
		"team_doctype": desk.team_doctype if desk and frappe.has_permission(desk.team_doctype) else "",
		"may_read_accounts": bool(frappe.has_permission("Twilio SMS Account")),
	}
