"""What becomes of a message after a call to Twilio."""

import frappe

from twilio_sms_channel.infra import clock, conditional_update, public_url
from twilio_sms_channel.messaging.conversation import consent, services
from twilio_sms_channel.messaging.delivery import account_pause, exchange_log, message_status, polling
from twilio_sms_channel.messaging.sending import claim, rate_limit, reconcile
from twilio_sms_channel.messaging.sending.calls import Call, NotEligible, SlowToConnect, Stopped
from twilio_sms_channel.messaging.sending.claim import ClaimedMessage
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.models import Accepted
from twilio_sms_channel.twilio_gateway.window import MissedWindow

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"


def record(calls: list[Call]) -> bool:
	"""Write down what became of ended calls. Commits.

	:return: whether there may be something to look up now, or to send again
	"""
	results = [(call.about, call.result) for call in calls]
	accepted = [(about, result) for about, result in results if isinstance(result, Accepted)]
	others = [(about, result) for about, result in results if not isinstance(result, Accepted)]
	_record_acceptance(accepted)
	for about, result in others:
		record_one(about, result)
		# Other jobs lock numbers and accounts in another order: nobody holds one while waiting for the next.
		frappe.db.commit()  # nosemgrep
		if isinstance(result, errors.TwilioProblem):
			is_message = isinstance(about, ClaimedMessage)
			exchange_log.keep(about.name, exchange_log.SEND if is_message else exchange_log.LOOK_UP, result)
	return bool(others)


def record_one(about: ClaimedMessage | reconcile.Search, result) -> None:
	"""Write down what one call brought other than Twilio's acceptance of a message."""
	if isinstance(about, ClaimedMessage):
		_record_failure(about, result)
	elif isinstance(result, errors.TwilioProblem):
		reconcile.defer(about, result)
	else:
		reconcile.reconcile(about, result)


def _record_acceptance(accepted: list[tuple[ClaimedMessage, Accepted]]) -> None:
	next_look = polling.first_at(has_callback=public_url.is_reachable()) if accepted else None
	message_status.record_acceptance(*(message.taken(answer, next_look) for message, answer in accepted))
	# Twilio has these messages: that is stored before anything else can fail.
	frappe.db.commit()  # nosemgrep
	recovered = {}
	for message, _answer in accepted:
		if message.after_failures:
			recovered[message.number] = max(
				recovered.get(message.number, message.claimed_at), message.claimed_at
			)
	for number, claimed_at in recovered.items():
		rate_limit.reset(number, claimed_at)
		# Other jobs lock numbers and accounts in another order: nobody holds one while waiting for the next.
		frappe.db.commit()  # nosemgrep


def _record_failure(message: ClaimedMessage, result) -> None:
	if isinstance(result, MissedWindow):
		conditional_update.update(MESSAGE, message.name, {"status": "Queued"}, status="Sending")
	elif isinstance(result, NotEligible):
		claim.refuse(message.name, result.refusal)
	elif isinstance(result, Stopped):
		message_status.transition(message.name, "Blocked", reason=result.message)
	elif isinstance(result, SlowToConnect):
		_queue_again(message, result)
	elif isinstance(result, errors.TryAgain):
		_backoff(message, result)
		_queue_again(message, result)
	elif isinstance(result, errors.OutcomeUnknown):
		_backoff(message, result)
		reconcile.mark_unconfirmed(message.name, result.message, result.code)
	elif result.code in account_pause.CODES:
		account_pause.pause(message.sender.account, result.code, result.message)
		_queue_again(message, result)
	elif result.code == errors.NO_RCS_SENDER:
		services.forget_rcs_sender(message.number)
		_queue_again(message, result)
	elif result.code == errors.OPTED_OUT:
		consent.opt_out(frappe.get_doc(CONVERSATION, message.conversation), "Twilio's Refusal", message.name)
		message_status.transition(
			message.name, "Blocked", code=result.code, reason=errors.explain(result.code)
		)
	else:
		reason = errors.explain(result.code, result.message)
		message_status.transition(message.name, "Failed", code=result.code, reason=reason)


def _backoff(message: ClaimedMessage, problem: errors.TwilioProblem) -> None:
	rate_limit.backoff(
		message.number, message.claimed_at, problem.message, message.sender.segments_per_second
	)


def _queue_again(message: ClaimedMessage, problem: errors.TwilioProblem) -> None:
	reason = errors.explain(problem.code, problem.message)
	if clock.passed(message.tried_since, clock.utc())[0] > reconcile.TOO_LATE_AFTER_HOURS * 3600:
		message_status.transition(message.name, "Failed", code=problem.code, reason=reason)
		return
	why = {"status": "Queued", "error_code": problem.code or None, "error_message": reason}
	if conditional_update.update(MESSAGE, message.name, why, status="Sending"):
		message_status.publish(frappe._dict(name=message.name, status="Queued"))
