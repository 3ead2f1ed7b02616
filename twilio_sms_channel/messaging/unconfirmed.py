"""Texts of which nobody knows whether Twilio took them: looked up in Twilio's list, and sent only if they are not there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import add_to_date, now_datetime
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from twilio_sms_channel.messaging import delivery, pausing, rows, segments
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.client import Accepted, accepted, to_utc

MESSAGE, NUMBER = "Twilio SMS Message", "Twilio SMS Number"
# Looked for that long after the call began: a call may last 15 s, and Twilio's list may lag behind.
# `twilio_sms_absent_after_s` in the site config changes it.
ABSENT_AFTER_S = 120
FIRST_LOOK_S, LOOK_EVERY_S, LOOK_AT_LEAST_EVERY_S = 5, 20, 3600
# Between this machine's clock and Twilio's.
CLOCKS_DIFFER_S = 60
MOST_LISTED = 500
# A customer no longer expects what is older.
TOO_LATE_AFTER_HOURS = 4
TRIAL_PREFIX = "Sent from your Twilio trial account - "


@dataclass
class Search:
	"""What is looked for in Twilio's list."""

	name: str
	account: str
	customer_number: str
	sender: str
	service_sid: str
	body: str
	media: int
	tried_at: datetime

	@property
	def number(self) -> str:
		"""Which of our numbers the look-up is counted for."""
		return self.sender or self.service_sid

	@property
	def is_over(self) -> bool:
		return now_datetime() > self.tried_at + timedelta(seconds=absent_after_s())

	@property
	def is_too_late(self) -> bool:
		"""Whether it is no use to send the text now."""
		return now_datetime() > self.tried_at + timedelta(hours=TOO_LATE_AFTER_HOURS)


def absent_after_s() -> float:
	"""How long after a call a text that is not in Twilio's list may still turn up there."""
	return float(frappe.conf.get("twilio_sms_absent_after_s") or ABSENT_AFTER_S)


def begin(message: str, what_happened: str, code: str = "") -> None:
	"""Mark a text as Unconfirmed, which the agent sees; later texts of its conversation wait.

	:param what_happened: a sentence for people
	"""
	reason = _("{0} It is looked up at Twilio, and sent again only if it is not there.").format(what_happened)
	if delivery.settle(message, "Unconfirmed", code=code, reason=reason):
		_look_in(message, min(FIRST_LOOK_S, absent_after_s()))


def doubt(what_happened: str, before: datetime | None = None) -> int:
	"""Have all texts looked up that wait, in data that may be older than what happened to them.

	:param what_happened: a sentence for people
	:param before: only those written before
	:return: how many
	"""
	count = 0
	for row in _undecided(("Queued", "Sending"), before):
		begin(row.name, what_happened)
		# Twilio is asked about all that happened since it was written, or first tried.
		facts = {"tried_at": row.tried_at or row.creation, "next_attempt": now_datetime()}
		count += rows.update(MESSAGE, row.name, facts, status="Unconfirmed")
	return count


def call_off(reason: str) -> int:
	"""Cancel all texts that wait, or of which nobody knows whether they were sent.

	:param reason: for people
	:return: how many
	"""
	waiting = _undecided(("Queued", "Sending", "Unconfirmed"))
	return sum(delivery.settle(row.name, "Canceled", reason=reason) for row in waiting)


def _undecided(statuses: tuple[str, ...], before: datetime | None = None) -> list:
	return frappe.get_all(
		MESSAGE,
		{
			"direction": "Outbound",
			"status": ("in", statuses),
			**({"creation": ("<", before)} if before else {}),
		},
		["name", "creation", "tried_at"],
		order_by="creation",
	)


def due(limit: int = 50) -> list[Search]:
	"""Take on searches that are due, so that nobody else does. Commits."""
	Message, Number = frappe.qb.DocType(MESSAGE), frappe.qb.DocType(NUMBER)
	now = now_datetime()
	found = (
		_waiting(Message)
		.join(Number)
		.on(Number.name == Message.number)
		.select(
			Message.name,
			Message.account,
			Message.customer_number,
			Message.body,
			Message.tried_at,
			Message.modified,
			Message.next_attempt,
			Number.name.as_("number"),
			Number.number_type,
			Number.messaging_service_sid,
		)
		.where(Message.next_attempt <= now)
		.orderby(Message.next_attempt)
		.limit(limit)
	).run(as_dict=True)
	searches = []
	for row in found:
		later = add_to_date(now, seconds=LOOK_EVERY_S)
		if rows.update(MESSAGE, row.name, {"next_attempt": later}, next_attempt=row.next_attempt):
			by_service = row.number_type == "Messaging Service"
			searches.append(
				Search(
					name=row.name,
					account=row.account,
					customer_number=row.customer_number,
					sender="" if by_service else row.number,
					service_sid=row.messaging_service_sid or "",
					body=row.body or "",
					media=frappe.db.count("Twilio SMS Media", {"parent": row.name, "status": "Attached"}),
					tried_at=row.tried_at or row.modified,
				)
			)
	frappe.db.commit()
	return searches


