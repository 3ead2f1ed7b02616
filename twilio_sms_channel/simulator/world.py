"""All that exists in practice mode.

Everything is in memory, behind `World.lock`; `World.touch()` tells whoever watches that something changed.
"""

import random
import threading
from collections import deque
from urllib.parse import urlencode

from twilio_sms_channel.simulator.models import (
	ONLINE,
	RCS_SENDER,
	Account,
	Alert,
	Content,
	Handset,
	Media,
	Message,
	MessagingService,
	PhoneNumber,
	Route,
	now,
)

# Enough for a long test run; a journal without end would eat the memory of a practice server left running.
MAX_JOURNAL_ENTRIES = 20_000
MAX_ALERTS = 10_000


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
			self.contents: dict[str, Content] = {}
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

	def readdress(self, message: Message, to: str) -> None:
		"""Have a message go to the same handset by another way."""
		with self.lock:
			self.messages_to[message.to].remove(message)
			message.to = to
			self.messages_to.setdefault(to, []).append(message)

	def know_handset(self, number: str, name: str = "") -> Handset:
		"""Give a customer number a handset; an empty name leaves the one it has."""
		with self.lock:
			handset = self.handsets.setdefault(number, Handset(number, name or number))
			handset.name = name or handset.name
		self.touch()
		return handset

	def takes_rcs(self, number: str) -> bool:
		handset = self.handsets.get(number)
		return bool(handset and handset.rcs)

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
		"""What a Messaging Service sends SMS and MMS from."""
		return [n for n in self.numbers.values() if n.service_sid == service_sid and n.kind != RCS_SENDER]

	def rcs_senders(self, service_sid: str) -> list[PhoneNumber]:
		"""What a Messaging Service sends RCS from, whatever their status."""
		return [n for n in self.numbers.values() if n.service_sid == service_sid and n.kind == RCS_SENDER]

	def rcs_sender(self, service_sid: str) -> PhoneNumber | None:
		"""The one that a Messaging Service tries first; None where none is ready."""
		return next((n for n in self.rcs_senders(service_sid) if n.status in ONLINE), None)
