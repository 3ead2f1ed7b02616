"""Queued texts go to Twilio: one at a time within a conversation, in the order they were written."""

import frappe
from frappe import _
from frappe.utils import add_to_date, now_datetime
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from twilio_sms_channel.messaging import consent, delivery, jobs, public_url
from twilio_sms_channel.messaging.events import ask
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.client import Gateway

MESSAGE = "Twilio SMS Message"
CONVERSATION = "Twilio SMS Conversation"
# Twilio suggests 0.1 s x 2^n with jitter, at most 30 s, 5 tries; longer waits are left to the sweep.
TRIES_AT_ONCE = 5
LONGEST_WAIT_AT_ONCE_S = 5
MAX_ATTEMPTS = 10
RETRY_LATER_S = 60


def send_waiting(message: str) -> None:
	"""Send what waits in the message's conversation, oldest first.

	Several workers may call this at once: each text is claimed under the conversation's lock, committed as Sending
	before Twilio is called, and therefore never sent by two.

	:param message: name of a queued Twilio SMS Message
	"""
	jobs.as_administrator()
	conversation = frappe.db.get_value(MESSAGE, message, "conversation")
	while claimed := _claim(conversation):
		_send(frappe.get_doc(MESSAGE, claimed))


def retry(message: str) -> None:
	"""Queue a text again that failed for good, at the agent's wish. Unconfirmed ones are never repeated."""
	frappe.db.set_value(
		MESSAGE,
		{"name": message, "direction": "Outbound", "status": ("in", ("Failed", "Undelivered", "Blocked"))},
		{
			"status": "Queued",
			"twilio_sid": None,
			"twilio_status": None,
			"attempts": 0,
			"next_attempt": None,
			"error_code": None,
			"error_message": None,
		},
	)
	delivery.show(frappe.get_doc(MESSAGE, message))
	jobs.later("twilio_sms_channel.messaging.dispatch.send_waiting", message)


def waiting() -> list[str]:
	"""Queued texts whose worker was lost or whose next attempt is due."""
	return jobs.due("Queued")


def abandoned(older_than_minutes: int = 10) -> list[str]:
	"""Texts whose worker died during the call to Twilio: nobody knows whether they were sent."""
	return frappe.get_all(
		MESSAGE,
		filters={
			"status": "Sending",
			"modified": ("<", add_to_date(now_datetime(), minutes=-older_than_minutes)),
		},
		pluck="name",
	)


def give_up_on(message: str) -> None:
	"""Mark an abandoned text as Unconfirmed, so that the agent sees it and later texts go on."""
	delivery.settle(message, "Unconfirmed", reason=_unconfirmed(_("The worker stopped while sending.")))
	frappe.db.commit()


def _claim(conversation: str) -> str | None:
	frappe.db.commit()
	frappe.db.get_value(CONVERSATION, conversation, "name", for_update=True)
	first = frappe.get_all(
		MESSAGE,
		filters={
			"conversation": conversation,
			"direction": "Outbound",
			"status": ("in", ("Queued", "Sending")),
		},
		fields=["name", "status", "next_attempt", "attempts"],
		order_by="creation, name",
		limit=1,
	)
	claimed = None
	# A text in Sending is in another worker's hands, which goes on with the rest itself.
	if first and first[0].status == "Queued" and (first[0].next_attempt or now_datetime()) <= now_datetime():
		claimed = first[0].name
		frappe.db.set_value(MESSAGE, claimed, {"status": "Sending", "attempts": (first[0].attempts or 0) + 1})
	frappe.db.commit()
	return claimed


def _send(message) -> None:
	conversation = frappe.get_doc(CONVERSATION, message.conversation)
	if conversation.opted_out and not message.automatic:
		_end(message, "Blocked", code=errors.OPTED_OUT)
		return
	try:
		ask("twilio_sms_before_send", message)
	except Exception as e:
		_end(message, "Blocked", reason=str(e))
		return
	try:
		accepted = _call_twilio(message)
	except errors.TryAgain as e:
		_try_later(message, e)
	except errors.OutcomeUnknown as e:
		_end(message, "Unconfirmed", code=e.code, reason=_unconfirmed(e.message))
	except errors.Refused as e:
		if e.code == errors.OPTED_OUT:
			consent.opt_out(conversation, "Twilio's Refusal", message.name)
		status = "Blocked" if e.code == errors.OPTED_OUT else "Failed"
		_end(message, status, code=e.code, reason=errors.explain(e.code, e.message))
	else:
		delivery.accept(message.name, accepted)
		frappe.db.commit()


def _call_twilio(message):
	from twilio_sms_channel.messaging import media

	number = frappe.get_doc("Twilio SMS Number", message.number)
	gateway = Gateway(frappe.get_doc("Twilio SMS Account", message.account))
	attempts = Retrying(
		retry=retry_if_exception_type(errors.TryAgain),
		stop=stop_after_attempt(TRIES_AT_ONCE),
		wait=wait_random_exponential(multiplier=0.1, max=LONGEST_WAIT_AT_ONCE_S),
		reraise=True,
	)
	by_service = number.number_type == "Messaging Service"
	return attempts(
		gateway.send,
		message.customer_number,
		message.body or "",
		sender="" if by_service else number.name,
		service_sid=number.messaging_service_sid or "",
		media_urls=[media.public_link(message, item) for item in message.media],
		status_callback=public_url.status_callback(message.name),
	)


def _try_later(message, error: errors.TryAgain) -> None:
	if message.attempts >= MAX_ATTEMPTS:
		_end(message, "Failed", code=error.code, reason=errors.explain(error.code, error.message))
		return
	frappe.db.set_value(
		MESSAGE,
		message.name,
		{
			"status": "Queued",
			"next_attempt": add_to_date(now_datetime(), seconds=RETRY_LATER_S),
			"error_code": error.code,
			"error_message": errors.explain(error.code, error.message),
		},
	)
	frappe.db.commit()


def _end(message, status: str, code: str = "", reason: str = "") -> None:
	delivery.settle(message.name, status, code=code, reason=reason or errors.explain(code))
	frappe.db.commit()


def _unconfirmed(what: str) -> str:
	return _("{0} It is not known whether the text was sent, so it is not sent again by itself.").format(what)
