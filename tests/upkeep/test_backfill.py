"""Texts whose webhooks were lost, and delivery reports that never came."""

import os
import subprocess
from datetime import datetime, timedelta, timezone

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from support import twilio_accounts
from support.stack import Customer, content_of, eventually, status_of, ticket_of
from support.twilio_accounts import new_number

from twilio_sms_channel.infra import clock
from twilio_sms_channel.messaging.sending import heartbeat
from twilio_sms_channel.messaging.upkeep import backfill, catch_up, sweep

MESSAGE, NUMBER = "Twilio SMS Message", "Twilio SMS Number"


def row_of(sent):
	frappe.db.rollback()
	return frappe.db.get_value(
		MESSAGE,
		{"twilio_sid": sent.sid},
		["name", "status", "backfilled", "body", "received_at"],
		as_dict=True,
	)


def in_a_ticket(sent):
	return eventually(lambda: (row := row_of(sent)) and row.status == "Threaded" and row)


def test_a_comparison_says_that_the_accounts_secrets_cannot_be_read(customer, stack, lost, unreadable):
	number = new_number()
	frappe.get_doc({"doctype": "Twilio SMS Number", "phone_number": number, "account": unreadable}).insert()
	frappe.db.commit()
	sent = customer.text("Lost", wait=False)
	results = [result for name in (number, stack.number) for result in backfill.run(name, an_hour_ago())]
	assert "secrets cannot be read" in results[0].error and not results[1].error
	assert not frappe.get_message_log()
	said = frappe.db.get_value("Twilio SMS Number", number, ["backfill_result", "backfilled_until"])
	assert "secrets cannot be read" in said[0] and not said[1]
	assert row_of(sent)


def an_hour_ago():
	return add_to_date(now_datetime(), hours=-1)


@pytest.fixture
def lost(sim):
	"""Webhooks do not arrive; the texts are in Twilio's list."""
	sim.faults.always("webhook_lost")
	yield
	sim.faults.off("webhook_lost")


def test_lost_texts_are_taken_in_once_and_in_order(customer, sim, stack, lost):
	sent = [customer.text(f"Lost {n}", wait=False) for n in range(5)]
	assert not row_of(sent[0])
	(result,) = backfill.run(stack.number, an_hour_ago())
	assert result.taken_in == 5
	assert not result.error
	rows = [in_a_ticket(text) for text in sent]
	assert all(row.backfilled for row in rows)
	bodies = frappe.get_all(
		"Communication",
		filters={"reference_name": ticket_of(frappe.get_doc(MESSAGE, rows[0].name)).name},
		pluck="content",
		order_by="creation",
	)
	assert bodies == [f"Lost {n}" for n in range(5)]

	(again,) = backfill.run(stack.number, an_hour_ago())
	assert again.seen >= 5
	assert again.taken_in == 0


def test_a_lost_text_keeps_the_time_of_twilio(customer, sim, stack, lost):
	sent = customer.text("Lost", wait=False)
	backfill.run(stack.number, an_hour_ago())
	assert abs(in_a_ticket(sent).received_at - now_datetime()) < timedelta(minutes=2)


def test_a_webhook_that_comes_after_all_changes_nothing(customer, sim, stack, lost):
	sent = customer.text("Lost", wait=False)
	backfill.run(stack.number, an_hour_ago())
	name = in_a_ticket(sent).name
	from twilio_sms_channel.messaging.inbound import intake
	from twilio_sms_channel.twilio_gateway import payloads

	text = payloads.read_inbound(
		{
			"MessageSid": sent.sid,
			"AccountSid": stack.account_sid,
			"From": customer.number,
			"To": stack.number,
			"Body": "Lost",
		}
	)
	assert intake.receive(stack.account, text) is None
	assert frappe.get_all(MESSAGE, {"twilio_sid": sent.sid}, pluck="name") == [name]


def test_files_of_lost_texts_come_along(customer, sim, stack, lost, picture):
	sent = customer.text("Look", media=[("a.png", picture)], wait=False)
	backfill.run(stack.number, an_hour_ago())
	row = in_a_ticket(sent)
	media = eventually(
		lambda: frappe.db.get_value("Twilio SMS Media", {"parent": row.name, "status": "Fetched"}, "file")
	)
	assert content_of(media) == picture


