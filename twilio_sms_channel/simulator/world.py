"""What exists in practice mode: accounts, numbers, services, messages, media, handsets and the journal.

Everything is in memory, behind `World.lock`; `World.touch()` tells whoever watches that something changed.
"""

import random
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import urlencode

import phonenumbers

LONG_CODE = "long code"
TOLL_FREE = "toll-free"
SHORT_CODE = "short code"
ALPHANUMERIC = "alphanumeric sender"
SERVICE = "messaging service"
KINDS = (LONG_CODE, TOLL_FREE, SHORT_CODE, ALPHANUMERIC, SERVICE)

FINAL_STATUSES = {"delivered", "undelivered", "failed", "canceled", "received", "read"}
# Enough for a long test run; a journal without end would eat the memory of a practice server left running.
MAX_JOURNAL_ENTRIES = 20_000
ALERT_LEVELS = ("error", "warning", "notice", "debug")
MAX_ALERTS = 10_000


def now() -> datetime:
	return datetime.now(timezone.utc)


@dataclass
class ApiKey:
	sid: str
	secret: str
	type: str = "Standard"
	"""Main or Standard; a Standard key may not read the Account resource (Twilio, Key resource)"""


@dataclass
class Account:
	sid: str
	auth_token: str
	friendly_name: str = "Practice"
	status: str = "active"
	"""active, suspended or closed"""
	type: str = "Full"
	"""Full or Trial"""
	secondary_auth_token: str = ""
	"""logs in as well, but signs nothing before it is promoted (Twilio, Secondary Auth Token)"""
	api_keys: dict[str, ApiKey] = field(default_factory=dict)
	verified: set[str] = field(default_factory=set)
	"""customer numbers (E.164) that a Trial account may text"""
	balance: float = 100.0
	"""US dollars"""
	geo_permissions: set[str] | None = None
	"""countries (ISO 3166-1 alpha-2) that may be texted; None for all of them"""
	created: datetime = field(default_factory=now)

	def lets_in(self, auth_token: str) -> bool:
		return bool(auth_token) and auth_token in (self.auth_token, self.secondary_auth_token)

	def may_text(self, country: str) -> bool:
		return self.geo_permissions is None or country in self.geo_permissions


@dataclass
class MessagingService:
	sid: str
	account_sid: str
	friendly_name: str = ""
	inbound_url: str = ""
	inbound_method: str = "POST"
	fallback_url: str = ""
	fallback_method: str = "POST"
	use_inbound_webhook_on_number: bool = True
	"""leaves inbound webhooks to the numbers of the pool; else "" as `inbound_url` drops what comes in"""
	status_callback: str = ""
	advanced_opt_out: bool = False
	"""adds OptOutType to inbound webhooks"""
	campaign_status: str | None = None
	"""of its US campaign (A2P 10DLC): PENDING, IN_PROGRESS, VERIFIED, FAILED; None where none was ever handed in"""
	created: datetime = field(default_factory=now)
	updated: datetime = field(default_factory=now)


@dataclass
class PhoneNumber:
	sid: str
	account_sid: str
	phone_number: str
	"""E.164, a short code or an alphanumeric sender"""
	kind: str = LONG_CODE
	sms: bool = True
	mms: bool = True
	sms_url: str = ""
	sms_method: str = "POST"
	sms_fallback_url: str = ""
	sms_fallback_method: str = "POST"
	status_callback: str = ""
	"""kept and shown; Twilio uses it for calls only"""
	status_callback_method: str = "POST"
	friendly_name: str = ""
	sms_application_sid: str = ""
	"""AP…: a TwiML application whose URLs are used in place of this number's; practice mode has none to call"""
	service_sid: str = ""
	country: str = ""
	"""ISO 3166-1 alpha-2 of a short code, which does not show it; "" takes it from the number"""
	registered: bool = True
	"""whether the US networks deliver texts of a long code that no campaign speaks for"""
	verification: str | None = "TWILIO_APPROVED"
	"""of a toll-free number: PENDING_REVIEW, IN_REVIEW, TWILIO_APPROVED, TWILIO_REJECTED; None where never handed in"""
	created: datetime = field(default_factory=now)
	updated: datetime = field(default_factory=now)


@dataclass(frozen=True)
class Route:
	"""Where inbound texts of a number are announced; "" for no URL."""

	url: str
	method: str
	fallback_url: str
	fallback_method: str
	dropped: bool = False
	"""Twilio throws these texts away"""
	application_sid: str = ""
	"""the TwiML application that takes these texts instead"""


