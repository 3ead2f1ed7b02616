"""Comparing with Twilio's own list: messages whose webhooks never arrived are taken in, lost delivery reports repaired."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.query_builder.functions import IfNull
from frappe.utils import add_to_date, format_datetime
from rq.timeouts import JobTimeoutException

from twilio_sms_channel.content import outside
from twilio_sms_channel.infra import clock, erasures, jobs, locks, site_identity, statuses
from twilio_sms_channel.messaging.conversation import services
from twilio_sms_channel.messaging.delivery import message_status, polling
from twilio_sms_channel.messaging.inbound import intake
from twilio_sms_channel.messaging.sending import heartbeat
from twilio_sms_channel.twilio_gateway import addresses, errors, payloads
from twilio_sms_channel.twilio_gateway.client import Gateway
from twilio_sms_channel.twilio_gateway.credentials import SECRET_IS_UNREADABLE
from twilio_sms_channel.twilio_gateway.message_answers import oldest_first
from twilio_sms_channel.twilio_gateway.models import ListedMessage

NUMBER, MESSAGE = "Twilio SMS Number", "Twilio SMS Message"
# Read in pieces, the oldest first: the order of messages is kept, and no list gets long.
PIECE = timedelta(days=1)
# A message can appear in Twilio's list some time after the one that follows it.
OVERLAP_HOURS = 2
SETTLED_AFTER_MINUTES = 5
LOOKED_UP_AT_ONCE = 500
# Workers begin with the first ones while the others are taken in.
THREADED_AFTER_EACH = 100
# One comparison of all numbers at a time.
LOCK = "comparison"
# Nobody can text it.
ONLY_SENDS = "Alphanumeric Sender"
# What Twilio charges for, as far as it tells a message's price.
PRICED = ("Delivered", "Read", "Undelivered")


@dataclass
class Result:
	"""What a comparison of one number found."""

	number: str
	since: datetime
	seen: int = 0
	taken_in: int = 0
	refused: list[str] = field(default_factory=list)
	"""SIDs of messages that could not be taken in, with the reason"""
	repaired: int = 0
	"""outbound messages whose status had been missed"""
	error: str = ""
	"""why the comparison stopped, "" when it was complete"""

	def __str__(self) -> str:
		words = _("{0} messages at Twilio since {1}, {2} were missing and are taken in").format(
			self.seen, format_datetime(self.since), self.taken_in
		)
		if self.repaired:
			words += _(", {0} delivery reports recovered").format(self.repaired)
		if self.refused:
			words += _(", not readable: {0}").format(", ".join(self.refused))
		return f"{words}. {self.error}".strip() if self.error else f"{words}."


def run(
	number: str | None = None,
	since: datetime | None = None,
	progress: Callable[[str, datetime, Result], None] | None = None,
) -> list[Result]:
	"""Compare numbers with Twilio's list. Idempotent, and safe while messages arrive. Commits.

	:param number: name of one Twilio SMS Number; default: all whose account is enabled
	:param since: in the site's time zone; default: where the last complete comparison ended, otherwise when the number
		was set up here
	:param progress: called after each day of a number with its name, the time compared up to, and the result so far
	:return: one result per number
	"""
	jobs.as_administrator()
	return [_compare(name, since, progress or (lambda *_args: None)) for name in numbers(number)]


def scheduled() -> None:
	"""Every hour (scheduler), but for restored copies."""
	if site_identity.is_copy() or not (lock := locks.take([LOCK])):
		return
	try:
		run()
	finally:
		locks.release(lock)


def for_button(number: str, since: datetime, asked_by: str) -> None:
	"""Compare one number at a site manager's wish, with progress on their screen (worker)."""
	begun = clock.now()

	def show(name: str, until: datetime, result: Result) -> None:
		frappe.publish_progress(
			percent=100 * (until - since) / max(begun - since, timedelta(seconds=1)),
			title=_("Comparing with Twilio"),
			description=str(result),
			doctype=NUMBER,
			docname=name,
		)

	(result,) = run(number, since, show)
	frappe.publish_realtime(
		"twilio_sms_compared", {"number": number, "result": str(result), "error": result.error}, user=asked_by
	)


