"""The doctor's answer as lines for a terminal, as JSON, and as an exit code for monitoring."""

import json
import textwrap

import frappe
from frappe import _

from twilio_sms_channel import doctor
from twilio_sms_channel.doctor.findings import AT_RISK, BROKEN

# As plugins of Nagios, Icinga and others end.
OK, WARNING, CRITICAL, UNKNOWN = range(4)
COLUMNS = 100


def examine(account: str | None, number: str | None, as_json: bool) -> tuple[int, str]:
	"""Look, and say what was found.

	:return: exit code and what to print
	"""
	try:
		answer = doctor.examine(account, number).as_dict()
	except frappe.DoesNotExistError:
		reason = _("{0} is not set up on this site. Write it as its form shows it.").format(number or account)
		return UNKNOWN, json.dumps({"error": reason}) if as_json else reason
	code = exit_code(answer)
	return code, json.dumps({**answer, "exit_code": code}, indent=1) if as_json else in_words(answer)


def exit_code(answer: dict) -> int:
	severities = {finding["severity"] for finding in answer["findings"]}
	if BROKEN in severities:
		return CRITICAL
	if AT_RISK in severities:
		return WARNING
	# What is not open to an account, such as the balance to a subaccount, is left out each time: no alarm.
	return OK


def in_words(answer: dict) -> str:
	lines = []
	for finding in answer["findings"]:
		lines += [
			f"{_(finding['severity']).upper()}: {finding['what']}",
			*_indented(finding["why"]),
			*_indented(finding["how"]),
			"",
		]
	left_out = [check for check in answer["checked"] if not check["done"]]
	# A Twilio that does not answer is one reason for many.
	reasons: dict[tuple[str, str], list[str]] = {}
	for check in left_out:
		reasons.setdefault((check["account"], check["why_not"]), []).append(check["title"])
	for (account, why_not), titles in reasons.items():
		about = ", ".join(titles) + (f" ({account})" if account else "")
		lines += textwrap.wrap(
			_("Not checked: {0}: {1}").format(about, why_not), COLUMNS, subsequent_indent="  "
		)
	if not answer["findings"]:
		lines.append(_("Nothing is wrong."))
	done = len(answer["checked"]) - len(left_out)
	lines.append(
		_("Findings: {0}. Checks done: {1}. Left out: {2}.").format(
			len(answer["findings"]), done, len(left_out)
		)
	)
	return "\n".join(lines)


def _indented(text: str) -> list[str]:
	return textwrap.wrap(text, COLUMNS, initial_indent="  ", subsequent_indent="  ")
