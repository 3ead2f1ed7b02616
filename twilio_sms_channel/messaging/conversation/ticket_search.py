"""Tickets by the customer's phone number, in whatever spelling it is asked for."""

import re
from collections.abc import Callable
from typing import Any

import frappe
from frappe.query_builder.functions import Count, Max

from twilio_sms_channel.desks.base import Desk
from twilio_sms_channel.desks.registry import desks
from twilio_sms_channel.people import contacts, countries, phone

CONVERSATION, COMMUNICATION = "Twilio SMS Conversation", "Communication"
MIN_ENDING_DIGITS = 6
MAX_CONVERSATIONS, MAX_TICKETS = 200, 20
FIELDS = ("name", "subject", "status", "creation", "modified", "twilio_sms_conversation")
# With what people put between digits.
NUMBER = re.compile(r"^(?:tel:|sms:)?[\s+(]*[0-9][0-9\s()/.+-]*$", re.IGNORECASE)


def looks_like_number(query: str | None) -> bool:
	"""Whether somebody who searches for this may mean a phone number: nothing but digits and what stands between them.

	>>> looks_like_number("(415) 555-0132"), looks_like_number("order 4711")
	(True, False)
	"""
	query = phone.cleaned(query)
	return bool(NUMBER.match(query)) and len(_digits(query)) >= 3


def tickets(query: str | None, among: list[Desk], limit: int = MAX_TICKETS) -> list[dict[str, Any]]:
	"""Tickets with messages of a number that the session user may read, those changed last first.

	:param query: the number in any spelling, a short code, or at least the last six digits
	:param among: the ticket systems that count, in which the user is an agent
	:return: `[{"ticket", "ticket_doctype", "subject", "status", "customer", "customer_number", "last"}]`; `last` is when
		the ticket's last message came or went
	"""
	if not (found := _conversations(query)):
		return []
	with_messages = {"twilio_sms_conversation": ("in", list(found))}
	rows = _readable(among, lambda desk: [with_messages], "modified", limit)
	messages = _messages(rows)
	return [
		{
			"ticket": row.name,
			"ticket_doctype": row.doctype,
			"subject": row.subject,
			"status": row.status,
			"customer": _customer(found[row.twilio_sms_conversation]),
			"customer_number": phone.display(found[row.twilio_sms_conversation].customer_number),
			"last": messages.get((row.doctype, row.name), {}).get("last"),
		}
		for row in rows
	]


def history(ticket, limit: int = MAX_TICKETS) -> list[dict[str, Any]]:
	"""The other tickets of a ticket's customer number, whichever of ours it texted, and its contact's open ones of
	whatever channel, that the session user may read.

	:param ticket: the ticket's document; of one without messages the numbers of its contact count
	:return: newest first, `[{"ticket", "ticket_doctype", "subject", "status", "opened", "last", "texts": count, "number"
		of ours}]`
	"""
	if ticket.is_text_ticket:
		customer = frappe.db.get_value(CONVERSATION, ticket.twilio_sms_conversation, "customer_number")
		numbers = [customer] if customer else []
	else:
		numbers = contacts.numbers_of(ticket.customer_contact)
	found = _by_name({"customer_number": ("in", numbers)}) if numbers else {}
	rows = _others(ticket, list(found), limit)
	messages = _messages(rows)
	return [
		{
			"ticket": row.name,
			"ticket_doctype": row.doctype,
			"subject": row.subject,
			"status": row.status,
			"opened": row.creation,
			"last": messages.get((row.doctype, row.name), {}).get("last"),
			"texts": messages.get((row.doctype, row.name), {}).get("texts", 0),
			"number": _number_of(row, found),
		}
		for row in rows
	]


def count_others(ticket, customer_number: str, most: int = MAX_TICKETS) -> int:
	"""How many other tickets `history` would list: those that the session user may read.

	:param ticket: a ticket's document
	:param most: counted up to this
	"""
	conversations = frappe.get_all(CONVERSATION, {"customer_number": customer_number}, pluck="name")
	return len(_others(ticket, conversations, most))