def numbers(number: str | None = None) -> list[str]:
	"""One number, or all that are compared: names of Twilio SMS Numbers."""
	if number:
		return [frappe.get_doc(NUMBER, number).name]
	accounts = frappe.get_all("Twilio SMS Account", {"enabled": 1}, pluck="name")
	return frappe.get_all(
		NUMBER,
		{"account": ("in", accounts or [""]), "disconnected_on": ("is", "not set")},
		pluck="name",
	)


def _compare(name: str, since: datetime | None, progress: Callable) -> Result:
	number = frappe.get_doc(NUMBER, name)
	begun = clock.now()
	# Not later than now: the clock may have been set back since.
	known_until = number.backfilled_until and add_to_date(
		min(number.backfilled_until, begun), hours=-OVERLAP_HOURS
	)
	result = Result(name, since or known_until or number.creation)
	leaves_no_gap = result.since <= (known_until or number.creation)
	try:
		gateway = Gateway(frappe.get_doc("Twilio SMS Account", number.account))
		for after, before in _pieces(result.since, begun):
			if number.number_type != ONLY_SENDS:
				_take_in_missing(gateway, number, after, before, result)
			_repair_sent(gateway, number, after, before, result)
			progress(name, before, result)
			# A worker that compares for long is no outage.
			heartbeat.may_send()
			if leaves_no_gap:
				frappe.db.set_value(NUMBER, name, "backfilled_until", before, update_modified=False)
				# Day by day: what was compared is not read again when this run stops later on.
				frappe.db.commit()  # nosemgrep
	except errors.TwilioProblem as e:
		frappe.db.rollback()
		result.error = _("Stopped: {0} It goes on from here in the next run.").format(
			errors.explain(e.code, e.message)
		)
	except SECRET_IS_UNREADABLE as e:
		frappe.db.rollback()
		frappe.clear_messages()
		result.error = _("The account's secrets cannot be read: {0}").format(str(e))
	except JobTimeoutException:
		raise
	except Exception as e:
		# Whatever it is: the other numbers are compared. Where the database is gone, this raises.
		frappe.db.rollback()
		frappe.clear_messages()
		frappe.log_error(title=f"{name} could not be compared with Twilio's list")
		result.error = _("Stopped: {0}").format(f"{type(e).__name__}: {outside.sentence(str(e))}")
	done = {"backfill_result": f"{format_datetime(begun)}: {result}"}
	if not result.error and leaves_no_gap:
		done["backfilled_until"] = begun
	frappe.db.set_value(NUMBER, name, done, update_modified=False)
	# Number by number: Twilio takes long to list the next one's messages, and may fail.
	frappe.db.commit()  # nosemgrep
	return result