def test_neither_odd_senders_nor_files_that_are_gone_keep_a_lost_text_out(
	customer, sim, stack, lost, picture
):
	number = stack.add_number()
	senders = {
		"rcs:" + customer.number: customer.number,
		"Café Rio": "Café Rio",
		"447700900123": "447700900123",
	}
	sent = {}
	for said, kept in senders.items():
		lost_text = customer.text("Lost", to=number, wait=False)
		sim.world.messages[lost_text.sid].from_ = said
		sent[lost_text.sid] = kept
	gone = customer.text("Look", to=number, media=[("a.png", picture)], wait=False)
	sim.world.messages[gone.sid].media.clear()
	(result,) = backfill.run(number, an_hour_ago())
	assert (result.taken_in, result.refused, result.error) == (4, [], "")
	rows = frappe.get_all(MESSAGE, {"number": number}, ["twilio_sid", "customer_number", "webhook_notes"])
	assert {row.twilio_sid: row.customer_number for row in rows} == {**sent, gone.sid: customer.number}
	assert [row.webhook_notes for row in rows if row.twilio_sid == gone.sid] == [
		"NumMedia is “1”, but 0 files came along."
	]


def test_lost_delivery_reports_are_made_up_for(customer, sim, stack, agent):
	ticket = ticket_of(customer.text("Hello"))
	sim.faults.always("callback_lost")
	name = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message="Hi").json()[
		"message"
	]["message"]
	eventually(lambda: customer.inbox() and customer.inbox()[0].status == "delivered")
	eventually(lambda: status_of(name) == "Accepted")
	frappe.db.set_value(MESSAGE, name, "sent_at", add_to_date(now_datetime(), minutes=-30))
	frappe.db.commit()
	(result,) = backfill.run(stack.number, an_hour_ago())
	assert result.repaired == 1
	assert status_of(name) == "Delivered"
	(again,) = backfill.run(stack.number, an_hour_ago())
	assert again.repaired == 0


def test_the_scheduled_run_goes_on_where_the_last_one_ended(customer, sim, stack, lost):
	number = stack.add_number()
	sent = customer.text("Lost", to=number, wait=False)
	begun = now_datetime()
	backfill.run(number)
	in_a_ticket(sent)
	until, result = frappe.db.get_value("Twilio SMS Number", number, ["backfilled_until", "backfill_result"])
	assert until >= begun - timedelta(seconds=1)
	assert "1 were missing" in result
	late = customer.text("Lost as well", to=number, wait=False)
	backfill.run(number)
	in_a_ticket(late)


def test_what_stood_at_twilio_before_the_number_was_set_up_stays_there(customer, sim, stack, lost):
	number = stack.add_number()
	old = customer.text("Long ago", to=number, wait=False)
	frappe.db.set_value(
		"Twilio SMS Number", number, "creation", add_to_date(now_datetime(), minutes=1), update_modified=False
	)
	frappe.db.commit()
	backfill.run(number)
	assert not row_of(old)


def test_an_outage_stops_the_comparison_and_says_so(customer, sim, stack, lost):
	number = stack.add_number()
	sent = customer.text("Lost", to=number, wait=False)
	sim.faults.always("outage")
	(result,) = backfill.run(number)
	assert result.error
	assert not frappe.db.get_value("Twilio SMS Number", number, "backfilled_until")
	sim.faults.off("outage")
	(result,) = backfill.run(number)
	assert result.taken_in == 1
	in_a_ticket(sent)


def test_a_messaging_service_is_compared_by_its_sid(sim, stack, lost):
	service = sim.add_service(stack.account_sid)
	pooled = stack.add_number()
	frappe.delete_doc("Twilio SMS Number", pooled)
	frappe.get_doc(
		{"doctype": "Twilio SMS Number", "phone_number": service.sid, "account": stack.account}
	).insert()
	frappe.db.commit()
	sim.add_number(
		stack.account_sid,
		pooled,
		service_sid=service.sid,
		sms_url=stack.web + "/api/method/twilio_sms_channel.api.webhooks.inbound",
	)
	sent = Customer(stack).text("To the pool", to=pooled, wait=False)
	(result,) = backfill.run(service.sid, an_hour_ago())
	assert result.taken_in == 1
	in_a_ticket(sent)


