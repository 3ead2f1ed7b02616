"""Twilio's webhook parameters, read into this app's words.

Source: https://www.twilio.com/docs/messaging/guides/webhook-request and
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from twilio_sms_channel.infra import ways
from twilio_sms_channel.twilio_gateway import addresses

# Ten by Twilio's documentation; all that come are kept, as long as it is Twilio who may have sent them.
MAX_KEPT_MEDIA = 50
MAX_URL_CHARACTERS = 2000
MAX_BODY_CHARACTERS = 1600
# Twilio promises 1,600 characters; what is beyond this is cut off.
MAX_ACCEPTED_BODY_CHARACTERS = 10 * MAX_BODY_CHARACTERS
MAX_SENDER_CHARACTERS, DIGEST_CHARACTERS = 34, 8
# The agent of RCS is named at length ("rcs:brand_abc123_agent").
MAX_AGENT_CHARACTERS = 140
MAX_BUTTON_CHARACTERS, MAX_PLACE_CHARACTERS = 500, 300
MAX_SEGMENTS = 1000
SHOWN_CHARACTERS = 60

ACCOUNT_SID = re.compile(r"^AC[0-9a-fA-F]{32}$")
# SM and MM today; other kinds of messages may get other letters.
MESSAGE_SID = re.compile(r"^[A-Z]{2}[0-9a-fA-F]{32}$")
SERVICE_SID = re.compile(r"^MG[0-9a-fA-F]{32}$")
# The documented name first.
SID_NAMES = ("MessageSid", "SmsMessageSid", "SmsSid")
MEDIA_URL = re.compile(r"MediaUrl([0-9]{1,4})")
OTHER_RECIPIENT = re.compile(r"OtherRecipients([0-9]{1,4})")
MAX_KEPT_OTHERS = 30
GROUP_CHARACTERS = 20
INBOUND_STATUSES = ("received", "receiving")
PHONE_NUMBER = re.compile(r"\+[0-9]{5,15}")
SHORT_CODE = re.compile(r"[0-9]{3,8}")
ANONYMOUS = "Unknown"
DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,20})?")


def _(sentence: str) -> str:
	"""Marks a sentence to be translated. Whoever stores a note does that: reading a webhook needs no site."""
	return sentence


class Note(NamedTuple):
	"""What was not as Twilio documents it."""

	sentence: str
	"""English, with places for the values"""
	values: tuple = ()


class MalformedWebhook(ValueError):
	"""A webhook whose parameters cannot be what Twilio sends; the message says which and why."""


@dataclass(frozen=True)
class InboundMessage:
	sid: str
	service_sid: str
	sender: str
	to: str
	body: str
	way: str = ways.SMS
	"""one of `infra.ways`"""
	media: list[tuple[str, str]] = field(default_factory=list)
	"""(URL at Twilio, content type as the sender's network declared it) in the order sent."""
	segments: int = 1
	region: str = ""
	"""City, state, country the sender's *number* was issued in."""
	opt_out: str = ""
	"""STOP, START, HELP or "" (Twilio's `OptOutType`, sent where Advanced Opt-Out is on)."""
	others: list[str] = field(default_factory=list)
	"""Who else got it, when it was written to a group (`OtherRecipients0` and so on, not documented)."""
	button_text: str = ""
	"""What stood on the button that was tapped"""
	button_payload: str = ""
	location: str = ""
	"""A place that was sent: latitude, longitude, and its name and address as far as they came along"""
	notes: list[Note] = field(default_factory=list)
	"""What was not as Twilio documents it, for people: a message is never refused for that."""

	@property
	def group(self) -> str:
		"""The same for all messages of one group to us, whoever of its members wrote; "" when it was not to a group."""
		members = {self.sender, *self.others} - {self.to}
		if not self.others or len(members) < 2:
			return ""
		return hashlib.sha256(" ".join([self.to, *sorted(members)]).encode()).hexdigest()[:GROUP_CHARACTERS]


@dataclass(frozen=True)
class Salvaged:
	"""What can be read of an inbound message that cannot be read as a whole; "" for what cannot."""

	sid: str
	sender: str
	to: str
	service_sid: str
	body: str
	opt_out: str


@dataclass(frozen=True)
class StatusReport:
	sid: str
	twilio_status: str
	error_code: str
	error_message: str
	sender: str = ""
	"""which of our senders the message went out from: it tells RCS from SMS; "" where it is not said"""


def read_inbound(params: Mapping[str, str]) -> InboundMessage:
	"""Read an inbound message webhook. What Twilio puts into it is for Twilio to decide: whatever can be kept is kept.

	:raises MalformedWebhook: it names no message or no recipient
	"""
	return _understood(_inbound, params)


def salvage(params: Mapping[str, str]) -> Salvaged:
	"""Read of an inbound message what can be read, each thing by itself."""

	def said(read: Callable[[], str]) -> str:
		# One that cannot be read must not hide the others, whatever is wrong with it.
		with suppress(Exception):
			return read()
		return ""

	service_sid = said(lambda: params.get("MessagingServiceSid") or "")
	return Salvaged(
		sid=said(lambda: _sid(params, [])),
		sender=said(lambda: _sender(params["From"], [])),
		to=said(lambda: _recipient(params.get("To"))),
		service_sid=service_sid if SERVICE_SID.fullmatch(service_sid) else "",
		body=said(lambda: _body(params.get("Body") or "", [])),
		opt_out=said(lambda: _short(params.get("OptOutType")).upper()),
	)


def _understood(read: Callable, params: Mapping[str, str]):
	"""
	:raises MalformedWebhook: also where the fault is this reader's: whoever calls keeps what cannot be read
	"""
	try:
		return read(params)
	except MalformedWebhook:
		raise
	except Exception as e:
		raise MalformedWebhook(f"{type(e).__name__}: {e}") from e


def _inbound(params: Mapping[str, str]) -> InboundMessage:
	notes: list[Note] = []
	sid = _sid(params, notes)
	service_sid = params.get("MessagingServiceSid") or ""
	if service_sid and not SERVICE_SID.fullmatch(service_sid):
		notes.append(Note(_("MessagingServiceSid is {0}."), (_shown(service_sid),)))
		service_sid = ""
	if not (to := _recipient(params.get("To"))) and not service_sid:
		raise MalformedWebhook("To is missing or malformed")
	media, others = _media(params, notes), _others(params)
	return InboundMessage(
		sid=sid,
		service_sid=service_sid,
		sender=_sender(params.get("From") or "", notes),
		to=to,
		# Some channels tell of a tapped button by its parameters alone.
		body=_body(params.get("Body") or params.get("ButtonText") or "", notes),
		way=addresses.way_between(
			*((params.get(side) or "").strip() for side in ("From", "To")), sid, bool(media or others)
		)
		or ways.SMS,
		media=media,
		segments=_segments(params.get("NumSegments") or "1", notes),
		region=", ".join(
			part for key in ("FromCity", "FromState", "FromCountry") if (part := _short(params.get(key)))
		)[:140],
		opt_out=_short(params.get("OptOutType")).upper(),
		# Some networks name the number that was written to as well.
		others=[other for other in others if other != to],
		button_text=_words(params.get("ButtonText"), MAX_BUTTON_CHARACTERS),
		button_payload=_words(params.get("ButtonPayload"), MAX_BUTTON_CHARACTERS),
		location=_location(params),
		notes=notes,
	)


def is_report(params: Mapping[str, str]) -> bool:
	"""Whether a webhook tells what became of a message of ours, at whichever URL it arrives. Messages have words or files."""
	status = _status(params)
	has_content = params.get("Body") or (params.get("NumMedia") or "0") != "0"
	return status not in ("", *INBOUND_STATUSES) and not has_content


def is_message(params: Mapping[str, str]) -> bool:
	"""Whether a webhook brings a customer's message, at whichever URL it arrives."""
	return _status(params) in INBOUND_STATUSES


def read_listed(listed, media: list[tuple[str, str]]) -> InboundMessage:
	"""Read an inbound message out of Twilio's list, as if its webhook had come.

	:param listed: `client.ListedMessage`
	:param media: (URL, content type) of its files
	:raises MalformedWebhook: it names no message or no recipient
	"""
	params = {
		"MessageSid": listed.sid,
		"MessagingServiceSid": listed.service_sid,
		"From": listed.sender,
		"To": listed.to,
		"Body": listed.body,
		"NumSegments": str(listed.segments or 1),
		"NumMedia": str(max(len(media), listed.media)),
	}
	for n, (url, kind) in enumerate(media):
		params[f"MediaUrl{n}"], params[f"MediaContentType{n}"] = url, kind
	return read_inbound(params)


def read_status(params: Mapping[str, str]) -> StatusReport:
	"""Read a status callback.

	:raises MalformedWebhook: it names no message or no status
	"""
	return _understood(_report, params)


def _report(params: Mapping[str, str]) -> StatusReport:
	status = _status(params)
	if not re.fullmatch(r"[a-z_-]{2,40}", status):
		raise MalformedWebhook("MessageStatus is missing or malformed")
	return StatusReport(
		sid=_sid(params, []),
		twilio_status=status,
		error_code=re.sub(r"[^0-9]", "", params.get("ErrorCode") or "")[:10],
		error_message=(params.get("ErrorMessage") or "")[:500],
		sender=_recipient(params.get("From")),
	)


def _status(params: Mapping[str, str]) -> str:
	return (params.get("MessageStatus") or params.get("SmsStatus") or "").strip().lower()


def _others(params: Mapping[str, str]) -> list[str]:
	keys = {int(found[1]): key for key in params if (found := OTHER_RECIPIENT.fullmatch(key))}
	others = [_party(params.get(key)) for _place, key in sorted(keys.items())[:MAX_KEPT_OTHERS]]
	return list(dict.fromkeys(other for other in others if other))


def _sid(params: Mapping[str, str], notes: list[Note]) -> str:
	for name in SID_NAMES:
		if MESSAGE_SID.fullmatch(sid := params.get(name) or ""):
			if name != SID_NAMES[0]:
				notes.append(
					Note(
						_("MessageSid is {0}; {1} names the message."),
						(_shown(params.get(SID_NAMES[0])), name),
					)
				)
			return sid
	raise MalformedWebhook("MessageSid is missing or malformed")


def _sender(said: str, notes: list[Note]) -> str:
	"""Who sent it: a phone number, a short code, or a name as the sender's network spells it."""
	sender = _party(said.strip(), keep_apart=True)
	if addresses.is_rcs(sender) and PHONE_NUMBER.fullmatch(sender[len(addresses.RCS) :]):
		# The same person at the same telephone, only another way: a STOP has to hold for both.
		return sender[len(addresses.RCS) :]
	is_name = any(c.isalpha() for c in sender) and ":" not in sender
	if sender != said or not (is_name or PHONE_NUMBER.fullmatch(sender) or SHORT_CODE.fullmatch(sender)):
		notes.append(Note(_("From is {0}."), (_shown(said),)))
	return sender or ANONYMOUS


def _recipient(said: str | None) -> str:
	"""Which of our senders a message went to or came from."""
	party = _party(said, most=MAX_AGENT_CHARACTERS)
	return party if addresses.is_rcs(party) else party[:MAX_SENDER_CHARACTERS].strip()


def _party(said: str | None, keep_apart: bool = False, most: int = MAX_SENDER_CHARACTERS) -> str:
	"""A sender or recipient without what cannot be seen, and short enough to be kept.

	:param keep_apart: two long ones that begin alike stay two: they are not one person's messages
	"""
	seen = "".join(c for c in said or "" if c not in "<>" and unicodedata.category(c)[0] != "C")
	party = re.sub(r"\s+", " ", seen).strip()
	if len(party) <= most or not keep_apart:
		return party[:most].strip()
	digest = hashlib.sha256(party.encode()).hexdigest()[:DIGEST_CHARACTERS]
	return f"{party[: MAX_SENDER_CHARACTERS - DIGEST_CHARACTERS - 1].strip()}~{digest}"


def _words(said: str | None, most: int) -> str:
	seen = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in said or "")
	return re.sub(r"\s+", " ", seen).strip()[:most].strip()


