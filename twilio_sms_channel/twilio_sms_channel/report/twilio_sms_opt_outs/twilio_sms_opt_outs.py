"""Who asked for no more messages, and who came back: by day, week, month, number, team or how it became known.

Of consent, so for system managers only, like the events themselves.
"""

from typing import Any

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count, IfNull, Sum
from pypika import Case, Order
from pypika.terms import Term

from twilio_sms_channel.reports import grouping, messages
from twilio_sms_channel.reports.asked import Asked, read

EVENT = "Twilio SMS Consent Event"
SOURCE = "Source"
GROUPS = (*grouping.TIMES, grouping.NUMBER, grouping.TEAM, SOURCE)
EVENTS = {"opted_out": "Opted Out", "opted_in": "Opted In", "asked_for_help": "Asked for Help"}


def execute(filters: dict[str, Any] | None = None):
	"""Called by Frappe: columns, rows, message, chart and summary of the report.

	:param filters: `from_date`, `to_date`, `group_by`, `account`, `number`, `team`
	:raises frappe.ValidationError: a filter is wrong
	"""
	asked = read(filters, GROUPS)
	found = _found(asked)
	rows = grouping.complete(asked, found, **dict.fromkeys(EVENTS, 0))
	shown = [("opted_out", _("Opted Out")), ("opted_in", _("Opted In"))]
	chart = grouping.chart(asked, rows, shown)
	return _columns(asked), grouping.listed(asked, found), None, chart, _summary(found)


def _found(asked: Asked) -> list[dict[str, Any]]:
	Event, Message, Number = DocType(EVENT), DocType(messages.MESSAGE), DocType(messages.NUMBER)
	first, after = asked.days
	group = {
		grouping.NUMBER: Event.number,
		grouping.TEAM: IfNull(messages.team(), ""),
		SOURCE: Event.source,
	}.get(asked.group_by, grouping.period(asked.group_by, Event.occurred_at))
	query = frappe.qb.from_(Event).where((Event.occurred_at >= first) & (Event.occurred_at < after))
	if asked.number:
		query = query.where(Event.number == asked.number)
	if asked.account:
		query = query.join(Number).on(Number.name == Event.number).where(Number.account == asked.account)
	if asked.team or asked.group_by == grouping.TEAM:
		query = query.left_join(Message).on(Message.name == Event.message)
		query = messages.with_team(query, Message.communication)
	if asked.team:
		query = query.where(messages.team() == asked.team)
	counted = [_count(Event.event == event).as_(field) for field, event in EVENTS.items()]
	rows = (
		query.select(group.as_("group"), *counted).groupby(group).orderby(Count("*"), order=Order.desc)
	).run(as_dict=True)
	return [
		{
			"group": _(row.group) if asked.group_by == SOURCE else row.group or _("None"),
			**{field: int(row[field]) for field in EVENTS},
		}
		for row in rows
	]


def _count(condition: Term) -> Term:
	return Sum(Case().when(condition, 1).else_(0))


def _columns(asked: Asked) -> list[dict[str, Any]]:
	first = grouping.column(asked)
	if asked.group_by == SOURCE:
		first["label"] = _("Source")
	labels = {
		"opted_out": _("Opted Out"),
		"opted_in": _("Opted In"),
		"asked_for_help": _("Asked for Help"),
	}
	return [
		first,
		*({"fieldname": f, "label": label, "fieldtype": "Int", "width": 140} for f, label in labels.items()),
	]


def _summary(found: list[dict]) -> list[dict[str, Any]] | None:
	if not found:
		return None
	return [
		{"label": _("Opted Out"), "value": sum(row["opted_out"] for row in found), "datatype": "Int"},
		{"label": _("Opted In"), "value": sum(row["opted_in"] for row in found), "datatype": "Int"},
	]
