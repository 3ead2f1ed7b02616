"""A status callback: what Twilio says became of a message of ours."""

import frappe

from twilio_sms_channel.infra import locks
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.twilio_gateway import addresses
from twilio_sms_channel.twilio_gateway.payloads import StatusReport

MESSAGE, ACCOUNT = "Twilio SMS Message", "Twilio SMS Account"


class UnknownMessage(Exception):
	"""A report about a message that this site does not have."""


def take_in(account: str, report: StatusReport, name: str) -> None:
	"""Store what a callback says, whatever is repeated or reordered. Commits; called as Administrator.

	:param account: name of the Twilio SMS Account that the callback was signed for
	:param name: the Twilio SMS Message as our own URL names it: a callback can be faster than the answer that tells Twilio's
		SID; "" when the URL names none
	:raises UnknownMessage: the URL names a message that is not here, or stands for another SID
	"""
	which = {"name": name} if name else {"twilio_sid": report.sid}
	of_twins = (_message(twin, which) for twin in _twins(account))
	message = _message(account, which) or next((found for found in of_twins if found), None)
	if not message and not name:
		# Our messages name themselves in their callback. A Messaging Service reports what others send through it as well.
		return
	if message and report.sid in (message.earlier_sids or "").split():
		# A late report of an attempt that failed: of the message that is sent again it tells nothing.
		message_status.apply_earlier_callback(message.name, report.twilio_status, report.sid)
		# Twilio is answered that it is stored: a commit that fails is answered with 503.
		frappe.db.commit()  # nosemgrep
		return
	if not message or (message.twilio_sid and message.twilio_sid != report.sid):
		raise UnknownMessage(f"message {report.sid} is not known on this site")

	way = addresses.way_of(report.sender, report.sid)

	def store() -> None:
		message_status.apply_callback(
			message.name,
			report.twilio_status,
			report.error_code,
			report.error_message,
			sid=report.sid,
			way="" if way == message.way else way,
		)
		# Twilio is answered that it is stored: a commit that fails is tried again.
		frappe.db.commit()  # nosemgrep

	# Twilio reports once: what is in the way for a moment, such as a merge, is no reason to lose it.
	locks.again(store)


def _message(account: str, which: dict) -> frappe._dict | None:
	fields = ["name", "twilio_sid", "earlier_sids", "way"]
	return frappe.db.get_value(MESSAGE, {"account": account, **which}, fields, as_dict=True)


def _twins(account: str) -> list[str]:
	"""The same account of Twilio's in other regions: a callback names the SID alone."""
	sid = frappe.db.get_value(ACCOUNT, account, "account_sid")
	return frappe.get_all(ACCOUNT, {"account_sid": sid, "name": ("!=", account)}, pluck="name")