def _location(params: Mapping[str, str]) -> str:
	degrees = [(params.get(name) or "").strip() for name in ("Latitude", "Longitude")]
	if not all(DEGREES.fullmatch(each) for each in degrees):
		return ""
	named = [_words(params.get(name), MAX_PLACE_CHARACTERS) for name in ("Label", "Address")]
	return ", ".join([*degrees, *(each for each in named if each)])


def _body(said: str, notes: list[Note]) -> str:
	if "\x00" in said:
		notes.append(Note(_("Body held a NUL character, which is left out.")))
		said = said.replace("\x00", "")
	if len(said) > MAX_ACCEPTED_BODY_CHARACTERS:
		notes.append(
			Note(
				_("Body had {0} characters; what is beyond {1} is cut off."),
				(len(said), MAX_ACCEPTED_BODY_CHARACTERS),
			)
		)
	return said[:MAX_ACCEPTED_BODY_CHARACTERS]


def _media(params: Mapping[str, str], notes: list[Note]) -> list[tuple[str, str]]:
	keys = {int(found[1]): key for key in params if (found := MEDIA_URL.fullmatch(key))}
	media = []
	for place, key in sorted(keys.items())[:MAX_KEPT_MEDIA]:
		url = params.get(key) or ""
		if not url or len(url) > MAX_URL_CHARACTERS:
			notes.append(Note(_("{0} has {1} characters: that file is left out."), (key, len(url))))
			continue
		media.append((url, (params.get(f"MediaContentType{place}") or "")[:140]))
	said = params.get("NumMedia") or "0"
	if said != str(len(media)):
		notes.append(Note(_("NumMedia is {0}, but {1} files came along."), (_shown(said), len(media))))
	return media


def _segments(said: str, notes: list[Note]) -> int:
	if re.fullmatch(r"[0-9]{1,9}", said) and int(said) <= MAX_SEGMENTS:
		return int(said)
	notes.append(Note(_("NumSegments is {0}."), (_shown(said),)))
	return 1


def _shown(said: str | None) -> str:
	"""A value from outside, short and without any mark that could mean something where it is shown."""
	return "“" + re.sub(r"[^\w .,:;+@/-]", "?", said or "")[:SHOWN_CHARACTERS] + "”"


def _short(value: str | None) -> str:
	return re.sub(r"[^\w .,'-]", "", value or "")[:60].strip()
