"""Searching for a phone number finds the tickets with its texts in Desk's search as well."""

from typing import Any

import frappe
from frappe.utils import escape_html

from twilio_sms_channel.desks.registry import desk_or_none
from twilio_sms_channel.messaging.conversation import ticket_search

MAX_FOUND = 10


@frappe.whitelist()
def in_desk(text: str, start: int | str = 0, limit: int | str = 20, doctype: str = "") -> Any:
	"""Desk's search (Frappe: `frappe.utils.global_search.search`)."""
	from frappe.utils import global_search

	# "More" asks for what follows; ours are on the first page.
	found = [] if frappe.utils.cint(start) else found_tickets(text, doctype)
	return [_in_desk(row, text.strip()) for row in found] + global_search.search(text, start, limit, doctype)


def found_tickets(query: str, doctype: str = "", limit: int = MAX_FOUND) -> list[dict[str, Any]]:
	"""Tickets with texts of a phone number, as `ticket_search.tickets` gives them; none for what is no number."""
	desk = desk_or_none()
	if not desk or doctype not in ("", desk.doctype) or not desk.is_agent():
		return []
	return ticket_search.tickets(query, limit)


def _in_desk(row: dict[str, Any], query: str) -> dict[str, Any]:
	# Desk shows of "field : value" only what has the very words that were typed, in both, and shows it as HTML.
	value = " · ".join([query, *(escape_html(row[field]) for field in ("customer", "subject"))])
	return {
		"doctype": desk_or_none().doctype,
		"name": row["ticket"],
		"content": f"{query} : {value}",
		"rank": 1,
	}
