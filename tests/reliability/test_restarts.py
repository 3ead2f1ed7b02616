"""MariaDB and Redis are restarted while texts stream in: each text is in its customer's ticket, once.

Webhooks that met no database are made up for by the comparison with Twilio's list, jobs that a Redis forgot by the
sweep, as on a bench.

In short (`make test`) some texts and one Redis. In full (`make kill-matrix`) 500 texts, both Redis, and MariaDB twice,
the second time by SIGKILL.
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import frappe
import pytest
from support import desks
from support.recovery import back_fill, make_due, run_sweep
from support.stack import INBOUND, MESSAGE, Customer

from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT

RESTART_TIMEOUT_S = 90
PAUSE_S = 1.5
SWEEPS = 20
SWEEP_EVERY_S = 15


@dataclass(frozen=True)
class Plan:
	texts: int
	customers: int
	per_second: int
	restarts: tuple[tuple[str, str], ...]
	"""(service, signal that ends it)"""


SHORT = Plan(40, 8, 8, (("Redis-queue", "TERM"),))
FULL = Plan(
	*(500, 50, 25),
	(("Redis-queue", "TERM"), ("Redis-cache", "TERM"), ("MariaDB", "TERM"), ("MariaDB", "KILL")),
)


@dataclass
class Stream:
	"""Texts of many customers in turn, at an even pace, from a thread of its own; some follow when all services are back."""

	plan: Plan
	customers: list[Customer]
	number: str
	sent: list = field(default_factory=list)
	services_are_back: threading.Event = field(default_factory=threading.Event)

	def start(self) -> None:
		self.thread = threading.Thread(target=self._run, name="stream", daemon=True)
		self.thread.start()

	def _run(self) -> None:
		begun = time.monotonic()
		for n in range(self.plan.texts):
			if n >= self.plan.texts * 0.9:
				self.services_are_back.wait(len(self.plan.restarts) * RESTART_TIMEOUT_S)
			time.sleep(max(0, begun + n / self.plan.per_second - time.monotonic()))
			customer = self.customers[n % len(self.customers)]
			self.sent.append(customer.text(f"Text {n}", to=self.number, wait=False))

	def join(self) -> None:
		self.services_are_back.set()
		self.thread.join(60 + self.plan.texts / self.plan.per_second)
		assert not self.thread.is_alive()


@pytest.fixture
def number(stack) -> str:
	"""A number of ours as the app configures it at Twilio: webhooks are repeated after errors."""
	number = stack.add_number()
	stack.simulator.add_number(stack.account_sid, number, sms_url=stack.web + INBOUND + RETRY_FRAGMENT)
	return number


def test_restarts_under_a_stream_of_texts_lose_and_double_nothing(stack, sim, number, restart, request):
	in_full = request.config.getoption("--in-full")
	plan = FULL if in_full else SHORT
	stream = Stream(plan, [Customer(stack) for _ in range(plan.customers)], number)
	with stack.supervised_worker():
		stream.start()
		try:
			for service, signal in plan.restarts:
				time.sleep(PAUSE_S)
				restart(service, signal)
		finally:
			stream.join()
			_reconnect()
		assert sim.wait_idle(60)
		_print_losses(stack, stream)
		back_fill(stack, number)
		_sweep_until_done(stack, stream, wait=in_full)
	_assert_each_is_there_once(stream)


def _reconnect() -> None:
	"""This process's own connection ended with MariaDB."""
	frappe.db.close()
	frappe.connect()
	frappe.set_user("Administrator")


def _print_losses(stack, stream: Stream) -> None:
	attempts = stack.simulator.webhook_attempts
	taken = {a.message_sid for a in attempts if a.status_code == 200}
	answers = Counter(a.status_code for a in attempts if a.message_sid in {m.sid for m in stream.sent})
	lost = sum(m.sid not in taken for m in stream.sent)
	print(
		f"{len(stream.sent)} texts, answers to webhooks: {dict(answers)}; {lost} texts are for the back-fill"
	)


def _sweep_until_done(stack, stream: Stream, wait: bool) -> None:
	sids = [message.sid for message in stream.sent]
	for _ in range(SWEEPS):
		if wait:
			time.sleep(SWEEP_EVERY_S)
		else:
			make_due(sids)
		run_sweep(stack)
		stack.wait_until_idle()
		threaded = frappe.db.count(MESSAGE, {"twilio_sid": ("in", sids), "status": "Threaded"})
		print(f"{threaded} of {len(sids)} texts are in their tickets")
		if threaded == len(sids):
			return
	statuses = frappe.get_all(MESSAGE, {"twilio_sid": ("in", sids)}, ["status", "attempts", "error_message"])
	raise AssertionError([row for row in statuses if row.status != "Threaded"] or "texts are missing")


def _assert_each_is_there_once(stream: Stream) -> None:
	for customer in stream.customers:
		texts = [m for m in stream.sent if m.from_ == customer.number]
		rows = frappe.get_all(MESSAGE, {"customer_number": customer.number}, ["twilio_sid", "communication"])
		assert sorted(row.twilio_sid for row in rows) == sorted(m.sid for m in texts)
		communications = frappe.get_all(
			"Communication", {"phone_no": customer.number}, ["name", "content", "reference_name"]
		)
		assert sorted(c.name for c in communications) == sorted(row.communication for row in rows)
		assert sorted(c.content for c in communications) == sorted(m.body for m in texts)
		assert len({c.reference_name for c in communications}) == 1
		contacts = frappe.get_all("Contact Phone", {"twilio_sms_e164": customer.number}, pluck="parent")
		assert len(contacts) == 1
		assert frappe.db.count(desks.default().doctype, {"contact": contacts[0]}) == 1
