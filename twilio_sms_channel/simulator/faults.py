"""What can go wrong between an app and Twilio, on demand."""

import random
import threading
from dataclasses import dataclass

# name: what happens, one line for people. docs/simulator.md has the same table.
FAULTS: dict[str, str] = {
	"rate_limit": "Every API request is answered 429 (20429) with Retry-After. Nothing is processed.",
	"outage": "Every API request is answered 503. Nothing is processed.",
	"connection_closed": "Every API connection is closed without an answer. Nothing is processed.",
	"slow_api": "API answers take some seconds longer.",
	"list_cut": "A page of the message list ends early, and says that it is the last one.",
	"list_broken": "A page of the message list breaks off in the middle.",
	"error_before": "Sending is answered 500 and the message is NOT accepted.",
	"error_after": "Sending is answered 500 although the message IS accepted and delivered.",
	"timeout_before": "Sending never gets an answer and the message is NOT accepted.",
	"timeout_after": "Sending never gets an answer although the message IS accepted and delivered.",
	"smart_encoding": "Twilio sends and lists a message with plain characters in place of fancy ones (½ becomes 1/2).",
	"link_shortening": "Twilio sends and lists a message with short links in place of its own.",
	"redaction": "Twilio keeps no words of a sent message: they are missing in its message list.",
	"compliance_hold": "Messages are held (scheduled), as by the Compliance Toolkit in quiet hours, until this is off.",
	"hold_fails": "A message that was held is not sent when it is released: failed, 30047.",
	"region_disabled": "Messages to another country than the sender's are rejected (21408, geo permissions).",
	"callback_first": "Status callbacks arrive before the answer to the send request.",
	"callback_lost": "Status callbacks are not delivered.",
	"callback_doubled": "Status callbacks are delivered twice.",
	"callback_reordered": "A status callback is held back and delivered after the next one.",
	"webhook_lost": "Inbound messages are not announced by webhook. They are in the message list.",
	"webhook_doubled": "Inbound webhooks are delivered twice.",
	"bad_signature": "Webhooks and callbacks are signed with a wrong auth token.",
	"media_missing": "Media of inbound messages is answered 404, as in the first seconds after a webhook.",
}


class HungUp(ConnectionError):
	"""A fault: the connection is to be closed without an answer."""


@dataclass
class Fault:
	"""One switch. Off unless `remaining` or `probability` says otherwise."""

	name: str
	remaining: int | None = 0
	"""How many more times it strikes; None for always"""
	probability: float = 1.0
	"""Chance per occasion, 0 to 1"""

	@property
	def on(self) -> bool:
		return self.remaining != 0


class Faults:
	"""The switches by name. `sim.faults.next("error_after", 2)`; unknown names raise KeyError."""

	def __init__(self, seed: int | None = None, on_change=lambda: None):
		self._lock = threading.Lock()
		self._random = random.Random(seed)
		self._on_change = on_change
		self._all = {name: Fault(name) for name in FAULTS}

	def __iter__(self):
		return iter(self._all.values())

	def __getitem__(self, name: str) -> Fault:
		return self._all[name]

	def always(self, name: str) -> None:
		"""Strike on every occasion until switched off."""
		self._set(name, None, 1.0)

	def next(self, name: str, times: int = 1) -> None:
		"""Strike on the next `times` occasions."""
		if times < 0:
			raise ValueError("times must not be negative")
		self._set(name, times, 1.0)

	def sometimes(self, name: str, probability: float) -> None:
		"""Strike with this probability (0 to 1) until switched off."""
		if not 0 <= probability <= 1:
			raise ValueError("probability must be between 0 and 1")
		self._set(name, None, probability)

	def off(self, name: str | None = None) -> None:
		"""Switch one fault off, or all of them."""
		for each in [name] if name else list(self._all):
			self._set(each, 0, 1.0)

	def strikes(self, name: str) -> bool:
		"""Whether the fault strikes on this occasion; counts it down."""
		with self._lock:
			fault = self._all[name]
			if not fault.on or self._random.random() >= fault.probability:
				return False
			if fault.remaining is not None:
				fault.remaining -= 1
		self._on_change()
		return True

	def _set(self, name: str, remaining: int | None, probability: float) -> None:
		with self._lock:
			fault = self._all[name]
			fault.remaining, fault.probability = remaining, probability
		self._on_change()
