"""Helpdesk's activity feed, with texts shown as texts.

Helpdesk draws every Communication as an e-mail. These functions call Helpdesk's own and change the entries that are
texts: who wrote, to which number, what became of it, which files came along.
"""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.desks import desk_of_site
from twilio_sms_channel.messaging import contacts, phone
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.statuses import NOT_DELIVERED

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
		else:
			_show_outbound(entry, message)
		if for_agent:
			_add_remarks(entry, message, files.get(message.name, []))
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
			"error_code",
			"error_message",
			"conversation",
			"automatic",
			"sent_as_email",
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
	if message.direction == "Inbound":
		remarks = [_escaped(remark) for remark in _about_received(message)]
	else:
		remarks = [_as_html(found)] if (found := trouble(message)) else []
	remarks += [_escaped(remark) for file in files if (remark := about_file(file))]
	for remark in remarks:
		entry["content"] += f"<p><em>⚠ {remark}</em></p>"


def _about_received(message) -> list[str]:
	"""What an agent has to know about an inbound text besides its words."""
	remarks = []
	if message.may_want_to_stop:
		remarks.append(_("May want to get no more texts, but wrote none of the words that opt out."))
	if not phone.is_answerable(message.customer_number):
		remarks.append(_("Cannot be answered: the sender is no phone number."))
	return remarks


def about_file(file) -> str:
	"""What an agent has to know about a file of a text: it is not there, or not as it was. "" for nothing.

	:param file: `status`, `error`, `file_name` and `changed` of a Twilio SMS Media row
	"""
	if file.status == "Waiting":
		return _("A file is being fetched.")
	if file.status == "Failed":
		return _("A file could not be fetched: {0}").format(file.error or "")
	if file.status == "Not Accepted":
		return _("The customer sent a file; this number does not accept files.")
	changes = [file.changed or "", _("sent as a link") if file.status == "Linked" else ""]
	what = ", ".join(change for change in changes if change)
	# What was changed may name the file itself.
	if not what or (file.file_name and file.file_name in what):
		return what
	return f"{file.file_name or _('File')}: {what}"


def _as_html(found: dict[str, Any]) -> str:
	"""A trouble in one line, with the link to Twilio's page. Everything in it is escaped."""
	line = _escaped(f"{found['what']} {found['do']}".strip())
	if found["link"]:
		label = _escaped(_("Twilio on error {0}").format(found["code"]))
		line += f' <a href="{_escaped(found["link"])}" target="_blank" rel="noopener">{label}</a>'
	return line


def _escaped(text: str) -> str:
	return frappe.utils.escape_html(text)


def _show_outbound(entry, message) -> None:
	if message.automatic:
		entry["user"] = {"name": _("Automatic"), "full_name": _("Automatic"), "email": "", "image": None}
	# Why it failed is for agents, and said below the text: customers see this line on the portal.
	entry["recipients"] = f"{phone.display(message.customer_number)} · {_word(message)}"
	if message.status in ("Queued", "Sending", "Accepted"):
		entry["delivery_status"] = ORANGE
	elif message.status in ("Sent", "Delivered", "Read"):
		entry["delivery_status"] = GREEN
	else:
		entry["delivery_status"] = _word(message)
	# The screen keeps an item as it is while its key, the creation time, stays the same; the time shown is
	# another field.
	entry["creation"] = f"{entry['creation']}|{message.status}|{message.modified}"


def fate(message) -> str:
	"""What became of an outbound text, in a few words and with the reason where there is one.

	:param message: `status`, `error_code`, `error_message` and `sent_as_email` of a Twilio SMS Message
	"""
	found = trouble(message)
	words = f"{_word(message)}: {found['what']}" if found else _word(message)
	return _("{0} (sent as e-mail)").format(words) if message.sent_as_email else words


def trouble(message) -> dict[str, Any] | None:
	"""Why an outbound text waits or did not arrive, and what can be done; None when there is nothing to say.

	:return: `{"code", "what", "do", "who", "link", "actions"}`: Twilio's code or "", what happened and what to do in
		the user's language, who can mend it (see `errors.Explanation`), Twilio's page or ""
	"""
	reason = message.error_message or ""
	# What has arrived, or is on its way, keeps no trouble from earlier attempts.
	if message.status not in (*NOT_DELIVERED, "Queued", "Unconfirmed") or not (message.error_code or reason):
		return None
	about = errors.explanation(message.error_code, reason)
	what, do = about.what, about.do
	if message.status not in NOT_DELIVERED and reason:
		# The stored reason tells how it goes on by itself, which Twilio's code alone does not.
		what, do = reason, ""
	return {
		"code": message.error_code or "",
		"what": what,
		"do": do,
		"who": about.who,
		"link": errors.help_url(message.error_code),
		"actions": list(about.actions),
	}


def _word(message) -> str:
	words = {
		"Queued": _("Waiting"),
		"Sending": _("Sending"),
		"Accepted": _("Sending"),
		"Sent": _("Sent"),
		"Delivered": _("Delivered"),
		"Read": _("Read"),
		"Unconfirmed": _("Unconfirmed"),
		"Canceled": _("Canceled"),
	}
	return words.get(message.status) or _("Not delivered")


def _files(messages: list) -> dict[str, list]:
	"""What the messages' files are like, by message."""
	if not messages:
		return {}
	return _by(
		"parent",
		frappe.get_all(
			"Twilio SMS Media",
			filters={"parent": ("in", [message.name for message in messages])},
			fields=["parent", "status", "error", "file_name", "changed"],
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
