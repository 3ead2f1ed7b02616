"""Which texts may leave now. A claimed text is Sending, committed, before Twilio is called.

Three locks keep what is promised, in this order:
- the row of the number's pace, during a claim: nobody else claims texts of the same number at that moment, so the oldest
  text of a conversation is claimed by one worker, and places in time are given out once;
- a named lock per customer and number, from the claim until the outcome is written: a STOP is taken in before or after,
  never in between, and a lock that is free tells that a text's worker died;
- the rows of the texts themselves, so that an agent's Cancel comes before or after.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import frappe
from frappe import _
from frappe.query_builder.functions import IfNull
from pypika.terms import ExistsCriterion, Not, Parameter

from twilio_sms_channel.infra import clock, conditional_update, locks
from twilio_sms_channel.messaging.conversation import consent, consent_order, keywords
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.sending import rate_limit
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.client import Accepted

MESSAGE, MEDIA, NUMBER, ACCOUNT = (
	"Twilio SMS Message",
	"Twilio SMS Media",
	"Twilio SMS Number",
	"Twilio SMS Account",
)
CONVERSATION = "Twilio SMS Conversation"
# Claimed a little ahead, so that several leave in time although a claim takes a while itself.
AHEAD_S = 0.2
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
	"""of a Messaging Service: numbers that are taken by what it sends, with their segments per second"""


@dataclass
class Text:
	"""A claimed text."""

	name: str
	conversation: str
	customer_number: str
	body: str
	tried_since: datetime
	has_media: bool
	sender: Sender
	leaves_at: float
	"""time.monotonic()"""
	seconds: float
	"""how long the number is taken by it"""
	claimed_at: datetime
	"""by the database's clock"""
	lock: str
	after_failures: bool
	"""whether the number's last calls failed"""

	@property
	def number(self) -> str:
		return self.sender.name

	@property
	def account_modified(self) -> datetime:
		return self.sender.account_modified

	def taken(self, answer: Accepted, next_look: datetime) -> message_status.Taken:
		"""As what it is written down when Twilio took it."""
		return message_status.Taken(self.name, answer, next_look)


@dataclass
class Claim:
	texts: list[Text]
	wait_s: float | None
	"""until the number may send its next one; None when nothing waits that may be sent"""


def numbers() -> list[str]:
	"""Our numbers that have texts to send."""
	Message = frappe.qb.DocType(MESSAGE)
	found, last = [], ""
	# One look into the index for each, however many texts wait.
	while last is not None:
		query = (
			frappe.qb.from_(Message)
			.select(Message.number)
			.where((Message.status == "Queued") & (Message.number > last))
			.orderby(Message.number)
			.limit(1)
		)
		last = next(iter(query.run(pluck=True)), None)
		if last is not None:
			found.append(last)
	return found


def claim(number: str, most: int) -> Claim:
	"""Claim texts of one number that may leave now, at most so many. Commits; the caller has to send them.

	What may not be sent any more is settled on the way: a customer opted out, the number was switched off.
	"""
	_see_what_others_commit()
	sender = _sender(number)
	if not sender:
		_fail_all(number)
		return Claim([], None)
	place = rate_limit.lock(number, sender.segments_per_second, sender.pool)
	texts: list[Text] = []
	wait_s = None
	if sender.paused:
		wait_s = PAUSED_FOR_S
	elif place.wait_s > _ahead_s(sender):
		wait_s = place.wait_s
	elif rows := _oldest_of_conversations(number, 1 if place.failures else most):
		locked = locks.take(sorted({keywords.lock_of(sender, row.customer_number) for row in rows}))
		try:
			texts = _take(sender, place, rows, locked)
		finally:
			locks.release(locked - {text.lock for text in texts})
		place.keep()
		wait_s = place.wait_s
	frappe.db.commit()
	return Claim(texts, wait_s)


def take_other_places(texts: list[Text]) -> list[Text]:
	"""Claimed texts missed their places in time, and did not leave. Commits.

	:return: those that have another place soon; the others wait again, before all others of their turn
	"""
	soon = []
	for number, sender in {text.number: text.sender for text in texts}.items():
		place = rate_limit.lock(number, sender.segments_per_second, sender.pool)
		for text in (text for text in texts if text.number == number):
			if place.wait_s <= _ahead_s(sender):
				text.leaves_at = place.take(text.seconds)
				soon.append(text)
			else:
				conditional_update.update(MESSAGE, text.name, {"status": "Queued"}, status="Sending")
		place.keep()
		frappe.db.commit()
	return soon