def _pieces(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
	while since < until:
		end = min(since + PIECE, until)
		yield since, end
		since = end


def _take_in_missing(gateway: Gateway, number, after: datetime, before: datetime, result: Result) -> None:
	inbound = [m for m in _listed(gateway, number, "to", after, before) if m.direction == "inbound"]
	result.seen += len(inbound)
	here = _known([m.sid for m in inbound])
	taken_in_before = result.taken_in
	for place, listed in enumerate(oldest_first(inbound)):
		if listed.sid in here:
			continue
		# Twilio's times are to the second; feeds sort by ours.
		received_at = listed.sent_at + timedelta(microseconds=place)
		try:
			text = payloads.read_listed(listed, _media_of(gateway, listed))
			if intake.receive(number.account, text, received_at=received_at, sent_at_utc=listed.sent_at_utc):
				result.taken_in += 1
				if result.taken_in % THREADED_AFTER_EACH == 0:
					_have_threaded()
		except (payloads.MalformedWebhook, intake.UnknownNumber, frappe.db.DataError) as e:
			frappe.db.rollback()
			result.refused.append(outside.plain(f"{listed.sid} ({e})"))
	if result.taken_in > taken_in_before:
		_have_threaded()


def _have_threaded() -> None:
	jobs.enqueue_after_commit(intake.TAKE_UP, queue="default", dedupe_key=intake.TAKE_UP)
	# The job is enqueued after a commit.
	frappe.db.commit()  # nosemgrep


def _media_of(gateway: Gateway, listed: ListedMessage) -> list[tuple[str, str]]:
	"""What Twilio does not give out, because somebody deleted it there, holds up neither the message nor those after it."""
	try:
		return gateway.list_media(listed.sid) if listed.media else []
	except errors.Refused:
		return []


def _repair_sent(gateway: Gateway, number, after: datetime, before: datetime, result: Result) -> None:
	"""Learn the fate of what we sent in this time and heard nothing final about, and what each message costs.

	Twilio sets prices some time after sending: the list tells them for all messages at once.
	"""
	ours = {row.twilio_sid: row for row in _incomplete(number.name, after, before)}
	if not ours:
		return
	around = add_to_date(after, minutes=-10), add_to_date(before, minutes=10)
	for listed in _listed(gateway, number, "sender", *around):
		if row := ours.get(listed.sid):
			if row.status not in statuses.FINAL:
				changed = message_status.apply_callback(
					row.name,
					listed.status,
					listed.error_code,
					listed.error_message,
					way=addresses.way_of(listed.sender, listed.sid),
				)
				result.repaired += bool(changed)
			polling.note_cost(row, listed.segments, listed.price, listed.price_unit)
			# Message by message: webhooks report on the same rows meanwhile.
			frappe.db.commit()  # nosemgrep


def _incomplete(number: str, after: datetime, before: datetime) -> list:
	"""Messages that Twilio accepted in this time whose fate or price is not known yet."""
	settled = clock.ago(minutes=SETTLED_AFTER_MINUTES)
	Message = frappe.qb.DocType(MESSAGE)
	fields = ("name", "twilio_sid", "status", "segments", "price", "price_unit")
	return (
		frappe.qb.from_(Message)
		.select(*fields)
		.where((Message.number == number) & (Message.direction == "Outbound"))
		.where(Message.twilio_sid.isnotnull() & Message.sent_at[after : min(before, settled)])
		.where(
			Message.status.notin(statuses.FINAL)
			| (Message.status.isin(PRICED) & (IfNull(Message.price_unit, "") == ""))
		)
	).run(as_dict=True)


def _listed(
	gateway: Gateway, number, side: str, after: datetime, before: datetime
) -> Iterator[ListedMessage]:
	"""Messages of one of our numbers; Twilio cannot be asked for those of a Messaging Service, so these are sorted out.

	Twilio compares addresses as they stand: what comes by RCS is not among those of a number.
	"""
	if number.number_type != "Messaging Service":
		for address in _addresses(number, side):
			try:
				yield from gateway.list_messages(**{side: address}, after=after, before=before)
			except errors.Refused:
				# SMS are compared, whatever Twilio says to the address of a sender that it may not have any more.
				if not addresses.is_rcs(address):
					raise
		return
	for message in gateway.list_messages(after=after, before=before):
		if message.service_sid == number.messaging_service_sid or (
			number.rcs_sender and number.rcs_sender in (message.to, message.sender)
		):
			yield message


def _addresses(number, side: str) -> list[str]:
	"""What Twilio is asked for about a number. Customers' messages by RCS are asked for once in a service, not by each number."""
	asks = number.rcs_sender and (side == "sender" or services.is_first(number))
	return [number.name, number.rcs_sender] if asks else [number.name]


def _known(sids: list[str]) -> set[str]:
	known: set[str] = set()
	for start in range(0, len(sids), LOOKED_UP_AT_ONCE):
		some = sids[start : start + LOOKED_UP_AT_ONCE]
		known.update(frappe.get_all(MESSAGE, {"twilio_sid": ("in", some)}, pluck="twilio_sid"))
		known.update(erasures.among(some))
	return known
