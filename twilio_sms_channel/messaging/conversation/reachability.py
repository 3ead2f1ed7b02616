"""Whether messages get to a customer's number: what the fate of earlier ones taught, and what Twilio Lookup said.

It is kept on the conversation. A message that arrives, or one from the customer, proves it wrong.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.utils import format_date

from twilio_sms_channel.infra import clock
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.number_lookup import INVALID, LANDLINE, Line

CONVERSATION, MESSAGE = "Twilio SMS Conversation", "Twilio SMS Message"


@dataclass(frozen=True)
class Doubt:
	"""Why the next message may not get to a customer's number."""

	reason: str
	"""for agents"""
	is_lasting: bool
	"""It will be the same tomorrow: an agent has to mean it"""


def doubt(customer_number: str) -> Doubt | None:
	"""Why the next message to a number may not get there, None when nothing says so. An agent may try all the same.

	:param customer_number: E.164
	"""
	fields = ["unreachable_since", "unreachable_code", "last_inbound"]
	rows = frappe.get_all(CONVERSATION, {"customer_number": customer_number}, fields)
	texted = max((row.last_inbound for row in rows if row.last_inbound), default=None)
	marks = [row for row in rows if row.unreachable_since and not (texted and texted > row.unreachable_since)]
	if not marks:
		return None
	# A phone that is off today is no less a landline.
	mark = max(marks, key=lambda row: (_is_lasting(row.unreachable_code), row.unreachable_since))
	return Doubt(_sentence(mark, phone.display(customer_number)), _is_lasting(mark.unreachable_code))


def _is_lasting(code: str | None) -> bool:
	return code not in errors.NOT_REACHED_NOW


def _sentence(mark, customer: str) -> str:
	sentences = {
		"30003": _(
			"The last message to {0} did not arrive on {1}: the phone was off or out of reach. It may be on again."
		),
		"30005": _(
			"{0} does not exist or is out of service, the phone network said on {1}. Check the number, use e-mail or call."
		),
		"30006": _(
			"{0} is a landline, the phone network said on {1}: it cannot receive SMS. Use e-mail or call."
		),
		"21211": _("{0} is not a valid phone number, Twilio said on {1}. Check the number, or use e-mail."),
		"21614": _("{0} is not a mobile number, Twilio said on {1}. Use another number, e-mail or call."),
		LANDLINE: _(
			"{0} is a landline, Twilio Lookup said on {1}: most cannot receive SMS. Use e-mail or call."
		),
		INVALID: _(
			"{0} is not a valid phone number, Twilio Lookup said on {1}. Check the number, or use e-mail."
		),
	}
	# Marks of before the reason was kept.
	unknown = _(
		"{0} cannot receive SMS, the phone network said on {1}: it is a landline, or not a valid number. Use e-mail or call."
	)
	return sentences.get(mark.unreachable_code or "", unknown).format(
		customer, format_date(mark.unreachable_since)
	)


def note_not_reached(message: str, code: str) -> None:
	"""Remember that a message did not get to the customer's number.

	:param message: name of a Twilio SMS Message
	:param code: one of `errors.NEVER_REACHED` or `errors.NOT_REACHED_NOW`
	"""
	conversation = frappe.db.get_value(MESSAGE, message, "conversation")
	if not conversation:
		return
	known = frappe.db.get_value(CONVERSATION, conversation, ["unreachable_since", "unreachable_code"])
	if known and known[0] and _is_lasting(known[1]) and not _is_lasting(code):
		return
	mark = {"unreachable_since": clock.now(), "unreachable_code": code}
	frappe.db.set_value(CONVERSATION, conversation, mark, update_modified=False)


def note_reached(message: str) -> None:
	"""Forget that no message gets to the customer's number: one did."""
	# Runs for each message that is delivered: building it takes longer than running it.
	marked = frappe.db.sql(  # nosemgrep
		"""select conversation.name from `tabTwilio SMS Message` message
		join `tabTwilio SMS Conversation` conversation on conversation.customer_number = message.customer_number
		where message.name = %s and conversation.unreachable_since is not null""",
		message,
		pluck=True,
	)
	for conversation in marked:
		_forget(conversation)


def note_texted(conversation, at: datetime) -> None:
	"""Forget that no message gets to the customer's number: they texted.

	:param conversation: Twilio SMS Conversation document
	"""
	if conversation.unreachable_since and at > conversation.unreachable_since:
		conversation.unreachable_since = conversation.unreachable_code = None
		_forget(conversation.name)


def _forget(conversation: str) -> None:
	nothing = {"unreachable_since": None, "unreachable_code": None}
	frappe.db.set_value(CONVERSATION, conversation, nothing, update_modified=False)


def keep_line(customer_number: str, line: Line) -> None:
	"""Keep what Twilio Lookup said of a number, on all conversations with it."""
	now = clock.now()
	facts: dict[str, Any] = {
		"line_type": line.type,
		"line_carrier": line.carrier,
		"line_checked_on": now,
	}
	if line.type in (LANDLINE, INVALID):
		facts |= {"unreachable_since": now, "unreachable_code": line.type}
	of_customer = {"customer_number": customer_number}
	for name in frappe.get_all(CONVERSATION, of_customer, pluck="name", order_by="name"):
		frappe.db.set_value(CONVERSATION, name, facts, update_modified=False)


def line_in_words(conversation) -> str:
	"""What Twilio Lookup said of the customer's number, and when; "" when nobody has asked.

	:param conversation: line_type, line_carrier and line_checked_on of a Twilio SMS Conversation
	"""
	if not conversation.line_checked_on:
		return ""
	words = {
		"mobile": _("mobile"),
		LANDLINE: _("landline"),
		"fixedVoip": _("fixed VoIP"),
		"nonFixedVoip": _("non-fixed VoIP"),
		"tollFree": _("toll-free"),
		"personal": _("personal number"),
		"premium": _("premium rate"),
		"sharedCost": _("shared cost"),
		"uan": _("universal access number"),
		"voicemail": _("voicemail"),
		"pager": _("pager"),
		INVALID: _("not a valid number"),
		"unknown": _("type not known"),
	}
	# Twilio may come to name more.
	kind = words.get(conversation.line_type, conversation.line_type)
	date = format_date(conversation.line_checked_on)
	if conversation.line_carrier:
		return _("Twilio Lookup on {0}: {1}, {2}").format(date, kind, conversation.line_carrier)
	return _("Twilio Lookup on {0}: {1}").format(date, kind)
