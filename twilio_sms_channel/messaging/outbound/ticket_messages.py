"""What is known of a ticket's messages: one reading for Helpdesk's feed, the composer's thread and the API."""

from collections.abc import Callable

import frappe

from twilio_sms_channel.messaging.delivery import labels
from twilio_sms_channel.messaging.outbound import groups, message_actions
from twilio_sms_channel.twilio_gateway import errors

FIELDS = (
	*(
		"name",
		"direction",
		"status",
		"twilio_status",
		"conversation",
		"customer_number",
		"number",
		"account",
		"body",
	),
	*("error_code", "error_message", "needs_decision", "sent_by", "automatic", "sent_as_email"),
	*("may_want_to_stop", "other_recipients", "button_text", "location", "creation", "received_at"),
	*("way", "rcs_first", "group_id", "words_at_twilio"),
)
FILE_FIELDS = ("parent", "status", "error", "content_type", "file", "file_name", "changed")
FETCH = "fetch"
SENDS = {errors.RETRY, errors.LINK}


def complete(messages: list, can_text: Callable[[str], bool | None]) -> None:
	"""Add what follows from the facts: `media`, `group`, `along`, `travelled`, `error` (see `labels.trouble`) and `actions`.

	Takes one query, however many messages there are, and what `can_text` takes.

	:param messages: rows with `FIELDS` of Twilio SMS Messages
	:param can_text: says of a conversation whether it takes messages at all: otherwise sending again would only fail again
	"""
	files = _files([message.name for message in messages])
	groups.describe(messages)
	for message in messages:
		outbound = message.direction == "Outbound"
		message.media = files.get(message.name, [])
		message.along = labels.about_sent(message) if outbound else labels.about_received(message)
		message.travelled = labels.way(message)
		message.error = labels.trouble(message) if outbound else None
		message.actions = _of_sent(message, can_text) if outbound else _of_received(message)
		if message.error:
			can_send = bool(SENDS & set(message.actions))
			message.error["actions"] = message_actions.offered(message, message.error["actions"], can_send)


def _of_sent(message, can_text: Callable[[str], bool | None]) -> list[str]:
	fitting = message.error["actions"] if message.error else None
	actions = message_actions.possible(message, fitting)
	return [action for action in actions if action not in SENDS or can_text(message.conversation)]


def _of_received(message) -> list[str]:
	return [FETCH] if any(file.status == "Failed" for file in message.media) else []


def _files(messages: list[str]) -> dict[str, list]:
	"""The files of messages, by message."""
	if not messages:
		return {}
	Media, File = frappe.qb.DocType("Twilio SMS Media"), frappe.qb.DocType("File")
	rows = (
		frappe.qb.from_(Media)
		.left_join(File)
		.on(File.name == Media.file)
		.select(*(Media[field] for field in FILE_FIELDS), File.file_url)
		.where(Media.parent.isin(messages))
		.orderby(Media.parent, Media.idx)
	).run(as_dict=True)
	by_message: dict[str, list] = {}
	for row in rows:
		row.remark = labels.about_file(row)
		by_message.setdefault(row.pop("parent"), []).append(row)
	return by_message
