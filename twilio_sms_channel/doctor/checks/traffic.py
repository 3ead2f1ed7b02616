"""What the messages of the last days tell: refused ones, waiting ones, ones that got nowhere."""

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Max, Min

from twilio_sms_channel.doctor.context import ACCOUNT, NUMBER, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, BROKEN, Finding
from twilio_sms_channel.infra import clock, site_identity, statuses
from twilio_sms_channel.messaging.delivery import account_pause
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import errors

MESSAGE = "Twilio SMS Message"
LOOKED_BACK_DAYS = 3
# Of others' doing (a phone that is off) there are always some: a finding only where many messages fail for the same reason.
MANY, MANY_OF_ALL = 10, 0.2
# No fault at all (an opt-out), or what the account's login shows.
TOLD_ELSEWHERE = (errors.OPTED_OUT, *account_pause.CODES)
STUCK_MINUTES, UNCONFIRMED_MINUTES = 15, 30
FAILED_DAYS = 30


def check_errors(account_context: AccountContext) -> Iterator[Finding]:
	"""Error codes of our own messages. Those that an admin can mend count until a later message of the number got through."""
	sent = None
	for row in _failures(account_context):
		if account_context.explained & {(row.number, row.error_code), ("", row.error_code)}:
			continue
		about = errors.explanation(row.error_code)
		is_admins = about.who == errors.ADMIN
		if is_admins and _got_through(row.number, row.last):
			continue
		if not is_admins:
			sent = sent or _sent(account_context)
			if row.count < MANY or row.count < MANY_OF_ALL * sent.get(row.number, 0):
				continue
		yield Finding(
			f"errors.{row.error_code}",
			AT_RISK,
			_("{0} messages from {1} failed within the last {2} days: {3}").format(
				row.count, phone.display(row.number), LOOKED_BACK_DAYS, about.what
			),
			_("Customers do not get these answers. Twilio's error is {0}.").format(row.error_code),
			_("{0} Twilio explains it at {1}.").format(about.do, errors.help_url(row.error_code)).strip(),
			NUMBER,
			row.number,
		)


def check_stuck(account_context: AccountContext) -> Iterator[Finding]:
	"""Messages that wait although nothing keeps them from going on."""
	why = _("Customers wait for an answer, or write to nobody.")
	how = _(
		"Fix It resumes them. If they still wait, check that workers and scheduler are running, and look at the Error Log."
	)
	if inbound := _waiting(account_context, "Received"):
		yield _of(
			account_context,
			"stuck.inbound",
			_(
				"{0} customers' messages have waited to be put into a ticket for more than {1} minutes."
			).format(inbound, STUCK_MINUTES),
			why,
			how,
			"take_up",
		)
	if not _is_held_up(account_context):
		if outbound := _waiting(account_context, "Queued") + _waiting(account_context, "Sending"):
			yield _of(
				account_context,
				"stuck.outbound",
				_("{0} answers have waited to be sent for more than {1} minutes.").format(
					outbound, STUCK_MINUTES
				),
				why,
				how,
				"take_up",
			)


def check_failed(account_context: AccountContext) -> Iterator[Finding]:
	"""Customers' messages that could not be put into a ticket."""
	Message = frappe.qb.DocType(MESSAGE)
	failed = _count(
		_of_account_context(Message, account_context)
		.where((Message.direction == "Inbound") & (Message.status == "Failed"))
		.where(Message.creation > clock.ago(days=FAILED_DAYS))
	)
	if failed:
		yield _of(
			account_context,
			"failed.inbound",
			_("{0} customers' messages could not be put into a ticket.").format(failed),
			_("Nobody sees them but in the list of text messages."),
			_(
				"The list of Twilio SMS Message with status Failed gives the reason for each. Fix It tries all of them again."
			),
			"take_in_again",
		)


