"""What screens show of a ticket's SMS conversation."""

from typing import Any

import frappe
from frappe import _
from frappe.query_builder.functions import Count

from twilio_sms_channel.content import media_links, media_types, segments
from twilio_sms_channel.infra import site_identity
from twilio_sms_channel.messaging.conversation import (
	eligibility,
	reachability,
	services,
	ticket_search,
	timeline,
)
from twilio_sms_channel.messaging.delivery import labels
from twilio_sms_channel.messaging.outbound import (
	attachments,
	cost_estimate,
	message_actions,
	outbox,
	ticket_messages,
)
from twilio_sms_channel.messaging.outbound.ticket_messages import FETCH
from twilio_sms_channel.people import contacts, phone

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"
MAX_LISTED = 200


def of(ticket) -> dict[str, Any]:
	"""Everything about a ticket's conversation that its screen shows; the keys are those of `api.ticket.state`.

	:param ticket: the ticket's document
	"""
	about = {
		"ticket": {"name": str(ticket.name), "subject": ticket.subject},
		"ticket_doctype": ticket.doctype,
		"email": ticket.customer_email(),
		"limits": {
			"characters": segments.MAX_CHARACTERS,
			"files": attachments.MAX_FILES,
			"bytes": media_types.MMS.max_bytes,
		},
	}
	if not ticket.is_text_ticket:
		return {**about, "channel": None, **_without_conversation(ticket)}
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	facts = eligibility.Facts()
	number = eligibility.number_for(conversation, facts)
	refused = eligibility.refusal(conversation, facts)
	opted_out = bool(
		refused
		and eligibility.opted_out(facts.number(conversation.number), conversation.customer_number, facts)
	)
	doubt = reachability.doubt(conversation.customer_number)
	ask_first = "" if opted_out else outbox.ask_first(conversation)
	messages, older = _messages(ticket, can_text=not refused)
	about["limits"].update(_limits_of_files(number, conversation.customer_number))
	return {
		**about,
		"channel": ticket.twilio_sms_reply_channel,
		"can_text": not refused,
		"why_not": refused.reason if refused else "",
		"waiting_because": _why_messages_wait(number),
		"customer": outbox.customer_of(conversation),
		"customer_number": phone.display(conversation.customer_number),
		"number": services.display(number.name),
		"from": {
			"number": services.display(number.name),
			"label": number.description or "",
			"mms": not attachments.why_no_files(number, conversation.customer_number),
		},
		"unreachable": doubt.reason if doubt else "",
		"line": reachability.line_in_words(conversation),
		"opted_out": opted_out,
		"may_want_to_stop": bool(conversation.may_want_to_stop or ask_first),
		"ask_first": ask_first,
		"region": conversation.region or "",
		"group": _group(messages),
		"cost": _cost(conversation.name),
		"earlier": ticket_search.count_others(ticket, conversation.customer_number),
		"newest": messages[-1].name if messages else None,
		"messages": messages,
		"older": older,
		"events": timeline.of(ticket, timeline.customer_of(conversation.name)),
		"can_start": [],
	}


def _group(messages: list) -> str:
	"""Who reads along what the customer wrote last, "" when nobody does: an answer does not go to them."""
	received = [message for message in messages if message.direction == "Inbound"]
	return received[-1].group if received else ""


def _without_conversation(ticket) -> dict[str, Any]:
	return {
		"can_text": False,
		"why_not": "",
		"customer": contacts.full_name(ticket.customer_contact),
		"can_start": [
			{"number": number, "display": phone.display(number)}
			for number in contacts.numbers_of(ticket.customer_contact)
		],
		"messages": [],
		"older": 0,
		"events": [],
		"earlier": 0,
		"newest": None,
		"cost": None,
	}


def _why_messages_wait(number) -> str:
	"""Why no message leaves this number for the time being, "" when they do."""
	if reason := site_identity.why():
		return reason
	reason = frappe.db.get_value("Twilio SMS Account", number.account, "paused_reason")
	if not reason:
		return ""
	return _("Messages are on hold. They are sent automatically once this is fixed: {0}").format(reason)