def _ahead_s(sender) -> float:
	"""How far ahead a text's place may be, in seconds.

	A Messaging Service takes places of all of its numbers, which are busy one after the other: it would never find all of
	them free at one moment.
	"""
	return AHEAD_S + (1 / sender.segments_per_second if sender.pool else 0)


def abandoned() -> list[str]:
	"""Texts in Sending whose worker died: nobody knows whether Twilio took them."""
	Message, Number = frappe.qb.DocType(MESSAGE), frappe.qb.DocType(NUMBER)
	rows = (
		frappe.qb.from_(Message)
		.join(Number)
		.on(Number.name == Message.number)
		.select(
			Message.name.as_("message"), Message.customer_number, Number.name, Number.messaging_service_sid
		)
		.where(Message.status == "Sending")
	).run(as_dict=True)
	return [row.message for row in rows if locks.is_free(keywords.lock_of(row, row.customer_number))]


def _see_what_others_commit() -> None:
	"""Each statement sees what was committed before it; by default all see what the transaction's first one saw."""
	if getattr(frappe.db, "twilio_sms_read_committed", None) is not frappe.db._conn:
		frappe.db.sql("set session transaction isolation level read committed")
		frappe.db.commit()
		frappe.db.twilio_sms_read_committed = frappe.db._conn


def _fail_all(number: str) -> None:
	"""A number was deleted while texts waited for it. Commits."""
	reason = _("Our number {0} was deleted before this text left. Send it as e-mail.").format(
		phone.display(number)
	)
	for name in frappe.get_all(MESSAGE, {"status": "Queued", "number": number}, pluck="name", limit=100):
		message_status.settle(name, "Failed", reason=reason)
	frappe.db.commit()


def _sender(number: str) -> Sender | None:
	found = frappe.db.sql(_sender_query(), {"number": number}, as_dict=True)
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


# Statements are put together once: that takes longer than running them.


@lru_cache(maxsize=1)
def _sender_query() -> str:
	Number, Account = frappe.qb.DocType(NUMBER), frappe.qb.DocType(ACCOUNT)
	return (
		frappe.qb.from_(Number)
		.join(Account)
		.on(Account.name == Number.account)
		.select(
			Number.name,
			Number.number_type,
			Number.messaging_service_sid,
			Number.segments_per_second,
			Number.enabled,
			Number.sms_enabled,
			Account.name.as_("account"),
			Account.modified,
			Account.enabled.as_("account_enabled"),
			Account.paused_since,
		)
		.where(Number.name == Parameter("%(number)s"))
	).get_sql()


def _oldest_of_conversations(number: str, most: int) -> list:
	"""Texts that nothing of their own conversation has to precede, by turn; their rows are locked.

	Without those that somebody holds, such as an agent who cancels one.
	"""
	names = frappe.db.sql(_oldest_query(), {"number": number, "most": most}, pluck=True)
	if not names:
		return []
	rows = frappe.db.sql(_lock_query(), {"names": names}, as_dict=True)
	return sorted(rows, key=lambda row: (row.turn, row.creation))


@lru_cache(maxsize=1)
def _oldest_query() -> str:
	Message, First, Open = (frappe.qb.DocType(MESSAGE).as_(alias) for alias in ("message", "first", "open"))

	def of_conversation(other):
		return (other.conversation == Message.conversation) & (other.direction == "Outbound")

	def is_there(status):
		return ExistsCriterion(
			frappe.qb.from_(Open)
			.select(Open.name)
			.where(of_conversation(Open) & (Open.status == status))
			# What an agent has to decide about was sent long ago, or may never be.
			.where(Open.needs_decision == 0)
			# Always so. MariaDB would otherwise collect those of all conversations first.
			.where(Open.name != Message.name)
		)

	first = (
		frappe.qb.from_(First)
		.select(First.name)
		.where(of_conversation(First) & (First.status == "Queued"))
		.orderby(First.creation)
		.limit(1)
	)
	return (
		frappe.qb.from_(Message)
		.select(Message.name)
		.where((Message.status == "Queued") & (Message.number == Parameter("%(number)s")))
		.where((Message.name == first) & Not(is_there("Sending")) & Not(is_there("Unconfirmed")))
		.orderby(Message.turn, Message.creation)
		.limit(Parameter("%(most)s"))
	).get_sql()


