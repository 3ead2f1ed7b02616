"""How long customers waited for an answer to their texts: by day, week, month, team, agent or number.

What a customer texts until the next reply counts as one question, asked with its first text of the period. Automatic
answers, and replies that never arrived, are no replies.
"""

from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import IfNull, Min
from frappe.utils import get_fullname
from pypika import Order, analytics
from pypika.queries import QueryBuilder
from pypika.terms import CustomFunction, LiteralValue, Term

from twilio_sms_channel.overview import grouping, texts
from twilio_sms_channel.overview.asked import Asked, read
from twilio_sms_channel.twilio_gateway.statuses import NOT_DELIVERED

AGENT = "Agent"
GROUPS = (*grouping.TIMES, grouping.TEAM, AGENT, grouping.NUMBER)
FIGURES = ("Median", "Average")
NO_REPLY = (*NOT_DELIVERED, "Canceled")
MINUTE_S = 60

time_between = CustomFunction("TIMESTAMPDIFF", ["unit", "first", "second"])


def execute(filters: dict[str, Any] | None = None):
	"""Called by Frappe: columns, rows, message and chart of the report.

	:param filters: `from_date`, `to_date`, `group_by`, `figure`, `account`, `number`, `team`
	:raises frappe.ValidationError: a filter is wrong
	"""
	asked = read(filters, GROUPS, FIGURES)
	rows = grouping.complete(
		asked, _found(asked), questions=0, answered=0, unanswered=0, median=None, average=None, longest=None
	)
	return _columns(asked), rows, None, _chart(asked, rows)


def _found(asked: Asked) -> list[dict[str, Any]]:
	"""Figures by group, those with most questions first; times in seconds."""
	Wait = _waits(asked).as_("wait")
	by_group = [Wait.group]
	rows = (
		frappe.qb.from_(Wait)
		.distinct()
		.select(
			Wait.group,
			analytics.Count(Wait.asked).over(*by_group).as_("questions"),
			analytics.Count(Wait.seconds).over(*by_group).as_("answered"),
			analytics.Median(Wait.seconds).over(*by_group).as_("median"),
			analytics.Avg(Wait.seconds).over(*by_group).as_("average"),
			analytics.Max(Wait.seconds).over(*by_group).as_("longest"),
		)
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


def _waits(asked: Asked) -> QueryBuilder:
	"""A row for each question: its group, when it was asked, and the seconds until the reply, NULL without one."""
	Question, Reply = _questions(asked).as_("question"), DocType(texts.MESSAGE).as_("answer")
	group = {
		grouping.NUMBER: Question.number,
		grouping.TEAM: IfNull(Question.team, ""),
		AGENT: IfNull(Reply.sent_by, ""),
	}.get(asked.group_by, grouping.period(asked.group_by, Question.asked))
	seconds = time_between(LiteralValue("SECOND"), Question.asked, Reply.creation)
	return (
		frappe.qb.from_(Question)
		.left_join(Reply)
		.on(Reply.name == Question.reply)
		.select(group.as_("group"), Question.asked, seconds.as_("seconds"))
	)


def _questions(asked: Asked) -> QueryBuilder:
	"""A row for each question: what customers texted before one and the same reply, or before none."""
	Text = _customers_texts(asked).as_("text")
	return (
		frappe.qb.from_(Text)
		.select(
			Text.reply,
			Min(Text.at).as_("asked"),
			Min(Text.number).as_("number"),
			Min(Text.team).as_("team"),
		)
		.groupby(Text.conversation, Text.reply)
	)


def _customers_texts(asked: Asked) -> QueryBuilder:
	"""A row for each text of a customer, with the name of the next reply in its conversation."""
	Message, Reply = DocType(texts.MESSAGE), DocType(texts.MESSAGE).as_("reply")
	at = IfNull(Message.received_at, Message.creation)
	next_reply = (
		frappe.qb.from_(Reply)
		.select(Reply.name)
		.where((Reply.conversation == Message.conversation) & (Reply.direction == "Outbound"))
		.where((Reply.automatic == 0) & Reply.status.notin(NO_REPLY) & (Reply.creation > at))
		.orderby(Reply.creation, order=Order.asc)
		.limit(1)
	)
	has_team = asked.team or asked.group_by == grouping.TEAM
	return (
		texts.texts(asked)
		.where((Message.direction == "Inbound") & Message.conversation.isnotnull())
		.select(
			Message.conversation,
			Message.number,
			at.as_("at"),
			(texts.team() if has_team else _nothing()).as_("team"),
			next_reply.as_("reply"),
		)
	)


def _nothing() -> Term:
	return LiteralValue("NULL")


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
