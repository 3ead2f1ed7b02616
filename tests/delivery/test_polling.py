"""Texts without delivery reports: Twilio is asked for their fate and cost, less and less often, for a day."""

import secrets
import time
from datetime import datetime, timedelta

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from frappe.utils.background_jobs import get_queue
from support.connections import holding
from support.planted import stored
from support.stack import eventually, status_of, ticket_of

from twilio_sms_channel.messaging.delivery import polling
from twilio_sms_channel.messaging.upkeep import backfill

MESSAGE = "Twilio SMS Message"
REPLY = "twilio_sms_channel.api.ticket.reply"
NOON = datetime(2026, 11, 21, 12)


def fact(message, *fields):
	frappe.db.rollback()
	return frappe.db.get_value(MESSAGE, message, fields if len(fields) > 1 else fields[0])


def run(for_s: float = 30):
	polling.run(time.monotonic() + for_s)


def asked(sim, sid: str) -> int:
	return sum(r.method == "GET" and r.path.endswith(f"/Messages/{sid}.json") for r in sim.requests)


@pytest.fixture
def silent(sim):
	"""No callback arrives."""
	sim.faults.always("callback_lost")
	yield
	sim.faults.off("callback_lost")


@pytest.fixture
def number(stack):
	"""One of ours that no other test has sent from, and that makes nobody wait."""
	return stack.add_number(segments_per_second=100)


@pytest.fixture
def sent(customer, sim, silent, agent, number):
	"""A text that was delivered without anybody telling us, due to be asked about. Its name."""
	ticket = ticket_of(customer.text("Hello", to=number))
	answer = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message="x" * 200)
	name = answer.json()["message"]["message"]
	eventually(lambda: customer.inbox() and customer.inbox()[0].status == "delivered")
	eventually(lambda: status_of(name) == "Accepted")
	make_due(name)
	return name


def make_due(name, **facts):
	frappe.db.set_value(
		MESSAGE,
		name,
		{"next_attempt": add_to_date(now_datetime(), seconds=-1), **facts},
		update_modified=False,
	)
	frappe.db.commit()


def test_the_first_question_comes_soon_only_where_no_callback_will(site):
	assert (
		timedelta(seconds=15) < polling.first_at(has_callback=False) - now_datetime() <= timedelta(seconds=20)
	)
	assert (
		timedelta(minutes=9) < polling.first_at(has_callback=True) - now_datetime() <= timedelta(minutes=10)
	)


@pytest.mark.parametrize(
	("passed", "next_after"),
	[
		(timedelta(seconds=20), timedelta(minutes=1)),
		(timedelta(minutes=1), timedelta(minutes=2)),
		(timedelta(minutes=10), timedelta(minutes=15)),
		(timedelta(minutes=16), timedelta(hours=1)),
		(timedelta(hours=13), timedelta(hours=24)),
	],
)
def test_it_is_asked_less_and_less_often(site, passed, next_after):
	assert polling.next_at(NOON, NOON + passed) == NOON + next_after


def test_after_a_day_it_is_enough(site):
	assert polling.next_at(NOON, NOON + timedelta(hours=24)) is None


def test_the_fate_is_learnt_without_a_callback(customer, sim, sent):
	run()
	status, twilio_status, next_attempt = fact(sent, "status", "twilio_status", "next_attempt")
	assert (status, twilio_status, next_attempt) == ("Delivered", "delivered", None)
	segments, price, unit = fact(sent, "segments", "price", "price_unit")
	assert (segments, unit) == (2, "USD")
	assert price == pytest.approx(2 * 0.0079)


def test_a_failure_is_explained(customer, sim, sent):
	message = customer.inbox()[0]
	message.status, message.error_code, message.error_message = "undelivered", 30003, "Unreachable"
	run()
	status, code, reason = fact(sent, "status", "error_code", "error_message")
	assert (status, code) == ("Undelivered", "30003")
	assert "out of reach" in reason


def test_nothing_new_changes_nothing_that_is_shown(customer, sim, sent):
	customer.inbox()[0].status = "queued"
	before = fact(sent, "modified")
	run()
	status, modified, next_attempt = fact(sent, "status", "modified", "next_attempt")
	assert (status, modified) == ("Accepted", before)
	assert next_attempt > now_datetime()
	sid = fact(sent, "twilio_sid")
	assert asked(sim, sid) == 1
	run()
	assert asked(sim, sid) == 1, "it is not due yet"


def test_a_status_that_this_app_does_not_know_is_asked_about_again(customer, sim, sent):
	customer.inbox()[0].status = "teleported"
	run()
	status, next_attempt = fact(sent, "status", "next_attempt")
	assert status == "Accepted"
	assert next_attempt