def next_in() -> float | None:
	"""Seconds until the next search is due, None when nothing is unconfirmed."""
	Message = frappe.qb.DocType(MESSAGE)
	query = _waiting(Message).select(Message.next_attempt).orderby(Message.next_attempt).limit(1)
	found = query.where(Message.next_attempt.isnotnull()).run(pluck=True)
	return (found[0] - now_datetime()).total_seconds() if found else None


def _waiting(Message):
	"""Unconfirmed texts of the accounts that Twilio would answer to."""
	Account = frappe.qb.DocType("Twilio SMS Account")
	return (
		frappe.qb.from_(Message)
		.join(Account)
		.on(Account.name == Message.account)
		.where((Message.status == "Unconfirmed") & (Account.enabled == 1) & Account.paused_since.isnull())
	)


def look(client: Client, search: Search, since: datetime) -> list[MessageInstance]:
	"""What Twilio has sent to the customer since then, the newest first. Needs no connection to the site.

	Without a filter by DateSent: a text that waits in Twilio's queue has none.

	:param since: with time zone
	"""
	options = {"to": search.customer_number, **({"from_": search.sender} if search.sender else {})}
	found = []
	for message in client.messages.stream(**options, page_size=50, limit=MOST_LISTED):
		created = message.date_created or message.date_sent
		if created and created < since:
			break
		found.append(message)
	return found


def since(search: Search) -> datetime:
	"""From when on a text may be in Twilio's list."""
	return to_utc(search.tried_at) - timedelta(seconds=CLOCKS_DIFFER_S)


def conclude(search: Search, listed: list[MessageInstance]) -> None:
	"""Match the text with Twilio's, queue it again when it certainly is not there, otherwise look again later."""
	sids = [message.sid for message in listed]
	taken = set(frappe.get_all(MESSAGE, {"twilio_sid": ("in", sids)}, pluck="twilio_sid")) if sids else set()
	earlier = frappe.db.get_value(MESSAGE, search.name, "earlier_sids") or ""
	for message in reversed(listed):
		if message.sid not in taken and message.sid not in earlier and _is_same(search, message):
			_match(search, accepted(message), message)
			return
	if search.is_over and search.is_too_late:
		reason = _("It was not sent, and {0} hours later it is no longer sent by itself.")
		delivery.settle(search.name, "Failed", reason=reason.format(TOO_LATE_AFTER_HOURS))
		return
	if search.is_over:
		again = {"status": "Queued", "next_attempt": None, "error_code": None, "error_message": None}
		if rows.update(MESSAGE, search.name, again, status="Unconfirmed"):
			delivery.show(frappe.db.get_value(MESSAGE, search.name, ["name", "status"], as_dict=True))
		return
	_look_in(search.name, min(LOOK_EVERY_S, max(absent_after_s() / 4, 1)))


def put_off(search: Search, problem: errors.TwilioProblem) -> None:
	"""Twilio's list could not be had: as long as it cannot, the text is not sent."""
	if problem.code in pausing.CODES:
		pausing.pause(search.account, problem.code, problem.message)
	# Less and less often: an account may be gone for good.
	tried_for_s = (now_datetime() - search.tried_at).total_seconds()
	_look_in(search.name, min(max(tried_for_s / 4, LOOK_EVERY_S), LOOK_AT_LEAST_EVERY_S))


def _match(search: Search, answer: Accepted, message: MessageInstance) -> None:
	if message.error_code:
		says = message.error_message or ""
		delivery.report(search.name, answer.twilio_status, str(message.error_code), says, sid=answer.sid)
	else:
		delivery.accept(delivery.Taken(search.name, answer, next_look=now_datetime()))


def _look_in(message: str, seconds: float) -> None:
	at = add_to_date(now_datetime(), seconds=seconds)
	rows.update(MESSAGE, message, {"next_attempt": at}, status="Unconfirmed")


def _is_same(search: Search, message: MessageInstance) -> bool:
	if not str(getattr(message.direction, "value", message.direction)).startswith("outbound-api"):
		return False
	if not search.sender and message.messaging_service_sid != search.service_sid:
		return False
	if search.media and int(message.num_media or 0) != search.media:
		return False
	ours, theirs = _comparable(search.body), _comparable(message.body)
	return ours in (theirs, theirs.removeprefix(TRIAL_PREFIX))


def _comparable(body: str | None) -> str:
	"""Without what Twilio may change on the way: blanks at the ends, and typographic characters (Smart Encoding)."""
	return " ".join(segments.plain(body or "").split())
