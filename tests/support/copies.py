"""A site that its own database takes for another one, as after restoring a backup of that one."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import frappe

from support.replies import conversation as conversation_of
from support.stack import MESSAGE
from twilio_sms_channel.infra import clock, site_identity
from twilio_sms_channel.messaging.outbound import outbox

ORIGINAL = "live.example.com"


def at_home() -> str:
	return f"{frappe.conf.twilio_sms_home}@{frappe.local.site}"


def put(**values) -> None:
	"""What the database knows of its home. Commits."""
	frappe.db.set_single_value(site_identity.HOME, values)
	frappe.db.commit()


@contextmanager
def as_copy() -> Iterator[None]:
	"""As if a backup of another site had been restored into this one; afterwards all is as before. Commits."""
	frappe.db.rollback()
	before = site_identity.stored("home")
	put(home=f"{secrets.token_hex(10)}@{ORIGINAL}")
	try:
		yield
	finally:
		_at_home_again(before)


def _at_home_again(before: dict[str, str]) -> None:
	frappe.db.rollback()
	for status in ("Queued", "Sending", "Unconfirmed"):
		frappe.db.set_value(MESSAGE, {"status": status}, "status", "Canceled")
	put(**before, beat=clock.utc())


def waiting(stack, body: str = "Your parcel is on its way", **fields):
	"""A text of ours as it stands in a backup. Commits."""
	conversation = conversation_of(stack, stack.number)
	here = site_identity.stored("home")["home"]
	put(home=None)
	message = outbox.write(conversation, body)
	frappe.db.after_commit.reset()
	if fields:
		message.db_set(fields, update_modified=False)
	put(home=here)
	return message
