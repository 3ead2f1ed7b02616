"""Calls to Twilio about a message that failed, or of which nobody knows how they ended: what was said, for support.

One row for a message, a purpose and an outcome, with the last of them and how many there were: an outage that has the same
message tried a hundred times fills no table.
"""

import hashlib

import frappe
from frappe.utils import now_datetime
from rq.timeouts import JobTimeoutException

from twilio_sms_channel.content import outside
from twilio_sms_channel.twilio_gateway import errors

EXCHANGE, MESSAGE = "Twilio SMS Exchange", "Twilio SMS Message"
SEND, LOOK_UP, READ_STATUS, CANCEL = "Send", "Look Up", "Read Status", "Cancel"
NAME_CHARACTERS = 20
_KEEP = """
	insert into `tabTwilio SMS Exchange` (
		name, creation, modified, owner, modified_by, message, purpose, outcome,
		http_status, error_code, reason, method, url, request, response, seconds, times, last_at
	) values (
		%(name)s, %(at)s, %(at)s, 'Administrator', 'Administrator', %(message)s, %(purpose)s, %(outcome)s,
		%(http_status)s, %(error_code)s, %(reason)s, %(method)s, %(url)s, %(request)s, %(response)s, %(seconds)s, 1, %(at)s
	) on duplicate key update
		times = times + 1, modified = values(modified), last_at = values(last_at), reason = values(reason),
		method = values(method), url = values(url), request = values(request), response = values(response),
		seconds = values(seconds)
"""


def keep(message: str, purpose: str, problem: errors.TwilioProblem) -> None:
	"""Keep what was said in a call that failed, where anything was. Commits; that it cannot is no reason for anything else to
	fail, so it is called after that is committed.

	:param message: name of the Twilio SMS Message that it was about
	:param purpose: SEND, LOOK_UP, READ_STATUS or CANCEL
	"""
	if not (said := problem.exchange):
		return
	outcome = _outcome(problem)
	key = "\0".join((message, purpose, outcome, str(said.status), problem.code))
	values = {
		"name": hashlib.sha256(key.encode()).hexdigest()[:NAME_CHARACTERS],
		"at": now_datetime(),
		"message": message,
		"purpose": purpose,
		"outcome": outcome,
		"http_status": said.status,
		"error_code": problem.code,
		"reason": problem.message,
		"method": outside.plain(said.method),
		"url": outside.url(said.url),
		"request": said.request,
		"response": said.response,
		"seconds": said.seconds,
	}
	try:
		# A message that was deleted meanwhile keeps nothing.
		if frappe.db.exists(MESSAGE, message):
			# A constant: the query builder has no "on duplicate key" whose values it names.
			frappe.db.sql(_KEEP, values)  # nosemgrep
		# In a transaction of its own: what it is about is stored already.
		frappe.db.commit()  # nosemgrep
	except JobTimeoutException:
		frappe.db.rollback()
		raise
	except Exception:
		# Whatever it is: messages go on without the log.
		frappe.db.rollback()
		frappe.clear_messages()
		frappe.logger("twilio_sms").error("An exchange with Twilio could not be kept", exc_info=True)


def count(message: str) -> int:
	"""How many rows there are about a message."""
	return frappe.db.count(EXCHANGE, {"message": message})


def _outcome(problem: errors.TwilioProblem) -> str:
	if isinstance(problem, errors.OutcomeUnknown):
		return "Unknown"
	return "Not Processed" if isinstance(problem, errors.TryAgain) else "Rejected"
