"""A text whose answer got lost is never sent a second time on a guess: whatever Twilio's list says, and by whatever clock."""

from datetime import datetime, timedelta, timezone

import frappe
import pytest
import requests
from frappe.utils import add_to_date, now_datetime
from support import replies
from support.stack import eventually, status_of

from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.messaging.sending import reconcile

MESSAGE = "Twilio SMS Message"


@pytest.fixture(autouse=True)
def at_its_own_rate(stack):
	"""Answers that got lost let a number wait, longer each time."""
	frappe.db.set_value(
		"Twilio SMS Pace", stack.number, {"failures": 0, "next_at": add_to_date(None, days=-1)}
	)
	frappe.db.commit()


@pytest.fixture
def silent(sim):
	"""The answer to the next text gets lost, and all callbacks; Twilio has taken it."""
	sim.faults.always("callback_lost")
	sim.faults.next("timeout_after", 1)
	yield
	sim.clock_ahead_s = 0


def reply(agent, ticket, body="Hi") -> str:
	answer = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message=body)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]["message"]


def fact(message, field):
	frappe.db.rollback()
	return frappe.db.get_value(MESSAGE, message, field)


def shown(agent, ticket) -> dict:
	answer = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name)
	return answer.json()["message"]["messages"][-1]


@pytest.mark.parametrize("ahead_s", [-90, 3600])
def test_a_text_is_found_whatever_twilios_clock_says(agent, customer, sim, ticket, silent, ahead_s):
	sim.clock_ahead_s = ahead_s
	message = reply(agent, ticket)
	eventually(lambda: status_of(message) not in ("Queued", "Sending", "Unconfirmed"))
	assert [m.sid for m in customer.inbox()] == [fact(message, "twilio_sid")]


def test_a_text_is_found_although_smart_encoding_changed_its_words(agent, customer, sim, ticket, silent):
	sim.faults.next("smart_encoding")
	message = reply(agent, ticket, "Open ½ 9 – 5, “naïve” №1 ℡ ﬁne")
	eventually(lambda: status_of(message) not in ("Queued", "Sending", "Unconfirmed"))
	assert [m.sid for m in customer.inbox()] == [fact(message, "twilio_sid")]


@pytest.mark.parametrize(
	("fault", "body", "noted"),
	[
		("link_shortening", "See https://shop.example/orders/1 and https://shop.example/pay", "Changed"),
		("redaction", "Your code is 1234", "Not Kept"),
	],
)
def test_a_text_is_found_although_its_words_are_not(agent, customer, sim, ticket, silent, fault, body, noted):
	sim.faults.next(fault)
	message = reply(agent, ticket, body)
	eventually(lambda: status_of(message) not in ("Queued", "Sending", "Unconfirmed"))
	(at_twilio,) = customer.inbox()
	assert at_twilio.sid == fact(message, "twilio_sid")
	# What was written stays, and it is said that Twilio has other words.
	assert (fact(message, "body"), fact(message, "words_at_twilio")) == (body, noted)
	assert len(shown(agent, ticket)["along"]) == 1


def test_the_note_of_a_trial_account_is_no_other_text(agent, customer, sim, ticket, silent, stack):
	account = sim.world.accounts[stack.account_sid]
	account.verified.add(customer.number)
	account.type = "Trial"
	try:
		message = reply(agent, ticket, "Ok")
		eventually(lambda: status_of(message) not in ("Queued", "Sending", "Unconfirmed"))
	finally:
		account.type = "Full"
	assert [m.sid for m in customer.inbox()] == [fact(message, "twilio_sid")]
	assert fact(message, "words_at_twilio") == "Changed"


def test_texts_without_words_are_told_apart_by_their_order(agent, customer, sim, stack, ticket):
	"""Two calls whose answers got lost: the list has two without words."""
	sim.faults.always("callback_lost")
	sim.faults.next("timeout_after", 2)
	sim.faults.next("redaction", 2)
	first, second = (reply(agent, ticket, body) for body in ("First", "Second"))
	for message in (first, second):
		eventually(lambda message=message: fact(message, "twilio_sid"))
	assert [m.body for m in customer.inbox()] == ["First", "Second"]
	assert [m.sid for m in customer.inbox()] == [fact(first, "twilio_sid"), fact(second, "twilio_sid")]


