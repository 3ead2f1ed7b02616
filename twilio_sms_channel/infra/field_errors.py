"""Refusals that name the field of the form to mend, so that the screen can mark it."""

import frappe


def refuse(
	field: str, reason: str, exc: type[Exception] = frappe.ValidationError, title: str | None = None
) -> None:
	"""
	:param field: fieldname; the response has it as `field`, beside Frappe's own messages
	:param reason: a sentence
	:raises exc: always
	"""
	frappe.local.response["field"] = field
	frappe.throw(reason, exc, title=title)
