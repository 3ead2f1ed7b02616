"""What an error of a call to Twilio means."""

import json
import re

import requests
from frappe import _
from twilio.base.exceptions import TwilioException, TwilioRestException

from twilio_sms_channel.twilio_gateway.errors import (
	AUTHENTICATION_FAILED,
	OutcomeUnknown,
	Refused,
	TryAgain,
	TwilioProblem,
)

# What a call may raise; `problem` tells what it means.
# The last one: an answer that ends in the middle.
CALL_ERRORS = (TwilioException, requests.exceptions.RequestException, json.JSONDecodeError)
# What the SDK puts before Twilio's words.
SDK_PREFIX = re.compile(r"^Unable to \w+ \w+: ")


def problem(error: Exception, timeout_s: float) -> TwilioProblem:
	"""What an error of a call means, with what was said, see `exchanges.told`.

	:param error: one of `CALL_ERRORS`
	:param timeout_s: how long an answer was waited for
	"""
	found = _meaning(error, timeout_s)
	found.exchange = getattr(error, "exchange", None)
	return found


def _meaning(error: Exception, timeout_s: float) -> TwilioProblem:
	if isinstance(error, TwilioRestException):
		# str(error) carries terminal colours on a TTY; msg does not.
		return _by_status(error.status, error.msg, error.code)
	if isinstance(status := getattr(error, "status", None), int):
		# TwilioServiceException: answers by RFC 9457, which newer releases of the SDK read.
		words = getattr(error, "detail", None) or getattr(error, "title", None) or str(error)
		return _by_status(status, words, getattr(error, "code", None))
	if isinstance(error, TwilioException):
		return _page_problem(error)
	if isinstance(error, requests.exceptions.ConnectTimeout):
		return TryAgain(_("Twilio could not be reached (connection timed out)."))
	if isinstance(error, requests.exceptions.ConnectionError):
		if _never_connected(error):
			return TryAgain(_("Twilio could not be reached (connection refused)."))
		return OutcomeUnknown(_("The connection to Twilio broke before it answered."))
	if isinstance(error, requests.exceptions.Timeout):
		return OutcomeUnknown(_("Twilio did not answer within {0} seconds.").format(round(timeout_s)))
	return OutcomeUnknown(_("Twilio's answer could not be read."))


def _page_problem(e: TwilioException) -> TwilioProblem:
	"""For lists the SDK raises without a status; the answer itself is its second argument."""
	answer = e.args[1] if len(e.args) > 1 else None
	if not hasattr(answer, "status_code"):
		return Refused(str(e))
	try:
		said = json.loads(answer.text)
	except ValueError:
		said = {}
	return _by_status(answer.status_code, said.get("message") or str(e.args[0]), said.get("code"))


def _by_status(status: int, message: str, code: int | str | None) -> TwilioProblem:
	if status == 429:
		return TryAgain(SDK_PREFIX.sub("", message or ""), code)
	if status >= 500:
		return OutcomeUnknown(_("Twilio had an error of its own (HTTP {0}).").format(status), code)
	message = SDK_PREFIX.sub("", message or "")
	if status == 401:
		return Refused(message, code or AUTHENTICATION_FAILED)
	return Refused(message, code)


def _never_connected(e: requests.exceptions.ConnectionError) -> bool:
	from urllib3.exceptions import MaxRetryError, NewConnectionError

	reason = e.args[0] if e.args else None
	if isinstance(reason, MaxRetryError):
		reason = reason.reason
	return isinstance(reason, NewConnectionError)
