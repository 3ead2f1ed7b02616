"""Was this request signed by Twilio for this account?

Twilio signs the URL it was *configured* with. Behind a proxy the request's own headers show another host,
so the URL is put together from the one public base URL plus path and raw query.
Rules: https://www.twilio.com/docs/usage/security#validating-requests and
https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from urllib.parse import urlsplit

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

# Put behind the webhook URLs that this app configures: 3 retries, also after time-outs and 5xx answers.
# Twilio signs it along with the URL (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
RETRY_FRAGMENT = "#rc=3&rp=ct,rt,5xx"
# What Twilio's page lets people put there: how often, after what, and how long to wait in ms.
COUNTS = ("", *(f"rc={count}" for count in range(6)))
REASONS = (("ct", "rt", "4xx", "5xx"), ("4xx", "5xx", "ct", "rt"))
WAITS_MS = (1000, 2000, 3000, 4000, 5000, 8000, 10000, 15000)
# Trying them all takes some milliseconds; more parameters than a message has would make it longer.
MAX_SIGNED_CHARACTERS = 16 * 1024
REMEMBERED_FRAGMENTS = 8
_found: list[str] = []
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
SHA1, SHA256 = "HMAC_SHA1", "HMAC_SHA256"
HASHES = {SHA1: hashlib.sha1, SHA256: hashlib.sha256}
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class _SHA256Validator(RequestValidator):
	"""The SDK has HMAC-SHA256 since 9.13 only."""

	def compute_signature(self, uri, params, algorithm=None):
		signed = uri + "".join(
			name + value
			for name in sorted(set(params or ()))
			for value in sorted(set(self.get_values(params, name)))
		)
		return base64.b64encode(hmac.digest(self.token, signed.encode(), hashlib.sha256)).decode()


_VALIDATORS = {SHA1: RequestValidator, SHA256: _SHA256Validator}


@dataclass(frozen=True)
class SignatureSettings:
	"""What a request says of its signature. Nobody signed this: it explains, and proves nothing."""

	key: str
	"""ID of the shared key, "" without one"""
	algorithm: str
	"""in capitals, "" without one"""


def fragments(configured_urls: Iterable[str]) -> list[str]:
	"""What may stand behind the URL that Twilio was given, which it signs but does not send.

	:param configured_urls: the URL and the fallback URL as they were last read from Twilio
	"""
	own = [f"#{fragment}" for url in configured_urls if (fragment := urlsplit(url).fragment)]
	return list(dict.fromkeys([*own, RETRY_FRAGMENT, "", *_found]))


@lru_cache(maxsize=1)
def possible_fragments() -> tuple[str, ...]:
	"""What people may have put behind the URL, as far as it can be guessed: some six hundred fragments."""
	return tuple(dict.fromkeys(_possible()))


def _possible() -> Iterator[str]:
	policies = ["rp=all"]
	for reasons in REASONS:
		policies += [f"rp={','.join(some)}" for n in range(1, 5) for some in combinations(reasons, n)]
	for count in COUNTS:
		if count:
			yield f"#{count}"
		for policy in policies:
			yield f"#{count}&{policy}" if count else f"#{policy}"
			yield f"#{policy}&{count}" if count else f"#{policy}"
		for wait in (f"{name}={ms}" for name in ("ct", "rt", "tt") for ms in WAITS_MS):
			yield f"#{wait}&{count}" if count else f"#{wait}"
			yield f"#{count}&{wait}" if count else f"#{wait}"


def is_signed(request: Request, base_url: str, token: str, fragments: Iterable[str] = ("",)) -> bool:
	"""Whether `X-Twilio-Signature` fits the request for an auth token or a shared key.

	:param request: the webhook as it arrived, GET or POST
	:param base_url: scheme, host and optional port the site is known by at Twilio, e.g. "https://help.example.com".
		The SDK tries the URL with and without the port.
	:param token: an auth token or shared key of the account that the request names
	:param fragments: what may stand behind the configured URL ("#rc=3"). It never arrives, but Twilio signs it along.
	"""
	algorithm = algorithm_of(request)
	if not algorithm:
		return False
	url, params = _signed_part(request, base_url)
	signature = signature_of(request)
	return any(_holds(token, url + fragment, params, signature, algorithm) for fragment in fragments)


def find_fragment(request: Request, base_url: str, token: str) -> str | None:
	"""Which of the possible fragments stands behind the URL at Twilio, so that the signature fits; None without one.

	Remembered by this process for `fragments`. For the rest see `is_signed`.
	"""
	algorithm = algorithm_of(request)
	if not algorithm:
		return None
	url, params = _signed_part(request, base_url)
	try:
		signed = base64.b64decode(signature_of(request))
		rest = "".join(
			name + value for name in sorted(params) for value in sorted(set(params.getlist(name)))
		).encode()
		starts = [
			hmac.new(token.encode(), u.encode(), HASHES[algorithm]) for u in _with_and_without_port(url)
		]
	except ValueError:
		return None
	if len(rest) > MAX_SIGNED_CHARACTERS:
		return None
	for fragment in possible_fragments():
		end = fragment.encode() + rest
		for start in starts:
			attempt = start.copy()
			attempt.update(end)
			if hmac.compare_digest(attempt.digest(), signed):
				_found[:] = list(dict.fromkeys([fragment, *_found]))[:REMEMBERED_FRAGMENTS]
				return fragment
	return None


def signature_of(request: Request) -> str:
	return request.headers.get("X-Twilio-Signature") or ""


def settings_of(request: Request) -> SignatureSettings:
	"""What the request says of its signature: "key=webhooks_sharedkey_…,algorithm=HMAC_SHA256"."""
	named = dict(
		part.strip().split("=", 1)
		for part in (request.headers.get(SETTINGS_HEADER) or "").split(",")
		if "=" in part
	)
	key = named.get("key", "").strip()
	return SignatureSettings(key if KEY_ID.fullmatch(key) else "", named.get("algorithm", "").strip().upper())


def algorithm_of(request: Request) -> str:
	"""One of `HASHES`, "" where the request is signed with none of them.

	The signature's length tells which. A header that names another one makes the request invalid; it never chooses.
	"""
	try:
		length = len(base64.b64decode(signature_of(request), validate=True))
	except ValueError:
		return ""
	found = next((name for name, hash_of in HASHES.items() if hash_of().digest_size == length), "")
	return found if settings_of(request).algorithm in ("", found) else ""


def _signed_part(request: Request, base_url: str) -> tuple[str, MultiDict]:
	url = base_url.rstrip("/") + request.path
	if query := request.query_string.decode("ascii", "replace"):
		url += "?" + query
	return url, request.form if request.method == "POST" else MultiDict()


def _with_and_without_port(url: str) -> list[str]:
	parts = urlsplit(url)
	if parts.port:
		bare = parts.netloc.removesuffix(f":{parts.port}")
		return [url, parts._replace(netloc=bare).geturl()]
	port = 443 if parts.scheme == "https" else 80
	return [url, parts._replace(netloc=f"{parts.netloc}:{port}").geturl()]


def _holds(token: str, url: str, params, signature: str, algorithm: str) -> bool:
	try:
		return bool(_VALIDATORS[algorithm](token).validate(url, params, signature))
	except (TypeError, ValueError):
		# The SDK's on hostile input: a port of 99999, lone surrogates (UnicodeEncodeError is a ValueError) … None may
		# escape: it would be answered 500, which Twilio repeats and forgers can provoke.
		return False


def sign(url: str, params: dict[str, str], token: str, algorithm: str = SHA1) -> str:
	"""The signature that Twilio would give a webhook: the value of X-Twilio-Signature."""
	return _VALIDATORS[algorithm](token).compute_signature(url, params)
