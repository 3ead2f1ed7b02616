"""What became of the files that came with a text."""

import frappe

from support.stack import eventually

MEDIA = "Twilio SMS Media"


def rows(message, status=None):
	frappe.db.rollback()
	filters = {"parent": message.name, **({"status": status} if status else {})}
	return frappe.get_all(MEDIA, filters=filters, fields=["*"], order_by="idx")


def settled(message, count=1):
	return eventually(
		lambda: (
			(found := [r for r in rows(message) if r.status != "Waiting"]) and len(found) == count and found
		),
		timeout_s=40,
	)
