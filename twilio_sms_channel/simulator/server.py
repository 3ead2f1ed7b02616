"""The simulator: one object that owns the world and serves it over HTTP."""

import contextlib
import ipaddress
import socket
import threading
from datetime import timedelta
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.carrier import Carrier
from twilio_sms_channel.simulator.carrier_inbound import InboundCarrier
from twilio_sms_channel.simulator.carrier_outbound import OutboundCarrier
from twilio_sms_channel.simulator.delivery import (
	CONNECT_TIMEOUT_S,
	READ_TIMEOUT_S,
	TOTAL_TIME_S,
	Courier,
	Rules,
)
from twilio_sms_channel.simulator.errors import DELIVERY_ERRORS, WEBHOOK_ERRORS
from twilio_sms_channel.simulator.faults import Faults, HungUp
from twilio_sms_channel.simulator.models import (
	ALPHANUMERIC,
	KINDS,
	LONG_CODE,
	SERVICE,
	SHORT_CODE,
	Account,
	Alert,
	ApiKey,
	Media,
	Message,
	MessagingService,
	Notice,
	PhoneNumber,
	RestRequest,
	WebhookAttempt,
)
from twilio_sms_channel.simulator.pages import Pages
from twilio_sms_channel.simulator.phone_numbers import looks_alphanumeric, looks_like_short_code
from twilio_sms_channel.simulator.rest.answers import API, API_VERSION, V1
from twilio_sms_channel.simulator.rest.api import RestApi
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.world import World

SID_PREFIXES = {SHORT_CODE: "SC", ALPHANUMERIC: "AI"}
MEDIA_HOST = "/media-host/"
MAX_REQUEST_BYTES = 30 * 1024 * 1024
POLL_S = 0.05
"""how soon the server notices that it is to stop"""
DEFAULT_HANDSETS = (
	("+14155550132", "Ann Miller"),
	("+12125550187", "Bob Okafor"),
	("+447700900123", "Priya Shah"),
)


