"""What apps beside Helpdesk do on a site, switched on by its configuration."""

import time

import frappe


def commit(doc, _event: str | None = None) -> None:
	"""Commit while a document is being inserted, as ERPNext does it for contacts.

	`helpdesk_standin_commits` in the site's configuration says for which DocTypes, and how many seconds the hook then
	still takes: `{"Contact": 0.5}`.
	"""
	takes_s = (frappe.conf.helpdesk_standin_commits or {}).get(doc.doctype)
	if takes_s is not None:
		frappe.db.commit()
		time.sleep(takes_s)
