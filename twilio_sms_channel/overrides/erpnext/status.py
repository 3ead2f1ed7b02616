"""ERPNext's endpoints that set an Issue's status, and ask nobody for a right.

Whoever closes a colleague's Issue could start a conversation with its customer, and get the answers.
"""

import frappe
from frappe import _

from twilio_sms_channel.desks.erpnext import TICKET
from twilio_sms_channel.overrides.frappe import reading

MODULE = "erpnext.support.doctype.issue.issue"


@frappe.whitelist()
def set_status(name: str, status: str) -> None:
	_require_write([name])
	reading.original(f"{MODULE}.set_status", name=name, status=status)


@frappe.whitelist()
def set_multiple_status(names: str | list[str], status: str) -> None:
	"""
	:param names: a JSON array
	"""
	try:
		listed = frappe.parse_json(names)
	except (ValueError, RecursionError):
		listed = None
	if not isinstance(listed, list):
		frappe.throw(_("The issues are not a list of names."))
	_require_write(listed)
	reading.original(f"{MODULE}.set_multiple_status", names=frappe.as_json(listed), status=status)


def _require_write(names: list[str]) -> None:
	for name in names:
		frappe.get_doc(TICKET, str(name)).check_permission("write")
