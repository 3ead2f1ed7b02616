"""An inbound message, from Twilio's webhook to a durable row, and the worker that takes it on."""

import time
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

import frappe
from frappe import _
from frappe.utils import add_to_date, now_datetime
from pypika.terms import Parameter
from rq.timeouts import JobTimeoutException

from twilio_sms_channel.content import outside
from twilio_sms_channel.desks.registry import NoDesk
from twilio_sms_channel.infra import clock, conditional_update, db_errors, erasures, jobs, ways
from twilio_sms_channel.infra.alerts import tell_managers
from twilio_sms_channel.infra.courtesies import courtesy
from twilio_sms_channel.infra.retry_policies import THREADING
from twilio_sms_channel.messaging.conversation import consent, contact_tickets, conversations, services
from twilio_sms_channel.messaging.inbound import media_words, threading
from twilio_sms_channel.people import contacts, phone
from twilio_sms_channel.twilio_gateway.payloads import InboundMessage

MESSAGE = "Twilio SMS Message"
TRIES_AT_ONCE = 5
TAKE_UP = "twilio_sms_channel.messaging.inbound.intake.take_up"
PROCESS = "twilio_sms_channel.messaging.inbound.intake.process"
# A job ends before the worker thinks that it hangs (Frappe: 300 s).
AT_MOST_S = 100


class UnknownNumber(Exception):
	"""A message to a number that is not set up on this site."""


class UnknownService(UnknownNumber):
	"""A message by RCS to a Messaging Service that is not set up on this site. Twilio has no other number for it."""


def receive(
	account: str,
	message: InboundMessage,
	*,
	number: str | None = None,
	received_at: datetime | None = None,
	sent_at_utc: datetime | None = None,
	read_again: bool = False,
	dry_run: bool = False,
) -> str | None:
	"""Write one durable row for a message, whatever is repeated.

	The row is committed before this returns: only then may Twilio be answered. Written without the document's hooks
	and checks, which cost more than all the rest of the webhook; `message` was checked field by field already.

	:param account: name of the Twilio SMS Account that the webhook was signed for
	:param number: name of the Twilio SMS Number that the message was sent to, when it was looked up already
	:param received_at: for messages that do not come at this moment: when they came, or Twilio received them
	:param sent_at_utc: the same in UTC, which tells the order of STOP and START
	:param read_again: whether its webhook came, but could not be read; otherwise such a message is out of Twilio's list, where
		very many can be: it has no job of its own, `take_up` begins with it at once
	:param dry_run: write the row and take it back, with all that would follow (`messaging.inbound.self_test_webhook`)
	:return: the new Twilio SMS Message's name, None when the message was here already, or was and has been deleted
	:raises UnknownNumber: neither the number nor its Messaging Service is set up here
	"""
	if erasures.among([message.sid]):
		return None
	now, customer_number = now_datetime(), outside.plain(phone.of_sender(message.sender))
	row = {
		"name": frappe.generate_hash(length=10),
		"creation": now,
		"modified": now,
		"owner": "Administrator",
		"modified_by": "Administrator",
		"direction": "Inbound",
		"status": "Received",
		"account": account,
		"number": number or _number_of(account, message, customer_number),
		"customer_number": customer_number,
		"twilio_sid": message.sid,
		"twilio_status": "received",
		"way": message.way,
		"body": message.body,
		"segments": message.segments,
		"region": outside.plain(message.region),
		"service_sid": message.service_sid,
		"opt_out_type": outside.plain(message.opt_out),
		"other_recipients": outside.sentence(", ".join(message.others)) or None,
		"group_id": message.group or None,
		"button_text": outside.sentence(message.button_text) or None,
		"button_payload": outside.sentence(message.button_payload) or None,
		"location": outside.sentence(message.location) or None,
		"webhook_notes": outside.plain(
			"\n".join(_(note.sentence).format(*note.values) for note in message.notes), 1000
		)
		or None,
		"received_at": received_at or now,
		"backfilled": int(bool(received_at) and not read_again),
	}
	if row["backfilled"]:
		row["next_attempt"] = clock.now()
	with consent.taking_in(row, sent_at_utc, read_again=read_again) as keep_consent:
		if not _insert_once(row):
			return None
		_insert_media(row, message)
		keep_consent()
		# Each job of a worker takes a second to begin: a burst of one customer's messages needs no more than one or two.
		about = _job_of(row["number"], row["customer_number"])
		if not row["backfilled"]:
			jobs.enqueue_after_commit(PROCESS, row["name"], dedupe_key=about)
		if dry_run:
			frappe.db.rollback()
		else:
			# Twilio is answered 200 once the message is stored.
			frappe.db.commit()  # nosemgrep
	if message.way == ways.RCS and not dry_run:
		services.note_rcs_sender(account, message.service_sid, message.to)
	return row["name"]


def _insert_media(row: dict, message: InboundMessage) -> None:
	for idx, (url, kind) in enumerate(message.media, 1):
		_insert(
			"Twilio SMS Media",
			{
				**{key: row[key] for key in ("creation", "modified", "owner", "modified_by")},
				"name": frappe.generate_hash(length=10),
				"parent": row["name"],
				"parenttype": MESSAGE,
				"parentfield": "media",
				"idx": idx,
				"url": outside.url(url),
				"content_type": outside.content_type(kind),
				"status": "Waiting",
			},
		)


