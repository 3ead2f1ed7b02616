"""Tells the site's managers, once a day, that an account is used more than its admin expects."""

import frappe
from frappe import _
from frappe.utils import today

from twilio_sms_channel import doctor
from twilio_sms_channel.doctor import store
from twilio_sms_channel.infra import jobs
from twilio_sms_channel.infra.alerts import tell_managers
from twilio_sms_channel.infra.courtesies import courtesy

ACCOUNT = "Twilio SMS Account"


def look() -> None:
	"""Every few minutes (scheduler)."""
	jobs.as_administrator()
	for account in _watched():
		with courtesy("An account's usage could not be looked at"):
			_look_at(account)


def _watched() -> list[str]:
	limits = {"alert_messages": (">", 0), "alert_amount": (">", 0)}
	return frappe.get_all(ACCOUNT, {"enabled": 1}, pluck="name", or_filters=limits, order_by="name")


def _look_at(account: str) -> None:
	report = doctor.examine(account, only="usage")
	if not report.findings:
		return
	# With a lock: of two workers that look at the same moment one tells.
	told_on = frappe.db.get_value(ACCOUNT, account, "usage_told_on", for_update=True)
	if told_on and str(told_on) == today():
		return
	frappe.db.set_value(ACCOUNT, account, "usage_told_on", today(), update_modified=False)
	finding = report.findings[0]
	tell_managers(_("Text messages: {0}").format(finding.what), store.DOCTYPE, report.names[finding.key])