def test_a_text_of_a_service_is_looked_for_under_both_of_its_addresses(customer, sim, stack):
	"""A Messaging Service sends by RCS where it can, and Twilio lists that under another address."""
	service = sim.add_service(stack.account_sid, friendly_name="Pool")
	number = stack.add_number(messaging_service_sid=service.sid)
	sim.add_number(stack.account_sid, number, service_sid=service.sid)
	sim.faults.always("callback_lost")
	sim.faults.next("timeout_after", 1)
	sim.faults.next("redaction", 1)
	conversation = replies.conversation(stack, number)
	message = outbox.write(conversation, "Hi").name
	frappe.db.commit()
	eventually(lambda: fact(message, "twilio_sid"))
	listed = [request.query["To"] for request in sim.requests if "To" in request.query]
	for address in (conversation.customer_number, f"rcs:{conversation.customer_number}"):
		assert [address] in listed


def send_besides_us(stack, customer, body: str) -> None:
	"""Another program texts the customer from our number."""
	answer = requests.post(
		f"{stack.simulator.base_url}/2010-04-01/Accounts/{stack.account_sid}/Messages.json",
		{"From": stack.number, "To": customer.number, "Body": body},
		auth=(stack.account_sid, stack.auth_token),
		timeout=10,
	)
	assert answer.status_code == 201, answer.text


def test_a_text_that_twilio_never_took_is_not_mistaken_for_another_one(agent, customer, sim, stack, ticket):
	sim.faults.always("callback_lost")
	sim.faults.next("timeout_before", 1)
	message = reply(agent, ticket, "Your bike is ready")
	eventually(lambda: not sim.faults["timeout_before"].on)
	send_besides_us(stack, customer, "Quite another text")
	eventually(lambda: fact(message, "needs_decision"))
	assert (status_of(message), fact(message, "twilio_sid")) == ("Unconfirmed", None)


def test_where_two_may_be_it_the_agent_decides(agent, customer, sim, stack, ticket, silent):
	sim.faults.next("redaction", 2)
	message = reply(agent, ticket, "Your code is 1234")
	eventually(customer.inbox)
	send_besides_us(stack, customer, "Your bike is not ready")
	eventually(lambda: fact(message, "needs_decision"))
	assert status_of(message) == "Unconfirmed"
	assert len(customer.inbox()) == 2
	row = shown(agent, ticket)
	assert row["can_retry"] and row["can_email"] and row["error"]["actions"] == ["retry", "email"]
	assert "may have been sent" in row["fate"]
	# Later texts do not wait for the decision.
	later = reply(agent, ticket, "Anything else?")
	eventually(lambda: status_of(later) == "Accepted")
	# Asked first, then done.
	retry = "twilio_sms_channel.api.ticket.retry"
	asked = agent.call(retry, message=message)
	assert asked.status_code == 417 and "press Send Again once more" in asked.text
	assert status_of(message) == "Unconfirmed"
	replies.question_was_read()
	assert agent.call(retry, message=message).status_code == 200
	eventually(lambda: status_of(message) == "Accepted")
	ours = [m.body for m in customer.inbox() if "bike" not in m.body]
	assert ours == ["Your code is 1234", "Anything else?", "Your code is 1234"]
	assert not fact(message, "needs_decision")


def test_a_report_that_comes_after_all_decides(agent, customer, sim, ticket):
	message = reply(agent, ticket)
	eventually(lambda: status_of(message) == "Delivered")
	sim.wait_idle(10)
	frappe.db.set_value(MESSAGE, message, {"status": "Unconfirmed", "needs_decision": 1, "twilio_sid": None})
	frappe.db.commit()
	(at_twilio,) = customer.inbox()
	sim._outbound._call_back(at_twilio)
	eventually(lambda: status_of(message) == "Delivered")
	assert not fact(message, "needs_decision") and fact(message, "twilio_sid") == at_twilio.sid


