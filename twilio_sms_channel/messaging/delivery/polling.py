"""Asking Twilio what became of a message whose delivery reports do not come.

Twilio reports by callback where it can reach the site. Where it cannot, or where a callback was lost, messages without a
final status are read at Twilio, less and less often, for a day.
"""

import time
from datetime import datetime, timedelta

import frappe

from twilio_sms_channel.infra import clock, jobs, locks, statuses
from twilio_sms_channel.infra.retry_policies import DELIVERY
from twilio_sms_channel.messaging.delivery import exchange_log, message_status
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.client import NOT_FOUND, Gateway
from twilio_sms_channel.twilio_gateway.credentials import SECRET_IS_UNREADABLE

ACCOUNT, MESSAGE = "Twilio SMS Account", "Twilio SMS Message"
OPEN = ("Accepted", "Sent")
FIRST_AFTER_S = 20
# Callbacks usually come within seconds; what is still open then has lost one.
FIRST_AFTER_WITH_CALLBACK_S = 10 * 60
# As long as Twilio holds a message, which may be for days. When it lets it go, a callback mostly says so.
HELD_EVERY_S = 30 * 60
TAKE_UP, FOR_S = "twilio_sms_channel.messaging.delivery.polling.take_up", 10
# Of each account in one run, so that one of them does not use up the time of the others.
AT_ONCE = 200


def first_at(has_callback: bool) -> datetime:
	"""When a message that Twilio accepts now is to be read at Twilio for the first time (`next_attempt`).

	:param has_callback: whether Twilio was given a URL for delivery reports
	:return: in the site's time zone
	"""
	return clock.now() + timedelta(seconds=FIRST_AFTER_WITH_CALLBACK_S if has_callback else FIRST_AFTER_S)


def next_at(accepted_at: datetime, now: datetime) -> datetime | None:
	"""When to ask again, None when it is enough.

	:param accepted_at: when Twilio accepted the message
	"""
	after_s = DELIVERY.next_s((now - accepted_at).total_seconds())
	return None if after_s is None else accepted_at + timedelta(seconds=after_s)


def take_up() -> None:
	"""Read the messages that are due (worker); when there are more than fit into its time, another job goes on."""
	jobs.release(TAKE_UP)
	# One at a time: two would read the same messages.
	if not (lock := locks.take([TAKE_UP])):
		return
	try:
		goes_on = run(time.monotonic() + FOR_S)
	finally:
		locks.release(lock)
	if goes_on:
		jobs.enqueue_after_commit(TAKE_UP, queue="long", dedupe_key=TAKE_UP)
		# The job is enqueued after a commit.
		frappe.db.commit()  # nosemgrep


def is_due() -> bool:
	"""Whether messages are to be read."""
	now = clock.now()
	return any(_due(account, now) for account in _accounts())


def run(enough: float) -> bool:
	"""Read the messages that are due and report their status and cost. Commits.

	When Twilio cannot be reached, what is left waits for the next run.

	:param enough: `time.monotonic()` after which no other message is taken on
	:return: whether others are due that Twilio would tell about now
	"""
	has_read = goes_on = False
	jobs.as_administrator()
	now = clock.now()
	for account in _accounts():
		if not (due := _due(account, now)):
			continue
		try:
			gateway = Gateway(frappe.get_doc(ACCOUNT, account))
		except SECRET_IS_UNREADABLE:
			# The doctor says so. Other accounts go on.
			frappe.clear_messages()
			continue
		for row in due:
			if time.monotonic() >= enough:
				return has_read
			try:
				_read(gateway, row)
				has_read = True
			except errors.Refused as e:
				exchange_log.keep(row.name, exchange_log.READ_STATUS, e)
				if e.code != NOT_FOUND:
					# The account's own trouble, which shows when it next sends.
					break
				_stop_asking(row)
				has_read = True
			except errors.TwilioProblem as e:
				exchange_log.keep(row.name, exchange_log.READ_STATUS, e)
				return False
		else:
			goes_on |= len(due) == AT_ONCE
	return goes_on


def note_cost(row, segments: int | None, price: float | None, price_unit: str) -> None:
	"""Keep what Twilio says a message takes and costs, without touching the message's time of change.

	:param row: `name`, `segments`, `price` and `price_unit` of the message as they are stored
	:param segments: None or 0 while Twilio has not counted them
	:param price: None while Twilio has not set it
	"""
	facts = {}
	if segments and segments != row.segments:
		facts["segments"] = segments
	if price is not None and (price, price_unit) != (row.price, row.price_unit):
		facts.update(price=price, price_unit=price_unit)
	if facts:
		frappe.db.set_value(MESSAGE, row.name, facts, update_modified=False)


def _accounts() -> list[str]:
	Account = frappe.qb.DocType(ACCOUNT)
	return (
		frappe.qb.from_(Account)
		.select(Account.name)
		.where((Account.enabled == 1) & Account.paused_since.isnull())
	).run(pluck=True)


def _due(account: str, now: datetime) -> list:
	Message = frappe.qb.DocType(MESSAGE)
	fields = ("name", "twilio_sid", "twilio_status", "creation", "sent_at", "segments", "price", "price_unit")
	# Put off after a clock that was set back since: it would be asked about late by as much.
	set_back = (Message.sent_at > now + clock.CLOCKS_DIFFER) & (Message.next_attempt > Message.sent_at)
	return (
		frappe.qb.from_(Message)
		.select(*fields)
		.where(Message.status.isin(OPEN))
		.where(clock.is_due(Message.next_attempt, now, DELIVERY.longest_s) | set_back)
		.where((Message.account == account) & (Message.direction == "Outbound"))
		.where(Message.twilio_sid.isnotnull())
		.orderby(Message.next_attempt)
		.limit(AT_ONCE)
	).run(as_dict=True)


def _read(gateway: Gateway, row) -> None:
	found, code, twilio_says = gateway.read_message(row.twilio_sid)
	if not _is_still(row):
		return
	status = statuses.OUR_STATUS.get(found.twilio_status)
	if status and not message_status.apply_callback(
		row.name, found.twilio_status, code, twilio_says, way=found.way
	):
		message_status.note_step(row.name, found.twilio_status)
	note_cost(row, found.segments, found.price, found.price_unit)
	utc = clock.utc()
	now = clock.local(utc)
	if found.twilio_status == statuses.HELD:
		_ask_again(row.name, now + timedelta(seconds=HELD_EVERY_S))
		return
	# What was held has left only now.
	was_held = row.twilio_status == statuses.HELD
	passed_s = 0 if was_held else max(clock.passed(row.sent_at or row.creation, utc)[0], 0)
	_ask_again(
		row.name, None if status in statuses.FINAL else next_at(now - timedelta(seconds=passed_s), now)
	)


def _stop_asking(row) -> None:
	"""Twilio has deleted the message: its last known status stays."""
	if _is_still(row):
		_ask_again(row.name, None)


def _is_still(row) -> bool:
	"""Whether the message still stands for this SID: it may have failed and been sent again meanwhile. Locks its row."""
	# Reads that do not lock see the message as it was when it was found due.
	frappe.db.commit()  # nosemgrep
	return frappe.db.get_value(MESSAGE, row.name, "twilio_sid", for_update=True) == row.twilio_sid


def _ask_again(message: str, moment: datetime | None) -> None:
	frappe.db.set_value(MESSAGE, message, "next_attempt", moment, update_modified=False)
	# Message by message: nothing stays locked while Twilio is asked about the next one.
	frappe.db.commit()  # nosemgrep
