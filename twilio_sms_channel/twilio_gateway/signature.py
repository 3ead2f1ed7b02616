"""Was this request signed by Twilio for this account?

Twilio signs the URL it was *configured* with. Behind a proxy the request's own headers show another host,
so the URL is put together from the one public base URL plus path and raw query.
Rules: https://www.twilio.com/docs/usage/security#validating-requests
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from twilio.request_validator import RequestValidator
from werkzeug.wrappers import Request

# Put behind the webhook URLs that this app configures: 3 retries, also after time-outs and 5xx answers.
# Twilio signs it along with the URL (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
RETRY_FRAGMENT = "#rc=3&rp=ct,rt,5xx"


def fragments(configured_url: str) -> list[str]:
	"""What may stand behind the URL that Twilio was given, which it signs but does not send.

	:param configured_url: the URL as it was last read from Twilio, "" when it was not
	"""
	own = urlsplit(configured_url).fragment
	return list(dict.fromkeys([f"#{own}" if own else "", RETRY_FRAGMENT, ""]))


def is_signed(request: Request, base_url: str, token: str, fragments: Iterable[str] = ("",)) -> bool:
	"""Whether `X-Twilio-Signature` fits the request for an auth token.

	:param request: the webhook as it arrived, GET or POST
	:param base_url: scheme, host and optional port the site is known by at Twilio, e.g. "https://help.example.com".
		The SDK tries the URL with and without the port.
	:param token: an auth token of the account that the request names
	:param fragments: what may stand behind the configured URL ("#rc=3"). It never arrives, but Twilio signs it along.
	"""
	signature = request.headers.get("X-Twilio-Signature") or ""
	if not signature:
		return False
	url = base_url.rstrip("/") + request.path
	if query := request.query_string.decode("ascii", "replace"):
		url += "?" + query
	params = request.form if request.method == "POST" else {}
	return any(_holds(token, url + fragment, params, signature) for fragment in fragments)


def _holds(token: str, url: str, params, signature: str) -> bool:
	try:
		return bool(RequestValidator(token).validate(url, params, signature))
	except (TypeError, ValueError):
		# The SDK's on hostile input: a port of 99999, lone surrogates (UnicodeEncodeError is a ValueError) … None may
		# escape: it would be answered 500, which Twilio repeats and forgers can provoke.
		return False