def check_unconfirmed(account_context: AccountContext) -> Iterator[Finding]:
	"""Answers of which it is not known for long whether Twilio took them."""
	if _is_held_up(account_context):
		return
	Message = frappe.qb.DocType(MESSAGE)
	long_ago = clock.ago(minutes=UNCONFIRMED_MINUTES)
	unconfirmed = _count(
		_of_account_context(Message, account_context)
		.where(Message.status == "Unconfirmed")
		# What an agent has to decide about holds up nothing.
		.where(Message.needs_decision == 0)
		.where(Message.creation < long_ago)
		.where(Message.tried_at.isnull() | (Message.tried_at < long_ago))
	)
	if unconfirmed:
		yield _of(
			account_context,
			"unconfirmed.long",
			_("For more than {1} minutes it has not been known whether {0} answers were sent.").format(
				unconfirmed, UNCONFIRMED_MINUTES
			),
			_("Later answers to the same customers wait for them."),
			_(
				"They are looked up in Twilio's list automatically as soon as it can be read. Fix It looks them up at once."
			),
			"look_up",
			AT_RISK,
		)


def _failures(account_context: AccountContext) -> list:
	"""Numbers, error codes, and how many messages failed so."""
	Message = frappe.qb.DocType(MESSAGE)
	return (
		_of_account_context(Message, account_context)
		.select(
			Message.number,
			Message.error_code,
			Count(Message.name).as_("count"),
			Max(Message.modified).as_("last"),
		)
		.where((Message.direction == "Outbound") & Message.status.isin(statuses.NOT_DELIVERED))
		.where(Message.creation > _looked_back())
		.where(Message.error_code.isnotnull() & (Message.error_code != ""))
		.where(Message.error_code.notin(TOLD_ELSEWHERE))
		.groupby(Message.number, Message.error_code)
		.orderby(Count(Message.name), order=frappe.qb.desc)
	).run(as_dict=True)


def _sent(account_context: AccountContext) -> dict[str, int]:
	"""Our messages in the same time, by number."""
	Message = frappe.qb.DocType(MESSAGE)
	found = (
		_of_account_context(Message, account_context)
		.select(Message.number, Count(Message.name))
		.where((Message.direction == "Outbound") & (Message.creation > _looked_back()))
		.groupby(Message.number)
	).run()
	return dict(found)


def _got_through(number: str, since) -> bool:
	filters = {"number": number, "direction": "Outbound", "status": ("in", ("Sent", "Delivered", "Read"))}
	return bool(frappe.db.exists(MESSAGE, {**filters, "creation": (">", since)}))


def _is_held_up(account_context: AccountContext) -> bool:
	"""Whether nothing is to leave: another check says so, or an admin wants it."""
	return bool(
		account_context.doc.paused_since or not account_context.doc.enabled or site_identity.is_copy()
	)


def _waiting(account_context: AccountContext, status: str) -> int:
	"""How many messages in a status wait longer than usual, of numbers whose queue does not move."""
	long_ago = clock.ago(minutes=STUCK_MINUTES)
	Message = frappe.qb.DocType(MESSAGE)
	due = Message.next_attempt.isnull() | (Message.next_attempt < long_ago)
	found = (
		_of_account_context(Message, account_context)
		.select(Message.number, Count(Message.name), Min(Message.creation))
		.where((Message.status == status) & (Message.creation < long_ago) & due)
		.groupby(Message.number)
	).run()
	if status != "Queued":
		return sum(count for _number, count, _oldest in found)
	on = {number.name for number in account_context.numbers if number.sms_enabled}
	return sum(count for number, count, _oldest in found if number in on and not _moves(number, long_ago))


def _moves(number: str, since) -> bool:
	"""A number sends no faster than its type may: that many wait is nothing wrong as long as some leave."""
	return bool(frappe.db.exists(MESSAGE, {"number": number, "sent_at": (">", since)}))


def _of_account_context(Message, account_context: AccountContext):
	query = frappe.qb.from_(Message).where(Message.account == account_context.name)
	return query.where(Message.number == account_context.one_number) if account_context.one_number else query


def _count(query) -> int:
	return query.select(Count("*")).run()[0][0]


def _looked_back():
	return clock.ago(days=LOOKED_BACK_DAYS)


def _of(
	account_context: AccountContext,
	check: str,
	what: str,
	why: str,
	how: str,
	remedy: str,
	severity: str = BROKEN,
) -> Finding:
	return Finding(check, severity, what, why, how, ACCOUNT, account_context.name, remedy)
