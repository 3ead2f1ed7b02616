"""The site was dark for four hours: what customers wrote meanwhile is in their tickets soon after its return, once and in order.

Nobody starts anything: the scheduler's first tick finds that it is late, workers do the rest. One of them is killed on the
way, and Twilio answers some requests with 429, 503, half a page, and a page that says too early that it is the last.

In short (`make test`) some dozens of messages. In full (`make outage`) 10,000, with goals for the time to wholeness.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from support import twilio_accounts
from support.stack import MESSAGE, Customer

from twilio_sms_channel.infra import clock, site_identity
from twilio_sms_channel.messaging.sending import heartbeat
from twilio_sms_channel.simulator.models import Message

NUMBER = "Twilio SMS Number"
DARK_HOURS = 4
STORED_WITHIN_S, THREADED_WITHIN_S = 5 * 60, 15 * 60
LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class Plan:
	messages: int
	customers: int
	numbers: int
	replies: int
	"""of agents, whose delivery reports were lost"""
	sweep_every_s: float


SHORT = Plan(messages=60, customers=12, numbers=2, replies=4, sweep_every_s=2)
FULL = Plan(messages=10_000, customers=2_500, numbers=5, replies=200, sweep_every_s=60)


@dataclass
class Darkness:
	"""What happened at Twilio while the site was away."""

	stack: object
	plan: Plan
	numbers: list[str]
	texts: list[Message] = field(default_factory=list)
	replies: list[str] = field(default_factory=list)
	"""Twilio SMS Messages"""

	def fall(self) -> None:
		"""Customers write for four hours, spread over our numbers; of earlier replies nobody is told that they arrived."""
		began = datetime.now(timezone.utc) - timedelta(hours=DARK_HOURS)
		step = timedelta(hours=DARK_HOURS) / self.plan.messages
		customers = [Customer(self.stack).number for _ in range(self.plan.customers)]
		for n in range(self.plan.replies):
			self._reply(customers[n % len(customers)], began - timedelta(minutes=20))
		for n in range(self.plan.messages):
			place = n % len(customers)
			# Several of one customer within a second, as fingers are.
			at = began + step * (n - n % 3)
			text = self._message(
				"inbound", customers[place], self.numbers[place % len(self.numbers)], "received", at
			)
			text.body = f"Text {n}"
			self.stack.simulator.remember(text)
			self.texts.append(text)

	def _reply(self, customer: str, at: datetime) -> None:
		number = self.numbers[0]
		sent = self._message("outbound-api", number, customer, "delivered", at)
		sent.body = "Answer"
		self.stack.simulator.remember(sent)
		facts = {
			"doctype": MESSAGE,
			"direction": "Outbound",
			"status": "Sent",
			"account": self.stack.account,
			"number": number,
			"customer_number": customer,
			"body": sent.body,
			"twilio_sid": sent.sid,
			"sent_at": clock.local(at.replace(tzinfo=None)),
		}
		self.replies.append(frappe.get_doc(facts).insert(ignore_permissions=True).name)

	def _message(self, direction: str, from_: str, to: str, status: str, at: datetime) -> Message:
		message = Message(
			sid=self.stack.simulator.world.sid("SM"),
			account_sid=self.stack.account_sid,
			direction=direction,
			from_=from_,
			to=to,
			body="",
			status=status,
		)
		message.created = message.updated = message.sent = at
		return message


@pytest.fixture
def darkness(stack, sim, request):
	plan = FULL if request.config.getoption("--in-full") else SHORT
	numbers = [stack.add_number() for _ in range(plan.numbers)]
	before = add_to_date(now_datetime(), hours=-DARK_HOURS, minutes=-10)
	for name in (*numbers, stack.number, stack.other_number):
		facts = {"creation": before, "backfilled_until": before}
		frappe.db.set_value(NUMBER, name, facts, update_modified=False)
	frappe.db.commit()
	dark = Darkness(stack, plan, numbers)
	with twilio_accounts.alone(stack.account), stack.without_worker():
		dark.fall()
		# When the site last gave a sign of life.
		heartbeat._write(clock.utc() - timedelta(hours=DARK_HOURS))
		frappe.db.commit()
		yield dark
	sim.faults.off()


def count(dark: Darkness, **filters) -> int:
	frappe.db.rollback()
	return frappe.db.count(MESSAGE, {"number": ("in", dark.numbers), "direction": "Inbound", **filters})


def seconds_until(begun: float, done: Callable[[], bool], most_s: float) -> float:
	while not done():
		assert time.monotonic() - begun < most_s, f"not within {most_s} s"
		time.sleep(LOOK_EVERY_S)
	return time.monotonic() - begun


def test_four_dark_hours_leave_no_scar(stack, sim, darkness, capsys):
	plan, total = darkness.plan, len(darkness.texts)
	for fault in ("rate_limit", "list_broken", "list_cut", "outage"):
		sim.faults.next(fault)
	begun = time.monotonic()
	worker = stack.start_worker("worker")
	with stack.more_workers(1):
		stack.start(
			"scheduler",
			"support.scheduler",
			TWILIO_SMS_SWEEP_EVERY_S=str(plan.sweep_every_s if plan is SHORT else 5),
		)
		try:
			# In the middle of taking in: the next one goes on.
			seconds_until(begun, lambda: count(darkness) > total / 4, STORED_WITHIN_S)
			worker.kill()
			worker.wait(10)
			stack.start_worker("worker")
			stored_s = seconds_until(begun, lambda: count(darkness) >= total, STORED_WITHIN_S)
			threaded_s = seconds_until(
				begun, lambda: count(darkness, status="Threaded") >= total, THREADED_WITHIN_S
			)
			whole_s = seconds_until(begun, lambda: not outage_is_open(), THREADED_WITHIN_S)
		finally:
			stack.stop("scheduler")
	with capsys.disabled():
		print(
			f"\n{total} messages of {plan.customers} customers in {DARK_HOURS} dark hours: stored after "
			f"{stored_s:.0f} s, in their tickets after {threaded_s:.0f} s, statuses known after {whole_s:.0f} s"
		)
	assert_whole(darkness)


def outage_is_open() -> bool:
	frappe.db.rollback()
	return heartbeat.OUTAGE in site_identity.stored(heartbeat.OUTAGE)


def assert_whole(dark: Darkness) -> None:
	rows = frappe.get_all(
		MESSAGE,
		{"number": ("in", dark.numbers), "direction": "Inbound"},
		["twilio_sid", "communication", "customer_number"],
	)
	assert sorted(row.twilio_sid for row in rows) == sorted(text.sid for text in dark.texts)
	entries = frappe.get_all(
		"Communication",
		{"name": ("in", [row.communication for row in rows])},
		["phone_no", "content", "reference_name"],
		order_by="creation, name",
	)
	shown, tickets = {}, {}
	for entry in entries:
		shown.setdefault(entry.phone_no, []).append(entry.content)
		tickets.setdefault(entry.phone_no, set()).add(entry.reference_name)
	sent = {}
	for text in dark.texts:
		sent.setdefault(text.from_, []).append(text.body)
	assert shown == sent
	assert all(len(of_one) == 1 for of_one in tickets.values())
	assert len(set.union(*tickets.values())) == len(sent)
	statuses = set(frappe.get_all(MESSAGE, {"name": ("in", dark.replies)}, pluck="status"))
	assert statuses == {"Delivered"}
