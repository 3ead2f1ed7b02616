"""Was this request signed by Twilio for this account?

Twilio signs the URL it was *configured* with. Behind a proxy the request's own headers show another host,
so the URL is put together from the one public base URL plus path and raw query.
Rules: https://www.twilio.com/docs/usage/security#validating-requests
"""

from collections.abc import Iterable

from twilio.request_validator import RequestValidator
from werkzeug.wrappers import Request

# Put behind the webhook URLs that this app configures: 3 retries, also after time-outs and 5xx answers.
# Twilio signs it along with the URL (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
RETRY_FRAGMENT = "#rc=3&rp=ct,rt,5xx"


def is_signed(request: Request, base_url: str, tokens: Iterable[str]) -> bool:
	"""Whether `X-Twilio-Signature` fits the request for any of the account's auth tokens.

	:param request: the webhook as it arrived, GET or POST
	:param base_url: scheme, host and optional port the site is known by at Twilio, e.g. "https://help.example.com"
	:param tokens: the current auth token and, during a rotation, the next one. Twilio signs with the token that
		is primary at that moment, so both have to be accepted (Twilio error page 57012).
	"""
	signature = request.headers.get("X-Twilio-Signature") or ""
	if not signature:
		return False
	url = base_url.rstrip("/") + request.path
	if query := request.query_string.decode("ascii", "replace"):
		url += "?" + query
	params = request.form if request.method == "POST" else {}
	return any(
		_holds(token, candidate, params, signature)
		for token in tokens
		for candidate in (url, url + RETRY_FRAGMENT)
	)


def _holds(token: str, url: str, params, signature: str) -> bool:
	try:
		return bool(RequestValidator(token).validate(url, params, signature))
	except Exception:
		# The SDK raises on hostile input (lone surrogates, impossible ports …): a forgery, not our fault.
		return False