@lru_cache(maxsize=1)
def _lock_query() -> str:
	Message = frappe.qb.DocType(MESSAGE)
	return (
		frappe.qb.from_(Message)
		.select(
			Message.name,
			Message.conversation,
			Message.customer_number,
			Message.body,
			Message.segments,
			Message.attempts,
			Message.tried_since,
			Message.automatic,
			Message.turn,
			Message.creation,
		)
		.where(Message.name.isin(Parameter("%(names)s")) & (Message.status == "Queued"))
		.for_update(skip_locked=True)
	).get_sql()


def _take(sender: Sender, place: rate_limit.Place, rows: list, locked: set[str]) -> list[Text]:
	with_media = _with_media(rows)
	opted_out = _opted_out(sender, rows)
	now = clock.local(place.now)
	texts = []
	for row in rows:
		lock = keywords.lock_of(sender, row.customer_number)
		if lock not in locked or any(text.lock == lock for text in texts):
			continue
		if not sender.is_on:
			message_status.settle(row.name, "Failed", reason=_switched_off(sender))
		elif row.conversation in opted_out and not row.automatic:
			message_status.settle(
				row.name, "Blocked", code=errors.OPTED_OUT, reason=opted_out[row.conversation]
			)
		elif place.wait_s <= _ahead_s(sender):
			has_media = row.name in with_media
			seconds = rate_limit.seconds_for(row.segments, has_media, sender.segments_per_second)
			leaves_at = place.take(seconds)
			place.turn = max(place.turn, row.turn)
			texts.append(
				Text(
					name=row.name,
					conversation=row.conversation,
					customer_number=row.customer_number,
					body=row.body or "",
					tried_since=row.tried_since or now,
					has_media=has_media,
					sender=sender,
					leaves_at=leaves_at,
					seconds=seconds,
					claimed_at=place.now,
					lock=lock,
					after_failures=bool(place.failures),
				)
			)
	if texts:
		frappe.db.sql(_sending_statement(), {"names": [text.name for text in texts], "now": now})
	return texts


@lru_cache(maxsize=1)
def _sending_statement() -> str:
	Message = frappe.qb.DocType(MESSAGE)
	now = Parameter("%(now)s")
	return (
		frappe.qb.update(Message)
		.set(Message.status, "Sending")
		.set(Message.attempts, IfNull(Message.attempts, 0) + 1)
		.set(Message.tried_since, IfNull(Message.tried_since, now))
		.set(Message.tried_at, now)
		.set(Message.modified, now)
		.where(Message.name.isin(Parameter("%(names)s")))
	).get_sql()


def _with_media(rows: list) -> set[str]:
	"""Texts that have files."""
	return set(frappe.db.sql(_media_query(), {"names": [row.name for row in rows]}, pluck=True))


@lru_cache(maxsize=1)
def _media_query() -> str:
	Media = frappe.qb.DocType(MEDIA)
	return (
		frappe.qb.from_(Media)
		.select(Media.parent)
		.where(Media.parent.isin(Parameter("%(names)s")) & (Media.status == "Attached"))
	).get_sql()


def _opted_out(sender: Sender, rows: list) -> dict[str, str]:
	"""By conversation: why its customer may not be texted any more. The record decides; a mark without one counts as well."""
	customers = list({row.customer_number for row in rows})
	decided: dict[str, list] = {}
	for event in consent_order.decisions(customers, sender.name, sender.messaging_service_sid):
		decided.setdefault(event.customer_number, []).append(event)
	stops = {customer: consent_order.standing(events) for customer, events in decided.items()}
	names = [row.conversation for row in rows]
	marked = set(frappe.db.sql(_conversations_query(), {"names": names}, pluck=True))
	reasons = {}
	for row in rows:
		if stop := stops.get(row.customer_number):
			reasons[row.conversation] = consent.explain(stop)
		elif row.conversation in marked:
			reasons[row.conversation] = errors.explain(errors.OPTED_OUT)
	return reasons


@lru_cache(maxsize=1)
def _conversations_query() -> str:
	Conversation = frappe.qb.DocType(CONVERSATION)
	return (
		frappe.qb.from_(Conversation)
		.select(Conversation.name)
		.where(Conversation.name.isin(Parameter("%(names)s")) & (Conversation.opted_out == 1))
	).get_sql()


def _switched_off(sender: Sender) -> str:
	return _("Our number {0} was switched off before this text left. An admin can switch it on.").format(
		phone.display(sender.name)
	)
