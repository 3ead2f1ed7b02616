"""What a message will cost, before it is sent."""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.content import segments, text
from twilio_sms_channel.messaging.conversation import eligibility
from twilio_sms_channel.messaging.outbound import outbox

CONVERSATION = "Twilio SMS Conversation"
# Beyond what is sent, a composer says how much is too much; of more than this it need not.
MAX_COUNTED, MAX_COUNTED_HTML = 10 * segments.MAX_CHARACTERS, 200_000


def of(message: str, ticket, is_html: bool) -> dict[str, Any]:
	"""See `api.ticket.preview`.

	:param ticket: the ticket's document whose number's settings count, None without one
	"""
	body = _counted(message, is_html)
	count = segments.count(body)
	cheaper = segments.cheaper(body)
	plain = cheaper and segments.count(cheaper)
	return {
		**vars(count),
		"named": [_named(character) for character in count.forcing],
		"max_characters": segments.MAX_CHARACTERS,
		"left": segments.MAX_CHARACTERS - count.characters,
		"left_in_segment": segments.left_in_segment(body),
		"plain": plain and {"text": cheaper, "encoding": plain.encoding, "segments": plain.segments},
		"replaced": bool(plain and ticket and _replaces_fancy_characters(ticket)),
	}


def _counted(message: str, is_html: bool) -> str:
	"""The text of which segments are counted.

	:raises outbox.CannotText: counting would take seconds, of what can never be sent
	"""
	# Formatting, and pictures that were pasted, are not sent as words.
	written = len(text.DATA_URI.sub("", message)) if is_html else len(message)
	if written <= (MAX_COUNTED_HTML if is_html else MAX_COUNTED):
		body = text.from_html(message) if is_html else text.clean(message)
		if len(body) <= MAX_COUNTED:
			return body
		written = len(body)
	frappe.throw(
		_(
			"The message is too long to be counted ({0} characters); Twilio sends at most {1}. Shorten it, or send it as e-mail."
		).format(written, segments.MAX_CHARACTERS),
		outbox.CannotText,
	)


def _named(character: str) -> dict[str, str | None]:
	plain = segments.plain(character)
	replaceable = segments.count(plain).encoding == segments.GSM
	return {
		"character": character,
		"name": segments.name_of(character),
		"plain": plain if replaceable else None,
	}


def _replaces_fancy_characters(ticket) -> bool:
	if not ticket.is_text_ticket:
		return False
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	return bool(eligibility.number_for(conversation).replace_fancy_characters)
