"""What a report is asked for: a period, and perhaps one account, number or team."""

import threading
from dataclasses import dataclass
from datetime import date
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days, getdate

DEFAULT_DAYS, MAX_DAYS = 30, 800


@dataclass(frozen=True)
class Asked:
	from_date: date
	to_date: date
	"""the last day that counts"""
	group_by: str
	figure: str = ""
	"""what the chart shows, where a report has several figures to show"""
	account: str = ""
	number: str = ""
	team: str = ""

	@property
	def days(self) -> tuple[date, date]:
		"""The first day, and the one after the last."""
		return self.from_date, getdate(add_days(self.to_date, 1))


def read(filters: dict[str, Any] | None, groups: tuple[str, ...], figures: tuple[str, ...] = ("",)) -> Asked:
	"""What is asked for; by default the last 30 days, and the first group and figure.

	:param groups: what the report can have a row for, see `grouping`
	:param figures: what its chart can show
	:raises frappe.ValidationError: naming the filter that is wrong, and why
	"""
	filters = filters or {}
	to_date = getdate(filters.get("to_date"))
	from_date = getdate(filters.get("from_date") or add_days(to_date, 1 - DEFAULT_DAYS))
	if from_date > to_date:
		_refuse(_("From Date is after To Date: choose an earlier From Date."))
	if (to_date - from_date).days > MAX_DAYS:
		_refuse(_("The period is longer than {0} days: choose a later From Date.").format(MAX_DAYS))
	return Asked(
		from_date=from_date,
		to_date=to_date,
		group_by=_one_of(_("Group By"), filters.get("group_by"), groups),
		figure=_one_of(_("Chart Shows"), filters.get("figure"), figures),
		**{field: str(filters.get(field) or "") for field in ("account", "number", "team")},
	)


def _one_of(label: str, value: str | None, choices: tuple[str, ...]) -> str:
	if not value:
		return choices[0]
	if value not in choices:
		_refuse(_("{0} cannot be {1}: choose one of {2}.").format(label, value, ", ".join(choices)))
	return value


def _refuse(reason: str) -> None:
	"""Say what is wrong with a filter, and nothing more: v15 forgets to end its watch over a report that is refused, and
	after 15 seconds makes it one that is prepared in the background, for everybody.

	:raises frappe.ValidationError: always
	"""
	for timer in threading.enumerate():
		if isinstance(timer, threading.Timer) and timer.kwargs.get("report", "").startswith("Twilio SMS "):
			timer.cancel()
	frappe.throw(reason)
