"""Which status may replace which: callbacks come in any order, twice, and carry no time."""

from itertools import permutations

import pytest

from twilio_sms_channel.infra.statuses import ARRIVED, FINAL, OUR_STATUS, RANK, may_follow


def after(reports) -> str:
	status = "Accepted"
	for report in reports:
		if status in may_follow(report):
			status = report
	return status


def test_every_status_of_twilio_has_a_rank():
	assert set(OUR_STATUS.values()) <= set(RANK)


@pytest.mark.parametrize("order", list(permutations(["Accepted", "Sent", "Delivered"])))
def test_the_order_of_reports_makes_no_difference(order):
	assert after([*order, *order]) == "Delivered"


@pytest.mark.parametrize("order", list(permutations(["Sent", "Undelivered", "Delivered"])))
def test_what_arrived_counts_after_a_network_gave_it_back(order):
	assert after(order) == "Delivered"


def test_read_follows_delivered_and_nothing_follows_read():
	assert after(["Delivered", "Read", "Undelivered", "Delivered", "Sent"]) == "Read"


@pytest.mark.parametrize("final", sorted(set(FINAL) - {"Undelivered", "Failed"}))
def test_what_is_final_stays(final):
	later = set(ARRIVED) if final == "Delivered" else set()
	assert {status for status in RANK if final in may_follow(status)} <= later


def test_status_only_rises():
	from twilio_sms_channel.infra.statuses import FINAL, RANK, may_follow

	assert "Delivered" not in may_follow("Sent")
	assert "Sent" in may_follow("Delivered")
	assert "Delivered" in may_follow("Read")
	for final in FINAL:
		assert not {"Delivered", "Blocked", "Canceled"} & set(may_follow(final)) or final == "Read"
	# What has arrived counts also after a network gave it back, and never the other way round.
	assert {"Undelivered", "Failed"} <= set(may_follow("Delivered")) & set(may_follow("Read"))
	for given_back in ("Undelivered", "Failed"):
		assert not set(FINAL) & set(may_follow(given_back))
	assert set(RANK) >= {"Queued", "Sending", "Unconfirmed", "Accepted", "Sent", "Delivered", "Read"}


def test_every_status_of_twilio_is_known():
	from twilio_sms_channel.infra.statuses import OUR_STATUS, RANK

	assert set(OUR_STATUS.values()) <= set(RANK)
