"""How fast each of our numbers may send: a token bucket for each, in the database.

Twilio limits segments per second and number, and queues what arrives faster
(https://www.twilio.com/docs/messaging/guides/scaling-queueing-latency). In that queue nobody here could look into a
message or take it back, so messages wait here, where a STOP or an agent's Cancel still reaches them. Precision within a
second buys nothing: Twilio evens it out.

All workers share a number's row under its lock (`token_bucket` has the arithmetic). All times here are UTC by the
database's clock.
"""

import random
from datetime import datetime, timedelta

import frappe

from twilio_sms_channel.infra import clock
from twilio_sms_channel.infra.retry_policies import CALLS
from twilio_sms_channel.messaging.sending.token_bucket import (
	BURST_S,
	SEGMENTS_PER_SECOND,
	Bucket,
	longest_wait_s,
)

PACE, NUMBER, MESSAGE = "Twilio SMS Pace", "Twilio SMS Number", "Twilio SMS Message"
# Replies of one person that follow each other faster than anybody types are one burst, which shares the number by rounds.
BURST_WITHIN_S = 5

_LOCK = """
	select name, next_at, turn, failures from `tabTwilio SMS Pace` where name in %(numbers)s
	-- The same order for all, so that nobody waits for each other.
	order by name for update
"""
_ANY_QUEUED = (
	"select 1 from `tabTwilio SMS Message` where status = 'Queued' and number in %(numbers)s limit 1"
)
_KEEP = "update `tabTwilio SMS Pace` set next_at = %(next_at)s where name = %(number)s"
_KEEP_ROUND = (
	"update `tabTwilio SMS Pace` set next_at = %(next_at)s, turn = %(round)s where name = %(number)s"
)


def lock(number: str, segments_per_second: float = 1, shared_with: dict[str, float] | None = None) -> Bucket:
	"""Lock the number's row until the transaction ends; makes it, and commits, when there is none.

	:param segments_per_second: of the number
	:param shared_with: numbers that send for it, with their segments per second: a Messaging Service's
	"""
	shared_with = shared_with or {}
	names = (number, *shared_with)
	# A constant: it runs for each message that leaves.
	while len(found := frappe.db.sql(_LOCK, {"numbers": names}, as_dict=True)) < len(names):  # nosemgrep
		for missing in set(names) - {row.name for row in found}:
			frappe.get_doc({"doctype": PACE, "number": missing}).insert(
				ignore_permissions=True, ignore_if_duplicate=True
			)
		# The row is there for all, and the lock is asked for anew.
		frappe.db.commit()  # nosemgrep
	row = next(row for row in found if row.name == number)
	# Not with the lock: a statement's time is when it began, and then it may have waited.
	now = clock.utc()
	# What lies further ahead than any wait was put there before the clock was set back.
	latest = now + timedelta(seconds=longest_wait_s(segments_per_second))
	long_ago = now - timedelta(seconds=BURST_S)
	next_at = {row.name: row.next_at if row.next_at and row.next_at <= latest else long_ago for row in found}
	# A constant: it runs for each message that leaves.
	waiting = frappe.db.sql(_ANY_QUEUED, {"numbers": tuple(shared_with)}) if shared_with else ()  # nosemgrep
	return Bucket(
		number,
		now,
		next_at,
		row.turn or 0,
		row.failures or 0,
		segments_per_second,
		shared_with,
		bool(waiting),
	)


def keep(bucket: Bucket) -> None:
	"""Write down what was taken."""
	for number, next_at in bucket.next_at.items():
		statement = _KEEP_ROUND if number == bucket.number else _KEEP
		# A constant: it runs for each message that leaves.
		frappe.db.sql(statement, {"next_at": next_at, "round": bucket.round, "number": number})  # nosemgrep


def segments_per_second(number) -> float:
	"""What a number may send: its own setting, otherwise by its type; a Messaging Service as much as its slowest number,
	for it may send all from that one.

	:param number: name, number_type, segments_per_second and messaging_service_sid of a Twilio SMS Number
	"""
	if number.segments_per_second:
		return number.segments_per_second
	if number.number_type != "Messaging Service":
		return SEGMENTS_PER_SECOND[number.number_type]
	return min((segments_per_second(member) for member in pool_of(number)), default=1)


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
	wait_s = CALLS.wait_s(bucket.failures + 1) * random.uniform(0.5, 1)
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
		# Each is in a later round than the one before it; any clock can be set back.
		order_by="turn, creation",
	)
