"""Keeps the list of findings in step with what the doctor found, and tells the managers once of what is broken."""

import frappe
from frappe import _
from frappe.utils import now_datetime

from twilio_sms_channel.content.outside import NO_MARKUP
from twilio_sms_channel.doctor.findings import BROKEN, Finding
from twilio_sms_channel.doctor.runner import Report
from twilio_sms_channel.infra.alerts import tell_managers

DOCTYPE = "Twilio SMS Finding"
WORDS = ("severity", "what", "why", "how", "remedy")


def keep(report: Report) -> None:
	"""Add what is new, delete what is mended; what could not be checked stays as it was. Each finding gets its row's name."""
	now = now_datetime()
	rows = {
		(row.check_name, row.about_doctype or "", row.about or ""): row.name
		for row in frappe.get_all(DOCTYPE, fields=["name", "check_name", "about_doctype", "about"])
	}
	found = {finding.key: finding for finding in report.findings}
	for key, name in rows.items():
		if key not in found and report.would_have_found(key[0], key[2]):
			# Not by delete_doc, which wants a queue that works: that it does not may be the finding.
			frappe.db.delete(DOCTYPE, {"name": name})
	for key, finding in found.items():
		# They name numbers, accounts and services as somebody at Twilio called them.
		values = {word: getattr(finding, word).translate(NO_MARKUP) for word in WORDS}
		if name := rows.get(key):
			frappe.db.set_value(DOCTYPE, name, {**values, "last_seen": now})
		else:
			name = _insert(finding, {**values, "first_seen": now, "last_seen": now})
		report.names[key] = name


def tell(report: Report) -> None:
	"""Tell the managers of what is broken and they were not told of."""
	names = [report.names[finding.key] for finding in report.findings if finding.severity == BROKEN]
	if not (untold := frappe.get_all(DOCTYPE, {"name": ("in", names or [""]), "told": 0}, ["name", "what"])):
		return
	subject = _("Text messages: {0}").format(untold[0].what)
	if len(untold) > 1:
		subject = _("Text messages: {0} And {1} more.").format(untold[0].what, len(untold) - 1)
	tell_managers(subject, DOCTYPE, untold[0].name)
	frappe.db.set_value(DOCTYPE, {"name": ("in", [row.name for row in untold])}, "told", 1)


def _insert(finding: Finding, values: dict) -> str:
	row = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"check_name": finding.check,
			"about_doctype": finding.about_doctype or None,
			"about": finding.about or None,
			**values,
		}
	)
	# Somebody else may be looking at the same moment.
	return row.insert(ignore_permissions=True, ignore_links=True, ignore_if_duplicate=True).name
