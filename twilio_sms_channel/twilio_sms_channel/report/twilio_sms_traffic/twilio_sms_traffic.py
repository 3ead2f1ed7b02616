"""Messages in and out, how many arrived, their segments and cost: by day, week, month, number, team or account."""

from dataclasses import dataclass, field
from typing import Any

from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count, IfNull, Sum
from pypika import Case, Order
from pypika.terms import Term

from twilio_sms_channel.content import outside
from twilio_sms_channel.infra.statuses import NOT_DELIVERED
from twilio_sms_channel.reports import grouping, messages
from twilio_sms_channel.reports.asked import Asked, read

GROUPS = (*grouping.TIMES, grouping.NUMBER, grouping.TEAM, grouping.ACCOUNT)
TEXTS, DELIVERY_RATE, SEGMENTS, COST = FIGURES = ("Texts", "Delivery Rate", "Segments", "Cost")
ARRIVED = ("Delivered", "Read")
COUNTED = ("inbound", "outbound", "delivered", "not_delivered", "segments")


@dataclass
class Figures:
	"""What a row of the report counts."""

	inbound: int = 0
	outbound: int = 0
	delivered: int = 0
	not_delivered: int = 0
	segments: int = 0
	cost: dict[str, float] = field(default_factory=dict)
	"""by currency, for those messages whose price Twilio has told"""

	@property
	def delivery_rate(self) -> float | None:
		"""Percent of the messages whose fate is known that arrived; None as long as none is."""
		known = self.delivered + self.not_delivered
		return 100 * self.delivered / known if known else None

	def add(self, other: "Figures") -> None:
		for name in COUNTED:
			setattr(self, name, getattr(self, name) + getattr(other, name))
		for currency, cost in other.cost.items():
			self.cost[currency] = self.cost.get(currency, 0) + cost


def execute(filters: dict[str, Any] | None = None):
	"""Called by Frappe: columns, rows, message, chart and summary of the report.

	:param filters: `from_date`, `to_date`, `group_by`, `figure`, `account`, `number`, `team`
	:raises frappe.ValidationError: a filter is wrong
	"""
	asked = read(filters, GROUPS, FIGURES)
	found = _found(asked)
	total = Figures()
	for figures in found.values():
		total.add(figures)
	currencies = sorted(total.cost)
	rows = [{"group": group, **_row(figures, currencies)} for group, figures in found.items()]
	drawn = grouping.complete(asked, rows, **_row(Figures(), currencies))
	chart = _chart(asked, drawn, currencies)
	return _columns(asked, currencies), grouping.listed(asked, rows), None, chart, _summary(total)


def _found(asked: Asked) -> dict[Any, Figures]:
	"""The figures by group, those with most messages first."""
	Message = DocType(messages.MESSAGE)
	group = {
		grouping.NUMBER: Message.number,
		grouping.ACCOUNT: Message.account,
		grouping.TEAM: IfNull(messages.team(), ""),
	}.get(asked.group_by, grouping.period(asked.group_by, Message.creation))
	is_ours = Message.direction == "Outbound"
	currency = IfNull(Message.price_unit, "")
	rows = (
		messages.of(asked)
		.select(
			group.as_("group"),
			currency.as_("currency"),
			_count(Message.direction == "Inbound").as_("inbound"),
			_count(is_ours).as_("outbound"),
			_count(is_ours & Message.status.isin(ARRIVED)).as_("delivered"),
			_count(is_ours & Message.status.isin(NOT_DELIVERED)).as_("not_delivered"),
			Sum(Message.segments).as_("segments"),
			Sum(Message.price).as_("price"),
		)
		.groupby(group, currency)
		.orderby(Count("*"), order=Order.desc)
	).run(as_dict=True)
	found: dict[Any, Figures] = {}
	for row in rows:
		figures = Figures(
			*(int(row[name] or 0) for name in COUNTED),
			cost={outside.plain(row.currency): row.price or 0} if row.currency else {},
		)
		found.setdefault(row.group or _("None"), Figures()).add(figures)
	return found


def _count(condition: Term) -> Term:
	return Sum(Case().when(condition, 1).else_(0))


def _row(figures: Figures, currencies: list[str]) -> dict[str, Any]:
	return {
		"inbound": figures.inbound,
		"outbound": figures.outbound,
		"delivered": figures.delivered,
		"not_delivered": figures.not_delivered,
		"delivery_rate": figures.delivery_rate,
		"segments": figures.segments,
		**{_cost_field(currency): figures.cost.get(currency, 0) for currency in currencies},
	}


def _cost_field(currency: str) -> str:
	return f"cost_{currency.lower()}"


def _columns(asked: Asked, currencies: list[str]) -> list[dict[str, Any]]:
	def number(fieldname: str, label: str, fieldtype: str = "Int", **more: Any) -> dict[str, Any]:
		return {"fieldname": fieldname, "label": label, "fieldtype": fieldtype, "width": 130, **more}

	return [
		grouping.column(asked),
		number("inbound", _("Messages In")),
		number("outbound", _("Messages Out")),
		number("delivered", _("Delivered")),
		number("not_delivered", _("Not Delivered")),
		number("delivery_rate", _("Delivery Rate"), "Percent", precision=1),
		number("segments", _("Segments")),
		*(
			number(_cost_field(currency), _("Cost ({0})").format(currency), "Float", precision=4)
			for currency in currencies
		),
	]


def _chart(asked: Asked, rows: list[dict], currencies: list[str]) -> dict[str, Any] | None:
	shown = {
		TEXTS: [("inbound", _("Messages In")), ("outbound", _("Messages Out"))],
		DELIVERY_RATE: [("delivery_rate", _("Delivery Rate (%)"))],
		SEGMENTS: [("segments", _("Segments"))],
		COST: [(_cost_field(currency), _("Cost ({0})").format(currency)) for currency in currencies],
	}[asked.figure]
	kind = {DELIVERY_RATE: "Percent", COST: "Float"}.get(asked.figure, "Int")
	return grouping.chart(asked, rows, shown, kind)


def _summary(total: Figures) -> list[dict[str, Any]] | None:
	if not (total.inbound or total.outbound):
		return None
	rate = total.delivery_rate
	return [
		{"label": _("Messages In"), "value": total.inbound, "datatype": "Int"},
		{"label": _("Messages Out"), "value": total.outbound, "datatype": "Int"},
		*([] if rate is None else [{"label": _("Delivery Rate"), "value": rate, "datatype": "Percent"}]),
		{"label": _("Segments"), "value": total.segments, "datatype": "Int"},
		*(
			{"label": _("Cost ({0})").format(currency), "value": cost, "datatype": "Float"}
			for currency, cost in sorted(total.cost.items())
		),
	]
