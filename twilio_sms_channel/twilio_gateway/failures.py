"""What an error of a call to Twilio means."""

import json
import re
import ssl

import requests
from frappe import _
from twilio.base.exceptions import TwilioException, TwilioRestException
from urllib3.exceptions import ConnectTimeoutError, LocationValueError, NewConnectionError

from twilio_sms_channel.content import outside
from twilio_sms_channel.infra import way_out
from twilio_sms_channel.twilio_gateway.errors import (
	AUTHENTICATION_FAILED,
	MISSING_PERMISSION,
	OutcomeUnknown,
	Refused,
	TryAgain,
	TwilioProblem,
	missing_permission,
)

# What a call may raise; `problem` tells what it means.
# The last one: an answer that ends in the middle.
CALL_ERRORS = (TwilioException, *way_out.REQUEST_ERRORS, json.JSONDecodeError)
# An address of a proxy that makes no sense, or of a kind that this machine knows nothing of: nothing has left.
NO_WAY_OUT = (LocationValueError, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
# What the SDK puts before Twilio's words.
SDK_PREFIX = re.compile(r"^Unable to \w+ \w+: ")
# What Python says when a proxy opens no tunnel (http.client): Twilio was not spoken to.
TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: (.*)")
PROXY_WANTS_LOGIN = 407


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
	if isinstance(error, NO_WAY_OUT):
		return TryAgain(_("The proxy that HTTPS_PROXY names cannot be used. The doctor says why."))
	if isinstance(error, requests.exceptions.ConnectionError) and (why := _why_not_connected(error)):
		proxy = _proxy_of(error)
		if proxy:
			return TryAgain(_("Twilio could not be reached through the proxy {0} ({1}).").format(proxy, why))
		return TryAgain(_("Twilio could not be reached ({0}).").format(why))
	if isinstance(error, requests.exceptions.ConnectionError):
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
	if status == PROXY_WANTS_LOGIN:
		return TryAgain(_("The proxy on the way to Twilio asks for another login (HTTP 407)."), code)
	if status == 429:
		return TryAgain(SDK_PREFIX.sub("", message or ""), code)
	if status >= 500:
		return OutcomeUnknown(_("Twilio had an error of its own (HTTP {0}).").format(status), code)
	message = SDK_PREFIX.sub("", message or "")
	if status in (401, 403) and missing_permission(message):
		return Refused(message, MISSING_PERMISSION)
	if status == 401:
		return Refused(message, code or AUTHENTICATION_FAILED)
	return Refused(message, code)


def _why_not_connected(error: requests.exceptions.ConnectionError) -> str:
	"""Why nothing of the request can have left, "" when it may have."""
	if isinstance(error, requests.exceptions.ConnectTimeout):
		return _("connection timed out")
	for cause in _causes(error):
		if isinstance(cause, NewConnectionError):
			return _("connection refused")
		if isinstance(cause, ConnectTimeoutError):
			return _("connection timed out")
		if isinstance(cause, ssl.SSLCertVerificationError):
			return _("its certificate is not accepted: {0}").format(outside.plain(cause.verify_message))
		if isinstance(cause, OSError) and (refused := TUNNEL_REFUSED.match(str(cause))):
			return outside.plain(refused[1])
	return ""


def _causes(error: BaseException) -> list[BaseException]:
	"""An error and what it came of, as urllib3 keeps that."""
	found, waiting = [], [error]
	while waiting:
		one = waiting.pop(0)
		if isinstance(one, BaseException) and not any(one is known for known in found):
			found.append(one)
			waiting += [getattr(one, "reason", None), getattr(one, "original_error", None), *one.args]
	return found


def _proxy_of(error: requests.exceptions.RequestException) -> way_out.Proxy | None:
	return way_out.proxy_for(error.request.url) if error.request is not None else None
