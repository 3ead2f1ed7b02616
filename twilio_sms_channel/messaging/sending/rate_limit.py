"""How fast each of our numbers may send, and whose turn it is.

Twilio limits segments per second and number (https://www.twilio.com/docs/messaging/guides/scaling-queueing-latency); what
is faster waits in a queue that nobody here could look into or take back from. So texts wait here, each for a place of its
own in time: places are given out under the lock of the number's row, by the database's clock, to all workers alike. All
times here are UTC: a local time goes back an hour in autumn.
"""

import random
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

import frappe
from pypika.terms import Parameter

from twilio_sms_channel.infra import clock

PACE, NUMBER, MESSAGE = "Twilio SMS Pace", "Twilio SMS Number", "Twilio SMS Message"
SEGMENTS_PER_SECOND = {"Long Code": 1, "Toll-Free": 3, "Alphanumeric Sender": 10, "Short Code": 100}
MMS_PER_SECOND = 25
# On their way to Twilio texts catch up with each other a little; a number never goes faster than it may.
GUARD_S = 0.0004
BACK_OFF_FIRST_S, BACK_OFF_MOST_S = 0.1, 30
# Replies of one person that follow each other faster than anybody types are one burst, which takes its turns in between.
BURST_WITHIN_S = 5
# Of one text: 1,600 characters that take 67 a segment.
MOST_SEGMENTS = 24
CLOCKS_COMPARED, CLOCK_WAS_SET_S = 8, 1
EPOCH = datetime(2000, 1, 1)
# By site, how far this process's clock is from the database's, lately: an answer that took long shows more than that.
_clocks: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=32))


@dataclass
class Place:
	"""Where a number stands, while its row is locked."""

	number: str
	now: datetime
	"""by the database's clock, as all times here"""
	next_at: datetime
	turn: int
	failures: int
	segments_per_second: float = 1
	shared_with: dict[str, float] = field(default_factory=dict)
	"""other numbers that are taken by what this one sends, each as long as it would need to send it itself: segments per
	second"""
	last: tuple[datetime, float] | None = None
	"""when the place is that was taken last, and for how many seconds"""

	@property
	def wait_s(self) -> float:
		return max((self.next_at - self.now).total_seconds(), 0)

	def take(self, seconds: float) -> float:
		"""Take the next place, which nobody else's follows within so many seconds. When it is, by time.monotonic()."""
		at = max(self.next_at, self.now)
		self.next_at = at + timedelta(seconds=seconds)
		self.last = at, seconds
		return (at - EPOCH).total_seconds() + min(_clocks[frappe.local.site])

	def keep(self) -> None:
		"""Write down what was taken."""
		frappe.db.sql(_keep_statement(), {"next_at": self.next_at, "turn": self.turn, "number": self.number})
		if not self.last:
			return
		at, seconds = self.last
		for number, its_own in self.shared_with.items():
			# Any of them may be the one that sends it; this number's next place is after the slowest could have.
			taken_s = max(seconds * self.segments_per_second / its_own, 1 / MMS_PER_SECOND)
			next_at = at + timedelta(seconds=min(taken_s, seconds))
			frappe.db.set_value(PACE, number, "next_at", next_at, update_modified=False)


def lock(number: str, segments_per_second: float = 1, shared_with: dict[str, float] | None = None) -> Place:
	"""Lock the number's row until the transaction ends; makes it, and commits, when there is none.

	:param segments_per_second: of the number
	:param shared_with: numbers whose places are taken as well, with their segments per second: a Messaging Service sends
		from any of them
	"""
	shared_with = shared_with or {}
	names = (number, *shared_with)
	while len(found := frappe.db.sql(_lock_query(), {"numbers": names}, as_dict=True)) < len(names):
		for missing in set(names) - {row.name for row in found}:
			frappe.get_doc({"doctype": PACE, "number": missing}).insert(
				ignore_permissions=True, ignore_if_duplicate=True
			)
		frappe.db.commit()
	row = next(row for row in found if row.name == number)
	# Not with the lock: a statement's time is when it began, and then it may have waited.
	now = clock.utc()
	_note_clock(now)
	# What lies further ahead than any wait was put there before the clock was set back.
	latest = now + timedelta(seconds=longest_wait_s(segments_per_second))
	next_at = max((row.next_at for row in found if row.next_at and row.next_at <= latest), default=now)
	return Place(number, now, next_at, row.turn or 0, row.failures or 0, segments_per_second, shared_with)


def longest_wait_s(segments_per_second: float) -> float:
	"""How far ahead a number's next place can be: after its longest text, or after failures."""
	return max(MOST_SEGMENTS / segments_per_second, 2 * BACK_OFF_MOST_S)


def _note_clock(now: datetime) -> None:
	clocks = _clocks[frappe.local.site]
	behind = time.monotonic() - (now - EPOCH).total_seconds()
	if clocks and behind > min(clocks) + CLOCK_WAS_SET_S:
		# No answer takes that long: the database's clock was set back, and earlier comparisons mean nothing any more.
		clocks.clear()
	clocks.append(behind)


