"""Messages of which nobody knows whether Twilio took them: looked up in Twilio's list, and sent only if they are not there.

That words are not found proves nothing: Twilio may have changed them, or keep none (`matching`). A message is not there
when the list was read to its end, over the time in question by Twilio's own clock, and every message in it is another one of
ours. Where others may be ours, an agent decides.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import frappe
from frappe import _
from frappe.utils import add_to_date

from twilio_sms_channel.infra import clock, conditional_update, erasures
from twilio_sms_channel.infra.retry_policies import LOOK_UPS
from twilio_sms_channel.messaging.delivery import account_pause, message_status
from twilio_sms_channel.messaging.sending import matching
from twilio_sms_channel.twilio_gateway import addresses, errors, message_search
from twilio_sms_channel.twilio_gateway.client import Login
from twilio_sms_channel.twilio_gateway.message_search import Listed
from twilio_sms_channel.twilio_gateway.models import FoundMessage

MESSAGE, NUMBER = "Twilio SMS Message", "Twilio SMS Number"
# Looked for that long after the call began: a call may last 15 s, and Twilio's list may lag behind.
# `twilio_sms_absent_after_s` in the site config changes it.
ABSENT_AFTER_S = 120
# What nobody knows of may be another message of ours whose answer is still to come; an agent is asked after that many times
# the time in which it is known.
ASK_AFTER = 2
# A customer no longer expects what is older.
TOO_LATE_AFTER_HOURS = 4
# What may be at Twilio without our knowing. Of one that was canceled before it was tried Twilio has nothing.
MAY_BE_AT_TWILIO = ("Sending", "Unconfirmed", "Canceled")


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
	"""which attempt it is, as the message has it"""
	waited_s: tuple[float, float]
	"""since the call began: at least, at most"""
	looked_up_since: datetime | None = None
	"""when Twilio's list was first read about this attempt, by Twilio's clock"""
	rcs_first: bool = False
	for_good: bool = False
	"""whether an agent decides already: only a message that is found counts"""
	asked_at: float = field(default_factory=time.monotonic)

	@property
	def number(self) -> str:
		"""Which of our numbers the look-up is counted for."""
		return self.sender or self.service_sid

	@property
	def is_too_late(self) -> bool:
		"""Whether it is no use to send the message now."""
		return self.waited_s[0] > TOO_LATE_AFTER_HOURS * 3600

	def claim(self, listed: Listed) -> matching.Claim:
		"""The message as it may be in Twilio's list."""
		return matching.Claim(self.body, self.media, listed.begun)


def absent_after_s() -> float:
	"""How long after a call a message that is not in Twilio's list may still turn up there."""
	return float(frappe.conf.get("twilio_sms_absent_after_s") or ABSENT_AFTER_S)


def mark_unconfirmed(message: str, what_happened: str, code: str = "") -> None:
	"""Mark a message as Unconfirmed, which the agent sees; later messages of its conversation wait.

	:param what_happened: a sentence for people
	"""
	reason = _("{0} It is looked up at Twilio, and sent again only if it is not there.").format(what_happened)
	if message_status.transition(message, "Unconfirmed", code=code, reason=reason):
		# What was seen of an earlier attempt tells nothing of this one.
		first = {
			"next_attempt": _in(min(LOOK_UPS.first_s, absent_after_s() / 4)),
			"looked_up_since_utc": None,
			"words_at_twilio": None,
		}
		conditional_update.update(MESSAGE, message, first, status="Unconfirmed")


def mark_all_unconfirmed(what_happened: str, before_s: float | None = None) -> int:
	"""Have all messages looked up that wait, in data that may be older than what happened to them.

	:param what_happened: a sentence for people
	:param before_s: only those written that long ago
	:return: how many
	"""
	count = 0
	for row in _undecided(("Queued", "Sending"), before_s):
		mark_unconfirmed(row.name, what_happened)
		# Twilio is asked about all that happened since it was written, or first tried.
		facts = {"tried_at": row.tried_at or row.creation, "next_attempt": clock.now()}
		count += conditional_update.update(MESSAGE, row.name, facts, status="Unconfirmed")
	return count


def cancel_all(reason: str) -> int:
	"""Cancel all messages that wait, or of which nobody knows whether they were sent.

	:param reason: for people
	:return: how many
	"""
	waiting = _undecided(("Queued", "Sending", "Unconfirmed"))
	return sum(message_status.transition(row.name, "Canceled", reason=reason) for row in waiting)


def _undecided(statuses: tuple[str, ...], before_s: float | None = None) -> list:
	Message = frappe.qb.DocType(MESSAGE)
	query = (
		frappe.qb.from_(Message)
		.select(Message.name, Message.creation, Message.tried_at)
		.where((Message.direction == "Outbound") & Message.status.isin(statuses))
		.orderby(Message.creation)
	)
	if before_s is not None:
		query = query.where(clock.is_older(Message.creation, clock.now(), before_s))
	return query.run(as_dict=True)


