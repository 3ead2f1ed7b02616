"""What a message will cost, before it is sent."""

from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.content import segments, text
from twilio_sms_channel.messaging.conversation import eligibility
from twilio_sms_channel.messaging.outbound import cost_estimate, outbox, reply_line
from twilio_sms_channel.people import countries, phone

CONVERSATION, NUMBER = "Twilio SMS Conversation", "Twilio SMS Number"
# Beyond what is sent, a composer says how much is too much; of more than this it need not.
MAX_COUNTED, MAX_COUNTED_HTML = 10 * segments.MAX_CHARACTERS, 200_000


@dataclass(frozen=True)
class Way:
	"""Where a message goes, as far as that is known."""

	number: Any = None
	"""the Twilio SMS Number that it goes out from"""
	customer_number: str = ""


def from_ticket(ticket) -> Way:
	"""
	:param ticket: its document, None without one
	"""
	if not ticket or not ticket.is_text_ticket:
		return Way()
	pair = frappe.db.get_value(
		CONVERSATION, ticket.twilio_sms_conversation, ["number", "customer_number"], as_dict=True
	)
	return Way(eligibility.number_for(pair), pair.customer_number) if pair else Way()


def from_number(number: str, to: str | None) -> Way:
	"""
	:param number: name of a Twilio SMS Number
	:param to: the customer's number in any spelling
	"""
	if not frappe.db.exists(NUMBER, number):
		return Way()
	ours = frappe.get_cached_doc(NUMBER, number)
	return Way(ours, phone.read_in(to or "", [countries.region_of_ours(ours)]) or "")


def of(message: str, is_html: bool, way: Way) -> dict[str, Any]:
	"""See `api.ticket.preview`."""
	body = _counted(message, is_html)
	line = reply_line.of(way.number, body) if way.number and body else ""
	whole = _with(line, body)
	count = segments.count(whole)
	cheaper = segments.cheaper(body)
	plain = cheaper and segments.count(_with(line, cheaper))
	replaced = bool(plain and way.number and way.number.replace_fancy_characters)
	sent = plain if replaced else count
	return {
		**vars(count),
		"named": [_named(character) for character in count.forcing],
		"max_characters": segments.MAX_CHARACTERS,
		"left": segments.MAX_CHARACTERS - count.characters,
		"left_in_segment": segments.left_in_segment(whole),
		"plain": plain and {"text": cheaper, "encoding": plain.encoding, "segments": plain.segments},
		"replaced": replaced,
		"ends_with": line,
		"cost": _cost(way, sent.segments),
		"cost_with_files": _cost(way, sent.segments, with_files=True),
	}


def _with(line: str, body: str) -> str:
	return f"{body}\n{line}" if line else body


def _cost(way: Way, count: int, *, with_files: bool = False) -> dict[str, Any] | None:
	if not way.number or not way.customer_number:
		return None
	return cost_estimate.of(way.number.name, way.customer_number, count, with_files=with_files)


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
