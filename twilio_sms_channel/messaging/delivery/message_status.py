"""What became of a message: Twilio's answers and callbacks raise its status, and the ticket shows it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import frappe
from frappe.query_builder.functions import Count, IfNull
from pypika.terms import Parameter

from twilio_sms_channel.content import outside
from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.infra import clock, conditional_update, statuses, ways
from twilio_sms_channel.infra.courtesies import courtesy
from twilio_sms_channel.infra.listeners import notify
from twilio_sms_channel.messaging.conversation import consent, reachability
from twilio_sms_channel.messaging.delivery import account_pause
from twilio_sms_channel.twilio_gateway import errors
from twilio_sms_channel.twilio_gateway.models import Accepted

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"
# Callbacks of a message that was held come like those of any other.
RELEASED_IS_READ_AFTER = timedelta(minutes=1)
# What Desk's timeline shows of a Communication (Frappe: `desk.form.load.get_communication_data`).
TIMELINE_FIELDS = (
	*("name", "communication_type", "communication_medium", "communication_date", "content", "subject"),
	*("sender", "sender_full_name", "recipients", "cc", "bcc", "creation", "delivery_status", "_liked_by"),
	*("reference_doctype", "reference_name", "read_by_recipient"),
)
# Communication.delivery_status has no word for most of these; this is the nearest that says nothing untrue, and nothing
# where the nearest would stand beside a better word: "Sent" in the timeline, "Delivered" in the conversation above it.
COMMUNICATION_STATUS = {
	"Queued": "Sending",
	"Sending": "Sending",
	"Unconfirmed": "Delayed",
	"Accepted": "Sending",
	"Sent": "Sent",
	"Delivered": "",
	"Read": "Read",
	"Undelivered": "Bounced",
	"Failed": "Error",
	"Blocked": "Rejected",
	"Canceled": "Expired",
}


# The time of change makes it a change in any case.
_WAY = """
	update `tabTwilio SMS Message` set way = %(way)s, modified = %(now)s
	where name = %(name)s and ifnull(way, '') in %(replaced)s
"""


@dataclass(frozen=True)
class Acceptance:
	"""A message that Twilio took."""

	message: str
	answer: Accepted
	next_look: datetime | None
	"""when Twilio is to be asked for the message's fate, should it not tell"""


def record_acceptance(*acceptances: Acceptance) -> None:
	"""Write down that Twilio took messages.

	A status callback may have been faster than Twilio's answer: the facts are kept in any case, the status only rises.
	"""
	shown: dict[str, str] = {}
	# In the order in which others hold several of them (`publish_again`), so that nobody waits for each other.
	acceptances = sorted(acceptances, key=lambda acceptance: acceptance.message)
	now = clock.now()
	for acceptance in acceptances:
		status = statuses.OUR_STATUS.get(acceptance.answer.twilio_status, "Accepted")
		facts = {
			"name": acceptance.message,
			"sid": acceptance.answer.sid,
			"segments": acceptance.answer.segments,
			"way": acceptance.answer.way or None,
			"now": now,
			"status": status,
			"twilio_status": acceptance.answer.twilio_status,
			"next_look": acceptance.next_look,
		}
		if conditional_update.changed(_accept_statement(status), facts):
			shown[acceptance.message] = status
		else:
			conditional_update.changed(_facts_statement(), facts)
	_publish(shown)
	if frappe.get_hooks("twilio_sms_status_changed"):
		for acceptance in acceptances:
			if acceptance.message in shown:
				notify("twilio_sms_status_changed", frappe.get_doc(MESSAGE, acceptance.message))


# Statements are put together once: that takes longer than running them.


@lru_cache(maxsize=8)
def _accept_statement(status: str) -> str:
	Message = frappe.qb.DocType(MESSAGE)
	return (
		_facts(Message)
		.set(Message.status, Parameter("%(status)s"))
		.set(Message.twilio_status, Parameter("%(twilio_status)s"))
		.set(Message.next_attempt, Parameter("%(next_look)s"))
		.set(Message.needs_decision, 0)
		.set(Message.error_code, None)
		.set(Message.error_message, None)
		.where(Message.status.isin(statuses.may_follow(status)))
	).get_sql()


@lru_cache(maxsize=1)
def _facts_statement() -> str:
	return _facts(frappe.qb.DocType(MESSAGE)).get_sql()


def _facts(Message):
	now = Parameter("%(now)s")
	return (
		frappe.qb.update(Message)
		.set(Message.twilio_sid, Parameter("%(sid)s"))
		.set(Message.segments, IfNull(Parameter("%(segments)s"), Message.segments))
		# A callback may have told it already, and only the last one tells of a fallback.
		.set(Message.way, IfNull(Message.way, Parameter("%(way)s")))
		.set(Message.sent_at, now)
		.set(Message.modified, now)
		.where(Message.name == Parameter("%(name)s"))
	)


