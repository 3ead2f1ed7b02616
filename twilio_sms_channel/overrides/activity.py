"""Helpdesk's activity feed, with texts shown as texts.

Helpdesk draws every Communication as an e-mail. These functions call Helpdesk's own and change the entries that are
texts: who wrote, to which number, what became of it, which files came along.
"""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.desks import desk_of_site
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
	messages = _messages(list(entries))
	files = _files(messages)
	attachments = _attachments([message.communication for message in messages])
	# Customers see this feed on the portal, too.
	for_agent = desk_of_site().is_agent()
	for message in messages:
		entry = entries[message.communication]
		if message.direction == "Inbound":
			_show_inbound(entry, message)
			if for_agent:
				_add_remarks(entry, message, files.get(message.name, []))
		else:
			_show_outbound(entry, message)
		entry["attachments"] = attachments.get(message.communication, [])


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
			"automatic",
			"may_want_to_stop",
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


def _add_remarks(entry, message, files: list) -> None:
	for remark in _remarks(message, files):
		entry["content"] += f"<p><em>⚠ {frappe.utils.escape_html(remark)}</em></p>"


def _remarks(message, files: list) -> list[str]:
	"""What an agent has to know about an inbound text besides its words."""
	remarks = []
	if message.may_want_to_stop:
		remarks.append(_("May want to get no more texts, but wrote none of the words that opt out."))
	if not phone.is_answerable(message.customer_number):
		remarks.append(_("Cannot be answered: the sender is no phone number."))
	for file in files:
		if file.status == "Waiting":
			remarks.append(_("A file is being fetched."))
		elif file.status == "Failed":
			remarks.append(_("A file could not be fetched: {0}").format(file.error or ""))
		else:
			remarks.append(_("The customer sent a file; this number does not accept files."))
	return remarks


def _show_outbound(entry, message) -> None:
	if message.automatic:
		entry["user"] = {"name": _("Automatic"), "full_name": _("Automatic"), "email": "", "image": None}
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


def _files(messages: list) -> dict[str, list]:
	"""Files that are not in the ticket, by message."""
	if not messages:
		return {}
	return _by(
		"parent",
		frappe.get_all(
			"Twilio SMS Media",
			filters={
				"parent": ("in", [message.name for message in messages]),
				"status": ("in", ("Waiting", "Failed", "Not Accepted")),
			},
			fields=["parent", "status", "error"],
			order_by="parent, idx",
		),
	)


def _attachments(communications: list[str]) -> dict[str, list]:
	# Helpdesk caches a Communication's attachments for an hour; those of a text arrive after it.
	if not communications:
		return {}
	return _by(
		"attached_to_name",
		frappe.get_all(
			"File",
			filters={"attached_to_doctype": "Communication", "attached_to_name": ("in", communications)},
			fields=["attached_to_name", "name", "file_url", "file_name"],
			order_by="creation",
		),
	)


def _by(key: str, rows: list) -> dict[str, list]:
	grouped: dict[str, list] = {}
	for row in rows:
		grouped.setdefault(row.pop(key), []).append(row)
	return grouped
