"""How fast each of our numbers may send: a token bucket for each, in the database.

Twilio limits segments per second and number, and queues what arrives faster
(https://www.twilio.com/docs/messaging/guides/scaling-queueing-latency). In that queue nobody here could look into a
message or take it back, so messages wait here, where a STOP or an agent's Cancel still reaches them. Precision within a
second buys nothing: Twilio evens it out.

The bucket is kept as GCRA does it (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm): the row of a number says
from when on it may send again, a message moves that on by the time it takes, and unused time counts for BURST_S. All
workers share the row under its lock. All times here are UTC by the database's clock.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import frappe

from twilio_sms_channel.infra import clock

PACE, NUMBER, MESSAGE = "Twilio SMS Pace", "Twilio SMS Number", "Twilio SMS Message"
SEGMENTS_PER_SECOND = {"Long Code": 1, "Toll-Free": 3, "Alphanumeric Sender": 10, "Short Code": 100}
MMS_PER_SECOND = 25
# Of what a number may. Together with BURST_S, and with what catches up on the way, it stays below that over 5 s.
SHARE = 0.95
BURST_S = 0.1
BACKOFF_FIRST_S, BACKOFF_MOST_S = 0.1, 30
# Replies of one person that follow each other faster than anybody types are one burst, which shares the number by rounds.
BURST_WITHIN_S = 5
# Of one message: 1,600 characters that take 67 a segment.
MOST_SEGMENTS = 24

_LOCK = """
	select name, next_at, turn, failures from `tabTwilio SMS Pace` where name in %(numbers)s
	-- The same order for all, so that nobody waits for each other.
	order by name for update
"""
_KEEP = "update `tabTwilio SMS Pace` set next_at = %(next_at)s where name = %(number)s"
_KEEP_ROUND = (
	"update `tabTwilio SMS Pace` set next_at = %(next_at)s, turn = %(round)s where name = %(number)s"
)


@dataclass
class Bucket:
	"""A number's token bucket, while its row is locked."""

	number: str
	now: datetime
	next_at: dict[str, datetime]
	"""by number, this one and those it shares with: from when on it may send"""
	round: int
	failures: int
	"""calls in a row that Twilio did not take"""
	segments_per_second: float = 1
	shared_with: dict[str, float] = field(default_factory=dict)
	"""numbers that Twilio may choose to send from, with their segments per second"""

	@property
	def wait_s(self) -> float:
		"""Until the next message may leave.

		A Messaging Service may be early by one segment: its numbers, which send for themselves as well, are busy one after
		the other, and it would never find all of them free at one moment.
		"""
		early_s = 1 / self.segments_per_second if self.shared_with else 0
		return max((max(self.next_at.values()) - self.now).total_seconds() - early_s, 0)

	@property
	def room(self) -> int:
		"""How many messages of one segment may leave now, at most."""
		if self.wait_s:
			return 0
		unused_s = min((self.now - max(self.next_at.values())).total_seconds(), BURST_S)
		return 1 if self.failures else 1 + int(max(unused_s, 0) * self.segments_per_second)

	def take(self, seconds: float) -> None:
		"""Count a message, which takes the number that long."""
		for number in self.next_at:
			taken_s = seconds
			if its_own := self.shared_with.get(number):
				# Any of them may be the one that sends it.
				taken_s = min(max(seconds * self.segments_per_second / its_own, 1 / MMS_PER_SECOND), seconds)
			begin = max(self.next_at[number], self.now - timedelta(seconds=BURST_S))
			self.next_at[number] = begin + timedelta(seconds=taken_s)

	def keep(self) -> None:
		"""Write down what was taken."""
		for number, next_at in self.next_at.items():
			statement = _KEEP_ROUND if number == self.number else _KEEP
			frappe.db.sql(statement, {"next_at": next_at, "round": self.round, "number": number})