def process(message: str) -> None:
	"""Put what waits of the message's conversation into its ticket, oldest first.

	Safe to call any number of times, at the same time too. A failure is kept on the row and tried again by the sweep;
	after the last attempt the message is Failed. It delays no other.

	:param message: name of a Twilio SMS Message
	"""
	jobs.as_administrator()
	pair = frappe.db.get_value(MESSAGE, message, ["number", "customer_number"])
	if not pair:
		return
	jobs.release(_job_of(*pair))
	enough = time.monotonic() + AT_MOST_S
	for name, body in _oldest_first(*pair):
		if time.monotonic() > enough:
			jobs.enqueue_after_commit(PROCESS, message, "default", dedupe_key=_job_of(*pair))
			# The job is enqueued after a commit: this one's time is over.
			frappe.db.commit()  # nosemgrep
			return
		if not body.strip():
			media_words.read(name)
		_thread(name, *pair)


def take_up() -> None:
	"""Take on messages whose job was lost or whose next attempt is due (worker)."""
	jobs.resume_stalled(TAKE_UP, waiting, resume, queue="default")


def resume(message: str) -> None:
	"""Take a customer's messages on, of which this is one. One that kills its worker each time fails, too."""
	pair = frappe.db.get_value(MESSAGE, message, ["number", "customer_number"])
	# The one that its worker will begin with: whoever waits behind it is not to blame.
	first, _body = (pair and next(_oldest_first(*pair), None)) or (None, "")
	if not first:
		return
	row = frappe.db.get_value(MESSAGE, first, ["attempts", "next_attempt", "error_message"], as_dict=True)
	if not row.next_attempt or not row.error_message:
		# Nothing was noted: this is the first attempt, its job was lost, or its worker ended without a word.
		if THREADING.is_exhausted(row.attempts):
			_fail(first, _("The worker stopped each time while putting this message into a ticket."))
		else:
			frappe.db.set_value(MESSAGE, first, "attempts", row.attempts + 1)
			# Before the attempt: should the worker be killed, it counts.
			frappe.db.commit()  # nosemgrep
	process(message)


def retry(message: str) -> None:
	"""Take a Failed inbound message in again."""
	frappe.db.set_value(
		MESSAGE,
		{"name": message, "direction": "Inbound", "status": "Failed"},
		{"status": "Received", "attempts": 0, "next_attempt": None, "error_message": None},
	)
	jobs.enqueue_after_commit(PROCESS, message)


def waiting() -> list[str]:
	"""Received messages that no worker has taken on for a minute, or whose next attempt is due: of each customer the one that
	waits longest, in this order."""
	due = jobs.stalled("Received", THREADING.longest_s)
	pairs = {
		row.name: (row.number, row.customer_number)
		for row in frappe.get_all(MESSAGE, {"name": ("in", due)}, ["name", "number", "customer_number"])
	}
	oldest = {pairs[name]: name for name in reversed(due) if name in pairs}
	return [name for name in due if oldest.get(pairs.get(name)) == name]


def _job_of(number: str, customer_number: str) -> str:
	return f"{number}:{customer_number}"


def _insert_once(row: dict) -> bool:
	"""Write a message's row. False when the message is here already: a repeated webhook, perhaps at the same moment."""
	while True:
		try:
			_insert(MESSAGE, row)
			return True
		except Exception as e:
			frappe.db.rollback()
			if not frappe.db.is_duplicate_entry(e):
				raise
			if frappe.db.exists(MESSAGE, {"twilio_sid": row["twilio_sid"]}):
				return False
			# Another message has this name: among millions of them that happens.
			row["name"] = frappe.generate_hash(length=10)


def _insert(doctype: str, row: dict) -> None:
	# Built by frappe.qb, once, see `_insertion`.
	frappe.db.sql(_insertion(doctype, tuple(row)), row)  # nosemgrep


@lru_cache(maxsize=8)
def _insertion(doctype: str, columns: tuple[str, ...]) -> str:
	"""The statement, put together once: building it takes longer than running it."""
	values = [Parameter(f"%({column})s") for column in columns]
	return frappe.qb.into(frappe.qb.DocType(doctype)).columns(*columns).insert(*values).get_sql()


def _number_of(account: str, message: InboundMessage, customer_number: str) -> str:
	if number := services.our_number(account, message.to, message.service_sid, customer_number):
		return number
	if message.way == ways.RCS:
		raise UnknownService(message.service_sid or message.to)
	raise UnknownNumber(message.to)