def test_without_twilios_clock_nothing_is_proven(site):
	noon = datetime(2026, 10, 25, 12, tzinfo=timezone.utc)
	before = noon - timedelta(seconds=121)
	assert reconcile.Listed([], noon, True).proves_absence(before, after_s=120)
	assert not reconcile.Listed([], None, True).proves_absence(before, after_s=120)
	assert not reconcile.Listed([], noon, True).proves_absence(None, after_s=120)
	assert not reconcile.Listed([], noon, False).proves_absence(before, after_s=120)
	assert not reconcile.Listed([], noon, True).proves_absence(before, after_s=121)


def test_absence_is_timed_by_twilios_clock_alone(stack):
	"""The database's clock jumps ahead after the call: nothing was looked up any longer for that."""
	noon = datetime(2026, 10, 25, 12, tzinfo=timezone.utc)
	with stack.without_worker():
		message = outbox.write(replies.conversation(stack, stack.number), "Hi").name
		long_ago = add_to_date(now_datetime(), minutes=-10)

		def look(seconds: float) -> tuple:
			facts = {"tried_at": long_ago, "next_attempt": long_ago}
			frappe.db.set_value(MESSAGE, message, facts)
			(search,) = (found for found in reconcile.due() if found.name == message)
			at = noon + timedelta(seconds=seconds)
			reconcile.reconcile(search, reconcile.Listed([], at, to_the_end=True))
			frappe.db.commit()
			return search, status_of(message), fact(message, "looked_up_since_utc")

		frappe.db.set_value(MESSAGE, message, "status", "Sending")
		reconcile.mark_unconfirmed(message, "The answer was lost.")
		since = noon.replace(tzinfo=None)
		for seconds in (0, 2, 3):
			search, *told = look(seconds)
			assert told == ["Unconfirmed", since] and not fact(message, "needs_decision")
		search, *told = look(4)
		assert told[0] == "Queued"
		# The next attempt is looked for from its own beginning; what was seen of the first one tells nothing of it.
		frappe.db.set_value(MESSAGE, message, {"status": "Sending", "tried_at": now_datetime()})
		reconcile.mark_unconfirmed(message, "The answer was lost again.")
		reconcile.reconcile(search, reconcile.Listed([], noon + timedelta(minutes=9), to_the_end=True))
		frappe.db.commit()
		assert (status_of(message), fact(message, "looked_up_since_utc")) == ("Unconfirmed", None)
		frappe.db.set_value(MESSAGE, message, "status", "Canceled")
		frappe.db.commit()


def test_an_agent_is_asked_although_twilios_clock_has_gone_back(stack):
	"""A clock that was years ahead when the list was first read does not keep the text, and later ones, for years."""
	noon = datetime(2026, 10, 25, 12, tzinfo=timezone.utc)
	with stack.without_worker():
		message = outbox.write(replies.conversation(stack, stack.number), "Hi").name
		frappe.db.set_value(MESSAGE, message, "status", "Sending")
		reconcile.mark_unconfirmed(message, "The answer was lost.")
		long_ago = add_to_date(now_datetime(), minutes=-10)
		for at in (noon + timedelta(days=3650), noon):
			frappe.db.set_value(MESSAGE, message, {"tried_at": long_ago, "next_attempt": long_ago})
			(search,) = (found for found in reconcile.due() if found.name == message)
			assert not fact(message, "needs_decision")
			reconcile.reconcile(search, reconcile.Listed([], at, to_the_end=True))
			frappe.db.commit()
		assert (status_of(message), fact(message, "needs_decision")) == ("Unconfirmed", 1)
		frappe.db.set_value(MESSAGE, message, {"status": "Canceled", "needs_decision": 0})
		frappe.db.commit()
