"""What the reports count, for whom, and what they refuse. All that is planted lies in a year of its own."""

import threading
from datetime import date, datetime, timedelta

import frappe
import pytest
from frappe.desk.query_report import run
from support.planted import OTHER, OURS, Planted, stored

from twilio_sms_channel.reports import messages

TRAFFIC, FAILURES, RESPONSE, OPT_OUTS = (
	f"Twilio SMS {name}" for name in ("Traffic", "Delivery Failures", "Response Time", "Opt-Outs")
)
MONDAY = date(2019, 3, 4)


@pytest.fixture
def planted(administrator):
	return Planted()


def at(day: int = 0, hour: int = 9, minute: int = 0) -> datetime:
	"""A moment of the planted weeks; day 0 is a Monday."""
	return datetime(MONDAY.year, MONDAY.month, MONDAY.day, hour, minute) + timedelta(days=day)


def report(name: str, days: int = 14, **filters) -> dict:
	period = {"from_date": str(MONDAY), "to_date": str(MONDAY + timedelta(days=days - 1))}
	return run(name, {**period, **filters})


def rows(name: str, **filters) -> dict:
	"""The report's rows by what they stand for."""
	return {str(row["group"]): row for row in report(name, **filters)["result"]}


def test_traffic_counts_what_came_went_and_arrived(planted):
	planted.text("Inbound", at(0))
	planted.text("Outbound", at(0, 10), segments=3)
	planted.text("Outbound", at(0, 11), "Undelivered")
	planted.text("Outbound", at(0, 12), "Queued")
	planted.text("Outbound", at(2), "Read")

	found = report(TRAFFIC, days=3)

	# The newest day first, and none on which nothing happened.
	wednesday, monday = found["result"]
	assert (monday["inbound"], monday["outbound"], monday["segments"]) == (1, 3, 6)
	assert (monday["delivered"], monday["not_delivered"], monday["delivery_rate"]) == (1, 1, 50)
	assert (wednesday["group"], wednesday["delivery_rate"]) == (date(2019, 3, 6), 100)
	assert found["chart"]["data"]["labels"] == ["03-04", "03-05", "03-06"]
	assert [each["values"] for each in found["chart"]["data"]["datasets"]] == [[1, 0, 0], [3, 0, 1]]
	assert {each["label"]: each["value"] for each in found["report_summary"]}["Messages Out"] == 4


def test_a_day_without_known_fates_has_no_delivery_rate_in_the_chart(planted):
	planted.text("Outbound", at(0))
	planted.text("Outbound", at(1), "Sent")

	chart = report(TRAFFIC, days=3, figure="Delivery Rate")["chart"]["data"]

	# Twice: of a single point no line can be drawn.
	assert (chart["labels"], chart["datasets"][0]["values"]) == (["03-04", "03-04"], [100, 100])


def test_a_chart_of_nothing_known_says_so(planted):
	planted.text("Outbound", at(), "Sent")

	assert report(TRAFFIC, figure="Delivery Rate")["chart"] == {"data": {}}
	assert report(TRAFFIC, group_by="Number", figure="Cost")["chart"] == {"data": {}}


def test_cost_is_never_summed_over_currencies(planted):
	planted.text("Outbound", at(), price=0.0079, price_unit="USD")
	planted.text("Outbound", at(), price=0.0081, price_unit="USD")
	planted.text("Outbound", at(), price=0.05, price_unit="EUR")
	planted.text("Outbound", at())

	found = report(TRAFFIC, group_by="Number", figure="Cost")

	(row,) = found["result"]
	assert (row["outbound"], round(row["cost_usd"], 4), row["cost_eur"]) == (4, 0.016, 0.05)
	assert [each["name"] for each in found["chart"]["data"]["datasets"]] == ["Cost (EUR)", "Cost (USD)"]
	# 800 is "800" along the axis, not "800.00", and small sums are no row of sixteen digits.
	axis = found["chart"]["axisOptions"]
	assert (axis["shortenYAxisNumbers"], axis["yAxisRange"]) == (0, {"min": 0, "max": 1})


def test_counts_have_whole_numbers_along_the_axis_and_telephone_numbers_are_none(planted):
	planted.text("Inbound", at())
	found = report(TRAFFIC, group_by="Number", figure="Texts")
	assert found["chart"]["axisOptions"]["yAxisRange"] == {"min": 0, "max": 4}
	assert found["columns"][0]["align"] == "left"


def test_traffic_by_week_and_month(planted):
	for day in (0, 6, 7):
		planted.text("Inbound", at(day))

	assert {group: row["inbound"] for group, row in rows(TRAFFIC, group_by="Week").items()} == {
		"2019-03-04": 2,
		"2019-03-11": 1,
	}
	assert {group: row["inbound"] for group, row in rows(TRAFFIC, group_by="Month").items()} == {
		"March 2019": 3
	}


def test_only_the_days_number_and_account_that_are_asked_for(planted):
	for moment in (at(-1, 23, 59), at(0, 0), at(13, 23, 59), at(14, 0)):
		planted.text("Inbound", moment)
	planted.text("Inbound", at(1), number=OTHER)

	assert {group: row["inbound"] for group, row in rows(TRAFFIC, group_by="Number").items()} == {
		OURS: 2,
		OTHER: 1,
	}
	assert list(rows(TRAFFIC, group_by="Number", number=OTHER)) == [OTHER]
	assert rows(TRAFFIC, group_by="Account", account=planted.account)["Planted"]["inbound"] == 3
	assert report(TRAFFIC, account="Another")["result"] == []


