"""Webhooks that Twilio signed and this app cannot make sense of: kept as they came, and read again later.

What Twilio sends changes, and a reader has faults. So what cannot be read is answered as if it were, and is read again after
each update, or when a System Manager asks for it. A STOP that can be made out in it counts at once.
"""

import hashlib
import json
import traceback
from contextlib import ExitStack
from datetime import datetime

import frappe
from frappe.utils import now_datetime
from rq.timeouts import JobTimeoutException
from werkzeug.datastructures import MultiDict

from twilio_sms_channel.content import outside
from twilio_sms_channel.infra import clock, db_errors, erasures, jobs
from twilio_sms_channel.messaging.conversation import consent, keywords, services
from twilio_sms_channel.messaging.conversation.keywords import START, STOP
from twilio_sms_channel.messaging.delivery import callbacks
from twilio_sms_channel.messaging.inbound import intake
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import payloads

UNREAD, NUMBER, CONVERSATION = "Twilio SMS Unread Webhook", "Twilio SMS Number", "Twilio SMS Conversation"
MESSAGE, REPORT = "Message", "Delivery Report"
READ_WAITING = "twilio_sms_channel.messaging.inbound.unread_webhooks.read_waiting"
MARK_CONSENT = "twilio_sms_channel.messaging.inbound.unread_webhooks.mark_consent"
DIGEST_CHARACTERS, TRACEBACK_CHARACTERS, AT_ONCE = 20, 4000, 200


def keep(account: str, params: MultiDict, error: Exception, *, is_report: bool, message: str = "") -> None:
	"""Keep a signed webhook, once however often it is repeated, and what it says about consent. Commits.

	:param account: name of the Twilio SMS Account that signed it
	:param params: all of them; the endpoint has refused more than Twilio sends
	:param error: why it could not be read
	:param is_report: whether it tells of a message of ours, see `is_report`
	:param message: the message that the URL of a delivery report names
	"""
	frappe.db.rollback()
	now, found = now_datetime(), payloads.salvage(params)
	if erasures.among([found.sid]):
		return
	# A line each, for people.
	lines = (json.dumps(pair, ensure_ascii=False) for pair in params.items(multi=True))
	pairs = "[\n" + ",\n".join(lines) + "\n]"
	digest = hashlib.sha256(json.dumps([account, is_report, message, pairs]).encode()).hexdigest()
	row = {
		"doctype": UNREAD,
		"name": digest[:DIGEST_CHARACTERS],
		"digest": digest[:DIGEST_CHARACTERS],
		**dict.fromkeys(("creation", "modified"), now),
		**dict.fromkeys(("owner", "modified_by"), "Administrator"),
		"account": account,
		"kind": REPORT if is_report else MESSAGE,
		"reason": _reason(error),
		"traceback": _traceback(error),
		"sender": outside.plain(found.sender),
		"to_number": outside.plain(found.to),
		"twilio_sid": found.sid,
		"service_sid": found.service_sid if isinstance(error, intake.UnknownService) else None,
		"message": outside.plain(message),
		"parameters": pairs,
	}
	with ExitStack() as held:
		decisions = [] if is_report else _decisions(account, found, now)
		keepers = [held.enter_context(consent.taking_in(decision)) for decision in decisions]
		if frappe.db.exists(UNREAD, row["name"]):
			return
		# Without checks and hooks: it is kept whatever a site has added to this DocType.
		frappe.get_doc(row).db_insert(ignore_if_duplicate=True)
		for keep_consent in keepers:
			keep_consent()
		if keepers:
			jobs.enqueue_after_commit(MARK_CONSENT, row["name"], "default")
		# Twilio is answered 200 once it is stored, and a STOP counts before the lock is released.
		frappe.db.commit()  # nosemgrep


def is_report(params: MultiDict, *, at_status_url: bool) -> bool:
	"""Whether a webhook tells of a message of ours, at whichever URL it arrives."""
	return payloads.is_report(params) or (at_status_url and not payloads.is_message(params))


def read_all_again() -> None:
	"""An update may read what the version before could not: the sweep takes them up. The caller commits."""
	frappe.db.set_value(UNREAD, {"waits": 0}, "waits", 1, update_modified=False)


def read_again_later(**filters: str) -> None:
	"""Have a worker read some of them again."""
	frappe.db.set_value(UNREAD, filters, "waits", 1, update_modified=False)
	jobs.enqueue_after_commit(READ_WAITING, queue="default", dedupe_key=READ_WAITING)


def read_of_service(service_sid: str) -> None:
	"""A Messaging Service is set up: have a worker read what came for it before that."""
	if frappe.db.exists(UNREAD, {"service_sid": service_sid}):
		read_again_later(service_sid=service_sid)


