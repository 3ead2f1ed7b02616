"""Why messages did not arrive: how often each reason, what to do about it and who can."""

from typing import Any

from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count, IfNull, Max
from pypika import Case, Order
from pypika.terms import CustomFunction

from twilio_sms_channel.content import outside
from twilio_sms_channel.infra.statuses import NOT_DELIVERED
from twilio_sms_channel.reports import grouping, messages
from twilio_sms_channel.reports.asked import Asked, read
from twilio_sms_channel.twilio_gateway import errors

REASON = "Reason"
MAX_REASONS, MAX_BARS = 200, 8

beginning = CustomFunction("LEFT", ["text", "characters"])


def execute(filters: dict[str, Any] | None = None):
	"""Called by Frappe: columns, rows, message, chart and summary of the report.

	:param filters: `from_date`, `to_date`, `account`, `number`, `team`
	:raises frappe.ValidationError: a filter is wrong
	"""
	asked = read(filters, (REASON,))
	rows = _rows(asked)
	# An axis has room for a few letters: the code comes first.
	bars = [
		{"group": f"{row['code']} {row['group']}".strip(), "texts": row["texts"]} for row in rows[:MAX_BARS]
	]
	chart = grouping.chart(asked, bars, [("texts", _("Messages"))])
	return _columns(), rows, None, chart, _summary(rows)


def _rows(asked: Asked) -> list[dict[str, Any]]:
	Message = DocType(messages.MESSAGE)
	code = IfNull(Message.error_code, "")
	# A code that is explained here has one reason; of others, what Twilio or this app said tells them apart.
	said = Case().when(code.isin(list(errors.EXPLANATIONS)), "")
	said = said.else_(beginning(IfNull(Message.error_message, ""), 140))
	found = (
		messages.of(asked)
		.where((Message.direction == "Outbound") & Message.status.isin(NOT_DELIVERED))
		.select(
			code.as_("code"),
			said.as_("said"),
			Count("*").as_("texts"),
			Max(Message.creation).as_("last"),
		)
		.groupby(code, said)
		.orderby(Count("*"), order=Order.desc)
		.limit(MAX_REASONS)
	).run(as_dict=True)
	total = sum(row.texts for row in found)
	return [_row(row, total) for row in found]


def _row(row, total: int) -> dict[str, Any]:
	about = errors.explanation(row.code, row.said)
	return {
		"code": outside.plain(row.code),
		"group": outside.sentence(about.what) or _("No reason is known."),
		"texts": row.texts,
		"share": 100 * row.texts / total,
		"do": about.do,
		"who": _who(about.who),
		"last": row.last,
	}


def _who(who: str) -> str:
	words = {
		errors.AGENT: _("Agent"),
		errors.ADMIN: _("Admin"),
		errors.CUSTOMER: _("Customer"),
		errors.TWILIO: "Twilio",
	}
	return words.get(who, "")


def _columns() -> list[dict[str, Any]]:
	return [
		{"fieldname": "group", "label": _("Reason"), "fieldtype": "Data", "width": 380},
		{"fieldname": "texts", "label": _("Messages"), "fieldtype": "Int", "width": 110},
		{"fieldname": "share", "label": _("Percent"), "fieldtype": "Percent", "precision": 1, "width": 90},
		{"fieldname": "who", "label": _("Who Can Fix It"), "fieldtype": "Data", "width": 130},
		{"fieldname": "do", "label": _("What to Do"), "fieldtype": "Data", "width": 420},
		{
			"fieldname": "code",
			"label": _("Twilio's Code"),
			"fieldtype": "Data",
			"align": "left",
			"width": 110,
		},
		{"fieldname": "last", "label": _("Last"), "fieldtype": "Datetime", "width": 170},
	]


def _summary(rows: list[dict]) -> list[dict[str, Any]] | None:
	if not rows:
		return None
	return [
		{
			"label": _("Not Delivered"),
			"value": sum(row["texts"] for row in rows),
			"datatype": "Int",
			"indicator": "Red",
		}
	]
