"""How long customers waited for an answer to their messages: by day, week, month, team, agent or number.

What a customer texts until the next reply counts as one question, asked with its first message of the period. Automatic
answers, and replies that never arrived, are no replies.
"""

from dataclasses import replace
from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Avg, Count, IfNull, Max, Min
from frappe.utils import add_days, get_fullname, getdate
from pypika import Case, Order, analytics
from pypika.queries import QueryBuilder
from pypika.terms import CustomFunction, LiteralValue, Term

from twilio_sms_channel.infra.statuses import NOT_DELIVERED
from twilio_sms_channel.reports import grouping, messages
from twilio_sms_channel.reports.asked import Asked, read

AGENT = "Agent"
GROUPS = (*grouping.TIMES, grouping.TEAM, AGENT, grouping.NUMBER)
FIGURES = ("Median", "Average")
NO_REPLY = (*NOT_DELIVERED, "Canceled")
# A reply that comes later than this after the period is taken for none.
MAX_WAIT_DAYS = 30
MINUTE_S = 60

time_between = CustomFunction("TIMESTAMPDIFF", ["unit", "first", "second"])


def execute(filters: dict[str, Any] | None = None):
	"""Called by Frappe: columns, rows, message and chart of the report.

	:param filters: `from_date`, `to_date`, `group_by`, `figure`, `account`, `number`, `team`
	:raises frappe.ValidationError: a filter is wrong
	"""
	asked = read(filters, GROUPS, FIGURES)
	found = _found(asked)
	drawn = grouping.complete(
		asked, found, questions=0, answered=0, unanswered=0, median=None, average=None, longest=None
	)
	return _columns(asked), grouping.listed(asked, found), None, _chart(asked, drawn)


def _found(asked: Asked) -> list[dict[str, Any]]:
	"""Figures by group, those with most questions first; times in seconds."""
	Wait = _ranked(asked).as_("wait")
	# MariaDB's own MEDIAN takes as long as the square of the rows.
	is_middle = (2 * Wait.place >= Wait.answered) & (2 * Wait.place <= Wait.answered + 2)
	rows = (
		frappe.qb.from_(Wait)
		.select(
			Wait.group,
			Count("*").as_("questions"),
			Count(Wait.seconds).as_("answered"),
			Avg(_when(is_middle, Wait.seconds)).as_("median"),
			Avg(Wait.seconds).as_("average"),
			Max(Wait.seconds).as_("longest"),
		)
		.groupby(Wait.group)
	).run(as_dict=True)
	rows.sort(key=lambda row: -row.questions)
	return [
		{
			**row,
			"group": _name(asked, row.group),
			"unanswered": row.questions - row.answered,
			**{field: None if row[field] is None else float(row[field]) for field in ("median", "average")},
		}
		for row in rows
	]


def _ranked(asked: Asked) -> QueryBuilder:
	"""The waits, each with its place among those of its group that were answered, and how many these are."""
	Wait = _waits(asked).as_("unranked")
	return frappe.qb.from_(Wait).select(
		Wait.group,
		Wait.seconds,
		analytics.Count(Wait.seconds).over(Wait.group).as_("answered"),
		analytics.RowNumber()
		.over(Wait.group)
		.orderby(Wait.seconds.isnull())
		.orderby(Wait.seconds)
		.as_("place"),
	)


def _waits(asked: Asked) -> QueryBuilder:
	"""A row for each question: its group, when it was asked, and the seconds until the reply, NULL without one."""
	Question = _questions(asked).as_("question")
	group = {
		grouping.NUMBER: Question.number,
		grouping.TEAM: IfNull(Question.team, ""),
		AGENT: IfNull(Question.agent, ""),
	}.get(asked.group_by, grouping.period(asked.group_by, Question.asked))
	_first, after = asked.days
	return (
		frappe.qb.from_(Question)
		.select(
			group.as_("group"),
			time_between(LiteralValue("SECOND"), Question.asked, Question.answered).as_("seconds"),
		)
		.where(Question.asked < after)
	)


def _questions(asked: Asked) -> QueryBuilder:
	"""A row for each reply, with what was asked since the one before; and for what nobody replied to."""
	Text = _messages_and_replies(asked).as_("text")
	is_reply = Text.is_reply == 1
	return (
		frappe.qb.from_(Text)
		.select(
			Min(_when(Text.is_reply == 0, Text.at)).as_("asked"),
			Min(_when(is_reply, Text.at)).as_("answered"),
			Min(_when(is_reply, Text.sent_by)).as_("agent"),
			Min(Text.number).as_("number"),
			Min(Text.team).as_("team"),
		)
		.groupby(Text.conversation, Text.replies_to_come)
	)


def _messages_and_replies(asked: Asked) -> QueryBuilder:
	"""Customers' messages of the period and the replies until some time after it.

	A message and the next reply in its conversation have the same number of `replies_to_come`.
	"""
	Message = DocType(messages.MESSAGE)
	is_reply = _when(Message.direction == "Outbound", 1, 0)
	at = _when(
		Message.direction == "Outbound", Message.creation, IfNull(Message.received_at, Message.creation)
	)
	has_team = asked.team or asked.group_by == grouping.TEAM
	return (
		messages.of(replace(asked, to_date=getdate(add_days(asked.to_date, MAX_WAIT_DAYS))))
		.where(Message.conversation.isnotnull())
		.where((Message.direction == "Inbound") | ((Message.automatic == 0) & Message.status.notin(NO_REPLY)))
		.select(
			Message.conversation,
			Message.number,
			Message.sent_by,
			is_reply.as_("is_reply"),
			at.as_("at"),
			(messages.team() if has_team else LiteralValue("NULL")).as_("team"),
			analytics.Sum(is_reply)
			.over(Message.conversation)
			.orderby(at, order=Order.desc)
			.as_("replies_to_come"),
		)
	)


def _when(condition: Term, value: Any, otherwise: Any = None) -> Term:
	return Case().when(condition, value).else_(otherwise)


def _name(asked: Asked, group: Any) -> Any:
	if asked.group_by == AGENT:
		return get_fullname(group) if group else _("Not Answered")
	return group or _("None")


def _columns(asked: Asked) -> list[dict[str, Any]]:
	first = grouping.column(asked)
	if asked.group_by == AGENT:
		first["label"] = _("Agent")
	counts = {"questions": _("Questions"), "answered": _("Answered"), "unanswered": _("Not Answered")}
	times = {"median": _("Median Time"), "average": _("Average Time"), "longest": _("Longest Time")}
	return [
		first,
		*({"fieldname": f, "label": label, "fieldtype": "Int", "width": 130} for f, label in counts.items()),
		*(
			{"fieldname": f, "label": label, "fieldtype": "Duration", "width": 150}
			for f, label in times.items()
		),
	]


def _chart(asked: Asked, rows: list[dict]) -> dict[str, Any] | None:
	field, label = {
		"Median": ("median", _("Median Minutes")),
		"Average": ("average", _("Average Minutes")),
	}[asked.figure]
	in_minutes = [
		{"group": row["group"], field: None if row[field] is None else round(row[field] / MINUTE_S, 1)}
		for row in rows
	]
	return grouping.chart(asked, in_minutes, [(field, label)], "Float")
