"""Which messages may leave now. A claimed message is Sending, committed, before Twilio is called.

Three locks keep what is promised, in this order:
- the row of the number's rate limit, during a claim: nobody else claims messages of the same number at that moment, so the
  oldest message of a conversation is claimed by one worker, and no time is given out twice;
- a named lock per customer and number, from the claim until the outcome is written: a STOP is taken in before or after,
  never in between, and a lock that is free tells that a message's worker died;
- the rows of the messages themselves, so that an agent's Cancel comes before or after.
"""

from dataclasses import dataclass
from datetime import datetime

import frappe
from frappe import _

from twilio_sms_channel.infra import clock, locks
from twilio_sms_channel.messaging.conversation import eligibility, keywords
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.sending import claim_sql, rate_limit, token_bucket
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.models import Accepted

MESSAGE = "Twilio SMS Message"
# Whether a paused account may send again is asked each minute.
PAUSED_FOR_S = 60


@dataclass
class Sender:
	"""One of our numbers, as sending needs it."""

	name: str
	number_type: str
	messaging_service_sid: str
	account: str
	account_modified: datetime
	paused: bool
	is_on: bool
	segments_per_second: float
	pool: dict[str, float]
	"""of a Messaging Service: numbers that it sends from, with their segments per second"""


@dataclass
class ClaimedMessage:
	"""A message that has to be sent now."""

	name: str
	conversation: str
	customer_number: str
	body: str
	tried_since: datetime
	has_media: bool
	sender: Sender
	claimed_at: datetime
	"""by the database's clock, UTC"""
	lock: str
	after_failures: bool
	"""whether the number's last calls failed"""

	@property
	def number(self) -> str:
		return self.sender.name

	@property
	def account_modified(self) -> datetime:
		return self.sender.account_modified

	def taken(self, answer: Accepted, next_look: datetime) -> message_status.Acceptance:
		"""As what it is written down when Twilio took it."""
		return message_status.Acceptance(self.name, answer, next_look)


@dataclass
class Claim:
	messages: list[ClaimedMessage]
	wait_s: float | None
	"""until the number may send its next one; None when nothing waits that may be sent"""


def numbers_with_backlog() -> list[str]:
	"""Our numbers that have messages to send."""
	found, last = [], ""
	while row := frappe.db.sql(claim_sql.NEXT_NUMBER, {"last": last}):
		((last,),) = row
		found.append(last)
	return found


def claim(number: str, most: int) -> Claim:
	"""Claim messages of one number that may leave now, at most so many. Commits; the caller has to send them.

	What may not be sent any more is settled on the way: a customer opted out, the number was switched off.
	"""
	_see_what_others_commit()
	sender = _sender(number)
	if not sender:
		_fail_all(number)
		return Claim([], None)
	bucket = rate_limit.lock(number, sender.segments_per_second, sender.pool)
	messages: list[ClaimedMessage] = []
	wait_s = None
	if sender.paused:
		wait_s = PAUSED_FOR_S
	elif bucket.wait_s:
		wait_s = bucket.wait_s
	elif rows := _oldest_of_conversations(number, min(most, bucket.room)):
		locked = locks.take(sorted({keywords.lock_of(sender, row.customer_number) for row in rows}))
		try:
			messages = _take(sender, bucket, rows, locked)
		finally:
			locks.release(locked - {message.lock for message in messages})
		rate_limit.keep(bucket)
		wait_s = bucket.wait_s
	frappe.db.commit()
	return Claim(messages, wait_s)


def orphaned() -> list[str]:
	"""Messages in Sending whose worker died: nobody knows whether Twilio took them."""
	rows = frappe.db.sql(claim_sql.SENDING, as_dict=True)
	return [row.message for row in rows if locks.is_free(keywords.lock_of(row, row.customer_number))]


def _see_what_others_commit() -> None:
	"""Each statement sees what was committed before it; by default all see what the transaction's first one saw."""
	if getattr(frappe.db, "twilio_sms_read_committed", None) is not frappe.db._conn:
		frappe.db.sql("set session transaction isolation level read committed")
		frappe.db.commit()
		frappe.db.twilio_sms_read_committed = frappe.db._conn


def _fail_all(number: str) -> None:
	"""A number was deleted while messages waited for it. Commits."""
	reason = _("Our number {0} was deleted before this text left. Send it as e-mail.").format(
		phone.display(number)
	)
	for name in frappe.get_all(MESSAGE, {"status": "Queued", "number": number}, pluck="name", limit=100):
		message_status.transition(name, "Failed", reason=reason)
	frappe.db.commit()


def _sender(number: str) -> Sender | None:
	found = frappe.db.sql(claim_sql.SENDER, {"number": number}, as_dict=True)
	if not found:
		return None
	row = found[0]
	return Sender(
		name=row.name,
		number_type=row.number_type,
		messaging_service_sid=row.messaging_service_sid or "",
		account=row.account,
		account_modified=row.modified,
		paused=bool(row.paused_since),
		is_on=bool(row.enabled and row.sms_enabled and row.account_enabled),
		segments_per_second=rate_limit.segments_per_second(row),
		pool={member.name: rate_limit.segments_per_second(member) for member in rate_limit.pool_of(row)},
	)


def _oldest_of_conversations(number: str, most: int) -> list:
	"""By round; their rows are locked."""
	names = frappe.db.sql(claim_sql.OLDEST, {"number": number, "most": most}, pluck=True)
	if not names:
		return []
	rows = frappe.db.sql(claim_sql.LOCK, {"names": names}, as_dict=True)
	return sorted(rows, key=lambda row: (row.turn, row.creation))


def _take(sender: Sender, bucket: token_bucket.Bucket, rows: list, locked: set[str]) -> list[ClaimedMessage]:
	names = [row.name for row in rows]
	with_media = set(frappe.db.sql(claim_sql.WITH_MEDIA, {"names": names}, pluck=True))
	refusals = eligibility.at_sending(sender, sender.is_on, rows)
	now = clock.local(bucket.now)
	messages: list[ClaimedMessage] = []
	for row in rows:
		lock = keywords.lock_of(sender, row.customer_number)
		if lock not in locked or any(message.lock == lock for message in messages):
			continue
		if refused := refusals.get(row.name):
			_refuse(row.name, refused)
		elif not bucket.wait_s:
			has_media = row.name in with_media
			bucket.take(token_bucket.seconds_for(row.segments, has_media, sender.segments_per_second))
			bucket.round = max(bucket.round, row.turn)
			messages.append(
				ClaimedMessage(
					name=row.name,
					conversation=row.conversation,
					customer_number=row.customer_number,
					body=row.body or "",
					tried_since=row.tried_since or now,
					has_media=has_media,
					sender=sender,
					claimed_at=bucket.now,
					lock=lock,
					after_failures=bool(bucket.failures),
				)
			)
	if messages:
		frappe.db.sql(claim_sql.MARK_SENDING, {"names": [message.name for message in messages], "now": now})
	return messages


def _refuse(message: str, refused: eligibility.Refusal) -> None:
	if refused.code is eligibility.Code.OPTED_OUT:
		message_status.transition(message, "Blocked", code=errors.OPTED_OUT, reason=refused.reason)
	else:
		message_status.transition(message, "Failed", reason=refused.reason)