class Simulator:
	"""A local stand-in for Twilio.

	:param host: address to listen on; keep it a loopback address, there is no other protection
	:param port: 0 takes a free one; `base_url` tells which
	:param speed: how fast outbound messages move: 1 is about a second to *delivered*, `math.inf` is at once
	:param seed: makes SIDs and random faults repeatable
	:param connect_timeout_s: for webhooks, where their URL does not say otherwise (Twilio: 5)
	:param read_timeout_s: the same for the answer (Twilio: 15)
	:param total_time_s: the same for all attempts together (Twilio: 15)
	:param hang_s: how long a request hangs that a fault leaves without an answer
	:param slow_s: how much longer an answer takes with the fault `slow_api`
	:param latency_s: how long every answer of the REST API takes (Twilio: about 0.15)
	"""

	def __init__(
		self,
		host: str = "127.0.0.1",
		port: int = 0,
		*,
		speed: float = 1.0,
		seed: int | None = None,
		connect_timeout_s: float = CONNECT_TIMEOUT_S,
		read_timeout_s: float = READ_TIMEOUT_S,
		total_time_s: float = TOTAL_TIME_S,
		hang_s: float = 30.0,
		slow_s: float = 3.0,
		latency_s: float = 0.0,
	):
		if not speed > 0:
			raise ValueError("speed must be greater than 0")
		self.host = host
		self.port = port
		self.media_base_url = ""
		"""where inbound media redirect to, e.g. another origin of this server; "" for `base_url`"""
		self.world = World(seed)
		self.faults = Faults(seed, self.world.touch)
		self._rules = Rules(connect_timeout_s, read_timeout_s, total_time_s)
		self._courier = Courier(self.world, self._rules)
		self._carrier = Carrier(self.world, self._courier, self.faults, speed)
		self._outbound = OutboundCarrier(self._carrier)
		self._inbound = InboundCarrier(self._carrier, self._outbound, self._media_url)
		self._rest = RestApi(
			Context(self.world, self._outbound, self.faults, self._pause, hang_s, self._media_location),
			slow_s,
			latency_s,
		)
		self._pages = Pages(self)
		self._server = None
		self._stopping = threading.Event()
		for number, name in DEFAULT_HANDSETS:
			self.world.know_handset(number, name)

	# What exists

	def add_account(
		self,
		sid: str = "",
		auth_token: str = "",
		friendly_name: str = "Practice",
		status: str = "active",
		type: str = "Full",
	) -> Account:
		"""Add an account, or replace the one of that SID. Missing SID and token are made up."""
		sid = sid or self.world.sid("AC")
		account = Account(sid, auth_token or self.world.sid(""), friendly_name, status, type)
		self.world.accounts[sid] = account
		self.world.touch()
		return account

	def promote_auth_token(self, account_sid: str) -> None:
		"""Make an account's secondary auth token its primary one; the one before is worth nothing from now on.

		:raises ValueError: there is no secondary auth token
		"""
		account = self.world.accounts[account_sid]
		with self.world.lock:
			if not account.secondary_auth_token:
				raise ValueError("The account has no secondary auth token.")
			account.auth_token, account.secondary_auth_token = account.secondary_auth_token, ""
		self.world.touch()

	def add_api_key(
		self, account_sid: str, sid: str = "", secret: str = "", type: str = "Standard"
	) -> ApiKey:
		"""Add an API key to an account. `type` is Main or Standard."""
		key = ApiKey(sid or self.world.sid("SK"), secret or self.world.sid(""), type)
		self.world.accounts[account_sid].api_keys[key.sid] = key
		return key

	def verify_caller(self, account_sid: str, number: str) -> None:
		"""Let a Trial account text this customer number."""
		self.world.accounts[account_sid].verified.add(number)

	def add_service(
		self,
		account_sid: str,
		sid: str = "",
		*,
		friendly_name: str = "",
		inbound_url: str = "",
		inbound_method: str = "POST",
		fallback_url: str = "",
		fallback_method: str = "POST",
		use_inbound_webhook_on_number: bool | None = None,
		status_callback: str = "",
		advanced_opt_out: bool = False,
		campaign_status: str | None = None,
	) -> MessagingService:
		"""Add a Messaging Service; its numbers are added with `add_number(…, service_sid=…)`.

		:param use_inbound_webhook_on_number: leaves inbound webhooks to the numbers. When left out: where there is no
			`inbound_url`. False without one makes the service drop what comes in.
		:param campaign_status: as in `MessagingService`
		"""
		if use_inbound_webhook_on_number is None:
			use_inbound_webhook_on_number = not inbound_url
		service = MessagingService(
			sid=sid or self.world.sid("MG"),
			account_sid=account_sid,
			friendly_name=friendly_name,
			inbound_url=inbound_url,
			inbound_method=inbound_method.upper(),
			fallback_url=fallback_url,
			fallback_method=fallback_method.upper(),
			use_inbound_webhook_on_number=use_inbound_webhook_on_number,
			status_callback=status_callback,
			advanced_opt_out=advanced_opt_out,
			campaign_status=campaign_status,
		)
		self.world.services[service.sid] = service
		self.world.touch()
		return service

	def add_number(
		self,
		account_sid: str,
		phone_number: str,
		*,
		kind: str = LONG_CODE,
		sms: bool = True,
		mms: bool = True,
		sms_url: str = "",
		sms_method: str = "POST",
		sms_fallback_url: str = "",
		sms_fallback_method: str = "POST",
		status_callback: str = "",
		friendly_name: str = "",
		service_sid: str = "",
		sid: str = "",
		country: str = "",
		registered: bool = True,
		verification: str | None = "TWILIO_APPROVED",
	) -> PhoneNumber | MessagingService:
		"""Add a number of ours, or replace it.

		:param phone_number: E.164, a short code, an alphanumeric sender; for a Messaging Service its MG… SID
		:param kind: one of `KINDS`, in any case
		:param service_sid: puts the number into the pool of a service that exists
		:param country: of a short code (ISO 3166-1 alpha-2), US when left out
		:param registered: as in `PhoneNumber`, and so is `verification`
		:raises KeyError: no such account or service
		:raises ValueError: no such kind
		"""
		kind = kind.lower()
		if kind not in KINDS:
			raise ValueError(f"kind must be one of {', '.join(KINDS)}")
		account = self.world.accounts[account_sid]
		if kind == SERVICE:
			return self.add_service(
				account.sid, phone_number, friendly_name=friendly_name, inbound_url=sms_url
			)
		if service_sid:
			service_sid = self.world.services[service_sid].sid
		number = PhoneNumber(
			sid=sid or self.world.sid(SID_PREFIXES.get(kind, "PN")),
			account_sid=account.sid,
			phone_number=phone_number,
			kind=kind,
			sms=sms,
			mms=mms,
			sms_url=sms_url,
			sms_method=sms_method.upper(),
			sms_fallback_url=sms_fallback_url,
			sms_fallback_method=sms_fallback_method.upper(),
			status_callback=status_callback,
			friendly_name=friendly_name or phone_number,
			service_sid=service_sid,
			country=country or ("US" if kind == SHORT_CODE else ""),
			registered=registered,
			verification=verification,
		)
		self.world.numbers[phone_number] = number
		self.world.touch()
		return number

	def add_short_code(self, account_sid: str, short_code: str, **options) -> PhoneNumber:
		"""Add a short code of ours. For the options see `add_number`."""
		return self.add_number(account_sid, short_code, kind=SHORT_CODE, **options)

	def release_number(self, phone_number: str) -> None:
		"""Give a number of ours back to Twilio; its texts stay. :raises KeyError: not one of ours"""
		del self.world.numbers[phone_number]
		self.world.touch()

	def add_handset(self, number: str, name: str = "") -> None:
		"""Put a customer's phone on the page. :raises ValueError: not a phone number, or one of ours"""
		if not _is_party(number) or number in self.world.numbers:
			raise ValueError(f"{number!r} is not a customer's number")
		self.world.know_handset(number, name)

	# What happens

	def text(self, from_: str, to: str, body: str = "", media=(), **extra_params: str) -> Message:
		"""A customer texts one of our numbers. The webhook goes out in the background.

		:param from_: E.164, a short code or an alphanumeric sender
		:param media: (filename, bytes) or (filename, bytes, content type) each
		:param extra_params: added to the webhook's parameters, or replacing them
		:raises ValueError: `to` is not a number of ours that can be texted, or `from_` is none at all
		"""
		number = self.world.numbers.get(to)
		if not number or not number.sms or number.kind == ALPHANUMERIC:
			raise ValueError(f"{to!r} is not a number that can be texted")
		if not _is_party(from_) or from_ in self.world.numbers:
			raise ValueError(f"{from_!r} is not a customer's number")
		return self._inbound.receive(from_, number, body, list(media), extra_params)

	def messages(
		self, *, direction: str = "", customer: str = "", number: str = "", status: str = ""
	) -> list[Message]:
		"""Messages, oldest first.

		:param direction: inbound, outbound-api, outbound-reply, or outbound for both
		:param number: one of ours
		"""
		with self.world.lock:
			return [
				m
				for m in self.world.messages.values()
				if m.direction.startswith(direction)
				and customer in ("", m.customer)
				and number in ("", m.ours)
				and status in ("", m.status)
			]

	def message(self, sid: str) -> Message:
		""":raises KeyError: no such message"""
		return self.world.messages[sid]

	def arrivals(self, number: str) -> list[float]:
		"""When the send requests that were accepted for a number of ours had been read: `time.monotonic()`, ascending.

		:param number: the sender, or the Messaging Service of messages that none was chosen for yet
		"""
		with self.world.lock:
			return sorted(m.arrived for m in self.world.messages.values() if m.arrived and m.ours == number)

	@property
	def latency_s(self) -> float:
		"""How long every answer of the REST API takes; may be changed at any time."""
		return self._rest.latency_s

	@latency_s.setter
	def latency_s(self, seconds: float) -> None:
		self._rest.latency_s = seconds

	@property
	def clock_ahead_s(self) -> float:
		"""How far Twilio's clock is ahead of this machine's, below 0 when it is behind; may be changed at any time."""
		return self._rest.context.clock_ahead.total_seconds()

	@clock_ahead_s.setter
	def clock_ahead_s(self, seconds: float) -> None:
		self._rest.context.clock_ahead = timedelta(seconds=seconds)

	@property
	def under_way(self) -> int:
		"""How many requests to the REST API have been read and not been answered yet."""
		return len(self._rest.under_way)

	@property
	def webhook_attempts(self) -> list[WebhookAttempt]:
		"""Requests made to the app, oldest first."""
		return self._journal(WebhookAttempt)

	@property
	def requests(self) -> list[RestRequest]:
		"""Requests the app made to the REST API, oldest first, without credentials."""
		return self._journal(RestRequest)

	@property
	def alerts(self) -> list[Alert]:
		"""Twilio's error log, oldest first."""
		with self.world.lock:
			return list(self.world.alerts)

	def add_alert(self, account_sid: str, error_code: int, words: str = "", **about) -> Alert:
		"""Put an entry into Twilio's error log.

		:param words: what went wrong; Twilio's own for the codes that practice mode knows
		:param about: further fields of `Alert`, e.g. `generated`, `log_level`, `resource_sid`, `request_url`
		"""
		known = DELIVERY_ERRORS.get(error_code) or WEBHOOK_ERRORS.get(error_code, "")
		return self.world.add_alert(account_sid, error_code, words or known, **about)

	def clear_alerts(self) -> None:
		"""Empty Twilio's error log."""
		self.world.alerts.clear()
		self.world.touch()

	@property
	def notices(self) -> list[Notice]:
		"""Warnings, as Twilio's debugger would show them, and faults that struck."""
		return self._journal(Notice)

	def wait_idle(self, timeout_s: float = 10.0) -> bool:
		"""Wait until no webhook, callback or timer is pending. False when there still is one.

		Scheduled messages are not waited for.
		"""
		return self._courier.wait_idle(timeout_s)

	def reset(self) -> None:
		"""Forget messages, media, opt-outs, alerts and the journal; switch all faults off. Accounts, numbers and
		handsets stay."""
		self._courier.stop()
		self._renew_courier()
		self.faults.off()
		self.world.forget_messages()

	# Serving

	@property
	def base_url(self) -> str:
		""":raises RuntimeError: not started, and the port is not fixed"""
		if not self.port:
			raise RuntimeError("The simulator has no port before it is started.")
		return f"http://{self.host}:{self.port}"

	def start(self) -> "Simulator":
		"""Listen, in threads of its own. After `stop` it comes back on the same port, with its state; messages and
		webhooks that were under way are not taken up again.

		:raises OSError: the port is taken
		"""
		if self._server:
			return self
		if self._stopping.is_set():
			self._stopping.clear()
			self._renew_courier()
		# Given to werkzeug ready-made, because werkzeug would end the process where the port is taken.
		with socket.create_server((self.host, self.port), backlog=128) as listener:
			self.port = listener.getsockname()[1]
			self._server = make_server(
				self.host,
				self.port,
				self._serve,
				threaded=True,
				request_handler=_Handler,
				fd=listener.fileno(),
			)
		threading.Thread(
			target=self._server.serve_forever, args=(POLL_S,), name="simulator", daemon=True
		).start()
		return self

	def stop(self) -> None:
		"""Refuse connections from now on, end what is under way."""
		server, self._server = self._server, None
		if not server:
			return
		self._stopping.set()
		self.world.touch()
		server.shutdown()
		server.server_close()
		self._courier.stop()

	def __enter__(self) -> "Simulator":
		return self.start()

	def __exit__(self, *exception) -> None:
		self.stop()

	@property
	def stopping(self) -> bool:
		return self._stopping.is_set()

	def _serve(self, environ, start_response):
		request = Request(environ)
		request.max_content_length = MAX_REQUEST_BYTES
		try:
			response = self._answer(request)
		except HungUp:
			with contextlib.suppress(OSError):  # the client may have given up first
				environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
			raise
		except HTTPException as e:
			response = e.get_response(environ)
		except Exception as e:
			self.world.record(Notice(f"Practice mode itself failed: {type(e).__name__}: {e}"))
			response = Response(
				'{"code": 20500, "message": "Internal Server Error"}', 500, mimetype="application/json"
			)
		return response(environ, start_response)

	def _answer(self, request: Request) -> Response:
		if request.path.startswith((f"/{API_VERSION}/", f"{V1}/")):
			return self._rest.answer(request)
		if request.path.startswith(MEDIA_HOST):
			return self._serve_media(request)
		if not _is_for_loopback(request):
			# Otherwise any web page could reach the page by a DNS name that points here.
			return Response("This page is served for loopback addresses only.", 403)
		return self._pages.answer(request)

	def _serve_media(self, request: Request) -> Response:
		if request.headers.get("Authorization"):
			# Twilio's media host is Amazon S3, which refuses a second means of authentication.
			return Response("<Error><Code>InvalidArgument</Code></Error>", 400, mimetype="application/xml")
		media = self.world.media.get(request.path.rsplit("/", 1)[-1])
		if not media or request.method not in ("GET", "HEAD"):
			return Response("<Error><Code>AccessDenied</Code></Error>", 403, mimetype="application/xml")
		# This host is the page's own origin: nothing a customer sends may run there.
		headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
		return Response(media.content, mimetype=media.content_type, headers=headers)

	def _media_url(self, media: Media) -> str:
		return f"{self.base_url}{API}/{media.account_sid}/Messages/{media.message_sid}/Media/{media.sid}"

	def _media_location(self, media: Media) -> str:
		return f"{self.media_base_url or self.base_url}{MEDIA_HOST}{media.account_sid}/{media.sid}"

	def _pause(self, seconds: float) -> None:
		self._stopping.wait(seconds)

	def _journal(self, entry_type: type) -> list:
		with self.world.lock:
			return [entry for entry in self.world.journal if isinstance(entry, entry_type)]

	def _renew_courier(self) -> None:
		self._courier = self._carrier.courier = Courier(self.world, self._rules)


class _Handler(WSGIRequestHandler):
	def send_response(self, code: int, message: str | None = None) -> None:
		"""Without the header Date of this machine: the API's answers have Twilio's."""
		self.send_response_only(code, message)
		self.send_header("Server", self.version_string())

	def log(self, *arguments) -> None:
		"""Nothing: the journal and the page tell what happened."""


def _is_for_loopback(request: Request) -> bool:
	try:
		name = urlsplit("//" + request.environ.get("HTTP_HOST", "")).hostname or ""
		return name == "localhost" or ipaddress.ip_address(name).is_loopback
	except ValueError:
		return False


def _is_party(number: str) -> bool:
	e164 = (
		number.startswith("+")
		and number[1:].isascii()
		and number[1:].isdecimal()
		and len(number) in range(6, 17)
	)
	return e164 or looks_like_short_code(number) or looks_alphanumeric(number)
