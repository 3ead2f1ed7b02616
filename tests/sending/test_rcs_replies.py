"""Replies through a Messaging Service with an RCS sender: by RCS where the phone takes it, else by SMS, and seen which."""

from inspect import signature

import frappe
import pytest
from support.rcs import Phone, make_service
from support.stack import MESSAGE, eventually, ticket_of
from support.webhooks import STATUS, signed
from twilio.rest.api.v2010.account.message import MessageList

from twilio_sms_channel.messaging.delivery import labels, polling
from twilio_sms_channel.messaging.upkeep import backfill

NUMBER = "Twilio SMS Number"
# The SDK of 2023 does not: there Twilio chooses among the service's numbers.
KNOWS_FALLBACK = "fallback_from" in signature(MessageList.create).parameters
REPLY = "twilio_sms_channel.api.ticket.reply"


@pytest.fixture
def service(stack, sim):
	return make_service(stack, numbers=2)


def replied(agent, message, body="Hi") -> str:
	"""An agent's reply in a message's ticket: its name."""
	answer = agent.call(REPLY, ticket=ticket_of(message).name, message=body)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]["message"]


def facts(name: str):
	frappe.db.rollback()
	fields = ["status", "way", "rcs_first", "twilio_sid", "error_code", "number"]
	return frappe.db.get_value(MESSAGE, name, fields, as_dict=True)


def delivered(name: str):
	return eventually(lambda: (row := facts(name)).status in ("Delivered", "Read") and row.way and row)


def requested(sim, name: str) -> dict:
	"""The parameters of the request that sent a message."""
	sid = facts(name).twilio_sid
	sent = sim.message(sid)
	return {
		"from": sent.from_,
		"to": sent.to,
		"fallback": sent.fallback_from,
		"service": sent.messaging_service_sid,
	}


@pytest.mark.parametrize("by", ["the service", "a number of its pool"])
def test_a_reply_goes_by_rcs_where_the_phone_takes_it(sim, agent, service, by):
	phone = Phone(service)
	question = phone.rcs("Hello") if by == "the service" else phone.sms("Hello", service.numbers[1])
	name = replied(agent, question)
	row = delivered(name)
	assert (row.way, row.rcs_first, labels.way(row)) == ("RCS", 1, "RCS")
	assert requested(sim, name) == {
		"from": service.agent,
		"to": f"rcs:{phone.number}",
		"fallback": service.numbers[1] if KNOWS_FALLBACK and by != "the service" else None,
		"service": service.sid,
	}


def test_where_it_does_not_it_goes_by_sms_from_the_same_number(sim, agent, service):
	phone = Phone(service, takes_rcs=False)
	name = replied(agent, phone.sms("Hello", service.numbers[1]))
	row = delivered(name)
	assert (row.way, row.rcs_first, labels.way(row)) == ("SMS", 1, "SMS, RCS was not available")
	assert requested(sim, name)["from"] == service.numbers[1]


def test_without_an_rcs_sender_the_number_is_named_as_ever(stack, sim, agent, customer):
	name = replied(agent, customer.text("Hello"))
	row = delivered(name)
	assert (row.way, row.rcs_first, labels.way(row)) == ("SMS", 0, "SMS")


def test_a_service_that_lost_its_rcs_sender_sends_by_sms(sim, agent, service):
	phone = Phone(service)
	question = phone.sms("Hello", service.numbers[0])
	sim.release_number(service.agent)
	row = delivered(replied(agent, question))
	assert (row.way, row.rcs_first) == ("SMS", 0)
	frappe.db.rollback()
	known = frappe.get_all(NUMBER, {"messaging_service_sid": service.sid}, pluck="rcs_sender")
	assert not any(known)


def callback(stack, name: str, status: str, sender: str) -> None:
	params = {
		"MessageSid": facts(name).twilio_sid,
		"AccountSid": stack.account_sid,
		"MessageStatus": status,
		"From": sender,
	}
	assert signed(stack, f"{STATUS}?message={name}", params).status_code == 204


@pytest.fixture
def silent(stack, sim, agent, service):
	"""A reply that Twilio has taken and tells nothing about: its name."""
	sim.faults.always("callback_lost")
	question = Phone(service).sms("Hello", service.numbers[0])
	name = replied(agent, question)
	eventually(lambda: facts(name).twilio_sid)
	sim.wait_idle(10)
	assert (facts(name).status, facts(name).way) == ("Accepted", None)
	return name


def test_callbacks_tell_the_way_in_whatever_order_they_come(stack, silent, service):
	callback(stack, silent, "sent", service.agent)
	assert facts(silent).way == "RCS"
	callback(stack, silent, "delivered", service.numbers[1])
	callback(stack, silent, "sending", service.agent)
	row = facts(silent)
	assert (row.status, row.way, labels.way(row)) == ("Delivered", "SMS", "SMS, RCS was not available")


def test_what_was_read_is_shown_as_read(stack, silent, service):
	for status in ("read", "delivered"):
		callback(stack, silent, status, service.agent)
	row = facts(silent)
	assert (row.status, row.way, labels.word(row)) == ("Read", "RCS", "Read")


def test_looking_it_up_tells_the_way(silent):
	frappe.db.set_value(MESSAGE, silent, "next_attempt", "2020-01-01 00:00:00")
	frappe.db.commit()
	polling.take_up()
	row = facts(silent)
	assert (row.status, row.way) == ("Delivered", "RCS")


def test_the_comparison_with_twilios_list_finds_what_went_by_rcs(silent):
	long_ago = frappe.utils.add_to_date(None, minutes=-30)
	frappe.db.set_value(MESSAGE, silent, "sent_at", long_ago)
	frappe.db.commit()
	backfill.run(facts(silent).number, frappe.utils.add_to_date(None, hours=-1))
	row = facts(silent)
	assert (row.status, row.way) == ("Delivered", "RCS")


def test_an_answer_that_was_lost_is_found_although_it_went_by_rcs(stack, sim, agent, service):
	question = Phone(service).sms("Hello", service.numbers[0])
	sim.faults.always("callback_lost")
	sim.faults.next("error_after")
	name = replied(agent, question, "Your bike is ready.")
	eventually(lambda: facts(name).status == "Unconfirmed")
	sim.wait_idle(10)
	frappe.db.set_value(MESSAGE, name, "next_attempt", "2020-01-01 00:00:00")
	frappe.db.commit()
	stack.wake()
	row = eventually(lambda: (row := facts(name)).twilio_sid and row)
	assert row.status in ("Accepted", "Delivered", "Sent")
	assert len(sim.messages(direction="outbound", customer=question.customer_number)) == 1


def test_what_came_by_rcs_while_webhooks_were_lost_is_taken_in(stack, sim, service):
	"""Through the service, which is compared as a whole, and through a number of its pool alone."""
	only_pool = make_service(stack, numbers=2, with_itself=False)
	phones = [Phone(service), Phone(only_pool)]
	sim.faults.always("webhook_lost")
	sids = [sim.text(from_=phone.number, to=phone.service.agent, body="Lost").sid for phone in phones]
	since = frappe.utils.add_to_date(None, hours=-1)
	results = [backfill.run(name, since)[0] for name in (service.sid, *only_pool.numbers)]
	assert [(result.taken_in, result.refused, result.error) for result in results] == [
		(1, [], ""),
		(1, [], ""),
		(0, [], ""),
	]
	for phone, sid in zip(phones, sids, strict=True):
		message = phone.arrived(sid)
		assert (message.way, message.customer_number) == ("RCS", phone.number)