def _limits_of_files(number, customer_number: str) -> dict[str, Any]:
	"""Which files can go along: the MIME types, the endings of their names, and what happens to others.

	:return: `{"bytes": of all together, "types": [...], "endings": [...], "no_files": reason or "", "others": "Refuse" |
		"Send as Link"}`
	"""
	no_files = attachments.why_no_files(number, customer_number)
	others = attachments.what_of_others(number)
	limits = attachments.limits_of(number, customer_number)
	return {
		"bytes": limits.max_bytes,
		"types": [] if no_files else attachments.types(limits),
		"endings": [] if no_files else attachments.endings(limits),
		"no_files": "" if others == attachments.SEND_AS_LINK else no_files,
		"others": others,
	}


def _cost(conversation: str) -> dict[str, Any] | None:
	"""What Twilio has charged for the conversation so far, as far as it has told; None when it has not.

	An account is billed in one currency.
	"""
	from frappe.query_builder.functions import Sum

	Message = frappe.qb.DocType(MESSAGE)
	rows = (
		frappe.qb.from_(Message)
		.select(Message.price_unit, Sum(Message.price))
		.where((Message.conversation == conversation) & (Message.price_unit != ""))
		.groupby(Message.price_unit)
	).run()
	if not rows:
		return None
	currency, amount = max(rows, key=lambda row: row[1] or 0)
	amount = round(float(amount or 0), 4)
	return {"amount": amount, "currency": currency, "text": cost_estimate.money(amount, currency)}


def earlier(ticket, before: str) -> dict[str, Any]:
	"""The messages of a ticket that came before one of them: `{"messages", "older"}` as in `of`.

	:param before: name of a Twilio SMS Message
	"""
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	messages, older = _messages(ticket, not eligibility.refusal(conversation), before)
	return {"messages": messages, "older": older}


def _messages(ticket, can_text: bool, before: str = "") -> tuple[list[dict[str, Any]], int]:
	"""The ticket's messages, oldest first; of very long tickets the newest 200, or the 200 before one of them.

	:return: these, and how many there are before them
	"""
	Message, Communication = frappe.qb.DocType(MESSAGE), frappe.qb.DocType("Communication")
	query = (
		frappe.qb.from_(Message)
		.join(Communication)
		.on(Communication.name == Message.communication)
		.where(
			(Communication.reference_doctype == ticket.doctype)
			& (Communication.reference_name == str(ticket.name))
		)
	)
	if before:
		query = query.where(_is_before(before))
	rows = (
		query.select(*(Message[field] for field in ticket_messages.FIELDS))
		.orderby(Communication.creation, Communication.name, order=frappe.qb.desc)
		.limit(MAX_LISTED)
	).run(as_dict=True)
	older = 0
	if len(rows) == MAX_LISTED:
		older = query.where(_is_before(rows[-1].name)).select(Count(Message.name)).run()[0][0]
	ticket_messages.complete(rows, lambda _conversation: can_text)
	for row in rows:
		outbound = row.direction == "Outbound"
		row["fate"] = labels.label(row) if outbound else ""
		row["by"] = (
			frappe.utils.get_fullname(row.sent_by) if row.sent_by else _("Automatic") if row.automatic else ""
		)
		row["can_retry"] = message_actions.can_retry(row) if outbound else FETCH in row.actions
		row["can_cancel"], row["can_email"] = message_actions.can_cancel(row), message_actions.can_email(row)
		for file in row.media:
			# Who answers Issues may read no Communications, and Frappe's own address of the file asks for that.
			file.file_url = file.file_url and media_links.for_reader(file.file)
	return rows[::-1], older


def _is_before(message: str):
	"""SQL condition on Communications: they stand before a message's in their ticket."""
	Communication = frappe.qb.DocType("Communication")
	communication = frappe.db.get_value(MESSAGE, message, "communication")
	creation = frappe.db.get_value("Communication", communication, "creation")
	if not creation:
		frappe.throw(_("This message is in no ticket."), frappe.DoesNotExistError)
	at_once = (Communication.creation == creation) & (Communication.name < communication)
	return (Communication.creation < creation) | at_once
