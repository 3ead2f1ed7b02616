"""An account whose webhooks Twilio signs with shared keys, and logs in with what an auth profile says."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

from support.leaks import secret
from support.stack import Stack
from twilio_sms_channel.simulator.webhook_security import SharedKey, WebhookSecurity

ACCOUNT = "Twilio SMS Account"
NONE = dict.fromkeys(("shared_key_id", "shared_key", "second_shared_key_id", "second_shared_key"), "")


def as_fields(*keys: SharedKey) -> dict[str, str]:
	"""The account's fields with these keys, at most two."""
	fields = dict(NONE)
	for prefix, key in zip(("", "second_"), keys, strict=False):
		fields |= {f"{prefix}shared_key_id": key.id, f"{prefix}shared_key": key.secret}
	return fields


def save(account: str, **fields: str) -> None:
	"""Commits."""
	frappe.db.rollback()
	doc = frappe.get_doc(ACCOUNT, account)
	doc.update(fields)
	doc.save()
	frappe.db.commit()


@contextmanager
def security_of(stack: Stack) -> Iterator[WebhookSecurity]:
	"""The webhook security settings of the stack's account at Twilio; without any afterwards, there and here."""
	security = stack.simulator.world.accounts[stack.account_sid].webhook_security
	try:
		yield security
	finally:
		stack.simulator.wait_idle(10)
		security.clear()
		save(stack.account, **NONE)


def new_key(security: WebhookSecurity) -> SharedKey:
	"""One whose secret the tests for leaks know."""
	return security.add_key(secret=secret())