def bench(stack, *words):
	return subprocess.run(
		[
			str(stack.bench / "env" / "bin" / "python"),
			*["-m", "frappe.utils.bench_helper", "frappe", "--site", stack.site, "twilio-sms", *words],
		],
		cwd=stack.bench / "sites",
		env={**os.environ, "PYTHONPATH": ""},
		capture_output=True,
		text=True,
		timeout=60,
	)


def test_the_command_tells_what_it_did(customer, sim, stack, lost):
	sent = customer.text("Lost", wait=False)
	done = bench(stack, "backfill", "--since", "2h", "--number", stack.number)
	assert done.returncode == 0, done.stderr
	assert "1 were missing and are taken in" in done.stdout
	in_a_ticket(sent)
	assert "is not a time" in bench(stack, "backfill", "--since", "soon").stderr
	assert "is not a number of this site" in bench(stack, "backfill", "--number", "nobody").stderr


def test_the_command_fails_when_twilio_cannot_be_asked(sim, stack):
	sim.faults.always("outage")
	done = bench(stack, "backfill", "--since", "1h", "--number", stack.number)
	assert done.returncode == 1
	assert "Stopped" in done.stdout


def test_the_button_compares_in_the_background(customer, sim, stack, admin, agent, lost):
	sent = customer.text("Lost", wait=False)
	answer = admin.call(
		"twilio_sms_channel.api.setup.backfill", number=stack.number, since=str(an_hour_ago())
	)
	assert answer.status_code == 200, answer.text
	in_a_ticket(sent)
	assert (
		agent.call(
			"twilio_sms_channel.api.setup.backfill", number=stack.number, since="2026-01-01"
		).status_code
		== 403
	)
	for since in (str(add_to_date(now_datetime(), days=1)), "whenever"):
		answer = admin.call("twilio_sms_channel.api.setup.backfill", number=stack.number, since=since)
		assert answer.status_code == 417
		assert "in the past" in answer.text


def test_what_was_deleted_here_does_not_come_in_again(customer, sim, stack, lost, picture):
	from support.webhooks import signed, text

	from twilio_sms_channel.infra import erasures

	number = stack.add_number()
	sent = customer.text("Forget me", to=number, media=[("a.png", picture)], wait=False)
	backfill.run(number, an_hour_ago())
	name = in_a_ticket(sent).name
	eventually(lambda: frappe.db.get_value("Twilio SMS Media", {"parent": name}, "status") == "Fetched")
	frappe.delete_doc(MESSAGE, name, force=True)
	frappe.db.commit()

	asked = len(sim.requests)
	(result,) = backfill.run(number, an_hour_ago())
	assert (result.seen, result.taken_in, result.refused) == (1, 0, [])
	assert not [r for r in sim.requests[asked:] if "Media" in r.path]
	params = text(stack, From=customer.number, To=number, MessageSid=sent.sid.upper(), Body="Forget me")
	assert signed(stack, "/api/method/twilio_sms_channel.api.webhooks.inbound", params).status_code == 200
	assert not row_of(sent)
	# Nobody can tell from what is kept which text it was.
	assert erasures.among([sent.sid, "SM" + "0" * 32]) == {sent.sid}
	for row in frappe.get_all(erasures.ERASED, fields=["*"]):
		assert sent.sid[2:].lower() not in str(row).lower() and customer.number not in str(row)


def texts_of_earlier(customer, sim, number, count):
	"""Messages of the last hours that no webhook told of, one a minute, oldest first: their SIDs."""
	sent = [customer.text(f"Text {n}", to=number, wait=False) for n in range(count)]
	now = datetime.now(timezone.utc)
	for place, text in enumerate(sent):
		found = sim.world.messages[text.sid]
		found.created = found.sent = now - timedelta(minutes=count - place)
	return [text.sid for text in sent]


@pytest.fixture
def alone(stack):
	"""No other account of the site is compared."""
	with twilio_accounts.alone(stack.account):
		yield