def test_a_text_of_yesterday_is_asked_about_once_more(customer, sim, sent):
	customer.inbox()[0].status = "sent"
	make_due(sent, sent_at=add_to_date(now_datetime(), hours=-25))
	run()
	assert fact(sent, "status", "next_attempt") == ("Sent", None)


def test_a_text_that_was_deleted_at_twilio_is_not_asked_about_again(customer, sim, sent):
	customer.inbox()[0].hidden = True
	run()
	assert fact(sent, "status", "next_attempt") == ("Accepted", None)


@pytest.mark.parametrize("fault", ["outage", "rate_limit", "connection_closed"])
def test_when_twilio_cannot_be_asked_it_waits_for_the_next_run(sim, sent, fault):
	due = fact(sent, "next_attempt")
	sim.faults.always(fault)
	run()
	sim.faults.off(fault)
	assert fact(sent, "status", "next_attempt") == ("Accepted", due)
	run()
	assert status_of(sent) == "Delivered"


def test_texts_are_read_although_another_accounts_secrets_cannot_be(sim, stack, sent, unreadable):
	text = {"direction": "Outbound", "status": "Sent", "account": unreadable, "number": stack.number}
	text = stored(
		{
			"doctype": MESSAGE,
			**text,
			"customer_number": "+14155550132",
			"twilio_sid": "SM" + secrets.token_hex(16),
		}
	)
	make_due(text)
	assert not polling.run(time.monotonic() + 30), "what cannot be read would go on without end"
	assert status_of(sent) == "Delivered" and status_of(text) == "Sent"
	assert not frappe.get_message_log()


def test_an_account_that_is_paused_is_left_alone(sim, stack, sent):
	frappe.db.set_value("Twilio SMS Account", stack.account, "paused_since", now_datetime())
	frappe.db.commit()
	try:
		run()
		assert asked(sim, fact(sent, "twilio_sid")) == 0
	finally:
		frappe.db.set_value("Twilio SMS Account", stack.account, "paused_since", None)
		frappe.db.commit()


def test_it_stops_when_its_time_is_over(sim, sent):
	run(for_s=-1)
	assert asked(sim, fact(sent, "twilio_sid")) == 0


def queued() -> list:
	return [job for job in get_queue("long").jobs if job.kwargs.get("method") == polling.TAKE_UP]


def test_it_goes_on_by_itself_while_more_is_due_one_at_a_time(
	stack, customer, sim, sent, agent, number, monkeypatch
):
	answer = agent.call(REPLY, ticket=ticket_of(customer.text("And?", to=number)).name, message="Yes")
	other = answer.json()["message"]["message"]
	eventually(lambda: status_of(other) == "Accepted" and customer.inbox()[-1].status == "delivered")
	for name in (sent, other):
		# Before what other tests have left.
		make_due(name, next_attempt=add_to_date(now_datetime(), days=-1))

	def both() -> set[str]:
		return {status_of(sent), status_of(other)}

	with stack.without_worker():
		monkeypatch.setattr(polling, "AT_ONCE", 1)
		asked_before = len(sim.requests)
		with holding(polling.TAKE_UP):
			polling.take_up()
		assert len(sim.requests) == asked_before and not queued(), "another one is at it"
		# Twilio is away: what goes on at once would go on without end.
		sim.faults.always("outage")
		polling.take_up()
		sim.faults.off("outage")
		assert not queued()
		polling.take_up()
		assert len(queued()) == 1 and both() == {"Accepted", "Delivered"}
	eventually(lambda: both() == {"Delivered"})
	stack.wait_until_idle()
	assert not queued()


def test_a_text_that_was_sent_again_meanwhile_is_not_touched(sim, sent):
	from twilio_sms_channel.twilio_gateway.client import Gateway

	(row,) = (r for r in polling._due(fact(sent, "account"), now_datetime()) if r.name == sent)
	make_due(sent, status="Queued", twilio_sid=None, next_attempt=None)
	polling._read(Gateway(frappe.get_doc("Twilio SMS Account", fact(sent, "account"))), row)
	assert fact(sent, "status", "price_unit") == ("Queued", None)
	make_due(sent, status="Canceled")


def test_the_comparison_with_twilios_list_fills_in_what_texts_cost(number, sim, sent):
	make_due(sent, status="Delivered", sent_at=add_to_date(now_datetime(), minutes=-30))
	modified = fact(sent, "modified")
	(result,) = backfill.run(number, add_to_date(now_datetime(), hours=-1))
	assert result.repaired == 0
	segments, price, unit = fact(sent, "segments", "price", "price_unit")
	assert (segments, unit) == (2, "USD")
	assert price == pytest.approx(2 * 0.0079)
	assert fact(sent, "modified") == modified