@pytest.mark.helpdesk
def test_a_text_belongs_to_the_team_its_ticket_is_in(planted):
	team = stored({"doctype": "HD Team", "team_name": "Planted"})
	communication = planted.ticket(team)
	planted.text("Inbound", at(), communication=communication)
	planted.text("Inbound", at())

	assert {group: row["inbound"] for group, row in rows(TRAFFIC, group_by="Team").items()} == {
		team: 1,
		"None": 1,
	}
	assert rows(TRAFFIC, group_by="Number", team=team)[OURS]["inbound"] == 1


@pytest.mark.parametrize("name", [TRAFFIC, RESPONSE, OPT_OUTS])
def test_without_a_ticket_system_there_are_no_teams(planted, monkeypatch, name):
	monkeypatch.setattr(messages, "desks", lambda: [])
	conversation = planted.conversation("+14155550132")
	planted.text("Inbound", at(), conversation=conversation)
	planted.opt_out(at())

	assert list(rows(name, group_by="Team")) == ["None"]
	assert rows(name, group_by="Team", team="Parcels") == {}


def test_failures_by_reason_with_what_to_do(planted):
	for _each in range(3):
		planted.text(
			"Outbound", at(), "Undelivered", error_code="30006", error_message="Landline or unreachable"
		)
	planted.text("Outbound", at(1), "Failed", error_code="99999", error_message="Something new")
	planted.text("Outbound", at(), "Delivered")

	first, second = report(FAILURES)["result"]

	assert (first["texts"], first["share"], first["code"], first["who"]) == (3, 75, "30006", "Agent")
	assert first["group"] == "The customer's number is a landline and cannot receive SMS."
	assert first["do"] == "Use e-mail or call."
	assert (second["group"], second["do"], second["last"]) == ("Something new", "", at(1))


def test_a_question_waits_from_its_first_text_to_the_next_reply(planted):
	conversation = planted.conversation("+14155550132")
	planted.text("Inbound", at(0, 9), conversation=conversation)
	planted.text("Inbound", at(0, 9, 5), conversation=conversation)
	planted.text("Outbound", at(0, 9, 6), conversation=conversation, automatic=1)
	planted.text("Outbound", at(0, 9, 7), "Failed", conversation=conversation)
	planted.text("Outbound", at(0, 9, 30), conversation=conversation, sent_by="Administrator")
	planted.text("Outbound", at(0, 9, 40), conversation=conversation, sent_by="Administrator")
	planted.text("Inbound", at(1, 10), conversation=conversation)
	other = planted.conversation("+14155550133")
	planted.text("Inbound", at(0, 12), conversation=other)
	planted.text("Outbound", at(0, 12, 10), conversation=other, sent_by="Administrator")

	found = rows(RESPONSE, days=2)
	monday, tuesday = found["2019-03-04"], found["2019-03-05"]

	assert (monday["questions"], monday["answered"]) == (2, 2)
	assert (monday["median"], monday["average"], monday["longest"]) == (20 * 60, 20 * 60, 30 * 60)
	assert (tuesday["questions"], tuesday["unanswered"], tuesday["median"]) == (1, 1, None)
	assert rows(RESPONSE, group_by="Agent")["Administrator"]["answered"] == 2
	assert rows(RESPONSE, group_by="Number")[OURS]["questions"] == 3
	assert report(RESPONSE)["chart"]["data"]["datasets"][0]["values"] == [20, 20]


def test_opt_outs_by_source_and_day(planted):
	for event, source, day in (
		("Opted Out", "Customer's Text", 0),
		("Opted Out", "Twilio's Refusal", 0),
		("Opted In", "Customer's Text", 1),
	):
		planted.opt_out(at(day), event=event, source=source)

	by_day = rows(OPT_OUTS, days=2)
	assert [(row["opted_out"], row["opted_in"]) for row in by_day.values()] == [(0, 1), (2, 0)]
	assert rows(OPT_OUTS, group_by="Source")["Customer's Text"]["opted_out"] == 1
	assert rows(OPT_OUTS, group_by="Number", account=planted.account)[OURS]["opted_out"] == 2
	assert rows(OPT_OUTS, group_by="Number", account="Another") == {}


@pytest.mark.parametrize("name", [TRAFFIC, FAILURES, RESPONSE, OPT_OUTS])
def test_a_period_without_texts_is_an_empty_report(name):
	found = report(name)
	assert (found["result"], found["chart"], found["report_summary"]) == ([], None, None)


@pytest.mark.parametrize(
	("wrong", "said"),
	[
		({"from_date": "2019-05-01"}, "From Date is after To Date"),
		({"from_date": "2001-01-01"}, "longer than 800 days"),
		({"group_by": "Planet"}, "Group By cannot be Planet"),
		({"figure": "Joy"}, "Chart Shows cannot be Joy"),
	],
)
def test_a_wrong_filter_is_named(wrong, said):
	with pytest.raises(frappe.ValidationError, match=said):
		report(TRAFFIC, **wrong)
	# Frappe's watch, which makes a report that takes 15 seconds one for the background, is over.
	watches = [t for t in threading.enumerate() if isinstance(t, threading.Timer)]
	assert all(watch.finished.is_set() for watch in watches)
