"""STOP, START and HELP: who may be texted, and since when.

Twilio answers the keywords itself and refuses sends with error 21610; this app's own record lets the agent see it before
trying, and holds where Twilio does nothing.

The record (Twilio SMS Consent Event) decides, and outlives conversations; the mark on a conversation shows it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import frappe
from frappe import _
from frappe.utils import format_datetime, get_fullname, now_datetime

from twilio_sms_channel.content import outside
from twilio_sms_channel.infra import jobs, locks, statuses
from twilio_sms_channel.infra.clock import to_utc
from twilio_sms_channel.messaging.conversation import consent_order, keywords, ticket_marks, timeline
from twilio_sms_channel.messaging.conversation.consent_order import BY_AGENT
from twilio_sms_channel.messaging.conversation.keywords import HELP, START, STOP
from twilio_sms_channel.people import phone

CONVERSATION, EVENT, NUMBER = "Twilio SMS Conversation", "Twilio SMS Consent Event", "Twilio SMS Number"
MESSAGE, HELD = "Twilio SMS Message", {"status": "Accepted", "twilio_status": statuses.HELD}
CANCEL_HELD = "twilio_sms_channel.messaging.delivery.held.cancel_opted_out"
EVENTS = {
	STOP: consent_order.OPTED_OUT,
	START: consent_order.OPTED_IN,
	HELP: "Asked for Help",
}
BY_REFUSAL = "Twilio's Refusal"
KEPT_CHARACTERS, SHOWN_CHARACTERS = 140, 20
# Twilio waits 15 s for its webhook's answer.
WAIT_S = 8


# What customers and agents decide


@contextmanager
def taking_in(row: dict, sent_at_utc: datetime | None = None, *, read_again: bool = False) -> Iterator[None]:
	"""Around writing down a message: what it says about consent is kept in the same transaction, which the block commits.

	Messages to this customer that are on their way arrive before a STOP; the others see it.

	:param row: of the Twilio SMS Message
	:param sent_at_utc: for messages out of Twilio's list: when Twilio received it
	:param read_again: whether its webhook could not be read before, when what it says may have been kept without a message
	:return: a function to be called once the message's row is written
	"""
	word = keywords.keyword(row["body"], row["opt_out_type"])
	if not word:
		yield lambda: None
		return
	number = our_number(row["number"])
	# Without the lock as well: a message that is not taken in would be worse, and Twilio refuses what leaves after a STOP.
	lock = (
		locks.take([keywords.lock_of(number, row["customer_number"])], wait_s=WAIT_S)
		if word != HELP
		else set()
	)
	# What the last holder committed is seen from here on.
	frappe.db.rollback()
	try:
		yield lambda: (read_again and _join(word, row)) or _take_in(word, row, number, sent_at_utc)
	finally:
		locks.release(lock)


def keep_from_before(row: dict) -> None:
	"""Keep what a message says about consent that an earlier version of this app stored.

	:param row: of the Twilio SMS Message
	"""
	if word := keywords.keyword(row["body"], row["opt_out_type"]):
		_take_in(word, row, our_number(row["number"]), to_utc(row["received_at"]).replace(tzinfo=None))


def _take_in(word: str, row: dict, number, sent_at_utc: datetime | None) -> None:
	if word == START and not _means_start(row, number):
		return
	_record(
		word,
		row["number"],
		row["customer_number"],
		source="Twilio's Keyword" if row["opt_out_type"] in EVENTS else "Customer's Text",
		word_written=row["body"],
		message=row["name"],
		service_sid=row["service_sid"] or number.messaging_service_sid,
		at=row["received_at"],
		sent_at_utc=sent_at_utc,
	)


def _join(word: str, row: dict) -> bool:
	"""Give the message to what was kept of its webhook when that could not be read; False when nothing was."""
	kept = {
		**{key: row[key] for key in ("number", "customer_number")},
		"event": EVENTS[word],
		"occurred_at": row["received_at"],
		"message": ("is", "not set"),
	}
	event = frappe.db.get_value(EVENT, kept)
	if event:
		frappe.db.set_value(EVENT, event, "message", row["name"], update_modified=False)
	return bool(event)


def _means_start(row: dict, number) -> bool:
	""" "Yes" is more often the plain answer to a question. It counts where it lifts what Twilio lifts by it as well."""
	if (row["body"] or "").strip().upper() in consent_order.PLAIN_STARTS:
		return True
	if number.number_type == "Toll-Free":
		# The network knows START and UNSTOP only: https://help.twilio.com/articles/360058144374
		return False
	if row["opt_out_type"] == START:
		return True
	stop = _standing(number, row["customer_number"])
	return bool(stop) and stop.source != BY_AGENT


def note(conversation, message) -> tuple[str, bool]:
	"""Take in what a message says about consent, when it gets into its ticket like any other.

	:param conversation: Twilio SMS Conversation document; saved by the caller
	:param message: the inbound Twilio SMS Message
	:return: STOP, START or HELP when it asked for that, otherwise ""; and whether it changed who may be texted
	"""
	word = keywords.keyword(message.body, message.opt_out_type)
	kept = frappe.db.exists(EVENT, {"message": message.name})
	if word == STOP and not kept:
		keep_from_before(message.as_dict())
		kept = True
	if kept and word == HELP:
		return HELP, False
	if kept:
		was_opted_out = bool(conversation.opted_out)
		refresh(conversation.number, conversation.customer_number, conversation)
		conversation.may_want_to_stop = 0
		if word == STOP:
			return STOP, not _standing(
				our_number(conversation.number), conversation.customer_number, message.name
			)
		return (START, True) if was_opted_out and not conversation.opted_out else ("", False)
	message.may_want_to_stop = keywords.may_want_to_stop(message.body)
	if message.may_want_to_stop:
		conversation.may_want_to_stop = 1
	return "", False


def opt_out(conversation, source: str, message: str | None = None) -> None:
	"""Opt a customer out for another reason than a message of theirs. By an agent it commits, at the beginning of a request.

	:param source: "Twilio's Refusal" or "Agent"
	:param message: the Twilio SMS Message that was refused
	"""
	number, customer_number = our_number(conversation.number), conversation.customer_number
	by_agent = source == BY_AGENT
	# Whoever was refused holds the lock already.
	lock = locks.take([keywords.lock_of(number, customer_number)], wait_s=WAIT_S)
	try:
		if by_agent:
			frappe.db.rollback()
		stop = _standing(number, customer_number)
		if not stop or (by_agent and stop.source != BY_AGENT):
			_record(STOP, number.name, customer_number, source=source, message=message, at=now_datetime())
			line = timeline.NOTED_OPT_OUT if by_agent else timeline.WAS_OPTED_OUT
			timeline.log(conversation.ticket_doctype, conversation.ticket, line)
		refresh(number.name, customer_number)
		if by_agent:
			# Before the lock is released: whoever sends next sees the opt-out.
			frappe.db.commit()  # nosemgrep
	finally:
		locks.release(lock)


def keep_texting(conversations: list) -> None:
	"""An agent says that a customer whose messages sounded like a wish to stop still wants messages.

	:param conversations: the one in whose ticket the agent says so first
	"""
	marked = [conversation for conversation in conversations if conversation.may_want_to_stop]
	if not marked:
		return
	for conversation in marked:
		frappe.db.set_value(CONVERSATION, conversation.name, {"may_want_to_stop": 0}, update_modified=False)
		conversation.may_want_to_stop = 0
	for ticket in {(about.ticket_doctype, about.ticket) for about in (conversations[0], *marked)}:
		timeline.log(*ticket, timeline.MAY_BE_TEXTED)


# In words, and as marks


def explain(stop) -> str:
	"""An opt-out in words for agents.

	:param stop: a Twilio SMS Consent Event
	"""
	customer, at = phone.display(stop.customer_number), format_datetime(stop.occurred_at)
	if stop.order_open:
		return _(
			"{0} texted STOP and START at almost the same time. Twilio is asked which was last; until then they count as opted out. Wait some minutes."
		).format(customer)
	if stop.source == BY_AGENT:
		return _(
			"{0} opted out of text messages: {1} noted it on {2}. They have to text START before they can be texted again."
		).format(customer, outside.harmless(get_fullname(stop.entered_by)), at)
	if stop.source == BY_REFUSAL:
		return _(
			"Twilio rejected a message to {0} on {1}, because they count as opted out there: they texted STOP before, or the number was given to somebody else. They have to text START before they can be texted again."
		).format(customer, at)
	return _(
		"{0} opted out by texting {1} on {2}. They have to text START before they can be texted again."
	).format(customer, outside.harmless(stop.word).upper()[:SHOWN_CHARACTERS] or STOP, at)


def inherit(conversation) -> None:
	"""Mark a new conversation when the customer opted out before: of this number, or of its Messaging Service."""
	if stop := _standing(our_number(conversation.number), conversation.customer_number):
		conversation.update({"opted_out": 1, "opted_out_on": stop.occurred_at})


def refresh(number: str, customer_number: str, conversation=None) -> None:
	"""Mark the customer's conversation with a number as the record says and, since a Messaging Service keeps one list,
	their others of that service.

	:param conversation: its document, when the caller saves it
	"""
	ours = our_number(number)
	siblings = {number}
	if ours.messaging_service_sid:
		of_service = {"messaging_service_sid": ours.messaging_service_sid}
		siblings.update(frappe.get_all(NUMBER, of_service, pluck="name"))
	rows = frappe.get_all(
		CONVERSATION,
		{"customer_number": customer_number, "number": ("in", list(siblings))},
		["name", "number", "opted_out"],
	)
	for row in rows:
		stop = _standing(our_number(row.number), customer_number)
		marks = {"opted_out": int(bool(stop)), "opted_out_on": stop.occurred_at if stop else None}
		if conversation and row.name == conversation.name:
			conversation.update(marks)
		elif bool(row.opted_out) != bool(stop):
			frappe.db.set_value(CONVERSATION, row.name, {**marks, "may_want_to_stop": 0})
			ticket_marks.follow([row.name])


def _record(
	word: str,
	number: str,
	customer_number: str,
	*,
	source: str,
	at,
	word_written: str | None = None,
	message: str | None = None,
	service_sid: str | None = None,
	sent_at_utc: datetime | None = None,
) -> None:
	sequence, now_utc = consent_order.next_place()
	by, now = (frappe.session.user if source == BY_AGENT else None), now_datetime()
	event = frappe.get_doc(
		{
			"doctype": EVENT,
			**dict.fromkeys(("creation", "modified"), now),
			**dict.fromkeys(("owner", "modified_by"), by or "Administrator"),
			"event": EVENTS[word],
			"customer_number": customer_number,
			"number": number,
			"service_sid": service_sid or our_number(number).messaging_service_sid or None,
			"occurred_at": at,
			"source": source,
			"word": outside.plain(word_written, KEPT_CHARACTERS),
			"message": message,
			"entered_by": by,
			"sequence": sequence,
			# A time of storing says nothing of a message that was stored long after it came.
			"stored_at_utc": None if sent_at_utc else now_utc,
			"sent_at_utc": sent_at_utc,
			"order_open": 0,
		}
	)
	# Without checks and hooks: an opt-out is taken in whatever a site has added to this DocType.
	event.db_insert()
	if word != HELP:
		consent_order.ask_if_open(event)
	if word == STOP and frappe.db.exists(MESSAGE, {"customer_number": customer_number, **HELD}):
		jobs.enqueue_after_commit(CANCEL_HELD, dedupe_key=CANCEL_HELD)


def _standing(number, customer_number: str, without: str | None = None):
	"""
	:param without: a Twilio SMS Message, by its name, to be left out
	"""
	events = consent_order.decisions([customer_number])
	about = consent_order.about(events, number.name, number.messaging_service_sid)
	return consent_order.standing(event for event in about if not without or event.message != without)


def our_number(name: str):
	"""What consent has to know of one of our numbers, which may be deleted: name, number_type, messaging_service_sid, reply_to_number."""
	return frappe.db.get_value(
		NUMBER, name, ["name", "number_type", "messaging_service_sid", "reply_to_number"], as_dict=True
	) or frappe._dict(name=name, number_type="", messaging_service_sid="")