def due(limit: int = 50) -> list[Search]:
	"""Take on searches that are due, so that nobody else does. Commits."""
	Message, Number = frappe.qb.DocType(MESSAGE), frappe.qb.DocType(NUMBER)
	utc = clock.utc()
	now = clock.local(utc)
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
			Message.looked_up_since_utc,
			Message.modified,
			Message.next_attempt,
			Message.needs_decision,
			Message.rcs_first,
			Number.name.as_("number"),
			Number.number_type,
			Number.messaging_service_sid,
		)
		.where(clock.is_due(Message.next_attempt, now, LOOK_UPS.most_s))
		.orderby(Message.next_attempt)
		.limit(limit)
	).run(as_dict=True)
	searches = []
	for row in found:
		later = add_to_date(now, seconds=LOOK_UPS.least_s)
		tried_at = row.tried_at or row.modified
		facts = {"next_attempt": later, "tried_at": tried_at}
		if clock.passed(tried_at, utc)[0] < 0:
			# The clock was set back since: it is counted anew, or the message would wait until the clock is there again.
			tried_at = facts["tried_at"] = now
		if conditional_update.update(MESSAGE, row.name, facts, next_attempt=row.next_attempt):
			by_service = row.number_type == "Messaging Service"
			searches.append(
				Search(
					name=row.name,
					account=row.account,
					customer_number=row.customer_number,
					sender="" if by_service else row.number,
					service_sid=row.messaging_service_sid or "",
					body=row.body or "",
					media=_files_of(row.name),
					tried_at=tried_at,
					waited_s=clock.passed(tried_at, utc),
					looked_up_since=row.looked_up_since_utc
					and row.looked_up_since_utc.replace(tzinfo=timezone.utc),
					rcs_first=bool(row.rcs_first),
					for_good=bool(row.needs_decision),
				)
			)
	# The rows are unlocked while Twilio is asked.
	frappe.db.commit()  # nosemgrep
	return searches


def is_due() -> bool:
	"""Whether a search is due."""
	wait_s = next_in()
	return wait_s is not None and wait_s <= 0


def next_in() -> float | None:
	"""Seconds until the next search is due, None when nothing is unconfirmed."""
	Message = frappe.qb.DocType(MESSAGE)
	query = _waiting(Message).select(Message.next_attempt).orderby(Message.next_attempt).limit(1)
	found = query.where(Message.next_attempt.isnotnull()).run(pluck=True)
	if not found:
		return None
	wait_s = (found[0] - clock.now()).total_seconds()
	return wait_s if wait_s <= LOOK_UPS.most_s else 0


def _waiting(Message):
	"""Unconfirmed messages of the accounts that Twilio would answer to."""
	Account = frappe.qb.DocType("Twilio SMS Account")
	return (
		frappe.qb.from_(Message)
		.join(Account)
		.on(Account.name == Message.account)
		.where((Message.status == "Unconfirmed") & (Account.enabled == 1) & Account.paused_since.isnull())
	)


def candidates(login: Login, search: Search) -> Listed:
	"""What Twilio has sent to the customer since the call. Needs no connection to the site."""
	since_s = time.monotonic() - search.asked_at
	return message_search.sent_to(
		login.thread_client(),
		search.customer_number,
		sender="" if search.service_sid else search.sender,
		waited_s=tuple(seconds + since_s for seconds in search.waited_s),
		since=search.looked_up_since,
		rcs_first=search.rcs_first,
	)


def reconcile(search: Search, listed: Listed) -> None:
	"""Match the message with Twilio's, queue it again when it certainly is not there, otherwise look again or ask an agent."""
	known = _known(search.customer_number, [message.sid for message in listed.messages])
	unknown = [m for m in reversed(listed.messages) if m.sid not in known and _may_be_ours(search, m)]
	# Nothing that was sent by then is still to come.
	is_complete = listed.proves_absence(search.looked_up_since, absent_after_s())
	claim = search.claim(listed)
	same = matching.by_words(claim, unknown)
	if not same and unknown and is_complete:
		same = matching.without_words(claim, unknown, _rivals(search, listed))
	if same:
		_match(search, same)
	elif search.for_good:
		_update(search, next_attempt=None)
	elif not unknown and is_complete:
		_send_after_all(search)
	elif _looked_for_s(search, listed) > ASK_AFTER * absent_after_s():
		_ask_agent(search)
	else:
		next_attempt = _in(min(LOOK_UPS.least_s, max(absent_after_s() / 4, 1)))
		_update(search, next_attempt=next_attempt, looked_up_since_utc=_first_look(search, listed))


