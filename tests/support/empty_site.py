"""A site as it is right after the app was installed: no account, no number, no text."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

DOCTYPES = (
	"Twilio SMS Account",
	"Twilio SMS Number",
	"Twilio SMS Conversation",
	"Twilio SMS Message",
	"Twilio SMS Media",
	"Twilio SMS Finding",
)


@contextmanager
def empty_site() -> Iterator[None]:
	"""Set all that the site has of this app aside for the block, for every process; afterwards it is as it was.

	What comes up within the block is gone with it, but for its tickets.
	"""
	frappe.db.commit()
	for doctype in DOCTYPES:
		# Of a run that was killed.
		_ddl(f"drop table if exists `kept {doctype}`")
		_ddl(
			f"rename table `tab{doctype}` to `kept {doctype}`",
			f"create table `tab{doctype}` like `kept {doctype}`",
		)
	frappe.clear_cache()
	try:
		yield
	finally:
		frappe.db.rollback()
		for doctype in DOCTYPES:
			_ddl(f"drop table `tab{doctype}`", f"rename table `kept {doctype}` to `tab{doctype}`")
		frappe.clear_cache()


def _ddl(*statements: str) -> None:
	for statement in statements:
		frappe.db.sql_ddl(statement)
