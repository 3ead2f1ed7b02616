"""What a row of a report stands for: a day, a week, a month, a number, a team, an account."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from frappe import _
from frappe.query_builder.functions import Date
from frappe.utils import add_days, add_months, formatdate, get_first_day, getdate
from pypika.terms import CustomFunction, Term

from twilio_sms_channel.reports.asked import Asked

DAY, WEEK, MONTH, NUMBER, TEAM, ACCOUNT = "Day", "Week", "Month", "Number", "Team", "Account"
TIMES = (DAY, WEEK, MONTH)
# More would leave no room for the labels in a chart of half the width.
MAX_IN_CHART, SHOWN_DIGITS = 5, 4
COLOURS = ["#2490ef", "#48bb74", "#f4b740", "#8684ff"]
# Where the axis ends at the least, which begins at 0: below 1 its numbers have sixteen digits, and below 4 those of counts
# are no whole ones. The dashboard charts say the same.
LOWEST_TOP, LOWEST_TOP_OF_COUNTS = 1, 4

earlier_by, days_since_monday, day_of_month = (
	CustomFunction("SUBDATE", ["date", "days"]),
	CustomFunction("WEEKDAY", ["date"]),
	CustomFunction("DAYOFMONTH", ["date"]),
)


def period(group_by: str, moment: Term) -> Term:
	"""The first day of the day, week (from Monday) or month that a moment is in, as SQL."""
	if group_by == WEEK:
		return earlier_by(Date(moment), days_since_monday(moment))
	if group_by == MONTH:
		return earlier_by(Date(moment), day_of_month(moment) - 1)
	return Date(moment)


def begin(group_by: str, day: date) -> date:
	"""The same of a day, in Python."""
	if group_by == WEEK:
		return getdate(add_days(day, -day.weekday()))
	return get_first_day(day) if group_by == MONTH else day


def periods(asked: Asked) -> list[date]:
	"""The first day of each day, week or month of the period asked for."""
	found, day = [], begin(asked.group_by, asked.from_date)
	while day <= asked.to_date:
		found.append(day)
		if asked.group_by == MONTH:
			day = getdate(add_months(day, 1))
		else:
			day = getdate(add_days(day, 7 if asked.group_by == WEEK else 1))
	return found


def complete(asked: Asked, rows: Iterable[dict], **empty: Any) -> list[dict]:
	"""Rows as the chart has them: through time with one for each period, otherwise as they come.

	:param rows: each with its `group`
	:param empty: what a period without messages has instead
	"""
	rows = list(rows)
	if asked.group_by not in TIMES or not rows:
		return rows
	by_time = {getdate(row["group"]): row for row in rows}
	return [{**empty, **by_time.get(day, {}), "group": _shown(asked, day)} for day in periods(asked)]


def listed(asked: Asked, rows: Iterable[dict]) -> list[dict]:
	"""Rows as the table has them: the newest period first, none in which nothing happened; otherwise as they come.

	:param rows: each with its `group`
	"""
	if asked.group_by not in TIMES:
		return list(rows)
	newest_first = sorted(rows, key=lambda row: getdate(row["group"]), reverse=True)
	return [{**row, "group": _shown(asked, getdate(row["group"]))} for row in newest_first]


def chart(
	asked: Asked, rows: list[dict], shown: list[tuple[str, str]], fieldtype: str = "Int"
) -> dict[str, Any] | None:
	"""The report's chart: a line through time, otherwise a bar for each of the first rows. None without rows.

	:param shown: fieldname and label of what it shows
	:param fieldtype: of its values
	"""
	if not rows:
		return None
	in_time = asked.group_by in TIMES
	# A day on which nothing was sent has no rate, not one of zero.
	rows = [row for row in rows if any(row[field] is not None for field, _label in shown)]
	rows = rows if in_time else rows[:MAX_IN_CHART]
	if not rows:
		# Frappe then says "No Data". Without a chart it would try to make its own, with "undefined" along the axis.
		return {"data": {}}
	if in_time and len(rows) == 1:
		# A line needs two points: a single one is drawn as a level line.
		rows = rows * 2
	return {
		"data": {
			"labels": _labels(asked, [row["group"] for row in rows]),
			"datasets": [
				{"name": label, "values": [row[field] or 0 for row in rows]} for field, label in shown
			],
		},
		"type": "line" if in_time else "bar",
		"colors": COLOURS,
		"fieldtype": fieldtype,
		"axisOptions": {
			"xIsSeries": int(in_time),
			# Frappe shortens 800 to "800.00" and 0.35 to "0".
			"shortenYAxisNumbers": 0,
			"yAxisRange": {"min": 0, "max": LOWEST_TOP_OF_COUNTS if fieldtype == "Int" else LOWEST_TOP},
		},
	}


def _labels(asked: Asked, groups: list[date | str]) -> list[str]:
	"""What stands along the axis, which has little room."""
	endings = [f"…{group[-SHOWN_DIGITS:]}" for group in groups if asked.group_by == NUMBER]
	if len(set(endings)) == len(groups):
		return endings
	return [_label(group) for group in groups]


def _label(group: date | str) -> str:
	"""A date without its year, as the user writes dates."""
	return formatdate(group).replace(str(group.year), "").strip("-/.") if isinstance(group, date) else group


def _shown(asked: Asked, day: date) -> date | str:
	return formatdate(day, "MMMM yyyy") if asked.group_by == MONTH else day


def column(asked: Asked) -> dict[str, Any]:
	"""The report's first column."""
	labels = {
		DAY: _("Day"),
		WEEK: _("Week From"),
		MONTH: _("Month"),
		NUMBER: _("Number"),
		TEAM: _("Team"),
		ACCOUNT: _("Account"),
	}
	# Teams and accounts are no links: Frappe hides rows whose links somebody may not read.
	kind = {"fieldtype": "Data"}
	if asked.group_by in (DAY, WEEK):
		kind = {"fieldtype": "Date"}
	elif asked.group_by == NUMBER:
		kind = {"fieldtype": "Link", "options": "Twilio SMS Number"}
		# Frappe takes telephone numbers for numbers, and puts them on the right.
		kind["align"] = "left"
	return {"fieldname": "group", "label": labels.get(asked.group_by, ""), "width": 180, **kind}
