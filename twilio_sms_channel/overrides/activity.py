"""Helpdesk's activity feed, with texts shown as texts.

Helpdesk draws every Communication as an e-mail. These functions call Helpdesk's own and change the entries that are
texts: who wrote, to which number, what became of it, which files came along.
"""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.messaging import contacts, phone

MESSAGE = "Twilio SMS Message"
# Helpdesk colours its badge by these words: green, orange; every other word is red.
GREEN, ORANGE = "Sent", "Sending"


@frappe.whitelist()
def get_one(name: str, is_customer_portal: bool = False) -> Any:
	"""A ticket with its feed (Helpdesk: `hd_ticket.api.get_one`; the feed itself up to v1.16)."""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	ticket = api.get_one(name, is_customer_portal=is_customer_portal)
	_show_texts(ticket)
	return ticket


@frappe.whitelist()
def get_ticket_activities(ticket: str) -> Any:
	"""A ticket's feed (Helpdesk: `hd_ticket.api.get_ticket_activities`, v1.17 and later)."""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	activities = api.get_ticket_activities(ticket)
	_show_texts(activities)
	return activities


def _show_texts(feed) -> None:
	entries = {entry["name"]: entry for entry in (feed or {}).get("communications") or []}
	for message in _messages(list(entries)):
		entry = entries[message.communication]
		if message.direction == "Inbound":
			_show_inbound(entry, message)
		else:
			_show_outbound(entry, message)
		entry["attachments"] = _attachments(message.communication)


def _messages(communications: list[str]) -> list:
	if not communications:
		return []
	return frappe.get_all(
		MESSAGE,
		filters={"communication": ("in", communications)},
		fields=[
			"name",
			"communication",
			"direction",
			"status",
			"customer_number",
			"number",
			"error_message",
			"conversation",
		],
	)


def _show_inbound(entry, message) -> None:
	contact = frappe.db.get_value("Twilio SMS Conversation", message.conversation, "contact", cache=True)
	name = contacts.full_name(contact) or phone.display(message.customer_number)
	# Without a user Helpdesk shows "No name found" and its Reply icon does nothing.
	entry["user"] = {"name": name, "full_name": name, "email": message.customer_number, "image": None}
	entry["sender"] = message.customer_number
	entry["recipients"] = phone.display(message.number)
	entry["delivery_status"] = ""


def _show_outbound(entry, message) -> None:
	entry["recipients"] = f"{phone.display(message.customer_number)} · {fate(message)}"
	if message.status in ("Queued", "Sending", "Accepted"):
		entry["delivery_status"] = ORANGE
	elif message.status in ("Sent", "Delivered", "Read"):
		entry["delivery_status"] = GREEN
	else:
		entry["delivery_status"] = _("Not delivered") if message.status != "Unconfirmed" else _("Unconfirmed")
	# The screen keeps an item as it is while its key, the creation time, stays the same; the time shown is
	# another field.
	entry["creation"] = f"{entry['creation']}|{message.status}"


def fate(message) -> str:
	"""What became of an outbound text, in a few words and with the reason where it failed."""
	words = {
		"Queued": _("Sending"),
		"Sending": _("Sending"),
		"Accepted": _("Sending"),
		"Sent": _("Sent"),
		"Delivered": _("Delivered"),
		"Read": _("Read"),
		"Unconfirmed": _("Unconfirmed"),
		"Canceled": _("Canceled"),
	}
	word = words.get(message.status) or _("Not delivered")
	return f"{word}: {message.error_message}" if message.error_message else word


def _attachments(communication: str) -> list:
	# Helpdesk caches a Communication's attachments for an hour; those of a text arrive after it.
	return frappe.get_all(
		"File",
		filters={"attached_to_doctype": "Communication", "attached_to_name": communication},
		fields=["name", "file_url", "file_name"],
	)
