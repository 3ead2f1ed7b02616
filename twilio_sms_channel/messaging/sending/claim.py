"""Which messages may leave now. A claimed message is Sending, committed, before Twilio is called.

Three locks keep what is promised:
- the row of the number's rate limit, during a claim: nobody else claims messages of the same number at that moment, so the
  oldest message of a conversation is claimed by one worker, and no time is given out twice;
- the rows of the messages themselves, without waiting, so that an agent's Cancel comes before or after;
- a named lock per customer and number, without waiting, from the claim until the outcome is written: a STOP is taken in
  before or after, never in between, and a lock that is free tells that a message's worker died.
"""

from dataclasses import dataclass, field
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
# Looked at besides those that may leave: where a customer is held by somebody else, the next one is not.
SPARE = 20
# So many times as many are looked through at first: several in line may be of one customer.
LINE = 4


@dataclass
class Sender:
	"""One of our numbers, as sending needs it."""

	name: str
	number_type: str
	messaging_service_sid: str
	rcs_sender: str
	"""of its service, "" without one"""
	reply_to_number: str
	"""of a name, "" without one"""
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
	claimed_s: float
	"""by `clock.running_s`, before anything was claimed"""
	automatic: bool
	"""the confirmation of a keyword, which goes to customers who opted out as well"""
	stands_in_for: str | None
	"""the ticket's own conversation, when another number sends in its place"""
	locks: tuple[str, ...]
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
	refusals: dict[str, eligibility.Refusal] = field(default_factory=dict)
	"""messages that may not be sent any more, by name: the caller writes that down, see `refuse`"""


def numbers_with_backlog() -> list[str]:
	"""Our numbers that have messages to send."""
	found, last = [], ""
	# A constant, see `claim_sql`.
	while row := frappe.db.sql(claim_sql.NEXT_NUMBER, {"last": last}):  # nosemgrep
		((last,),) = row
		found.append(last)
	return found


def claim(number: str, most: int) -> Claim:
	"""Claim messages of one number that may leave now, at most so many. Commits; the caller has to send them."""
	_see_what_others_commit()
	sender = _sender(number)
	if not sender:
		_fail_all(number)
		return Claim([], None)
	bucket = rate_limit.lock(number, sender.segments_per_second, sender.pool)
	messages: list[ClaimedMessage] = []
	refusals: dict[str, eligibility.Refusal] = {}
	wait_s = None
	if sender.paused:
		wait_s = PAUSED_FOR_S
	elif bucket.wait_s:
		wait_s = bucket.wait_s
	elif rows := _oldest_of_conversations(number, most := min(most, bucket.room)):
		claimed_s, own_numbers = clock.running_s(), _own_numbers(rows)
		wanted = {row.name: _locks_of(sender, row, own_numbers) for row in rows}
		locked = locks.take(sorted({lock for names in wanted.values() for lock in names}))
		try:
			refusals = eligibility.at_sending(sender, sender.is_on, rows, own_numbers)
			free = [row for row in rows if row.name not in refusals and locked.issuperset(wanted[row.name])]
			messages = _take(sender, bucket, free, wanted, most, claimed_s)
		finally:
			locks.release(locked - {lock for message in messages for lock in message.locks})
		rate_limit.keep(bucket)
		wait_s = bucket.wait_s
	# The claim is stored, and its rows are unlocked, before Twilio is called.
	frappe.db.commit()  # nosemgrep
	return Claim(messages, wait_s, refusals)


def orphaned() -> list[str]:
	"""Messages in Sending whose worker died: nobody knows whether Twilio took them."""
	# A constant, see `claim_sql`.
	rows = frappe.db.sql(claim_sql.SENDING, as_dict=True)  # nosemgrep
	return [row.message for row in rows if locks.is_free(keywords.lock_of(row, row.customer_number))]


def _see_what_others_commit() -> None:
	"""Each statement sees what was committed before it; by default all see what the transaction's first one saw."""
	if getattr(frappe.db, "twilio_sms_read_committed", None) is not frappe.db._conn:
		# No table: a setting of this connection.
		frappe.db.sql("set session transaction isolation level read committed")  # nosemgrep
		# The setting holds from the next transaction on.
		frappe.db.commit()  # nosemgrep
		frappe.db.twilio_sms_read_committed = frappe.db._conn


def _fail_all(number: str) -> None:
	"""A number was deleted while messages waited for it. Commits."""
	reason = _("Our number {0} was deleted before this message left. Send it as e-mail.").format(
		phone.display(number)
	)
	for name in frappe.get_all(MESSAGE, {"status": "Queued", "number": number}, pluck="name", limit=100):
		message_status.transition(name, "Failed", reason=reason)
	# At most 100 at once; the next claim goes on.
	frappe.db.commit()  # nosemgrep