def _conversations(query: str | None) -> dict[str, Any]:
	"""Conversations with a number, by name: of exactly this number, otherwise of those that end in it."""
	if not looks_like_number(query):
		return {}
	query = re.sub(r"^(tel|sms):", "", phone.cleaned(query), flags=re.IGNORECASE)
	digits = _digits(query)
	own = phone.canonical(query, countries.default_region())
	exact = {number for number in (own, phone.e164(f"+{digits}")) if number}
	if found := _by_name({"customer_number": ("in", sorted(exact))}):
		return found
	# 0170… in its own country is +49170… everywhere else.
	for ending in dict.fromkeys((digits, digits.lstrip("0"))):
		if len(ending) >= MIN_ENDING_DIGITS and (
			found := _by_name({"customer_number_reversed": ("like", f"{ending[::-1]}%")})
		):
			return found
	return {}


def _by_name(filters: dict) -> dict[str, Any]:
	rows = frappe.get_all(
		CONVERSATION,
		filters=filters,
		fields=["name", "number", "customer_number", "contact"],
		order_by="modified desc",
		limit=MAX_CONVERSATIONS,
	)
	return {row.name: row for row in rows}


def _others(ticket, conversations: list[str], limit: int) -> list:
	"""Tickets of these conversations, and the open ones of its contact, besides one, by its document: in its ticket system,
	and in those in which the session user is an agent as well."""

	def others(desk: Desk) -> list[dict[str, Any]]:
		itself = {"name": ("!=", ticket.name)} if desk.doctype == ticket.doctype else {}
		found = []
		if conversations:
			found.append({**desk.living, "twilio_sms_conversation": ("in", conversations), **itself})
		if contact := ticket.customer_contact:
			found.append({**desk.open_tickets(), "contact": contact, **itself})
		return found

	among = [desk for desk in desks() if desk.doctype == ticket.doctype or desk.is_agent()]
	return _readable(among, others, "creation", limit)


def _readable(
	among: list[Desk], filters: Callable[[Desk], list[dict[str, Any]]], latest_by: str, limit: int
) -> list:
	"""Tickets that the session user may read, the latest first: rows with `doctype` and `FIELDS`.

	:param filters: those of a ticket system's tickets that count, for one of the reasons in the list
	:param latest_by: "creation" or "modified"
	"""
	found = {}
	for desk in among:
		# Frappe raises for a DocType of which somebody may read nothing.
		if not frappe.has_permission(desk.doctype, "read"):
			continue
		for reason in filters(desk):
			rows = frappe.get_list(
				desk.doctype,
				filters=reason,
				fields=list(FIELDS),
				order_by=f"{latest_by} desc",
				limit=limit,
			)
			for row in rows:
				# A number before v16; what refers to it is text, and only text finds it there by the index.
				row.update(doctype=desk.doctype, name=str(row.name))
				found[row.doctype, row.name] = row
	return sorted(found.values(), key=lambda row: row[latest_by], reverse=True)[:limit]


def _number_of(row, conversations: dict[str, Any]) -> str:
	"""The number of ours that a ticket texts from, "" where it has no messages.

	:param conversations: by name, those that are known already
	"""
	if not (name := row.twilio_sms_conversation):
		return ""
	known = conversations.get(name)
	number = known.number if known else frappe.db.get_value(CONVERSATION, name, "number")
	return phone.display(number) if number else ""


def _messages(tickets: list) -> dict[tuple[str, str], dict]:
	"""How many messages each ticket has, and when the last one came or went; by DocType and name.

	:param tickets: rows of `_readable`
	"""
	if not tickets:
		return {}
	Communication = frappe.qb.DocType(COMMUNICATION)
	rows = (
		frappe.qb.from_(Communication)
		.select(
			Communication.reference_doctype.as_("doctype"),
			Communication.reference_name.as_("ticket"),
			Count("*").as_("texts"),
			Max(Communication.communication_date).as_("last"),
		)
		.where(Communication.reference_doctype.isin(list({ticket.doctype for ticket in tickets})))
		.where(Communication.reference_name.isin([ticket.name for ticket in tickets]))
		.where(Communication.communication_medium == "SMS")
		.groupby(Communication.reference_doctype, Communication.reference_name)
	).run(as_dict=True)
	return {(row.doctype, row.ticket): row for row in rows}


def _customer(conversation) -> str:
	return contacts.full_name(conversation.contact) or phone.display(conversation.customer_number)


def _digits(query: str | None) -> str:
	return re.sub(r"[^0-9]", "", query or "")
