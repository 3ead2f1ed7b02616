"""Frappe's endpoints for e-mails that change any Communication, whoever asks: a message is none of their business."""

import frappe
from frappe import _, email
from frappe.email import inbox


@frappe.whitelist()
def relink(name: str, reference_doctype: str | None = None, reference_name: str | None = None) -> None:
	_refuse_message(name)
	return email.relink(name, reference_doctype, reference_name)


@frappe.whitelist()
def mark_as_closed_open(communication: str, status: str) -> None:
	_refuse_message(communication)
	return inbox.mark_as_closed_open(communication, status)


@frappe.whitelist()
def mark_as_spam(communication: str, sender: str) -> None:
	_refuse_message(communication)
	return inbox.mark_as_spam(communication, sender)


@frappe.whitelist()
def mark_as_trash(communication: str) -> None:
	_refuse_message(communication)
	return inbox.mark_as_trash(communication)


@frappe.whitelist()
def move_email(communication: str, email_account: str) -> None:
	_refuse_message(communication)
	return inbox.move_email(communication, email_account)


def _refuse_message(communication: str | int) -> None:
	# By what the database takes for the name: of a number, which matches many names there, nothing is known.
	mediums = frappe.get_all("Communication", {"name": ("=", communication)}, pluck="communication_medium")
	if not isinstance(communication, str) or "SMS" in mediums:
		frappe.throw(
			_("A text message stays in its ticket. Merge or split tickets to move it."),
			frappe.PermissionError,
		)
