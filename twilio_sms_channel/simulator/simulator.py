"""The simulator: one object that owns the world and serves it over HTTP."""

import threading
from datetime import timedelta

from twilio_sms_channel.simulator import addresses, http
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
from twilio_sms_channel.simulator.faults import Faults
from twilio_sms_channel.simulator.models import (
	ALPHANUMERIC,
	RCS_SENDER,
	Alert,
	Content,
	Media,
	Message,
	Notice,
	RestRequest,
	WebhookAttempt,
)
from twilio_sms_channel.simulator.pages import Pages
from twilio_sms_channel.simulator.phone_numbers import is_sender
from twilio_sms_channel.simulator.provisioning import Provisioning
from twilio_sms_channel.simulator.rest.answers import API
from twilio_sms_channel.simulator.rest.api import RestApi
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.world import World

DEFAULT_HANDSETS = (
	("+14155550132", "Ann Miller"),
	("+12125550187", "Bob Okafor"),
	("+447700900123", "Priya Shah"),
)


class Simulator(Provisioning):
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
		self._application = http.Application(self.world, self._rest, Pages(self))
		self._server = None
		self._stopping = threading.Event()
		for number, name in DEFAULT_HANDSETS:
			self.world.know_handset(number, name)

	# What happens

	def text(self, from_: str, to: str, body: str = "", media=(), group=(), **extra_params: str) -> Message:
		"""A customer texts one of our numbers. The webhook goes out in the background.

		:param from_: E.164, a short code, or whatever else Twilio names senders by, see `is_sender`
		:param to: a number or short code; of an RCS sender its address ("rcs:…"): then it goes by RCS
		:param media: (filename, bytes) or (filename, bytes, content type) each
		:param group: the numbers of those who also get it
		:param extra_params: added to the webhook's parameters, or replacing them
		:raises ValueError: `to` is not a number of ours that can be texted, or `from_` is none at all, or takes no RCS
		"""
		number = self.world.numbers.get(to)
		if not number or not number.sms or number.kind == ALPHANUMERIC:
			raise ValueError(f"{to!r} is not a number that can be texted")
		if not is_sender(from_) or from_ in self.world.numbers:
			raise ValueError(f"{from_!r} is not a customer's number")
		if number.kind == RCS_SENDER:
			if not self.world.takes_rcs(addresses.without_channel(from_)):
				raise ValueError(f"{from_!r} is not on RCS")
			from_ = addresses.by_rcs(from_)
		return self._inbound.receive(from_, number, body, list(media), extra_params, group)

	def tap(self, sid: str, text: str) -> Message:
		"""The customer taps a button below a message that arrived by RCS.

		:param text: what stands on the button
		:raises KeyError: no such message
		:raises ValueError: it has no such button
		"""
		message = self.world.messages[sid]
		button = next((b for b in message.buttons if b.text == text), None)
		if not button:
			raise ValueError(f"The message has no button {text!r}.")
		message.tapped = text
		return self.text(
			message.customer,
			message.ours,
			button.text,
			ButtonText=button.text,
			ButtonPayload=button.payload,
		)

	def read(self, customer: str, ours: str = "") -> list[Message]:
		"""The customer sees the messages that arrived by RCS: they are reported as read, if the handset does that.

		:param ours: those of one of our RCS senders alone
		:returns: those that were unread
		"""
		handset = self.world.handsets.get(customer)
		if not handset or not handset.read_receipts:
			return []
		found = self.messages(direction="outbound", customer=customer, number=ours, status="delivered")
		unread = [m for m in found if m.by_rcs]
		for message in unread:
			self._outbound.read(message)
		return unread

	def send_content(self, content: Content, to: str, service_sid: str) -> Message:
		"""Another program of the account sends a message with a content template.

		:raises RestError: 21610, the recipient opted out
		"""
		account = self.world.accounts[content.account_sid]
		message = self._outbound.accept(
			account, to=to, from_=None, body="", service_sid=service_sid, content=content
		)
		self._outbound.begin(message)
		return message

	def remember(self, message: Message, media=()) -> None:
		"""Have a message be there from before, as at a Twilio that ran all the time; oldest first.

		:param message: complete but for its media
		:param media: as for `text`
		"""
		self._inbound.remember(message, media)

	def reassign(self, customer: str) -> None:
		"""A number is given to somebody else: Twilio opts it out of all senders by itself, and nobody is told."""
		with self.world.lock:
			scopes = {self.world.consent_scope(number) for number in self.world.numbers.values()}
			self.world.opted_out.update((scope, customer) for scope in scopes)
		self.world.touch()

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
		self._server = http.listen(self.host, self.port, self._application)
		self.port = self._server.port
		http.serve(self._server)
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

	def _media_url(self, media: Media) -> str:
		return f"{self.base_url}{API}/{media.account_sid}/Messages/{media.message_sid}/Media/{media.sid}"

	def _media_location(self, media: Media) -> str:
		return f"{self.media_base_url or self.base_url}{http.MEDIA_HOST}{media.account_sid}/{media.sid}"

	def _pause(self, seconds: float) -> None:
		self._stopping.wait(seconds)

	def _journal(self, entry_type: type) -> list:
		with self.world.lock:
			return [entry for entry in self.world.journal if isinstance(entry, entry_type)]

	def _renew_courier(self) -> None:
		self._courier = self._carrier.courier = Courier(self.world, self._rules)
