"""What Desk has to know before it shows a page of this app."""

import frappe

from twilio_sms_channel.desks.registry import desks, desks_of_agent
from twilio_sms_channel.infra import site_config


def extend(bootinfo) -> None:
	"""Called by Frappe for each page load of Desk."""
	bootinfo.twilio_sms = {
		# Of those that the user answers: a ticket that was shared with anybody else shows them its timeline alone.
		"ticket_doctypes": [desk.doctype for desk in desks_of_agent()],
		"team_doctype": _team_doctype(),
		"may_read_accounts": bool(frappe.has_permission("Twilio SMS Account")),
		"practice_url": _practice_url(),
	}


def _practice_url() -> str:
	"""The page of practice mode's phones for whoever sets up, "" while it does not run."""
	return site_config.practice_url() if may_set_up() else ""


def _team_doctype() -> str:
	"""What the reports' filter offers: the teams of the first ticket system that has some which the user may see."""
	with_teams = [desk.team_doctype for desk in desks() if desk.team_doctype]
	return next((doctype for doctype in with_teams if frappe.has_permission(doctype)), "")


def may_set_up() -> bool:
	"""Called by Frappe before it shows the app on the screen of apps. For nobody else: with two apps on it, whoever logs
	in lands there and no longer in the helpdesk."""
	return "System Manager" in frappe.get_roles()
