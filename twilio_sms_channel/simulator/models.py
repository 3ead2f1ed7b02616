"""What exists in practice mode: accounts, numbers, services, messages, media, handsets, and what the journal holds."""

from dataclasses import dataclass, field
from datetime import datetime, timezone

from twilio_sms_channel.simulator import addresses
from twilio_sms_channel.simulator.webhook_security import WebhookSecurity

LONG_CODE = "long code"
TOLL_FREE = "toll-free"
SHORT_CODE = "short code"
ALPHANUMERIC = "alphanumeric sender"
SERVICE = "messaging service"
RCS_SENDER = "RCS sender"
KINDS = (LONG_CODE, TOLL_FREE, SHORT_CODE, ALPHANUMERIC, SERVICE, RCS_SENDER)
ONLINE = ("ONLINE", "ONLINE:UPDATING")

FINAL_STATUSES = {"delivered", "undelivered", "failed", "canceled", "received", "read"}
ALERT_LEVELS = ("error", "warning", "notice", "debug")


def now() -> datetime:
	return datetime.now(timezone.utc)


@dataclass
class ApiKey:
	sid: str
	secret: str
	type: str = "Standard"
	"""Main, Standard or Restricted; a Standard key may not read the Account resource (Twilio, Key resource)"""
	policy: frozenset[str] = frozenset()
	"""of a Restricted key: what it may do, see `key_policy`"""


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
	is_shown: bool = False
	"""the page shows its SID and auth token, to be copied"""
	webhook_security: WebhookSecurity = field(default_factory=WebhookSecurity)
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
	"""E.164, a short code, an alphanumeric sender, or an RCS sender ("rcs:…")"""
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
	"""whether the US networks deliver messages of a long code that no campaign speaks for"""
	verification: str | None = "TWILIO_APPROVED"
	"""of a toll-free number: PENDING_REVIEW, IN_REVIEW, TWILIO_APPROVED, TWILIO_REJECTED; None where never handed in"""
	status: str = ONLINE[0]
	"""of an RCS sender, as Twilio has it: DRAFT, TWILIO_REVIEW, PENDING_VERIFICATION, ONLINE, OFFLINE …"""
	created: datetime = field(default_factory=now)
	updated: datetime = field(default_factory=now)


@dataclass(frozen=True)
class Button:
	"""A suggested reply below a message by RCS."""

	text: str
	payload: str


@dataclass(frozen=True)
class Content:
	"""A content template: what a message with its ContentSid consists of."""

	sid: str
	account_sid: str
	body: str
	title: str = ""
	buttons: tuple[Button, ...] = ()
	"""shown by RCS alone"""
	media: tuple[tuple, ...] = ()
	"""(filename, bytes) or (filename, bytes, content type) each"""


@dataclass(frozen=True)
class Route:
	"""Where inbound messages of a number are announced; "" for no URL."""

	url: str
	method: str
	fallback_url: str
	fallback_method: str
	dropped: bool = False
	"""Twilio throws these messages away"""
	application_sid: str = ""
	"""the TwiML application that takes these messages instead"""


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
	fallback_from: str | None = None
	"""what it goes out from where the handset takes no RCS; None for any number of the pool"""
	content: Content | None = None
	tapped: str = ""
	"""which of its buttons the customer tapped last"""
	group: tuple[str, ...] = ()
	"""who else got it"""
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
		"""The handset's number, whichever way the message goes."""
		return addresses.without_channel((self.from_ or "") if self.inbound else self.to)

	@property
	def ours(self) -> str:
		"""Our number, or the service while it has not chosen one."""
		return self.to if self.inbound else (self.from_ or self.messaging_service_sid or "")

	@property
	def by_rcs(self) -> bool:
		return addresses.is_rcs(self.ours) or addresses.is_rcs(self.to)

	@property
	def buttons(self) -> tuple[Button, ...]:
		"""What the customer can tap; by SMS and MMS nothing."""
		return self.content.buttons if self.content and self.by_rcs else ()


@dataclass
class Handset:
	"""A customer's phone on the page."""

	number: str
	name: str
	rcs: bool = False
	"""whether messages by RCS reach it; else they go by SMS or MMS"""
	read_receipts: bool = True
	"""whether it tells that a message by RCS was read"""


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
