"""Helpdesk's activity feed, with text messages shown as such.

Helpdesk draws every Communication as an e-mail. These functions call Helpdesk's own and change the entries that are
text messages: who wrote, to which number, what became of it, which files came along; and the lines of its history that
this app wrote. However long the ticket is, this takes the same few queries.
"""

import json
import zlib
from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.content import media_links
from twilio_sms_channel.desks.helpdesk import TICKET
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.infra.statuses import NOT_DELIVERED
from twilio_sms_channel.messaging.conversation import eligibility, services, timeline
from twilio_sms_channel.messaging.delivery import labels
from twilio_sms_channel.messaging.outbound import ticket_messages
from twilio_sms_channel.overrides.helpdesk import feed_html
from twilio_sms_channel.people import phone

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"
# Helpdesk draws a page of its own for each entry, and stands still with some hundreds. Agents read the earlier ones in
# the drawer.
MAX_MESSAGES = 50
WRONG = (*NOT_DELIVERED, "Unconfirmed")


@frappe.whitelist()
def get_one(name: str, is_customer_portal: bool = False) -> Any:
	"""A ticket with its feed (Helpdesk: `hd_ticket.api.get_one`; the feed itself up to v1.14)."""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	ticket = api.get_one(name, is_customer_portal=is_customer_portal)
	# The portal is for customers, an agent who looks at it sees what they see.
	_show_messages(ticket, for_agent=desk_of(TICKET).is_agent() and not is_customer_portal)
	_show_lines(ticket, name)
	return ticket


@frappe.whitelist()
def get_ticket_activities(ticket: str) -> Any:
	"""A ticket's feed (Helpdesk: `hd_ticket.api.get_ticket_activities`, v1.15 and later)."""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	if not hasattr(api, "get_ticket_activities"):
		raise frappe.DoesNotExistError
	activities = api.get_ticket_activities(ticket)
	_show_messages(activities, for_agent=desk_of(TICKET).is_agent())
	_show_lines(activities, ticket)
	return activities


def events(doc) -> list[dict[str, Any]]:
	"""What happened to a ticket's conversation besides its messages, oldest first: `[{"at": datetime, "what"}]`.

	:param doc: the ticket's document
	"""
	if not doc.get("twilio_sms_conversation"):
		return []
	return timeline.of(doc, timeline.customer_of(doc.twilio_sms_conversation))


def desk_timeline(doctype: str, docname: str) -> list[dict[str, Any]]:
	"""The same for the timeline of Desk's form (hook `additional_timeline_content`), which asks who may read the ticket."""
	if not desk_of(TICKET).is_agent():
		return []
	conversation = frappe.db.get_value(doctype, docname, "twilio_sms_conversation")
	ticket = frappe._dict(doctype=doctype, name=docname, twilio_sms_conversation=conversation)
	return [
		{
			"icon": "small-message",
			"is_card": False,
			"creation": line["at"],
			"content": frappe.utils.escape_html(line["what"]),
		}
		for line in events(ticket)
	]


def _show_lines(feed, ticket: str) -> None:
	predicates = timeline.predicates()
	lines = [line for line in (feed or {}).get("history") or [] if line["action"] in predicates]
	if not lines:
		return
	conversation = frappe.db.get_value(TICKET, ticket, "twilio_sms_conversation")
	customer = timeline.customer_of(conversation)
	for line in lines:
		if line["action"] in timeline.OF_CUSTOMER:
			line["user"] = {"name": customer, "full_name": customer, "email": "", "image": None}
		line["action"] = predicates[line["action"]]


def _show_messages(feed, for_agent: bool) -> None:
	entries = {entry["name"]: entry for entry in (feed or {}).get("communications") or []}
	earlier = _take_out_earlier(feed, entries) if for_agent else 0
	messages = _messages(list(entries))
	shown = {message.communication for message in messages}
	oldest = next((name for name in entries if name in shown), "") if earlier else ""
	# What customers see on the portal offers them nothing.
	ticket_messages.complete(
		[message for message in messages if message.name], _CanText() if for_agent else {}.get
	)
	for message in messages:
		entry = entries[message.communication]
		files = _readable(message.get("media", []), for_agent)
		inline = [file for file in files if feed_html.is_picture(file)]
		if message.direction == "Inbound":
			_show_inbound(entry, message)
		elif message.name:
			_show_outbound(entry, message, for_agent)
		entry["content"] = (entry["content"] or "") + feed_html.pictures(inline)
		if message.communication == oldest:
			entry["content"] = feed_html.earlier(earlier) + entry["content"]
		if for_agent and message.name:
			entry["content"] += feed_html.for_agents(_remarks(message), message.actions, message.name)
		if message.name:
			entry["attachments"] = _below(files, inline)
		if for_agent:
			_redraw_when_changed(entry)


def _take_out_earlier(feed, entries: dict[str, Any]) -> int:
	"""Leave the newest messages only. Returns how many were taken out."""
	if len(entries) <= MAX_MESSAGES:
		return 0
	Communication = frappe.qb.DocType("Communication")
	older = (
		frappe.qb.from_(Communication)
		.select(Communication.name)
		.where(Communication.name.isin(list(entries)) & (Communication.communication_medium == "SMS"))
		.orderby(Communication.creation, Communication.name, order=frappe.qb.desc)
		.offset(MAX_MESSAGES)
		# Without a limit there is no offset.
		.limit(len(entries))
	).run(pluck=True)
	for name in older:
		del entries[name]
	if older:
		feed["communications"] = list(entries.values())
	return len(older)


