"""Which Twilio account a webhook is from, and the auth tokens that it may be signed with."""

from collections.abc import Iterator
from dataclasses import dataclass

import frappe
from frappe.utils import add_to_date, now_datetime
from frappe.utils.password import get_decrypted_password

ACCOUNT = "Twilio SMS Account"
# A time that people read needs no write for each text.
USE_NOTED_EVERY_MINUTES = 10


@dataclass(frozen=True, repr=False)
class Token:
	field: str
	value: str


def by_sid(sid: str):
	"""The account with this SID, None without one.

	:return: a dict with name, next_auth_token (set or not, never the token) and the times of last use
	"""
	fields = ["name", "next_auth_token", "auth_token_used", "next_auth_token_used"]
	return frappe.db.get_value(ACCOUNT, {"account_sid": sid}, fields, as_dict=True)


def signing_tokens(account) -> Iterator[Token]:
	"""The tokens that Twilio may sign with: the current one and, while rotating, the next one.

	Twilio signs with the token that is primary at that moment, so both have to be accepted (error page 57012).

	:param account: see `by_sid`
	"""
	fields = ["auth_token", "next_auth_token"] if account.next_auth_token else ["auth_token"]
	for field in fields:
		if value := get_decrypted_password(ACCOUNT, account.name, field, raise_exception=False):
			yield Token(field, value)


def note_use(account, token: Token) -> None:
	"""Keep when a token last signed a webhook. Commits; that it cannot is no reason to refuse a text."""
	field, now = f"{token.field}_used", now_datetime()
	if account[field] and account[field] > add_to_date(now, minutes=-USE_NOTED_EVERY_MINUTES):
		return
	try:
		frappe.db.set_value(ACCOUNT, account.name, field, now, update_modified=False)
		frappe.db.commit()
	except Exception:
		# Other webhooks note the same at the same moment.
		frappe.db.rollback()
