"""Desk's search finds the tickets with texts of a phone number as well, and nothing of tickets that a list would not show."""

from typing import Any

import frappe
from frappe.utils import escape_html

from twilio_sms_channel.desks.registry import desks_of_agent
from twilio_sms_channel.messaging.conversation import ticket_search
from twilio_sms_channel.overrides.frappe import reading

MAX_FOUND = 10


@frappe.whitelist()
def in_desk(text: str, start: int | str = 0, limit: int | str = 20, doctype: str = "") -> Any:
	"""Desk's search (Frappe: `frappe.utils.global_search.search`)."""
	from frappe.utils import global_search

	# "More" asks for what follows; ours are on the first page.
	found = [] if frappe.utils.cint(start) else found_tickets(text, doctype)
	# It asks of a DocType whether the caller may read any of it, and of no document.
	others = reading.only_readable(global_search.search(text, start, limit, doctype))
	return [_in_desk(row, text.strip()) for row in found] + others


def found_tickets(query: str, doctype: str = "", limit: int = MAX_FOUND) -> list[dict[str, Any]]:
	"""Tickets with texts of a phone number, as `ticket_search.tickets` gives them; none for what is no number.

	:param doctype: "" for tickets of all kinds
	"""
	if not ticket_search.looks_like_number(query):
		return []
	among = [desk for desk in desks_of_agent() if doctype in ("", desk.doctype)]
	return ticket_search.tickets(query, among, limit) if among else []


def _in_desk(row: dict[str, Any], query: str) -> dict[str, Any]:
	# Desk shows of "field : value" only what has the very words that were typed, in both, and shows it as HTML.
	value = " · ".join([query, *(escape_html(row[field]) for field in ("customer", "subject"))])
	return {
		"doctype": row["ticket_doctype"],
		"name": row["ticket"],
		"content": f"{query} : {value}",
		"rank": 1,
	}