def _redraw_when_changed(entry) -> None:
	# The agents' screen keeps an item as it is while its key, the creation time, stays the same; the time it shows is
	# another field. The portal shows this one.
	shown = [entry.get(key) for key in ("content", "recipients", "delivery_status", "user", "attachments")]
	entry["creation"] = f"{entry['creation']}|{zlib.crc32(json.dumps(shown, default=str).encode()):x}"


class _CanText:
	"""Whether a conversation takes messages at all; looked up only for those where it matters."""

	def __init__(self):
		self._known: dict[str, bool] = {}

	def __call__(self, conversation: str) -> bool:
		if conversation not in self._known:
			self._known[conversation] = not eligibility.refusal(frappe.get_doc(CONVERSATION, conversation))
		return self._known[conversation]


def _messages(communications: list[str]) -> list:
	"""Those of the Communications that are text messages, with what is known of each and of its customer.

	A merged ticket keeps Communications whose messages have moved on: of those only `direction`, `who` and
	`customer_number` are known.
	"""
	if not communications:
		return []
	Communication, Message = frappe.qb.DocType("Communication"), frappe.qb.DocType(MESSAGE)
	Conversation, Contact = frappe.qb.DocType(CONVERSATION), frappe.qb.DocType("Contact")
	rows = (
		frappe.qb.from_(Communication)
		.left_join(Message)
		.on(Message.communication == Communication.name)
		.left_join(Conversation)
		.on(Conversation.name == Message.conversation)
		.left_join(Contact)
		.on(Contact.name == Conversation.contact)
		.select(
			Communication.name.as_("communication"),
			Communication.sent_or_received,
			Communication.phone_no,
			Communication.sender_full_name,
			*(Message[field] for field in ticket_messages.FIELDS),
			Contact.first_name,
			Contact.last_name,
		)
		.where(Communication.name.isin(communications) & (Communication.communication_medium == "SMS"))
	).run(as_dict=True)
	for row in rows:
		row.direction = row.direction or ("Inbound" if row.sent_or_received == "Received" else "Outbound")
		row.customer_number = row.customer_number or row.phone_no or ""
		contact = " ".join(name for name in (row.first_name, row.last_name) if name)
		row.who = contact or (not row.name and row.sender_full_name) or phone.display(row.customer_number)
	return rows


def _show_inbound(entry, message) -> None:
	# Without a user Helpdesk shows "No name found" and its Reply icon does nothing.
	entry["user"] = {
		"name": message.who,
		"full_name": message.who,
		"email": message.customer_number,
		"image": None,
	}
	entry["sender"] = message.customer_number
	entry["recipients"] = _joined(services.display(message.number), message.get("travelled"))
	entry["delivery_status"] = ""


def _remarks(message) -> list[str]:
	"""What agents have to know besides the message's words, as HTML."""
	if message.direction == "Inbound":
		remarks = [feed_html.escaped(remark) for remark in _about_received(message)]
	else:
		remarks = [feed_html.trouble(message.error)] if message.error else []
		remarks += [feed_html.escaped(remark) for remark in message.along]
	return remarks + [feed_html.escaped(file.remark) for file in message.media if file.remark]


def _about_received(message) -> list[str]:
	"""What an agent has to know about an inbound message besides its words."""
	remarks = []
	if message.may_want_to_stop:
		remarks.append(_("May want no more text messages, but wrote none of the words that opt out."))
	if message.group:
		remarks.append(message.group)
	remarks += message.along
	if not phone.is_answerable(message.customer_number):
		remarks.append(_("Cannot be answered: the sender is not a phone number."))
	return remarks


def _show_outbound(entry, message, for_agent: bool) -> None:
	if message.automatic:
		entry["user"] = {"name": _("Automatic"), "full_name": _("Automatic"), "email": "", "image": None}
	number, word = phone.display(message.customer_number), labels.word(message)
	# Helpdesk's badge is red for every word but some of its own: what went wrong stands there, all else beside the number.
	# Why it failed is for agents, and said below the message; the portal shows customers no badge.
	in_badge = for_agent and message.status in WRONG
	entry["delivery_status"] = word if in_badge else ""
	entry["recipients"] = _joined(number, message.get("travelled"), "" if in_badge else word)


def _joined(*parts: str | None) -> str:
	return " · ".join(part for part in parts if part)


def _readable(files: list, for_agent: bool) -> list:
	"""The files with addresses that the reader can open."""
	if for_agent:
		# Agents' e-mails take along what they quote by this address alone. It is closed to customers.
		return files
	return [
		frappe._dict(file, file_url=file.file_url and media_links.for_reader(file.file)) for file in files
	]


def _below(files: list, inline: list) -> list[dict[str, str]]:
	"""Files that are not shown between the words. Not Helpdesk's list, which is an hour old."""
	return [
		{"name": file.file, "file_url": file.file_url, "file_name": file.file_name}
		for file in files
		if file.file_url and file not in inline
	]
