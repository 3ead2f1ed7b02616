"""What apps beside Helpdesk do on a site, switched on by its configuration."""

import time

import frappe
from frappe.email.doctype.notification.notification import Notification


def commit(doc, _event: str | None = None) -> None:
	"""Commit while a document is being inserted, as ERPNext does it for contacts.

	`helpdesk_standin_commits` in the site's configuration says for which DocTypes, and how many seconds the hook then
	still takes: `{"Contact": 0.5}`.
	"""
	takes_s = (frappe.conf.helpdesk_standin_commits or {}).get(doc.doctype)
	if takes_s is not None:
		frappe.db.commit()
		time.sleep(takes_s)


def roll_back(doc, _event: str | None = None) -> None:
	"""Undo the transaction, and say nothing, while a document is being inserted.

	`helpdesk_standin_rolls_back` in the site's configuration lists the DocTypes.
	"""
	if doc.doctype in (frappe.conf.helpdesk_standin_rolls_back or ()):
		frappe.db.rollback()


def roll_back_before(doc, _event: str | None = None) -> None:
	"""The same before the document is written, which is there then: what was written earlier is not.

	`helpdesk_standin_rolls_back_before` in the site's configuration lists the DocTypes.
	"""
	if doc.is_new() and doc.doctype in (frappe.conf.helpdesk_standin_rolls_back_before or ()):
		frappe.db.rollback()


def fail(doc, _event: str | None = None) -> None:
	"""Raise while a document is being inserted.

	`helpdesk_standin_fails` in the site's configuration says for which DocTypes, and what: `{"Contact": "MandatoryError"}`.
	"""
	error = (frappe.conf.helpdesk_standin_fails or {}).get(doc.doctype)
	if error:
		frappe.throw(f"Another app refuses {doc.doctype}", getattr(frappe, error))


class NotificationOfOtherApp(Notification):
	"""Replaces Frappe's, as an app does that knows another channel."""
