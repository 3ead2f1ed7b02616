"""Messages as Twilio answers with them, made into ours."""

from collections.abc import Iterable
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from frappe.utils.data import convert_utc_to_system_timezone

from twilio_sms_channel.content import outside
from twilio_sms_channel.twilio_gateway import models

if TYPE_CHECKING:
	from twilio_sms_channel.twilio_gateway.sdk import MessageInstance


def accepted(message: "MessageInstance") -> models.Accepted:
	"""What Twilio's answer says."""
	segments = str(message.num_segments or "")
	return models.Accepted(
		sid=message.sid,
		twilio_status=word(message.status),
		# A Messaging Service answers 0 at first: not known yet.
		segments=int(segments) if segments.isdigit() and int(segments) else None,
		price=_price(message),
		price_unit=word(message.price_unit).upper(),
		sender=message.from_ or "",
	)


def oldest_first(listed: Iterable[models.ListedMessage]) -> list[models.ListedMessage]:
	"""Twilio lists the newest first and tells times to the second: within one, the list's order is kept."""
	return sorted(reversed(list(listed)), key=lambda message: message.sent_at_utc)


def as_listed(message) -> models.ListedMessage | None:
	# The SDK gives a date that it cannot read as text.
	dates = (message.date_sent, message.date_created)
	sent_at = next((date for date in dates if isinstance(date, datetime)), None)
	if not sent_at:
		return None
	sent_at_utc = naive_utc(sent_at)
	return models.ListedMessage(
		sid=message.sid,
		direction=word(message.direction),
		sender=message.from_ or "",
		to=message.to or "",
		body=message.body or "",
		status=word(message.status),
		# Early v15 takes only naive times for UTC.
		sent_at=convert_utc_to_system_timezone(sent_at_utc).replace(tzinfo=None),
		sent_at_utc=sent_at_utc,
		segments=_int(message.num_segments),
		media=_int(message.num_media),
		service_sid=message.messaging_service_sid or "",
		error_code=str(message.error_code or ""),
		error_message=message.error_message or "",
		price=_price(message),
		price_unit=word(message.price_unit).upper(),
	)


def naive_utc(moment: datetime) -> datetime:
	return moment.astimezone(timezone.utc).replace(tzinfo=None)


def word(value) -> str:
	"""One of Twilio's words, which the SDK gives as text or as a member of an enumeration."""
	return outside.plain(getattr(value, "value", value) or "")


def _price(message) -> float | None:
	"""What a message costs; Twilio tells it as text and below zero."""
	try:
		return float(abs(Decimal(message.price))) if message.price is not None else None
	except (InvalidOperation, TypeError):
		return None


def _int(text: str | None) -> int:
	return int(text) if (text or "").isdigit() else 0
