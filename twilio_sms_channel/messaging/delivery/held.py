"""Messages that Twilio has accepted and holds back, as its Compliance Toolkit does in quiet hours.

They have a SID, so they are never queued again. Twilio cancels them as long as it holds them: at an agent's wish, and when
their customer opts out meanwhile.
"""

import frappe
from frappe import _

from twilio_sms_channel.infra import jobs, statuses
from twilio_sms_channel.messaging.conversation import consent, eligibility
from twilio_sms_channel.messaging.delivery import exchange_log, message_status
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.client import Gateway
from twilio_sms_channel.twilio_gateway.credentials import SECRET_IS_UNREADABLE

ACCOUNT, MESSAGE = "Twilio SMS Account", "Twilio SMS Message"
AT_ONCE = 500
_OF_OPTED_OUT = """
	select name, number, customer_number, stands_in_for from `tabTwilio SMS Message` message
	where status = 'Accepted' and twilio_status = %(held)s and direction = 'Outbound' and automatic = 0
		and exists (
			select 1 from `tabTwilio SMS Consent Event` event
			where event.customer_number = message.customer_number and event.event = 'Opted Out'
		)
	order by creation limit %(most)s
"""


def cancel(message: str, reason: str = "") -> None:
	"""Have Twilio cancel a message that it holds, and keep what it says. Commits.

	:param message: name of a Twilio SMS Message
	:param reason: for people
	:raises TwilioProblem: Twilio did not, or nobody knows
	"""
	doc = frappe.get_doc(MESSAGE, message)
	gateway = Gateway(frappe.get_doc(ACCOUNT, doc.account))
	try:
		gateway.cancel(doc.twilio_sid)
	except errors.TwilioProblem as e:
		exchange_log.keep(message, exchange_log.CANCEL, e)
		if isinstance(e, errors.Refused):
			# It has left, or somebody was faster.
			_read(gateway, doc)
		raise
	message_status.transition(message, "Canceled", reason=reason, twilio_status="canceled")
	# Twilio has canceled it, whatever comes of the next step.
	frappe.db.commit()  # nosemgrep


def cancel_opted_out() -> None:
	"""Cancel what Twilio holds for customers who have opted out since (worker). Commits.

	What cannot be canceled now is tried again with the next tick of the scheduler.
	"""
	jobs.as_administrator()
	jobs.release(consent.CANCEL_HELD)
	for message in of_opted_out():
		try:
			cancel(message, _("Twilio still held it when the customer opted out, and canceled it."))
		except errors.TwilioProblem as e:
			frappe.logger("twilio_sms").info(
				f"{message} is held by Twilio and could not be canceled: {e.message}"
			)
		except SECRET_IS_UNREADABLE:
			# The doctor says so. Other accounts go on.
			frappe.clear_messages()


def of_opted_out() -> list[str]:
	"""Messages that Twilio holds for customers who have opted out since."""
	# A constant: it runs with each tick of the scheduler.
	rows = frappe.db.sql(_OF_OPTED_OUT, {"held": statuses.HELD, "most": AT_ONCE}, as_dict=True)  # nosemgrep
	facts = eligibility.Facts()
	return [row.name for row in rows if any(_opted_out(number, row, facts) for number in _numbers_of(row))]


def _numbers_of(row) -> list[str]:
	"""The number that sent a message, and the one that it stood in for: whoever opted out of either is not texted."""
	own = row.stands_in_for and frappe.db.get_value("Twilio SMS Conversation", row.stands_in_for, "number")
	return [number for number in (row.number, own) if number]


def _opted_out(number: str, row, facts: eligibility.Facts) -> bool:
	return bool(eligibility.opted_out(number, row.customer_number, facts))


def _read(gateway: Gateway, doc) -> None:
	try:
		found, code, words = gateway.read_message(doc.twilio_sid)
	except errors.TwilioProblem as e:
		exchange_log.keep(doc.name, exchange_log.READ_STATUS, e)
		return
	if not message_status.apply_callback(doc.name, found.twilio_status, code, words):
		message_status.note_step(doc.name, found.twilio_status)
	# What Twilio says is stored, although the request that asked ends with an error, at which Frappe rolls back.
	frappe.db.commit()  # nosemgrep
