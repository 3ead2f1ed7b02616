"""Ticket systems. Everything else asks `desk_of_site()` and never speaks of one by name."""

import frappe
from frappe import _

from twilio_sms_channel.desks.base import Desk


class NoDesk(frappe.ValidationError):
	"""No supported ticket system is installed on this site."""


def desk_of_site() -> Desk:
	"""The ticket system of this site.

	:raises NoDesk: Helpdesk is not installed
	"""
	if "helpdesk" in frappe.get_installed_apps():
		from twilio_sms_channel.desks.helpdesk import HelpdeskDesk

		return HelpdeskDesk()
	raise NoDesk(_("Texts need a ticket system: install Frappe Helpdesk on this site."))


def desk_or_none() -> Desk | None:
	"""The ticket system of this site, None while none is installed."""
	try:
		return desk_of_site()
	except NoDesk:
		return None
