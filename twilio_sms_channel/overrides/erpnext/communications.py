"""What Frappe and ERPNext do to an Issue when something is written in it, where a message asks for nothing."""

from typing import Any

import frappe

from twilio_sms_channel.desks.erpnext import TICKET


def leave_issue_alone(doc, method: str | None = None) -> None:
	"""Keep what was settled so when a customer only likes a message (hook `before_insert` of Communication).

	Frappe opens an Issue again for whatever is received in it.
	"""
	if doc.flags.twilio_sms_reaction and doc.reference_doctype == TICKET:
		doc.parent_doc = _Untouched(doc.reference_doctype, doc.reference_name)


class _Untouched:
	"""Stands in for the Issue where Frappe asks for its fields to change them (`frappe.core.utils.get_parent_doc`)."""

	def __init__(self, doctype: str, name: str):
		self.doctype, self.name = doctype, name
		self.meta = frappe._dict(get_field=lambda field: None, has_field=lambda field: False)

	def get(self, field: str, default: Any = None) -> Any:
		return default

	def run_method(self, method: str, *args: Any, **kwargs: Any) -> None:
		pass

	def notify_update(self) -> None:
		frappe.get_doc(self.doctype, self.name).notify_update()

	def __getattr__(self, field: str) -> None:
		return None
