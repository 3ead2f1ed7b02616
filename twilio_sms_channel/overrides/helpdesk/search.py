"""Searching for a phone number finds the tickets with its messages in Helpdesk's searches as well.

Each calls the function that it stands in for and puts its own finds before. What is no phone number goes through as it is.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import frappe
from frappe.utils import escape_html, get_datetime
from redis.exceptions import RedisError

from twilio_sms_channel.desks.helpdesk import TICKET
from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.overrides.frappe.search import found_tickets

# Helpdesk's palette shows a handful of each kind.
MAX_IN_PALETTE = 5
TOLD_EVERY_S = 24 * 3600

try:
	from frappe.search.sqlite_search import SQLiteSearchIndexMissingError as IndexMissing
except ImportError:
	# Before v16 Frappe has no such search.
	IndexMissing = sqlite3.Error
# Older Helpdesk searches in a module of Redis, newer in an index of its own: not every site has them.
SEARCH_FAILS = (RedisError, sqlite3.Error, IndexMissing, frappe.ValidationError)


@frappe.whitelist()
def in_palette(query: str, only_articles: bool | int | str = False, qtype: str = "and") -> Any:
	"""The command palette of older Helpdesk, seen in v1.14 (`helpdesk.search.search`)."""
	from helpdesk import search

	# In newer releases no endpoint leads there.
	frappe.is_whitelisted(search.search)
	found = [] if frappe.utils.sbool(only_articles) else found_tickets(query, TICKET, MAX_IN_PALETTE)
	groups = _besides(
		found, lambda: search.search(query, only_articles=frappe.utils.sbool(only_articles), qtype=qtype), []
	)
	groups = _without_hidden(groups)
	if not found:
		return groups
	ours = [_in_palette(row) for row in found]
	names = {item["name"] for item in ours}
	for group in groups:
		if group["title"] == "Tickets":
			ours += [item for item in group["items"] if str(item.get("name")) not in names]
	# The palette knows its groups by their English title.
	return [{"title": "Tickets", "items": ours}, *(g for g in groups if g["title"] != "Tickets")]


@frappe.whitelist()
def on_page(
	query: str, filters: str | None = None, limit: int | str = 20, title_only: bool | str = False
) -> Any:
	"""The search page of newer Helpdesk, seen in v1.28 (`helpdesk.api.search.search`)."""
	try:
		from helpdesk.api import search
	except ImportError:
		# Older releases have no such page.
		raise frappe.DoesNotExistError from None

	frappe.is_whitelisted(search.search)
	# The page's filters are about what only its own index knows.
	found = [] if filters and filters != "{}" else found_tickets(query, TICKET)
	nothing = {"results": [], "summary": {"duration": 0, "total_matches": 0, "filtered_matches": 0}}
	answer = _besides(
		found, lambda: search.search(query, filters=filters, limit=limit, title_only=title_only), nothing
	)
	if not found:
		return answer
	ours = [_on_page(row) for row in found]
	ids = {item["id"] for item in ours}
	others = [item for item in answer["results"] if item.get("id") not in ids]
	added = len(ours) + len(others) - len(answer["results"])
	summary = dict(answer["summary"])
	for count in ("total_matches", "returned_matches", "filtered_matches"):
		summary[count] = (summary.get(count) or 0) + added
	return {**answer, "results": [*ours, *others], "summary": summary}


def _besides(found: list, search: Callable[[], Any], nothing: Any) -> Any:
	"""What the search finds; a search without an index of its own does not take ours away."""
	if not found:
		return search()
	try:
		return search()
	except SEARCH_FAILS:
		frappe.clear_messages()
		_tell_once()
		return nothing


def _tell_once() -> None:
	"""Leave a line in the Error Log, once a day."""
	told = "twilio_sms_search_fails"
	if frappe.cache().get_value(told, expires=True):
		return
	frappe.cache().set_value(told, 1, expires_in_sec=TOLD_EVERY_S)
	# Later: whoever only searches commits nothing.
	frappe.log_error(title="Helpdesk's search fails; only text messages are found", defer_insert=True)


def _without_hidden(groups: list[dict]) -> list[dict]:
	"""Without the SMS tickets that the user may not read: this search shows every agent the subjects of all teams, and
	the subject of an SMS ticket is what the customer wrote.
	"""
	# For somebody who is no agent Helpdesk leaves an empty list in each ticket's place.
	names = [
		str(item.get("name"))
		for group in groups
		for item in group["items"]
		if group["title"] == "Tickets" and item
	]
	if not names or not desk_or_none_of(TICKET):
		return groups
	text_tickets = {"name": ("in", names), "twilio_sms_conversation": ("is", "set")}
	hidden = {str(name) for name in frappe.get_all(TICKET, text_tickets, pluck="name")}
	hidden -= {str(name) for name in frappe.get_list(TICKET, text_tickets, pluck="name", limit=0)}
	if not hidden:
		return groups
	for group in groups:
		if group["title"] == "Tickets":
			group["items"] = [item for item in group["items"] if item and str(item["name"]) not in hidden]
	return [group for group in groups if group["items"]]


def _in_palette(row: dict[str, Any]) -> dict[str, Any]:
	return {
		"doctype": TICKET,
		"name": row["ticket"],
		"subject": f"{row['subject']} · {_about(row)}",
		"modified": row["last"],
	}


def _on_page(row: dict[str, Any]) -> dict[str, Any]:
	last = row["last"]
	return {
		"id": f"{TICKET}:{row['ticket']}",
		"doctype": TICKET,
		"name": row["ticket"],
		"reference_ticket": row["ticket"],
		# The page shows these two as HTML.
		"title": escape_html(row["subject"]),
		"content": escape_html(_about(row)),
		"status": row["status"],
		"modified": get_datetime(last).timestamp() if last else "",
		"score": 1,
	}


def _about(row: dict[str, Any]) -> str:
	known = row["customer"] != row["customer_number"]
	return f"{row['customer']}, {row['customer_number']}" if known else row["customer_number"]
