"""A message as Twilio would post it: out of this site, through its public URL, into a row. See `messaging.inbound.self_test_webhook`."""

import secrets
import socket
from dataclasses import dataclass

import requests
from redis.exceptions import RedisError

from twilio_sms_channel.doctor.findings import NotDone
from twilio_sms_channel.infra import public_url, way_out
from twilio_sms_channel.messaging.inbound import self_test_webhook
from twilio_sms_channel.twilio_gateway import signature

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 5, 8
# From nobody who could be answered.
SENDER, BODY = "SELFTEST", "This site tests itself."


@dataclass(frozen=True)
class Outcome:
	"""What became of the message."""

	kind: str
	"""arrived, timeout, dns, tls, connection, redirect, refused, not_found, forbidden, error, elsewhere"""
	detail: str = ""
	server: str = ""
	"""what the server that answered calls itself"""


def run(account_sid: str, token: str, number: str) -> Outcome:
	"""Post a signed message to this site's inbound webhook.

	:param token: the account's auth token
	:param number: ours, that it is to
	:raises NotDone: nothing can be expected, because Redis is down
	"""
	try:
		word = self_test_webhook.announce()
		outcome = _sent(account_sid, token, number, word)
		did_arrive, refusal = self_test_webhook.outcome(word)
	except RedisError as e:
		raise NotDone(str(e)) from None
	if did_arrive:
		return Outcome("arrived")
	if refusal:
		return Outcome("refused", refusal)
	return outcome


def rejected(account_sid: str, token: str, number: str) -> Outcome:
	"""Post the same message, to be answered with an error that Twilio would take for final: what comes out of the proxy.

	:return: of the kind "elsewhere" when it did not get to this site
	:raises NotDone: nothing can be expected, because Redis is down
	"""
	try:
		word = self_test_webhook.announce(rejecting=True)
		outcome = _sent(account_sid, token, number, word)
		did_arrive, _refusal = self_test_webhook.outcome(word)
		return outcome if did_arrive else Outcome("elsewhere")
	except RedisError as e:
		raise NotDone(str(e)) from None


def _sent(account_sid: str, token: str, number: str, word: str) -> Outcome:
	url = public_url.inbound()
	params = {
		"MessageSid": "SM" + secrets.token_hex(16),
		"AccountSid": account_sid,
		"From": SENDER,
		"To": number,
		"Body": BODY,
		"NumMedia": "0",
		"NumSegments": "1",
		self_test_webhook.PARAMETER: word,
	}
	return _post(url, params, signature.sign(url, params, token))


def _post(url: str, params: dict[str, str], signature: str) -> Outcome:
	try:
		with requests.Session() as session:
			# A .netrc file's login would make it another request; the environment's proxies may be the only way out.
			session.auth = lambda request: request
			answer = session.post(
				url,
				data=params,
				headers={"X-Twilio-Signature": signature, "User-Agent": "twilio_sms_channel self-test"},
				timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
				allow_redirects=False,
				stream=True,
			)
			answer.close()
	except requests.exceptions.SSLError as e:
		return Outcome("tls", _reason(e))
	except requests.exceptions.Timeout:
		return Outcome("timeout")
	except requests.exceptions.ConnectionError as e:
		return Outcome("dns" if _no_such_name(e) else "connection", _reason(e))
	except way_out.REQUEST_ERRORS as e:
		return Outcome("connection", type(e).__name__)
	if answer.is_redirect:
		return Outcome("redirect", answer.headers.get("Location", ""))
	kinds = {403: "forbidden", 401: "forbidden", 404: "not_found"}
	kind = kinds.get(answer.status_code, "error") if answer.status_code >= 400 else "elsewhere"
	return Outcome(kind, str(answer.status_code), answer.headers.get("Server", ""))


def _reason(error: BaseException) -> str:
	"""The innermost cause, which says most."""
	return str(_causes(error)[-1])


def _no_such_name(error: BaseException) -> bool:
	return any(isinstance(cause, socket.gaierror) for cause in _causes(error))


def _causes(error: BaseException) -> list[BaseException]:
	"""An error and what it came of, the innermost last; urllib3 keeps that in different places."""
	found = [error]
	while True:
		inner = getattr(error, "reason", None) or next(iter(error.args), None)
		if not isinstance(inner, BaseException):
			inner = error.__cause__ or error.__context__
		if inner is None or inner in found:
			return found
		found.append(error := inner)