def lock(number: str, segments_per_second: float = 1, shared_with: dict[str, float] | None = None) -> Bucket:
	"""Lock the number's row until the transaction ends; makes it, and commits, when there is none.

	:param segments_per_second: of the number
	:param shared_with: numbers that send for it, with their segments per second: a Messaging Service's
	"""
	shared_with = shared_with or {}
	names = (number, *shared_with)
	while len(found := frappe.db.sql(_LOCK, {"numbers": names}, as_dict=True)) < len(names):
		for missing in set(names) - {row.name for row in found}:
			frappe.get_doc({"doctype": PACE, "number": missing}).insert(
				ignore_permissions=True, ignore_if_duplicate=True
			)
		frappe.db.commit()
	row = next(row for row in found if row.name == number)
	# Not with the lock: a statement's time is when it began, and then it may have waited.
	now = clock.utc()
	# What lies further ahead than any wait was put there before the clock was set back.
	latest = now + timedelta(seconds=longest_wait_s(segments_per_second))
	long_ago = now - timedelta(seconds=BURST_S)
	next_at = {row.name: row.next_at if row.next_at and row.next_at <= latest else long_ago for row in found}
	return Bucket(number, now, next_at, row.turn or 0, row.failures or 0, segments_per_second, shared_with)


def longest_wait_s(segments_per_second: float) -> float:
	"""How far ahead a number's next moment can be: after its longest message, or after failures."""
	return max(MOST_SEGMENTS / segments_per_second / SHARE, 2 * BACKOFF_MOST_S)


def seconds_for(segments: int, has_media: bool, segments_per_second: float) -> float:
	"""How long a number is taken by a message. An MMS counts as one segment, at most 25 a second leave an account."""
	if has_media:
		return max(1 / segments_per_second, 1 / MMS_PER_SECOND) / SHARE
	return max(segments, 1) / segments_per_second / SHARE


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
	"""The numbers that a Messaging Service sends from, whose rate its messages count for as well: nobody knows which one
	Twilio chooses. None when an admin says how fast it may be.

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


def backoff(number: str, since: datetime, reason: str, segments_per_second: float = 1) -> None:
	"""Let a number wait after a call that Twilio did not take, longer each time in a row, with jitter.

	:param since: when the call was claimed, by the database's clock: many that fail at once count once
	"""
	bucket = lock(number, segments_per_second)
	Pace = frappe.qb.DocType(PACE)
	failed_at = frappe.db.get_value(PACE, number, "modified")
	if bucket.failures and since < failed_at <= bucket.now:
		return
	wait_s = min(BACKOFF_FIRST_S * 2**bucket.failures, BACKOFF_MOST_S) * random.uniform(0.5, 1)
	next_at = max(bucket.next_at[number], bucket.now + timedelta(seconds=wait_s))
	frappe.qb.update(Pace).set(Pace.failures, bucket.failures + 1).set(Pace.reason, reason).set(
		Pace.modified, bucket.now
	).set(Pace.next_at, next_at).where(Pace.name == number).run()


def reset(number: str, since: datetime) -> None:
	"""Twilio took a message that was claimed after the last failure: the number goes at its own rate again."""
	Pace = frappe.qb.DocType(PACE)
	before = (Pace.modified < since) | (Pace.modified > clock.utc())
	frappe.qb.update(Pace).set(Pace.failures, 0).set(Pace.reason, None).where(
		(Pace.name == number) & (Pace.failures > 0) & before
	).run()


def round_for(number: str, conversation: str, by: str = "") -> int:
	"""The round of a message that is being queued: lower ones leave first.

	Whoever sends very many takes one round each, from the one being served on. So a single reply goes before what is
	left of them, together with the earlier messages of its own conversation.

	:param by: user who wrote it; "" for automatic messages, which follow at once
	"""
	current = frappe.db.get_value(PACE, number, "turn") or 0
	earlier = _waiting(conversation)
	if by and (last := _burst(number, by)) is not None:
		current = max(current, last + 1, *(message.turn + 1 for message in earlier))
	else:
		for message in earlier:
			if message.turn > current:
				frappe.db.set_value(MESSAGE, message.name, "turn", current, update_modified=False)
			current += 1
	if by:
		# Only a matter of fairness: a cache that was emptied does no harm.
		frappe.cache().set_value(_burst_key(number, by), current, expires_in_sec=BURST_WITHIN_S)
	return current


def _burst(number: str, by: str) -> int | None:
	"""The round of what the user wrote a moment ago."""
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
