"""Who a webhook is from: the Twilio account, what it may be signed with, and the number it names."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from math import inf

import frappe
from frappe.utils import now_datetime
from frappe.utils.password import get_decrypted_password
from pypika.terms import Parameter

from twilio_sms_channel.infra import public_url, site_config

ACCOUNT, NUMBER, SETTINGS = "Twilio SMS Account", "Twilio SMS Number", "Twilio SMS Settings"
# A time that people read needs no write for each message: each process writes it this often.
USE_NOTED_EVERY_S = 600
REMEMBERED_TOKENS = 64
# Besides the auth token, which each account has.
MORE_SECRETS = ("next_auth_token", "shared_key", "second_shared_key")
KEY_IDS = ("shared_key_id", "second_shared_key_id")
_noted: dict[tuple, float] = {}


@dataclass(frozen=True)
class WebhookContext:
	"""What the endpoints need to know about a webhook, from one look into the database."""

	account: str
	account_modified: datetime
	secrets: tuple[str, ...]
	"""the account's fields that hold what Twilio may sign with"""
	shared_key_ids: tuple[str, ...]
	number: str | None
	"""The Twilio SMS Number of this account that the webhook names, None when it names none"""
	number_urls: tuple[str, ...]
	"""The webhook URLs that Twilio has for that number, as far as they were read; they can have fragments of their own"""
	public_base_urls: tuple[str, ...]
	"""The one that is configured, otherwise those that come into question"""
	twins: tuple["WebhookContext", ...] = ()
	"""The same account of Twilio's in other regions, which sign with tokens of their own"""


@dataclass(frozen=True, repr=False)
class Token:
	field: str
	value: str
	account: str


def caller(account_sid: str, number: str) -> WebhookContext | None:
	"""The account with this SID and what belongs to it; None when it is not set up on this site.

	Nor is practice mode's account while practice mode does not run: its token stands on a page to be copied.
	"""
	# Built by frappe.qb, once, see `_query`.
	found = frappe.db.sql(_query(), {"account_sid": account_sid, "number": number})  # nosemgrep
	if not found:
		return None
	contexts = [context for row in found if (context := _context(*row))]
	if not contexts:
		return None
	# A webhook names the SID alone, which an account has in each of Twilio's regions.
	first = next((context for context in contexts if context.number), contexts[0])
	return replace(first, twins=tuple(context for context in contexts if context is not first))


def _context(
	name, modified, is_practice, our_number, url, fallback_url, base, *rest
) -> WebhookContext | None:
	more = dict(zip((*MORE_SECRETS, *KEY_IDS), rest, strict=True))
	if is_practice and not site_config.practises():
		return None
	return WebhookContext(
		account=name,
		account_modified=modified,
		secrets=("auth_token", *(field for field in MORE_SECRETS if more[field])),
		shared_key_ids=tuple(more[field] for field in KEY_IDS if more[field]),
		number=our_number,
		number_urls=(url or "", fallback_url or ""),
		public_base_urls=public_url.signed_ones(base),
	)


def signed_for(caller: WebhookContext, token: Token) -> WebhookContext:
	"""Whose webhook it is: of the account that the number belongs to, otherwise of the one whose token signed it."""
	if caller.number:
		return caller
	return next((twin for twin in caller.twins if twin.account == token.account), caller)


@lru_cache(maxsize=1)
def _query() -> str:
	"""The look-up, put together once: building it takes longer than running it."""
	Account, Number, Single = (frappe.qb.DocType(name) for name in (ACCOUNT, NUMBER, "Singles"))
	return (
		frappe.qb.from_(Account)
		.left_join(Number)
		.on((Number.account == Account.name) & (Number.name == Parameter("%(number)s")))
		.left_join(Single)
		.on((Single.doctype == SETTINGS) & (Single.field == "public_base_url"))
		.select(
			Account.name,
			Account.modified,
			Account.is_practice,
			Number.name.as_("number"),
			Number.webhook_url,
			Number.webhook_fallback_url,
			Single.value,
			*(Account[field] for field in (*MORE_SECRETS, *KEY_IDS)),
		)
		.where(Account.account_sid == Parameter("%(account_sid)s"))
	).get_sql()


def signing_tokens(caller: WebhookContext) -> Iterator[Token]:
	"""What Twilio may sign with: the auth token and, while rotating, the next one; the shared keys.

	Twilio signs with the token that is primary at that moment, so both have to be accepted (error page 57012). Where a
	rule of the account names a shared key it signs with that one, and with the auth token again without the rule.
	"""
	for context in (caller, *caller.twins):
		for field in context.secrets:
			if value := _token(frappe.local.site, context.account, field, context.account_modified):
				yield Token(field, value, context.account)


@lru_cache(maxsize=REMEMBERED_TOKENS)
def _token(site: str, account: str, field: str, modified: datetime) -> str | None:
	"""Kept in this process's memory until the account is saved again: decrypting takes longer than all else here."""
	site_config.keep_encryption_key()
	return get_decrypted_password(ACCOUNT, account, field, raise_exception=False)


def note_use(caller: WebhookContext, token: Token) -> None:
	"""Keep when a token last signed a webhook. Commits; that it cannot is no reason to refuse a message."""
	use = (frappe.local.site, token.account, token.field, caller.account_modified)
	now = time.monotonic()
	if now - _noted.get(use, -inf) < USE_NOTED_EVERY_S:
		return
	if len(_noted) > REMEMBERED_TOKENS:
		_noted.clear()
	_noted[use] = now
	public_url.note("web")
	try:
		frappe.db.set_value(
			ACCOUNT, token.account, f"{token.field}_used", now_datetime(), update_modified=False
		)
		frappe.db.commit()
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError, frappe.db.OperationalError):
		# Other webhooks note the same at the same moment.
		frappe.db.rollback()
