"""Twilio's webhook parameters, read into this app's words.

Source: https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_MEDIA = 10
MAX_BODY_CHARACTERS = 1600
# Twilio promises 1,600 characters; anything far beyond is not from Twilio and not worth storing.
MAX_ACCEPTED_BODY_CHARACTERS = 10 * MAX_BODY_CHARACTERS

ACCOUNT_SID = re.compile(r"^AC[0-9a-fA-F]{32}$")
MESSAGE_SID = re.compile(r"^(SM|MM)[0-9a-fA-F]{32}$")
SERVICE_SID = re.compile(r"^MG[0-9a-fA-F]{32}$")
# E.164, a short code, or an alphanumeric sender (letters, digits, spaces and & + - _; at least one letter, no blank first).
PARTY = re.compile(r"^(\+[0-9]{5,15}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9&+_-][A-Za-z0-9 &+_-]{0,15})$")


class MalformedWebhook(ValueError):
	"""A webhook whose parameters cannot be what Twilio sends; the message says which and why."""


@dataclass(frozen=True)
class InboundText:
	sid: str
	service_sid: str
	sender: str
	to: str
	body: str
	media: list[tuple[str, str]] = field(default_factory=list)
	"""(URL at Twilio, content type as the sender's network declared it) in the order sent."""
	segments: int = 1
	region: str = ""
	"""City, state, country the sender's *number* was issued in."""
	opt_out: str = ""
	"""STOP, START, HELP or "" (Twilio's `OptOutType`, sent where Advanced Opt-Out is on)."""


@dataclass(frozen=True)
class StatusReport:
	sid: str
	twilio_status: str
	error_code: str
	error_message: str


def read_inbound(params: Mapping[str, str]) -> InboundText:
	"""Read an inbound message webhook.

	:raises MalformedWebhook: a parameter is missing or not of Twilio's form
	"""
	body = params.get("Body") or ""
	if len(body) > MAX_ACCEPTED_BODY_CHARACTERS:
		raise MalformedWebhook(f"Body has {len(body)} characters")
	if "\x00" in body:
		raise MalformedWebhook("Body contains a NUL character")
	count = _number(params, "NumMedia", default=0, most=MAX_MEDIA)
	media = []
	for n in range(count):
		url = params.get(f"MediaUrl{n}")
		if not url or len(url) > 2000:
			raise MalformedWebhook(f"NumMedia is {count} but MediaUrl{n} is missing or too long")
		media.append((url, (params.get(f"MediaContentType{n}") or "")[:140]))
	return InboundText(
		sid=_matching(params, "MessageSid", MESSAGE_SID),
		service_sid=_matching(params, "MessagingServiceSid", SERVICE_SID, optional=True),
		sender=_matching(params, "From", PARTY),
		to=_matching(params, "To", PARTY),
		body=body,
		media=media,
		segments=_number(params, "NumSegments", default=1, most=1000),
		region=", ".join(
			part for key in ("FromCity", "FromState", "FromCountry") if (part := _short(params.get(key)))
		)[:140],
		opt_out=_short(params.get("OptOutType")).upper(),
	)


def read_listed(listed, media: list[tuple[str, str]]) -> InboundText:
	"""Read an inbound message out of Twilio's list, as strictly as if its webhook had come.

	:param listed: `client.ListedMessage`
	:param media: (URL, content type) of its files
	:raises MalformedWebhook: it is of a kind that is no text message, for example from WhatsApp
	"""
	params = {
		"MessageSid": listed.sid,
		"MessagingServiceSid": listed.service_sid,
		"From": listed.sender,
		"To": listed.to,
		"Body": listed.body,
		"NumSegments": str(listed.segments or 1),
		"NumMedia": str(len(media)),
	}
	for n, (url, kind) in enumerate(media):
		params[f"MediaUrl{n}"], params[f"MediaContentType{n}"] = url, kind
	return read_inbound(params)


def read_status(params: Mapping[str, str]) -> StatusReport:
	"""Read a status callback.

	:raises MalformedWebhook: a parameter is missing or not of Twilio's form
	"""
	status = (params.get("MessageStatus") or params.get("SmsStatus") or "").strip().lower()
	if not re.fullmatch(r"[a-z_-]{2,40}", status):
		raise MalformedWebhook("MessageStatus is missing or malformed")
	return StatusReport(
		sid=_matching(params, "MessageSid", MESSAGE_SID),
		twilio_status=status,
		error_code=re.sub(r"[^0-9]", "", params.get("ErrorCode") or "")[:10],
		error_message=(params.get("ErrorMessage") or "")[:500],
	)


def _matching(params: Mapping[str, str], key: str, form: re.Pattern, optional: bool = False) -> str:
	value = params.get(key) or ""
	if not value and optional:
		return ""
	if not form.fullmatch(value):
		raise MalformedWebhook(f"{key} is missing or malformed")
	return value


def _number(params: Mapping[str, str], key: str, default: int, most: int) -> int:
	value = params.get(key) or str(default)
	if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) > most:
		raise MalformedWebhook(f"{key} is not a number between 0 and {most}")
	return int(value)


def _short(value: str | None) -> str:
	return re.sub(r"[^\w .,'-]", "", value or "")[:60].strip()