@dataclass
class Media:
	sid: str
	account_sid: str
	message_sid: str
	filename: str
	content: bytes
	content_type: str
	created: datetime = field(default_factory=now)


@dataclass
class Message:
	sid: str
	account_sid: str
	direction: str
	"""inbound, outbound-api or outbound-reply"""
	from_: str | None
	to: str
	body: str
	status: str
	num_segments: int = 1
	num_media: int = 0
	media: list[Media] = field(default_factory=list)
	media_urls: list[str] = field(default_factory=list)
	messaging_service_sid: str | None = None
	status_callback: str = ""
	price: str | None = None
	error_code: int | None = None
	error_message: str | None = None
	send_at: datetime | None = None
	valid_until: datetime | None = None
	automatic: bool = False
	"""an answer by Twilio or the network itself (STOP, START, HELP); not in the REST API"""
	hidden: bool = False
	"""deleted through the REST API; the handset still has it"""
	redacted: bool = False
	"""the body was removed at Twilio; the handset still shows it"""
	history: list[tuple[str, datetime]] = field(default_factory=list)
	created: datetime = field(default_factory=now)
	updated: datetime = field(default_factory=now)
	sent: datetime | None = None
	arrived: float | None = None
	"""`time.monotonic()` when its send request had been read; None for what came another way"""

	@property
	def inbound(self) -> bool:
		return self.direction == "inbound"

	@property
	def customer(self) -> str:
		"""The handset's number."""
		return (self.from_ or "") if self.inbound else self.to

	@property
	def ours(self) -> str:
		"""Our number, or the service while it has not chosen one."""
		return self.to if self.inbound else (self.from_ or self.messaging_service_sid or "")


@dataclass
class Handset:
	"""A customer's phone on the page."""

	number: str
	name: str


@dataclass
class WebhookAttempt:
	"""One HTTP request to the app."""

	kind: str
	"""inbound or status"""
	message_sid: str
	url: str
	method: str
	params: dict[str, str]
	headers: dict[str, str]
	number: int = 1
	"""1 for the first attempt, 2 for its first retry …"""
	fallback: bool = False
	status_code: int | None = None
	"""None when no answer came"""
	error_code: int | None = None
	"""Twilio's code for what was wrong with the answer"""
	error: str = ""
	response_body: str = ""
	latency_ms: int = 0
	at: datetime = field(default_factory=now)
	seq: int = 0

	@property
	def ok(self) -> bool:
		return self.status_code is not None and 200 <= self.status_code < 300


@dataclass
class RestRequest:
	"""One request that the app sent to the REST API. Credentials are left out."""

	method: str
	path: str
	query: dict[str, list[str]]
	form: dict[str, list[str]]
	headers: dict[str, str]
	user: str = ""
	"""account or API key SID it was authenticated with"""
	status_code: int | None = None
	"""None where a fault closed the connection without an answer"""
	error_code: int | None = None
	latency_ms: int = 0
	at: datetime = field(default_factory=now)
	seq: int = 0


@dataclass
class Notice:
	"""Something to know that is not a request: a warning of Twilio's, a fault that struck."""

	text: str
	ok: bool = False
	message_sid: str = ""
	at: datetime = field(default_factory=now)
	seq: int = 0


@dataclass
class Alert:
	"""An entry of Twilio's error log."""

	sid: str
	account_sid: str
	error_code: int
	log_level: str = "error"
	"""one of `ALERT_LEVELS`"""
	text: str = ""
	"""as Twilio writes it: a query string with Msg, ErrorCode, httpResponse …"""
	resource_sid: str = ""
	"""of the message that it is about"""
	service_sid: str = ""
	request_method: str = ""
	request_url: str = ""
	request_variables: str = ""
	response_body: str = ""
	generated: datetime = field(default_factory=now)
	"""with its zone"""


