"""A message that this site sends to itself, as Twilio would, to see whether messages get here: it leaves no trace.

The doctor notes a secret word that is good for one minute and one request, and posts a signed message with it through
the public URL. The webhook's endpoint treats it as any other up to the row in the database; then the transaction is rolled back
instead of committed, so that there is never a row that anybody else can see, and no job, ticket or notification follows. What
became of it is kept in Redis for the doctor, which is also how it knows that it was this site that answered.

Whoever has not got the auth token gains nothing: without its signature the message is refused as ever, and without the
word, which nobody outside learns, it is a message like all others.
"""

import secrets
from collections.abc import Mapping

import frappe
from redis.exceptions import RedisError

# Among Twilio's parameters, which are CamelCase as well; it adds none with a hyphen.
PARAMETER = "X-Self-Test"
GOOD_FOR_S = 60
EXPECTED, ARRIVED = b"expected", b"arrived"
# It is to be answered as Frappe answers many of its own errors, to see what the proxy makes of that.
REJECTING, REJECTED_WITH = b"rejecting", 417


def announce(rejecting: bool = False) -> str:
	"""Expect a rehearsal within a minute: the word that its message carries.

	:param rejecting: whether it is to be answered with an error in place of being taken in
	:raises redis.exceptions.RedisError: the cache is down
	"""
	word = secrets.token_hex(16)
	_write(word, REJECTING if rejecting else EXPECTED)
	return word


def outcome(word: str) -> tuple[bool, str]:
	"""Whether the rehearsal's row was written, and otherwise why this site refused it ("": it never got here)."""
	found = _read(word) or EXPECTED
	frappe.cache().delete(_key(word))
	return found == ARRIVED, "" if found in (EXPECTED, REJECTING, ARRIVED) else found.decode()


def is_one(params: Mapping[str, str]) -> bool:
	"""Whether a request is a rehearsal that this site expects."""
	return _state(params) in (EXPECTED, REJECTING)


def is_rejecting(params: Mapping[str, str]) -> bool:
	"""Whether a rehearsal is to be answered with an error."""
	return _state(params) == REJECTING


def arrived(params: Mapping[str, str]) -> None:
	_write(params[PARAMETER], ARRIVED)


def refused(params: Mapping[str, str], reason: str) -> None:
	_write(params[PARAMETER], reason.encode())


def _state(params: Mapping[str, str]) -> bytes | None:
	word = params.get(PARAMETER)
	if not word:
		return None
	try:
		return _read(word)
	except RedisError:
		return None


def _write(word: str, what: bytes) -> None:
	# `_key` is this site's alone. `set_value` would not tell that Redis is down.
	frappe.cache().set(_key(word), what, ex=GOOD_FOR_S)  # nosemgrep


def _read(word: str) -> bytes | None:
	# `_key` is this site's alone. `get_value` would not tell that Redis is down.
	return frappe.cache().get(_key(word))  # nosemgrep


def _key(word: str) -> bytes:
	return frappe.cache().make_key(f"twilio_sms_rehearsal:{word[:64]}")
