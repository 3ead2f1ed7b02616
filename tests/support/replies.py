"""Replies of agents to many customers, the workers that send them, and what became of each."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import frappe
import psutil
from frappe.utils import now_datetime

from support import desks
from support.stack import MESSAGE, SUPERVISED_EVERY_S, Customer, Stack
from twilio_sms_channel.infra import asking
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.outbound import outbox

CONVERSATION = "Twilio SMS Conversation"
UNDECIDED = ("Queued", "Sending", "Unconfirmed")
SENT = ("Accepted", "Sent", "Delivered", "Read")
NOT_SENT = ("Undelivered", "Failed", "Blocked")
WRITE_TIMEOUT_S = 120


@dataclass
class Tally:
	"""What became of the replies under one fault; the figures count replies."""

	fault: str
	replies: int = 0
	sent_once: int = 0
	sent_twice: int = 0
	"""twice or more often"""
	lost: int = 0
	"""neither on the handset nor shown as failed"""
	visible_failures: int = 0
	"""not on the handset, and the ticket says so and why"""
	wrong_status: int = 0
	"""on the handset, but the ticket says that it failed, or does not know"""
	out_of_order: int = 0
	"""conversations whose texts arrived in another order than they were written in"""
	kills: int = 0
	seconds: float = 0


class Replies:
	"""Conversations on a short code of their own, and replies to them in turn.

	:param per_second: segments that the short code may send per second
	"""

	def __init__(self, stack: Stack, customers: int, per_second: float):
		self.stack = stack
		self.number = _short_code(stack, per_second)
		self.conversations = [conversation(stack, self.number) for _ in range(customers)]
		frappe.db.commit()
		self.begin()

	def begin(self) -> None:
		"""Count from now on; what an earlier round left undecided is called off. Commits."""
		reconnect()
		left = frappe.get_all(MESSAGE, {"number": self.number, "status": ("in", UNDECIDED)}, pluck="name")
		for name in left:
			frappe.db.set_value(MESSAGE, name, "status", "Canceled")
		frappe.db.commit()
		self.stack.empty_queues()
		self.written: list[tuple[str, str]] = []
		"""(conversation, body), in the order written"""

	def write(self, count: int, what: str) -> None:
		"""Write so many replies, each in a transaction of its own, to one customer after the other.

		A database that is away is waited for, as an agent presses Send again.
		"""
		for n in range(count):
			conversation = self.conversations[n % len(self.conversations)]
			body = f"{what} {n}"
			self._write(conversation, body)
			self.written.append((conversation.name, body))

	def wait_until_decided(self, timeout_s: float) -> bool:
		"""Wait until every reply's fate is known. False when some are not after `timeout_s`."""
		deadline = time.monotonic() + timeout_s
		while time.monotonic() < deadline:
			try:
				if not self.undecided():
					self.stack.simulator.wait_idle(10)
					return True
			except Exception:
				# The database is away as well.
				with suppress(Exception):
					reconnect()
			time.sleep(0.25)
		return False

	def undecided(self) -> Counter:
		"""How many of the replies are in each of the statuses that are no end."""
		frappe.db.rollback()
		return Counter(
			frappe.get_all(MESSAGE, {"number": self.number, "status": ("in", UNDECIDED)}, pluck="status")
		)

	def tally(self, fault: str) -> Tally:
		frappe.db.rollback()
		tally = Tally(fault, replies=len(self.written))
		arrived = [
			m for m in self.stack.simulator.messages(direction="outbound", number=self.number) if m.arrived
		]
		copies = Counter((m.customer, m.body) for m in arrived)
		customers = {c.name: c.customer_number for c in self.conversations}
		ledger = self._ledger()
		for conversation, body in self.written:
			found = copies[(customers[conversation], body)]
			row = ledger.get((conversation, body))
			if found:
				tally.sent_once += found == 1
				tally.sent_twice += found > 1
				tally.wrong_status += not row or row.status not in SENT
			elif row and row.status in NOT_SENT and row.error_message and row.shown == _shown(row.status):
				tally.visible_failures += 1
			else:
				tally.lost += 1
		tally.out_of_order = sum(
			not _in_order([m.body for m in arrived if m.customer == customers[name]], self._bodies(name))
			for name in customers
		)
		return tally

	def _bodies(self, conversation: str) -> list[str]:
		return [body for name, body in self.written if name == conversation]

	def _ledger(self) -> dict:
		"""(conversation, body) → the message's row, `shown` is what its Communication says."""
		rows = frappe.get_all(
			MESSAGE,
			{"number": self.number, "direction": "Outbound"},
			["conversation", "body", "status", "error_message", "communication"],
		)
		shown = dict(
			frappe.get_all(
				"Communication",
				{"name": ("in", [row.communication for row in rows])},
				["name", "delivery_status"],
				as_list=True,
			)
		)
		return {(row.conversation, row.body): row.update(shown=shown.get(row.communication)) for row in rows}

	def _write(self, conversation, body: str) -> None:
		deadline = time.monotonic() + WRITE_TIMEOUT_S
		while True:
			try:
				# A commit whose answer got lost is not made a second time.
				if not frappe.db.exists(MESSAGE, {"conversation": conversation.name, "body": body}):
					outbox.write(conversation, body)
					frappe.db.commit()
				return
			except Exception:
				if time.monotonic() > deadline:
					raise
				time.sleep(0.2)
				with suppress(Exception):
					reconnect()


