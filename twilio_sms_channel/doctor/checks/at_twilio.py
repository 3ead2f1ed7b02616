"""What Twilio has and this site does not: messages that it holds for long, a list that was not compared for hours."""

from collections.abc import Iterator
from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import format_datetime

from twilio_sms_channel.doctor.context import ACCOUNT, NUMBER, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, Finding
from twilio_sms_channel.infra import clock, statuses
from twilio_sms_channel.people import phone

MESSAGE = "Twilio SMS Message"
# Quiet hours last a night.
HELD_HOURS = 24
# Numbers are compared every hour.
COMPARED_WITHIN = timedelta(hours=6)


def check_held(account_context: AccountContext) -> Iterator[Finding]:
	"""Messages that Twilio has held for longer than quiet hours last."""
	filters = {
		"account": account_context.name,
		"direction": "Outbound",
		"status": "Accepted",
		"twilio_status": statuses.HELD,
		"sent_at": ("<", clock.ago(hours=HELD_HOURS)),
	}
	if account_context.one_number:
		filters["number"] = account_context.one_number
	if not (count := frappe.db.count(MESSAGE, filters)):
		return
	yield Finding(
		"held.long",
		AT_RISK,
		_("Twilio has held {0} messages for more than {1} hours.").format(count, HELD_HOURS),
		_("Customers wait for these answers, and nobody knows when they get them."),
		_(
			"Look at the Compliance Toolkit in the Twilio console (Messaging, Settings). The list of Twilio SMS Message, filtered by Status at Twilio “scheduled”, names them; Cancel on the message keeps one from being sent."
		),
		ACCOUNT,
		account_context.name,
	)


def check_comparison(account_context: AccountContext) -> Iterator[Finding]:
	"""Numbers that have not been compared with Twilio's list for hours: what webhooks missed is not recovered."""
	if not account_context.doc.enabled:
		return
	names = [row.name for row in account_context.numbers]
	numbers = frappe.get_all(
		NUMBER, {"name": ("in", names or [""])}, ["name", "creation", "backfilled_until", "backfill_result"]
	)
	long_ago = clock.now() - COMPARED_WITHIN
	behind = [row for row in numbers if (row.backfilled_until or row.creation) < long_ago]
	if not behind:
		return
	oldest = min(behind, key=lambda row: row.backfilled_until or row.creation)
	yield Finding(
		"comparison.behind",
		AT_RISK,
		_("{0} numbers have not been compared with Twilio's list for hours; {1} last on {2}. {3}").format(
			len(behind),
			phone.display(oldest.name),
			format_datetime(oldest.backfilled_until or oldest.creation),
			oldest.backfill_result or "",
		),
		_("Messages whose webhook did not arrive are missing until then."),
		_(
			"Fix It compares them now. If it stops again, the finding says why; look at workers and scheduler, too."
		),
		ACCOUNT,
		account_context.name,
		"compare",
	)