def apply_callback(
	message: str, twilio_status: str, code: str = "", twilio_says: str = "", sid: str = "", way: str = ""
) -> bool:
	"""Take in a status that Twilio reports, in whatever order and however often. True when it changed something.

	:param message: name of the Twilio SMS Message
	:param twilio_status: Twilio's word; one we do not know is kept as a fact and changes nothing
	:param code: Twilio's error code, "" for none
	:param way: how the message travels, "" where that is not told or known already
	"""
	twilio_status, code = outside.plain(twilio_status), outside.plain(code, errors.MAX_CODE_CHARACTERS)
	twilio_says = outside.sentence(twilio_says)
	facts = ["status", "twilio_sid", "twilio_status", "conversation"]
	known = frappe.db.get_value(MESSAGE, message, facts, as_dict=True)
	if sid and known and not known.twilio_sid:
		frappe.db.set_value(MESSAGE, message, "twilio_sid", sid)
	found_way = bool(way) and _note_way(message, way)
	status = statuses.OUR_STATUS.get(twilio_status)
	if not status:
		frappe.db.set_value(MESSAGE, message, "twilio_status", twilio_status)
		return False
	is_opted_out = code == errors.OPTED_OUT and status in statuses.NOT_DELIVERED
	if is_opted_out:
		# Found out after Twilio had accepted it: such as of one that it held meanwhile.
		status = "Blocked"
	if known and statuses.is_held(known) and status != "Accepted":
		_note_release(message)
	changed = transition(
		message,
		status,
		code=code,
		reason=errors.explain(code, twilio_says),
		twilio_status=twilio_status,
	)
	if not changed and twilio_status == statuses.HELD:
		changed = note_step(message, twilio_status)
	if changed and is_opted_out and known and known.conversation:
		# Once: a report that is repeated does not undo a START that came after it.
		consent.opt_out(frappe.get_doc(CONVERSATION, known.conversation), consent.BY_REFUSAL, message)
	if changed and code in account_pause.CODES:
		account_pause.pause_by_report(message, code, twilio_says)
	if found_way and not changed:
		publish_again([message])
	return changed


def _note_way(message: str, way: str) -> bool:
	"""Keep how a message travels. True when that is new. Callbacks come in any order: RCS falls back, and never the other
	way round."""
	replaced = ("",) if way == ways.RCS else ("", ways.RCS)
	return conditional_update.changed(
		_WAY, {"name": message, "way": way, "now": clock.now(), "replaced": replaced}
	)


def transition(
	message: str, status: str, *, code: str = "", reason: str = "", twilio_status: str = ""
) -> bool:
	"""Raise the status, never lower it; show it in the ticket. True when it changed.

	:param status: one of this app's statuses
	:param reason: for people: what happened and what to do
	"""
	changes = {
		"status": status,
		"error_code": code or None,
		"error_message": reason or None,
		"needs_decision": 0,
	}
	if twilio_status:
		changes["twilio_status"] = twilio_status
	if status in ("Delivered", "Read"):
		changes["delivered_at"] = clock.now()
	if not conditional_update.update(MESSAGE, message, changes, status=statuses.may_follow(status)):
		return False
	if code in (*errors.NEVER_REACHED, *errors.NOT_REACHED_NOW):
		reachability.note_not_reached(message, code)
	elif status in statuses.ARRIVED:
		reachability.note_reached(message)
	_notify(message, status)
	return True


def note_step(message: str, twilio_status: str) -> bool:
	"""Keep how far Twilio is with a message that it has accepted and not sent yet: it may hold it. True when it changed.

	:param twilio_status: what Twilio was read to say; a callback's may be of earlier
	"""
	known = frappe.db.get_value(MESSAGE, message, ["status", "twilio_status"], as_dict=True)
	if not known or known.status != "Accepted" or known.twilio_status == twilio_status:
		return False
	facts = {"twilio_status": twilio_status}
	if not conditional_update.update(MESSAGE, message, facts, **known):
		return False
	if statuses.is_held(known):
		_note_release(message)
	if statuses.HELD in (known.twilio_status, twilio_status):
		publish(frappe._dict(name=message, status=known.status))
	return True


def _note_release(message: str) -> None:
	"""A message that Twilio held is on its way: what follows is counted from now on."""
	now = clock.now()
	facts = {"sent_at": now, "next_attempt": now + RELEASED_IS_READ_AFTER}
	frappe.db.set_value(MESSAGE, message, facts, update_modified=False)