class Workers:
	"""Background workers in place of the stack's own, each started again when it died, and the scheduler's sweep.

	:param sweep_every_s: the scheduler's tick; a minute on a bench
	"""

	def __init__(self, stack: Stack, count: int = 2, *, sweep_every_s: float):
		self.stack, self.sweep_every_s = stack, sweep_every_s
		self.names = [f"sender-{n}" for n in range(1, count + 1)]
		self.kill_at, self.marks = "", []
		self._ended = threading.Event()
		self._changing = threading.Lock()

	def __enter__(self) -> "Workers":
		self.stack.stop("worker")
		self.stack.start("scheduler", "support.scheduler", TWILIO_SMS_SWEEP_EVERY_S=str(self.sweep_every_s))
		for name in self.names:
			self._start(name)
		self._supervisor = threading.Thread(target=self._look_after_them, name="supervisor", daemon=True)
		self._supervisor.start()
		return self

	def __exit__(self, *_exc) -> None:
		self._ended.set()
		self._supervisor.join(10)
		self.stack.stop("scheduler", *self.names)
		self.stack.start_worker()

	def die_at(self, point: str, times: int, folder: Path) -> list[Path]:
		"""Start the workers anew, so that so many of them are killed there, one after the other.

		:param point: see `support.kill_point`
		:return: files, of which one appears with each that was killed
		"""
		with self._changing:
			self.kill_at, self.marks = point, [folder / f"killed-{n}" for n in range(times)]
			self.stack.stop(*self.names)
			for name in self.names:
				self._start(name)
		return self.marks

	def kill(self) -> None:
		"""SIGKILL to all workers and to what they forked, at once."""
		trees = []
		for name in self.names:
			with suppress(psutil.NoSuchProcess):
				worker = psutil.Process(self.stack.processes[name].pid)
				trees += [worker, *worker.children(recursive=True)]
		for process in trees:
			with suppress(psutil.NoSuchProcess):
				process.kill()

	def _start(self, name: str) -> None:
		mark = next((mark for mark in self.marks if not mark.exists()), None)
		env = {"TWILIO_SMS_KILL_AT": self.kill_at, "TWILIO_SMS_KILL_MARK": str(mark)} if mark else {}
		self.stack.start_worker(name, **env)

	def _look_after_them(self) -> None:
		while not self._ended.wait(SUPERVISED_EVERY_S):
			with self._changing:
				for name in self.names:
					if self.stack.processes[name].poll() is not None:
						self._start(name)


@contextmanager
def meanwhile(disturb) -> Iterator[None]:
	"""Have `disturb(ended)` run beside the block, in a thread; `ended` is an Event that is set when the block is over.

	:raises Exception: what `disturb` raised
	"""
	ended, problems = threading.Event(), []

	def run() -> None:
		try:
			disturb(ended)
		except BaseException as e:
			problems.append(e)

	thread = threading.Thread(target=run, name="disturbance", daemon=True)
	thread.start()
	try:
		yield
	finally:
		ended.set()
		thread.join(120)
	if problems:
		raise problems[0]


def question_was_read() -> None:
	"""As if those who were asked whether they mean it had taken their time to read it."""
	cache = frappe.cache()
	for key in cache.get_keys("twilio_sms_asked"):
		cache.pexpire(key, round((asking.REMEMBERED_FOR_S - asking.READ_IN_S) * 1000))


def reconnect() -> None:
	"""This process's own connection may have ended with MariaDB."""
	frappe.db.close()
	frappe.connect()
	frappe.set_user("Administrator")


def _short_code(stack: Stack, per_second: float) -> str:
	number = str(random.randint(200_000, 999_999))
	while frappe.db.exists("Twilio SMS Number", number):
		number = str(random.randint(200_000, 999_999))
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Number",
			"phone_number": number,
			"number_type": "Short Code",
			"account": stack.account,
			"segments_per_second": per_second,
		}
	).insert()
	stack.simulator.add_number(stack.account_sid, number, kind="short code")
	return number


def conversation(stack: Stack, number: str):
	"""A conversation of a new customer with one of our numbers, in a ticket of its own. Commits nothing."""
	customer = Customer(stack).number
	ticket = desks.default().make_ticket(subject=f"SMS from {customer}")
	return frappe.get_doc(
		{
			"doctype": CONVERSATION,
			"number": number,
			"customer_number": customer,
			"title": customer,
			"ticket_doctype": ticket.doctype,
			"ticket": str(ticket.name),
			"last_inbound": now_datetime(),
		}
	).insert(ignore_permissions=True)


def write(conversation, body: str, by: str = "Administrator") -> str:
	"""Queue a reply; its name. Commits nothing: no worker sees it before."""
	frappe.set_user(by)
	name = outbox.write(conversation, body).name
	frappe.set_user("Administrator")
	return name


def all_sent(messages: list[str]) -> bool:
	waiting = {"name": ("in", messages), "status": ("in", UNDECIDED)}
	return not frappe.db.count(MESSAGE, waiting)


def _shown(status: str) -> str:
	return message_status.COMMUNICATION_STATUS[status]


def _in_order(arrived: list[str], written: list[str]) -> bool:
	"""Whether texts arrived in the order written; one that came twice counts where it came first."""
	places = {body: place for place, body in enumerate(written)}
	first = [places[body] for body in dict.fromkeys(arrived) if body in places]
	return first == sorted(first)