def read_waiting() -> None:
	"""Read what is to be read again (worker)."""
	jobs.resume_stalled(READ_WAITING, waiting, read_again, queue="default")


def waiting() -> list[str]:
	"""What is to be read again, oldest first."""
	return frappe.get_all(UNREAD, {"waits": 1}, pluck="name", order_by="creation", limit=AT_ONCE)


def read_again(name: str) -> bool:
	"""Read one of them again; when that goes well its row goes, otherwise it says why not. Commits.

	:return: whether it could be read
	"""
	jobs.as_administrator()
	row = frappe.db.get_value(UNREAD, name, ["*"], as_dict=True)
	if not row:
		return True
	facts = {"waits": 0, "attempts": row.attempts + 1}
	frappe.db.set_value(UNREAD, name, facts, update_modified=False)
	# Before the attempt: should the worker be killed by it, it is not tried again and again.
	frappe.db.commit()  # nosemgrep
	try:
		_take_in(row, MultiDict(json.loads(row.parameters)))
	except JobTimeoutException:
		raise
	except Exception as e:
		# Whatever it is: it was kept because nobody knows what can be wrong with it.
		frappe.db.rollback()
		frappe.clear_messages()
		why = {
			"reason": _reason(e),
			"traceback": _traceback(e),
			"waits": int(db_errors.is_transient(e)),
			"service_sid": row.service_sid if isinstance(e, intake.UnknownService) else None,
		}
		frappe.db.set_value(UNREAD, name, why)
		# Each of them has a transaction of its own.
		frappe.db.commit()  # nosemgrep
		return False
	frappe.db.delete(UNREAD, {"name": name})
	# Each of them has a transaction of its own.
	frappe.db.commit()  # nosemgrep
	return True


def mark_consent(message: str) -> None:
	"""Show on the customer's conversations what an unread webhook says about consent (worker).

	:param message: name of a Twilio SMS Unread Webhook
	"""
	jobs.as_administrator()
	row = frappe.db.get_value(UNREAD, message, ["account", "parameters", "creation"], as_dict=True)
	if not row:
		# It was read meanwhile, and its message shows it.
		return
	found = payloads.salvage(MultiDict(json.loads(row.parameters)))
	for decision in _decisions(row.account, found, row.creation):
		consent.refresh(decision["number"], decision["customer_number"])
		# Number by number: nothing stays locked.
		frappe.db.commit()  # nosemgrep


def _take_in(row, params: MultiDict) -> None:
	if row.kind == REPORT:
		try:
			callbacks.take_in(row.account, payloads.read_status(params), row.message or "")
		except callbacks.UnknownMessage:
			# It can be read now, and tells nothing that anybody here could use.
			return
		return
	intake.receive(
		row.account,
		payloads.read_inbound(params),
		received_at=row.creation,
		sent_at_utc=clock.to_utc(row.creation).replace(tzinfo=None),
		read_again=True,
	)


def _decisions(account: str, found: payloads.Salvaged, at: datetime) -> list[dict]:
	"""What an unread message says about consent, for each of our numbers that it is about, as `consent.taking_in` takes it."""
	word = keywords.keyword(found.body, found.opt_out)
	if word not in (STOP, START) or found.sender in ("", payloads.ANONYMOUS):
		return []
	customer_number = outside.plain(phone.of_sender(found.sender))
	if number := services.our_number(account, found.to, found.service_sid, customer_number):
		numbers = [number]
	elif word == STOP:
		# Which number it was sent to cannot be told: rather all of them than none.
		numbers = _texted(account, customer_number)
	else:
		numbers = []
	return [
		{
			"name": None,
			"number": number,
			"customer_number": customer_number,
			"body": found.body,
			"opt_out_type": found.opt_out,
			"service_sid": found.service_sid,
			"received_at": at,
		}
		for number in numbers
	]


def _texted(account: str, customer_number: str) -> list[str]:
	"""The account's numbers that a customer has a conversation with."""
	numbers = frappe.get_all(NUMBER, {"account": account}, pluck="name")
	with_customer = {"customer_number": customer_number, "number": ("in", numbers or [""])}
	return sorted(set(frappe.get_all(CONVERSATION, with_customer, pluck="number")))


def _reason(error: Exception) -> str:
	if isinstance(error, payloads.MalformedWebhook):
		return outside.sentence(error)
	if isinstance(error, intake.UnknownService):
		return outside.sentence(f"the Messaging Service {error} is not set up on this site")
	if isinstance(error, intake.UnknownNumber):
		return outside.sentence(f"{error} is not set up on this site")
	return outside.sentence(f"{type(error).__name__}: {error}")


def _traceback(error: Exception) -> str:
	return outside.plain(
		"".join(traceback.format_exception(error))[-TRACEBACK_CHARACTERS:], TRACEBACK_CHARACTERS
	)
