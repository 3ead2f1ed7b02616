"""Whether this site is the one that its data belongs to, or a copy restored from a backup.

A copy knows the customers, the messages that wait and the credentials, but the original may be at work as well: nothing
is sent from a copy until an admin confirms that it takes over.

The site's id is in site_config.json, which is no part of a database backup. The database keeps the same id with the
name of the site: another host has another id or none, and where somebody took the config along, the name differs.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from twilio_sms_channel.infra import clock, locks, site_config

HOME = "Twilio SMS Home"
CONFIG_KEY = "twilio_sms_home"
PRACTICE_KEY = site_config.PRACTICE_KEY
LOCK, PATIENCE_S = "home", 30


class IsCopy(frappe.ValidationError):
	"""Not from a restored copy; the message says why and what to do."""


def is_copy() -> bool:
	"""Whether the site's data came from a backup of another site, and no admin has confirmed that it takes over.

	In practice mode it never is: nothing reaches a real phone.
	"""
	return bool(why())


def why() -> str:
	"""Why nothing is sent from here, for people; "" when this is the data's home."""
	identity = stored("home").get("home")
	# Before the first migration there is none. What this process read of the config may be a minute old (v16).
	if not identity or _may_be_at(identity, frappe.conf) or _may_be_at(identity, frappe.get_site_config()):
		return ""
	return _(
		"This site was restored from a backup of {0}. No message is sent from it until an admin confirms in Twilio SMS Settings that it takes over."
	).format(identity.rpartition("@")[2])


def refuse_on_copy() -> None:
	"""
	:raises IsCopy: with the reason
	"""
	if reason := why():
		frappe.throw(reason, IsCopy, title=_("This site is a copy"))


def claim_unowned() -> None:
	"""Make this site the home of data that has none yet: of a new installation, or one older than this. Commits."""
	with locked():
		if not stored("home", for_update=True):
			move_in(beat=clock.utc())
		# Before the lock is released: whoever waits for it sees the home.
		frappe.db.commit()  # nosemgrep


def leave() -> None:
	"""Forget the site's id (uninstall)."""
	if {CONFIG_KEY, PRACTICE_KEY} & set(frappe.get_site_config()):
		site_config.write(**{CONFIG_KEY: None, PRACTICE_KEY: None})


def stored(*fields: str, for_update: bool = False) -> dict[str, str]:
	"""What the database knows, in one look, also before the DocType is there. Fields without a value are left out."""
	Singles = frappe.qb.DocType("Singles")
	query = (
		frappe.qb.from_(Singles)
		.select(Singles.field, Singles.value)
		.where((Singles.doctype == HOME) & Singles.field.isin(fields))
	)
	found = (query.for_update() if for_update else query).run()
	return {field: value for field, value in found if value}


def _may_be_at(identity: str, config: dict) -> bool:
	practises = config.get(PRACTICE_KEY) and config.get("twilio_sms_api_base_url")
	return bool(practises) or identity == _here(config)


def _here(config: dict) -> str:
	return f"{config.get(CONFIG_KEY) or ''}@{frappe.local.site}"


def move_in(**facts) -> None:
	"""Make this site the home of its data. The config first: a process that dies in between leaves what was a copy a copy."""
	if not frappe.get_site_config().get(CONFIG_KEY):
		site_config.write(**{CONFIG_KEY: frappe.generate_hash(length=20)})
	frappe.db.set_single_value(HOME, {"home": _here(frappe.get_site_config()), **facts})


@contextmanager
def locked() -> Iterator[None]:
	"""Around moving in: one process at a time.

	:raises frappe.QueryTimeoutError: another one is at it
	"""
	if not locks.take([LOCK], PATIENCE_S):
		frappe.throw(_("Somebody else is doing this at the moment. Try again."), frappe.QueryTimeoutError)
	try:
		yield
	finally:
		locks.release([LOCK])
