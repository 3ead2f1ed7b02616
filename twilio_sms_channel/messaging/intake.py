"""An inbound text, from Twilio's webhook to a durable row, and the worker that takes it on."""

import frappe
from frappe import _
from frappe.utils import add_to_date, now_datetime

from twilio_sms_channel.messaging import conversations, jobs, threading
from twilio_sms_channel.twilio_gateway.payloads import InboundText

MESSAGE = "Twilio SMS Message"
MAX_ATTEMPTS = 6
FIRST_RETRY_S = 30


class UnknownNumber(Exception):
	"""A text to a number that is not set up on this site."""


def receive(account: str, text: InboundText) -> str:
	"""Write one durable row for a text, whatever is repeated. Returns the message's name.

	The row is committed before this returns: only then may Twilio be answered.

	:param account: name of the Twilio SMS Account that the webhook was signed for
	:raises UnknownNumber: neither the number nor its Messaging Service is set up here
	"""
	number = _our_number(account, text)
	if existing := frappe.db.exists(MESSAGE, {"twilio_sid": text.sid}):
		return existing
	message = frappe.get_doc(
		{
			"doctype": MESSAGE,
			"direction": "Inbound",
			"status": "Received",
			"account": account,
			"number": number,
			"customer_number": text.sender,
			"twilio_sid": text.sid,
			"twilio_status": "received",
			"body": text.body,
			"segments": text.segments,
			"region": text.region,
			"received_at": now_datetime(),
			"media": [{"url": url, "content_type": kind, "status": "Waiting"} for url, kind in text.media],
		}
	)
	try:
		message.insert(ignore_permissions=True)
	except frappe.UniqueValidationError:
		# The same webhook at the same moment: the other request's row is the one.
		frappe.db.rollback()
		frappe.clear_messages()
		return frappe.db.exists(MESSAGE, {"twilio_sid": text.sid})
	jobs.later("twilio_sms_channel.messaging.intake.process", message.name)
	frappe.db.commit()
	return message.name


def process(message: str) -> None:
	"""Put a received text into its ticket. Safe to call any number of times, at the same time too.

	A failure is kept on the row and tried again by the sweep; after `MAX_ATTEMPTS` the message is Failed.

	:param message: name of a Twilio SMS Message
	"""
	frappe.set_user("Administrator")
	try:
		pair = frappe.db.get_value(MESSAGE, message, ["number", "customer_number"], as_dict=True)
		with conversations.locked(pair.number, pair.customer_number) as conversation:
			doc = frappe.get_doc(MESSAGE, message)
			if doc.status == "Received":
				threading.thread(doc, conversation)
	except Exception as e:
		frappe.db.rollback()
		_note_failure(message, e)


def retry(message: str) -> None:
	"""Take a Failed inbound text in again."""
	frappe.db.set_value(
		MESSAGE,
		{"name": message, "direction": "Inbound", "status": "Failed"},
		{"status": "Received", "attempts": 0, "next_attempt": None, "error_message": None},
	)
	jobs.later("twilio_sms_channel.messaging.intake.process", message)


def waiting() -> list[str]:
	"""Received texts that no worker has taken on for a minute, or whose next attempt is due."""
	return jobs.due("Received")


def _our_number(account: str, text: InboundText) -> str:
	candidates = {"name": text.to}, {"messaging_service_sid": text.service_sid or "-"}
	for filters in candidates:
		if number := frappe.db.get_value("Twilio SMS Number", {**filters, "account": account}):
			return number
	raise UnknownNumber(text.to)


def _note_failure(message: str, error: Exception) -> None:
	attempts = (frappe.db.get_value(MESSAGE, message, "attempts") or 0) + 1
	gives_up = attempts >= MAX_ATTEMPTS
	frappe.db.set_value(
		MESSAGE,
		message,
		{
			"attempts": attempts,
			"error_message": f"{type(error).__name__}: {error}"[:500],
			"status": "Failed" if gives_up else "Received",
			"next_attempt": None
			if gives_up
			else add_to_date(now_datetime(), seconds=FIRST_RETRY_S * 2 ** (attempts - 1)),
		},
	)
	frappe.log_error(title=f"Text {message} could not be put into a ticket", message=frappe.get_traceback())
	if gives_up:
		_alarm(message)
	frappe.db.commit()


def _alarm(message: str) -> None:
	from frappe.desk.doctype.notification_log.notification_log import enqueue_create_notification
	from frappe.utils.user import get_users_with_role

	enqueue_create_notification(
		get_users_with_role("System Manager"),
		{
			"type": "Alert",
			"document_type": MESSAGE,
			"document_name": message,
			"subject": _("A customer's text could not be put into a ticket"),
			"from_user": "Administrator",
		},
	)