def _rivals(search: Search, listed: Listed) -> list[matching.Claim]:
	"""Our other messages to the customer that may be at Twilio, of which nobody knows either."""
	if not listed.at:
		return []
	Message = frappe.qb.DocType(MESSAGE)
	others = (
		frappe.qb.from_(Message)
		.select(Message.name, Message.body, Message.tried_at)
		.where((Message.customer_number == search.customer_number) & Message.status.isin(MAY_BE_AT_TWILIO))
		.where((Message.account == search.account) & (Message.direction == "Outbound"))
		.where((Message.name != search.name) & Message.twilio_sid.isnull() & Message.tried_at.isnotnull())
	).run(as_dict=True)
	utc = clock.utc()
	claims = []
	for row in others:
		waited_s = clock.passed(row.tried_at, utc)
		begun = tuple(listed.at - timedelta(seconds=seconds) for seconds in reversed(waited_s))
		claims.append(matching.Claim(row.body or "", _files_of(row.name), begun))
	return claims


def _files_of(message: str) -> int:
	return frappe.db.count("Twilio SMS Media", {"parent": message, "status": "Attached"})


def _looked_for_s(search: Search, listed: Listed) -> float:
	"""Since when the message is looked for: by Twilio's clock, where Twilio tells its time.

	Otherwise by ours, and where Twilio's has gone back: nobody would be asked until it is there again.
	"""
	first = search.looked_up_since
	if listed.at is None or (first and listed.at < first):
		return search.waited_s[0]
	return listed.after(search.looked_up_since) or 0


def _first_look(search: Search, listed: Listed) -> datetime | None:
	at = search.looked_up_since or listed.at
	return at and at.astimezone(timezone.utc).replace(tzinfo=None)


def _send_after_all(search: Search) -> None:
	if search.is_too_late:
		reason = _("It was not sent, and {0} hours later it is no longer sent by itself.")
		message_status.transition(search.name, "Failed", reason=reason.format(TOO_LATE_AFTER_HOURS))
		return
	if _update(search, status="Queued", next_attempt=None, error_code=None, error_message=None):
		_show(search.name)


def _ask_agent(search: Search) -> None:
	reason = _(
		"It may have been sent: Twilio's answer was lost, and its list does not tell this message from others. Ask the customer, or look into the log of the Twilio console. Send Again sends it once more."
	)
	if _update(search, needs_decision=1, next_attempt=None, error_message=reason):
		_show(search.name)


def _show(message: str) -> None:
	message_status.publish(frappe.db.get_value(MESSAGE, message, ["name", "status"], as_dict=True))


def _known(customer_number: str, sids: list[str]) -> set[str]:
	"""Which of these SIDs belong to messages that are known here, as what they are or were before they were sent again."""
	if not sids:
		return set()
	known = set(frappe.get_all(MESSAGE, {"twilio_sid": ("in", sids)}, pluck="twilio_sid")) | erasures.among(
		sids
	)
	sent_again = {"customer_number": customer_number, "earlier_sids": ("is", "set")}
	for earlier in frappe.get_all(MESSAGE, sent_again, pluck="earlier_sids"):
		known.update(earlier.split())
	return known


def defer(search: Search, problem: errors.TwilioProblem) -> None:
	"""Twilio's list could not be had: as long as it cannot, the message is not sent."""
	# An API key that may not read the list may send all the same; the doctor says so.
	if problem.code in account_pause.CODES and problem.code != errors.MISSING_PERMISSION:
		account_pause.pause(search.account, problem.code, problem.message)
	# Less and less often: an account may be gone for good.
	_update(search, next_attempt=_in(LOOK_UPS.wait_s(search.waited_s[0])))


def _match(search: Search, message: FoundMessage) -> None:
	_update(search, words_at_twilio=matching.words_at_twilio(search.body, message))
	if message.error_code:
		message_status.apply_callback(
			search.name,
			message.accepted.twilio_status,
			message.error_code,
			message.error_message,
			sid=message.sid,
		)
	else:
		message_status.record_acceptance(
			message_status.Acceptance(search.name, message.accepted, next_look=clock.now())
		)


def _update(search: Search, **facts) -> bool:
	"""Write down what was learnt, if the message still waits for it: it may have been sent again since."""
	return conditional_update.update(
		MESSAGE, search.name, facts, status="Unconfirmed", tried_at=search.tried_at
	)


def _in(seconds: float) -> datetime:
	return add_to_date(clock.now(), seconds=seconds)


def _may_be_ours(search: Search, message: FoundMessage) -> bool:
	if not message.direction.startswith("outbound-api"):
		return False
	by_service = bool(search.service_sid) and message.service_sid == search.service_sid
	# By RCS neither side is our number, and the number's service may have been changed since.
	by_rcs = search.rcs_first and addresses.is_rcs(message.sender)
	return by_service or by_rcs or (bool(search.sender) and message.sender == search.sender)