def _sender(number: str) -> Sender | None:
	# A constant, see `claim_sql`.
	found = frappe.db.sql(claim_sql.SENDER, {"number": number}, as_dict=True)  # nosemgrep
	if not found:
		return None
	row = found[0]
	return Sender(
		name=row.name,
		number_type=row.number_type,
		messaging_service_sid=row.messaging_service_sid or "",
		rcs_sender=(row.messaging_service_sid and row.rcs_sender) or "",
		reply_to_number=row.reply_to_number or "",
		account=row.account,
		account_modified=row.modified,
		paused=bool(row.paused_since),
		is_on=bool(row.enabled and row.sms_enabled and row.account_enabled),
		segments_per_second=rate_limit.segments_per_second(row),
		pool={member.name: rate_limit.segments_per_second(member) for member in rate_limit.pool_of(row)},
	)


def _oldest_of_conversations(number: str, most: int) -> list:
	"""By round; their rows are locked."""
	wanted = {"number": number, "most": most + SPARE, "line": LINE * (most + SPARE)}
	# The next ones in line may all be of customers who have to wait; those behind them do not.
	# A constant, see `claim_sql`.
	names = frappe.db.sql(claim_sql.OLDEST, wanted, pluck=True) or frappe.db.sql(  # nosemgrep
		claim_sql.OLDEST_OF_ALL, wanted, pluck=True
	)
	if not names:
		return []
	# A constant, see `claim_sql`.
	rows = frappe.db.sql(claim_sql.LOCK, {"names": names}, as_dict=True)  # nosemgrep
	return sorted(rows, key=lambda row: (row.turn, row.creation))


def _own_numbers(rows: list) -> dict:
	"""By conversation that others stand in for: its number's name, messaging_service_sid and reply_to_number."""
	names = [row.stands_in_for for row in rows if row.stands_in_for]
	if not names:
		return {}
	# A constant, see `claim_sql`.
	found = frappe.db.sql(claim_sql.STANDS_IN_FOR, {"names": names}, as_dict=True)  # nosemgrep
	return {row.conversation: row for row in found}


def _locks_of(sender: Sender, row, own_numbers: dict) -> tuple[str, ...]:
	numbers = [sender, own_numbers.get(row.stands_in_for)]
	names = [keywords.lock_of(number, row.customer_number) for number in numbers if number]
	return tuple(dict.fromkeys(names))


def _take(
	sender: Sender,
	bucket: token_bucket.Bucket,
	rows: list,
	wanted: dict[str, tuple[str, ...]],
	most: int,
	claimed_s: float,
) -> list[ClaimedMessage]:
	names = [row.name for row in rows]
	# A constant, see `claim_sql`.
	found = frappe.db.sql(claim_sql.WITH_MEDIA, {"names": names}, pluck=True) if names else ()  # nosemgrep
	with_media = set(found)
	now = clock.local(bucket.now)
	messages: list[ClaimedMessage] = []
	held: set[str] = set()
	for row in rows:
		if not held.isdisjoint(wanted[row.name]):
			continue
		if not bucket.wait_s and len(messages) < most:
			has_media = row.name in with_media
			bucket.take(token_bucket.seconds_for(row.segments, has_media, sender.segments_per_second))
			bucket.round = max(bucket.round, row.turn)
			held.update(wanted[row.name])
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
					claimed_s=claimed_s,
					automatic=bool(row.automatic),
					stands_in_for=row.stands_in_for,
					locks=wanted[row.name],
					after_failures=bool(bucket.failures),
				)
			)
	if messages:
		taken = {"names": [message.name for message in messages], "now": now}
		taken["rcs_first"] = int(bool(sender.rcs_sender))
		# A constant, see `claim_sql`.
		frappe.db.sql(claim_sql.MARK_SENDING, taken)  # nosemgrep
	return messages


def look_again(message: ClaimedMessage) -> eligibility.Refusal | None:
	"""Why a message that was claimed a while ago may not leave any more, None when it may."""
	row = frappe._dict(vars(message))
	sender = _sender(message.number)
	refusals = eligibility.at_sending(
		message.sender, bool(sender and sender.is_on), [row], _own_numbers([row])
	)
	return refusals.get(message.name)


def refuse(message: str, refused: eligibility.Refusal) -> None:
	"""Write down that a message may not leave."""
	if refused.code is eligibility.Code.OPTED_OUT:
		message_status.transition(message, "Blocked", code=errors.OPTED_OUT, reason=refused.reason)
	else:
		message_status.transition(message, "Failed", reason=refused.reason)