@lru_cache(maxsize=1)
def _lock_query() -> str:
	Pace = frappe.qb.DocType(PACE)
	return (
		frappe.qb.from_(Pace)
		.select(Pace.name, Pace.next_at, Pace.turn, Pace.failures)
		.where(Pace.name.isin(Parameter("%(numbers)s")))
		# The same order for all, so that nobody waits for each other.
		.orderby(Pace.name)
		.for_update()
	).get_sql()


@lru_cache(maxsize=1)
def _keep_statement() -> str:
	Pace = frappe.qb.DocType(PACE)
	return (
		frappe.qb.update(Pace)
		.set(Pace.next_at, Parameter("%(next_at)s"))
		.set(Pace.turn, Parameter("%(turn)s"))
		.where(Pace.name == Parameter("%(number)s"))
	).get_sql()


def compare_clocks() -> None:
	"""Have this process know the database's clock before its first claim, whose own question takes long."""
	for _again in range(CLOCKS_COMPARED):
		_note_clock(clock.utc())


def seconds_for(segments: int, has_media: bool, segments_per_second: float) -> float:
	"""How long a number is taken by a text. An MMS counts as one, at most 25 a second leave an account."""
	if has_media:
		return max(1 / segments_per_second, 1 / MMS_PER_SECOND) + GUARD_S
	return max(segments, 1) / segments_per_second + GUARD_S


def segments_per_second(number) -> float:
	"""What a number may send: its own setting, otherwise by its type; a Messaging Service as much as its slowest number,
	for it may send all from that one.

	:param number: name, number_type, segments_per_second and messaging_service_sid of a Twilio SMS Number
	"""
	if number.segments_per_second:
		return number.segments_per_second
	if number.number_type != "Messaging Service":
		return SEGMENTS_PER_SECOND[number.number_type]
	return min(map(segments_per_second, pool_of(number)), default=1)


def pool_of(number) -> list:
	"""The numbers that a Messaging Service sends from, whose places its texts take as well: nobody knows which one Twilio
	chooses. None when an admin says how fast it may be.

	:param number: see `segments_per_second`
	"""
	if number.number_type != "Messaging Service" or number.segments_per_second:
		return []
	return frappe.get_all(
		NUMBER,
		{
			"messaging_service_sid": number.messaging_service_sid,
			"name": ("!=", number.name),
			"number_type": ("in", list(SEGMENTS_PER_SECOND)),
		},
		["name", "number_type", "segments_per_second"],
		order_by="name",
	)


def back_off(number: str, since: datetime, reason: str, segments_per_second: float = 1) -> None:
	"""Let a number wait after a call that Twilio did not take, longer each time in a row, with jitter.

	:param since: when the call was claimed, by the database's clock: many that fail at once count once
	"""
	place = lock(number, segments_per_second)
	Pace = frappe.qb.DocType(PACE)
	failed_at = frappe.db.get_value(PACE, number, "modified")
	if place.failures and since < failed_at <= place.now:
		return
	wait_s = min(BACK_OFF_FIRST_S * 2**place.failures, BACK_OFF_MOST_S) * random.uniform(0.5, 1)
	frappe.qb.update(Pace).set(Pace.failures, place.failures + 1).set(Pace.reason, reason).set(
		Pace.modified, place.now
	).set(Pace.next_at, max(place.next_at, place.now + timedelta(seconds=wait_s))).where(
		Pace.name == number
	).run()


def recover(number: str, since: datetime) -> None:
	"""Twilio took a text that was claimed after the last failure: the number goes at its own speed again."""
	Pace = frappe.qb.DocType(PACE)
	before = (Pace.modified < since) | (Pace.modified > clock.utc())
	frappe.qb.update(Pace).set(Pace.failures, 0).set(Pace.reason, None).where(
		(Pace.name == number) & (Pace.failures > 0) & before
	).run()


def turn_for(number: str, conversation: str, by: str = "") -> int:
	"""The turn of a text that is being queued: lower ones leave first.

	Whoever sends very many takes one turn each, from the one being served on. So a single reply goes before what is
	left of them, together with the earlier texts of its own conversation.

	:param by: user who wrote it; "" for automatic texts, which follow at once
	"""
	turn = frappe.db.get_value(PACE, number, "turn") or 0
	earlier = _waiting(conversation)
	if by and (last := _burst(number, by)) is not None:
		turn = max(turn, last + 1, *(text.turn + 1 for text in earlier))
	else:
		for text in earlier:
			if text.turn > turn:
				frappe.db.set_value(MESSAGE, text.name, "turn", turn, update_modified=False)
			turn += 1
	if by:
		# Only a matter of fairness: a cache that was emptied does no harm.
		frappe.cache().set_value(_burst_key(number, by), turn, expires_in_sec=BURST_WITHIN_S)
	return turn


def _burst(number: str, by: str) -> int | None:
	"""The turn of what the user wrote a moment ago."""
	return frappe.cache().get_value(_burst_key(number, by), expires=True)


def _burst_key(number: str, by: str) -> str:
	return f"twilio_sms_burst:{number}:{by}"


def _waiting(conversation: str) -> list:
	return frappe.get_all(
		MESSAGE,
		{"conversation": conversation, "direction": "Outbound", "status": "Queued"},
		["name", "turn"],
		order_by="creation",
	)
