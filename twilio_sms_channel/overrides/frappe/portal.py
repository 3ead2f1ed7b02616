"""Portal lists give whole rows to customers. What agents and customers wrote in a ticket is not for all who may list it.

Frappe keeps the beginnings of a ticket's messages and internal comments in the ticket (`_comments`), for Desk's count.
"""

from typing import Any

import frappe

from twilio_sms_channel.desks.registry import ticket_doctypes
from twilio_sms_channel.overrides.frappe.reading import original

ENDPOINTS = {
	# Before Frappe v16 alone.
	"frappe.www.list.get": f"{__name__}.get",
	"frappe.www.list.get_list_data": f"{__name__}.get_list_data",
}


@frappe.whitelist(allow_guest=True)
def get(doctype: str, **args: Any) -> dict:
	found = original("frappe.www.list.get", doctype=doctype, **args)
	if doctype in ticket_doctypes() and "raw_result" in found:
		found["raw_result"] = frappe.as_json(_without_words(frappe.parse_json(found["raw_result"])))
	return found


@frappe.whitelist(allow_guest=True)
def get_list_data(doctype: str, **args: Any) -> Any:
	found = original("frappe.www.list.get_list_data", doctype=doctype, **args)
	return _without_words(found) if doctype in ticket_doctypes() else found


def _without_words(rows: list[dict]) -> list[dict]:
	for row in rows:
		row.pop("_comments", None)
	return rows