def compared_an_hour_ago(stack) -> str:
	"""A number of ours that has been compared since."""
	number = stack.add_number()
	facts = {"creation": an_hour_ago(), "backfilled_until": an_hour_ago()}
	frappe.db.set_value(NUMBER, number, facts, update_modified=False)
	frappe.db.commit()
	return number


def bodies_of(number):
	frappe.db.rollback()
	return frappe.get_all(MESSAGE, {"number": number}, pluck="body", order_by="received_at")


def test_a_list_page_that_says_too_early_that_it_is_the_last_loses_nothing(customer, sim, stack, lost):
	number = stack.add_number()
	texts_of_earlier(customer, sim, number, 9)
	sim.faults.next("list_cut", 2)
	(result,) = backfill.run(number, an_hour_ago())
	assert (result.seen, result.taken_in, result.error) == (9, 9, "")
	assert not sim.faults["list_cut"].on
	assert bodies_of(number) == [f"Text {n}" for n in range(9)]


@pytest.mark.parametrize("fault", ["list_broken", "rate_limit", "outage", "connection_closed"])
def test_what_was_not_read_is_read_by_the_next_comparison(customer, sim, stack, lost, fault):
	number = stack.add_number()
	texts_of_earlier(customer, sim, number, 3)
	before = add_to_date(now_datetime(), hours=-1)
	frappe.db.set_value(NUMBER, number, "backfilled_until", before, update_modified=False)
	frappe.db.commit()
	sim.faults.next(fault)
	(result,) = backfill.run(number)
	assert result.error and not result.taken_in
	assert frappe.db.get_value(NUMBER, number, "backfilled_until") == before
	(result,) = backfill.run(number)
	assert (result.taken_in, result.error) == (3, "")
	assert frappe.db.get_value(NUMBER, number, "backfilled_until") > before


def test_a_long_comparison_goes_on_with_the_day_that_it_had_reached(sim, stack):
	number = stack.add_number()
	begun = add_to_date(now_datetime(), days=-3)
	frappe.db.set_value(NUMBER, number, {"creation": begun, "backfilled_until": begun}, update_modified=False)
	frappe.db.commit()

	def break_off(_name, until, _result):
		if until > begun + timedelta(days=1):
			sim.faults.next("outage")

	(result,) = backfill.run(number, progress=break_off)
	assert result.error
	reached = frappe.db.get_value(NUMBER, number, "backfilled_until")
	assert timedelta(days=1) < reached - begun < timedelta(days=2)
	(result,) = backfill.run(number)
	assert not result.error and result.since == reached - timedelta(hours=backfill.OVERLAP_HOURS)


def test_after_an_outage_all_numbers_are_compared_at_once(customer, sim, stack, lost, alone):
	number = compared_an_hour_ago(stack)
	texts_of_earlier(customer, sim, number, 2)
	heartbeat._write(clock.utc() - timedelta(minutes=6))
	frappe.db.commit()
	sweep.run()
	eventually(lambda: bodies_of(number) == ["Text 0", "Text 1"])
	eventually(lambda: not catch_up.is_due())
	asked = len(sim.requests)
	sweep.run()
	stack.wait_until_idle()
	assert not [request for request in sim.requests[asked:] if request.query.get("To") == [number]]


def test_a_minute_too_many_is_no_outage(sim, stack, alone):
	heartbeat._write(clock.utc() - timedelta(minutes=4, seconds=30))
	heartbeat.forget_outage(catch_up._ended_at())
	frappe.db.commit()
	assert heartbeat.may_send() and not catch_up.is_due()


def test_an_outage_is_caught_up_with_although_the_first_job_is_lost(customer, sim, stack, lost, alone):
	number = compared_an_hour_ago(stack)
	texts_of_earlier(customer, sim, number, 1)
	with stack.without_worker():
		heartbeat._write(clock.utc() - timedelta(minutes=6))
		frappe.db.commit()
		assert heartbeat.may_send()
		stack.empty_queues()
		assert catch_up.is_due()
	sweep.run()
	eventually(lambda: bodies_of(number) == ["Text 0"])
	eventually(lambda: not catch_up.is_due())
