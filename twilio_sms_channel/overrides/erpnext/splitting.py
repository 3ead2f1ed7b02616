"""Split Issues. ERPNext moves Communications into a copy of the Issue, whatever Issue they are in and whoever asks."""

from collections.abc import Callable

import frappe
from frappe import _

from twilio_sms_channel.desks.erpnext import TICKET
from twilio_sms_channel.desks.registry import desk_of, desk_or_none_of
from twilio_sms_channel.infra import own_writes
from twilio_sms_channel.overrides import parting, turns


def split(issue: str, communication: str, as_erpnext_does: Callable[[], str]) -> str:
	"""Split an Issue as ERPNext does, and have each of the two answer whose messages it holds then.

	:param as_erpnext_does: makes the new Issue, moves Communications into it, returns its name
	"""
	if not has_messages(issue):
		return as_erpnext_does()
	desk, title = desk_of(TICKET), _("The ticket was not split")
	if not desk.may_write(issue):
		frappe.throw(_("You may not change ticket {0}.").format(issue), frappe.PermissionError, title=title)

	def split_here() -> str:
		there = {"name": communication, "reference_doctype": TICKET, "reference_name": issue}
		if not frappe.db.exists("Communication", there):
			frappe.throw(_("The message was just moved to another ticket. Reload the page."), title=title)
		with own_writes.all_ours("Communication"):
			new = as_erpnext_does()
		if not frappe.db.get_value(TICKET, issue, "raised_by"):
			# ERPNext has filled in the session user, unless the Issue answers a conversation.
			frappe.db.set_value(TICKET, new, "raised_by", "")
		parting.part(desk, issue, new, communication)
		return new

	return turns.one_at_a_time(TICKET, [issue], split_here, title)


def has_messages(issue: str) -> bool:
	"""Whether it answers a conversation, or only holds messages, as after their customer's conversation was split off."""
	if desk_or_none_of(TICKET) is None:
		return False
	messages = {"reference_doctype": TICKET, "reference_name": issue, "communication_medium": "SMS"}
	return bool(
		frappe.db.get_value(TICKET, issue, "twilio_sms_conversation")
		or frappe.db.exists("Communication", messages)
	)