def _oldest_first(number: str, customer_number: str) -> Iterator[tuple[str, str]]:
	"""What waits of a conversation and is due, name and body, asked anew each time: messages go on arriving meanwhile."""
	Message = frappe.qb.DocType(MESSAGE)
	while True:
		# Begins a new transaction, which sees what has arrived meanwhile.
		frappe.db.commit()  # nosemgrep
		found = (
			frappe.qb.from_(Message)
			.select(Message.name, Message.body)
			.where((Message.customer_number == customer_number) & (Message.number == number))
			.where((Message.status == "Received") & (Message.direction == "Inbound"))
			.where(
				Message.next_attempt.isnull()
				| clock.is_due(Message.next_attempt, clock.now(), THREADING.longest_s)
			)
			.orderby(Message.received_at, Message.creation)
			.limit(1)
		).run()
		if not found:
			return
		name, body = found[0]
		yield name, body or ""


def _thread(message: str, number: str, customer_number: str) -> None:
	for attempt in range(1, TRIES_AT_ONCE + 1):
		try:
			with services.serialized(number, customer_number):
				_make_contact(number, customer_number)
				with (
					contact_tickets.serialized(number, customer_number),
					conversations.locked(number, customer_number) as conversation,
				):
					doc = frappe.get_doc(MESSAGE, message)
					if doc.status == "Received":
						threading.thread(doc, conversation)
						conditional_update.require(MESSAGE, message, status="Threaded")
			return
		except JobTimeoutException:
			# The job's time is over, whatever it was spent on: the sweep takes the message up.
			frappe.db.rollback()
			raise
		except Exception as e:
			frappe.db.rollback()
			frappe.clear_messages()
			if isinstance(e, NoDesk):
				_keep_for_later(message, e)
				return
			if not db_errors.is_transient(e) or attempt == TRIES_AT_ONCE:
				_note_failure(message, e)
				return


def _make_contact(number: str, customer_number: str) -> None:
	"""Make the customer's contact when nobody has the number. Commits.

	Before the conversation's row is held: other apps' hooks on Contact commit, which gives a row back. Without a
	contact the message goes on all the same.
	"""
	# Begins a new transaction, which sees a contact that another worker has just made.
	frappe.db.commit()  # nosemgrep
	if conversations.contact_of(number, customer_number):
		return
	with courtesy("A customer's contact could not be made", but=db_errors.is_transient):
		contacts.find_or_create(customer_number)
	# The contact is stored before the conversation's row is locked: hooks of other apps commit.
	frappe.db.commit()  # nosemgrep


def _keep_for_later(message: str, error: NoDesk) -> None:
	"""Leave a message that no ticket system is there for: it waits as long as it takes, see `resume_kept`. Commits."""
	row = frappe.db.get_value(MESSAGE, message, ["number", "customer_number"], as_dict=True)
	if row:
		later = add_to_date(clock.now(), seconds=THREADING.longest_s)
		frappe.db.set_value(MESSAGE, message, {"error_message": str(error), "next_attempt": later})
		# The next attempt is kept, whatever comes of the next step.
		frappe.db.commit()  # nosemgrep
		_refresh_consent(row)


def resume_kept() -> None:
	"""A ticket system was installed: have the sweep take in at once what waits. Commits nothing."""
	Message = frappe.qb.DocType(MESSAGE)
	waiting_rows = (Message.direction == "Inbound") & (Message.status == "Received")
	(
		frappe.qb.update(Message)
		.set(Message.next_attempt, clock.now())
		.set(Message.error_message, None)
		# Not by a filter: from v16 on Frappe compares a time with "" there, which MariaDB refuses in an UPDATE.
		.where(waiting_rows & Message.next_attempt.isnotnull())
	).run()


def _note_failure(message: str, error: Exception) -> None:
	frappe.log_error(
		title=f"Message {message} could not be put into a ticket", message=frappe.get_traceback()
	)
	row = frappe.db.get_value(
		MESSAGE, message, ["status", "attempts", "number", "customer_number"], as_dict=True
	)
	if not row:
		# Keeps the log: the message was deleted.
		frappe.db.commit()  # nosemgrep
		return
	if row.status != "Received":
		# Another app's code has committed it; only what comes after has failed.
		_refresh_consent(row)
		return
	attempts = (row.attempts or 0) + 1
	reason = outside.sentence(f"{type(error).__name__}: {error}")
	if THREADING.is_exhausted(attempts):
		_fail(message, reason)
		_refresh_consent(row)
		return
	frappe.db.set_value(
		MESSAGE,
		message,
		{
			"attempts": attempts,
			"error_message": reason,
			"next_attempt": add_to_date(clock.now(), seconds=THREADING.wait_s(attempts)),
		},
	)
	# The attempt counts, whatever comes of the next step.
	frappe.db.commit()  # nosemgrep
	_refresh_consent(row)


def _refresh_consent(row) -> None:
	"""What a message says about consent counts although it is in no ticket yet. Commits."""
	with courtesy("A customer's opt-out could not be marked"):
		consent.refresh(row.number, row.customer_number)
	# The opt-out holds from now on, also for workers that send.
	frappe.db.commit()  # nosemgrep


def _fail(message: str, reason: str) -> None:
	frappe.db.set_value(
		MESSAGE,
		message,
		{"status": "Failed", "error_message": reason, "attempts": THREADING.attempts, "next_attempt": None},
	)
	tell_managers(_("A customer's message could not be put into a ticket"), MESSAGE, message)
	# Nothing that comes after this may undo it.
	frappe.db.commit()  # nosemgrep