class World:
	"""All state. Take `lock` for anything that reads or writes more than one thing."""

	def __init__(self, seed: int | None = None):
		self.lock = threading.RLock()
		self.changed = threading.Condition()
		self.version = 0
		self._random = random.Random(seed)
		self._seq = 0
		self.clear()

	def clear(self) -> None:
		with self.lock:
			self.accounts: dict[str, Account] = {}
			self.services: dict[str, MessagingService] = {}
			self.numbers: dict[str, PhoneNumber] = {}
			self.handsets: dict[str, Handset] = {}
			self.forget_messages()

	def forget_messages(self) -> None:
		with self.lock:
			self.messages: dict[str, Message] = {}
			self.messages_to: dict[str, list[Message]] = {}
			"""the same by recipient, each oldest first"""
			self.media: dict[str, Media] = {}
			self.opted_out: set[tuple[str, str]] = set()
			self.alerts: deque[Alert] = deque(maxlen=MAX_ALERTS)
			self.journal: deque = deque(maxlen=MAX_JOURNAL_ENTRIES)
		self.touch()

	def sid(self, prefix: str) -> str:
		with self.lock:
			return f"{prefix}{self._random.getrandbits(128):032x}"

	def touch(self) -> None:
		with self.changed:
			self.version += 1
			self.changed.notify_all()

	def record(self, entry) -> None:
		"""Add a WebhookAttempt, RestRequest or Notice to the journal."""
		with self.lock:
			self._seq += 1
			entry.seq = self._seq
			self.journal.append(entry)
		self.touch()

	def add_alert(
		self, account_sid: str, error_code: int, words: str, http_response: int | None = None, **about
	) -> Alert:
		"""Write to Twilio's error log.

		:param words: what went wrong
		:param http_response: status code of the app's answer, where there was one
		:param about: further fields of `Alert`
		"""
		alert = Alert(self.sid("NO"), account_sid, error_code, **about)
		said = {
			"Msg": words,
			"httpResponse": http_response,
			"url": alert.request_url,
			"ErrorCode": error_code,
			"LogLevel": alert.log_level.upper(),
		}
		alert.text = alert.text or urlencode({name: value for name, value in said.items() if value})
		with self.lock:
			self.alerts.append(alert)
		self.touch()
		return alert

	def add_message(self, message: Message) -> Message:
		with self.lock:
			self.messages[message.sid] = message
			self.messages_to.setdefault(message.to, []).append(message)
			message.history.append((message.status, message.created))
			self.know_handset(message.customer)
		self.touch()
		return message

	def set_status(
		self, message: Message, status: str, error_code: int | None = None, words: str = ""
	) -> None:
		with self.lock:
			message.status = status
			message.updated = now()
			message.history.append((status, message.updated))
			if error_code:
				message.error_code, message.error_message = error_code, words
			if status == "sent":
				message.sent = message.updated
		self.touch()

	def know_handset(self, number: str, name: str = "") -> None:
		"""Give a customer number a handset; an empty name leaves the one it has."""
		with self.lock:
			if name or number not in self.handsets:
				self.handsets[number] = Handset(number, name or number)
		self.touch()

	def consent_scope(self, number: PhoneNumber) -> str:
		"""What an opt-out counts for: the Messaging Service where there is one, else the number."""
		return number.service_sid or number.phone_number

	def inbound_route(self, number: PhoneNumber) -> Route:
		"""The webhook of a number's Messaging Service, or its own (Twilio, Messaging Service resource)."""
		service = self.services.get(number.service_sid)
		if not service or service.use_inbound_webhook_on_number:
			if number.sms_application_sid:
				return Route("", "POST", "", "POST", application_sid=number.sms_application_sid)
			return Route(
				number.sms_url, number.sms_method, number.sms_fallback_url, number.sms_fallback_method
			)
		return Route(
			service.inbound_url,
			service.inbound_method,
			service.fallback_url,
			service.fallback_method,
			dropped=not service.inbound_url,
		)

	def pool(self, service_sid: str) -> list[PhoneNumber]:
		return [n for n in self.numbers.values() if n.service_sid == service_sid]


def region(number: str) -> str:
	"""The country (ISO 3166-1 alpha-2) of a number, "" for what has none. By its country code where no carrier has the
	number, as with those reserved for fiction."""
	try:
		parsed = phonenumbers.parse(number)
	except phonenumbers.NumberParseException:
		return ""
	return phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
		parsed.country_code
	)


def looks_like_short_code(number: str) -> bool:
	return bool(re.fullmatch(r"\d{3,8}", number))


def looks_alphanumeric(number: str) -> bool:
	"""Up to 11 letters, digits, spaces and & + - _, at least one of them a letter (Twilio's rule)."""
	return bool(re.fullmatch(r"[A-Za-z0-9 &+_-]{1,11}", number)) and bool(re.search("[A-Za-z]", number))