def apply_earlier_callback(message: str, twilio_status: str, sid: str) -> None:
	"""Take in what Twilio reports of a message's earlier attempt: once that has arrived, it is not sent again.

	:param sid: one of its `earlier_sids`
	"""
	status = statuses.OUR_STATUS.get(twilio_status)
	if status in statuses.ARRIVED:
		arrived = {
			"status": status,
			"twilio_sid": sid,
			"twilio_status": twilio_status,
			"delivered_at": clock.now(),
		}
		if conditional_update.update(MESSAGE, message, arrived, status="Queued"):
			reachability.note_reached(message)
			_notify(message, status)


def publish(message) -> None:
	"""Make the ticket show a message's status, live, without saving the Communication again.

	:param message: name and status of a Twilio SMS Message
	"""
	_publish({message.name: message.status})


def publish_again(messages: list[str]) -> None:
	"""Make the ticket show what is known of these messages at this moment, whoever has written it meanwhile."""
	if not messages:
		return
	Message = frappe.qb.DocType(MESSAGE)
	rows = (
		frappe.qb.from_(Message)
		.select(Message.name, Message.status)
		.where(Message.name.isin(messages) & (Message.direction == "Outbound"))
		.for_update()
	).run()
	_publish(dict(rows))


def _publish(statuses_of: dict[str, str]) -> None:
	"""
	:param statuses_of: by message; which Communication is a message's is looked up in the same statement, since a
		merge gives it another one
	"""
	for status in set(statuses_of.values()):
		names = [name for name, its_status in statuses_of.items() if its_status == status]
		shown = {"names": names, "shown": COMMUNICATION_STATUS.get(status, "")}
		# Built by frappe.qb, once, see `_show_statement`.
		frappe.db.sql(_show_statement(), shown)  # nosemgrep
	if statuses_of:
		# Built by frappe.qb, once, see `_tickets_query`.
		shown_in = frappe.db.sql(_tickets_query(), {"names": list(statuses_of)}, as_dict=True)  # nosemgrep
		for ticket in dict.fromkeys((row.reference_doctype, row.reference_name) for row in shown_in):
			refresh_ticket(*ticket)
		_tell_timelines(shown_in)


@courtesy("Open forms of a ticket were not told of a message's status", writes=False)
def _tell_timelines(communications: list) -> None:
	"""Have the timeline of Desk's forms show Communications as they are now, as Frappe does when one is saved.

	:param communications: rows of `_tickets_query`
	"""
	with_files = [row.name for row in communications if row.pop("files")]
	files = (
		frappe.get_all(
			"File",
			{"attached_to_doctype": "Communication", "attached_to_name": ("in", with_files)},
			["attached_to_name", "file_url", "is_private"],
		)
		if with_files
		else []
	)
	for row in communications:
		attachments = [file for file in files if file.attached_to_name == row.name]
		frappe.publish_realtime(
			"docinfo_update",
			{
				"doc": {"doctype": "Communication", **row, "attachments": attachments},
				"key": "communications",
				"action": "update",
			},
			doctype=row.reference_doctype,
			docname=row.reference_name,
			after_commit=True,
		)


@lru_cache(maxsize=1)
def _show_statement() -> str:
	Communication, Message = frappe.qb.DocType("Communication"), frappe.qb.DocType(MESSAGE)
	return (
		frappe.qb.update(Communication)
		.join(Message)
		.on(Message.communication == Communication.name)
		.set(Communication.delivery_status, Parameter("%(shown)s"))
		.where(Message.name.isin(Parameter("%(names)s")))
	).get_sql()


@lru_cache(maxsize=1)
def _tickets_query() -> str:
	Communication, Message = frappe.qb.DocType("Communication"), frappe.qb.DocType(MESSAGE)
	Media = frappe.qb.DocType("Twilio SMS Media")
	files = frappe.qb.from_(Media).select(Count(Media.name)).where(Media.parent == Message.name)
	return (
		frappe.qb.from_(Message)
		.join(Communication)
		.on(Communication.name == Message.communication)
		.select(*(Communication[field] for field in TIMELINE_FIELDS), files.as_("files"))
		.where(Message.name.isin(Parameter("%(names)s")) & Communication.reference_name.notnull())
	).get_sql()


def refresh(message) -> None:
	"""Have open screens of the message's ticket read it again."""
	ticket = message.communication and frappe.db.get_value(
		"Communication", message.communication, ["reference_doctype", "reference_name"]
	)
	if ticket:
		refresh_ticket(*ticket)


def refresh_ticket(ticket_doctype: str | None, ticket: str | None) -> None:
	"""Have open screens of a ticket read it again. Without one, or its ticket system, there are none."""
	if ticket and (desk := desk_or_none_of(ticket_doctype)):
		desk.refresh(str(ticket))


def _notify(message: str, status: str) -> None:
	_publish({message: status})
	if frappe.get_hooks("twilio_sms_status_changed"):
		notify("twilio_sms_status_changed", frappe.get_doc(MESSAGE, message))
