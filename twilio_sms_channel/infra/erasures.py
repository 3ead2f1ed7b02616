"""Which messages were deleted here: what Twilio still has of them must not come in again.

Of a deleted message nothing is kept but an HMAC of its SID under the site's secret. Whoever has the SID can ask whether it was
here; nobody can tell from the HMAC which message, customer or account it was.
"""

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache

import frappe
from frappe.utils import now_datetime
from frappe.utils.password import get_encryption_key
from pypika.terms import Parameter

from twilio_sms_channel.infra import site_config

ERASED = "Twilio SMS Erased Text"
UNREAD, EXCHANGE = "Twilio SMS Unread Webhook", "Twilio SMS Exchange"


def remember(sids: Iterable[str]) -> None:
	"""Note that the messages with these SIDs are being deleted. Does not commit: they may yet stay.

	:param sids: Twilio's, of inbound and outbound messages
	"""
	now = now_datetime()
	fields = ["name", "digest", "creation", "modified", "owner", "modified_by"]
	rows = [(d := _digest(sid), d, now, now, "Administrator", "Administrator") for sid in sids if sid]
	if rows:
		frappe.db.bulk_insert(ERASED, fields, rows, ignore_duplicates=True)


def forget(message: str, sids: Iterable[str]) -> None:
	"""Delete what is kept beside a message that is being deleted, and holds its words. Does not commit.

	:param message: name of a Twilio SMS Message
	:param sids: Twilio's, all that it has had
	"""
	frappe.db.delete(EXCHANGE, {"message": message})
	if known := [sid for sid in sids if sid]:
		frappe.db.delete(UNREAD, {"twilio_sid": ("in", known)})
	frappe.db.delete(UNREAD, {"message": message})


def among(sids: Iterable[str]) -> set[str]:
	"""Those of the SIDs whose messages were deleted here."""
	by_digest = {_digest(sid): sid for sid in sids if sid}
	if not by_digest:
		return set()
	# Built by frappe.qb, once, see `_query`.
	found = frappe.db.sql(_query(), {"digests": list(by_digest)}, pluck=True)  # nosemgrep
	return {by_digest[digest] for digest in found}


@lru_cache(maxsize=1)
def _query() -> str:
	"""The look-up, put together once: each webhook asks, and building it takes longer than running it."""
	Erased = frappe.qb.DocType(ERASED)
	return (
		frappe.qb.from_(Erased).select(Erased.name).where(Erased.name.isin(Parameter("%(digests)s")))
	).get_sql()


def _digest(sid: str) -> str:
	site_config.keep_encryption_key()
	key = hashlib.sha256(b"twilio_sms_channel erased text" + get_encryption_key().encode()).digest()
	# Twilio's hexadecimal digits are compared without regard to case in the database as well.
	return hmac.new(key, sid.lower().encode(), hashlib.sha256).hexdigest()
