"""Messages that Twilio has accepted and holds, as its Compliance Toolkit does in quiet hours."""

import secrets

import frappe
import pytest
import requests
from frappe.utils import add_to_date, now_datetime
from support.agent_actions import API, MESSAGE, shown
from support.people import make_customer
from support.stack import Customer, eventually, status_of

from twilio_sms_channel.messaging.delivery import held, message_status, polling
from twilio_sms_channel.messaging.upkeep import sweep

EVENT = "Twilio SMS Consent Event"


@pytest.fixture
def quiet_hours(sim):
	sim.faults.always("compliance_hold")
	yield
	sim.faults.off("compliance_hold")


def reply(agent, ticket, body="Good night") -> str:
	answer = agent.call(f"{API}reply", ticket=ticket.name, message=body)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]["message"]


@pytest.fixture
def message(agent, ticket, quiet_hours) -> str:
	"""A reply that Twilio holds."""
	name = reply(agent, ticket)
	eventually(lambda: facts(name).twilio_status == "scheduled" and facts(name).status == "Accepted")
	return name


def facts(name):
	frappe.db.rollback()
	fields = [
		"status",
		"twilio_status",
		"twilio_sid",
		"error_code",
		"error_message",
		"sent_at",
		"next_attempt",
	]
	return frappe.db.get_value(MESSAGE, name, fields, as_dict=True)


def make_due(name: str) -> None:
	"""Let it be time to ask Twilio about a message. Commits."""
	frappe.db.set_value(MESSAGE, name, "next_attempt", add_to_date(now_datetime(), minutes=-1))
	frappe.db.commit()


def test_the_ticket_says_that_twilio_holds_a_message_and_that_it_can_be_canceled(
	agent, sim, customer, ticket, message
):
	row = shown(agent, ticket, message)
	assert row["fate"] == "Held by Twilio until the quiet hours where the customer lives are over."
	assert (row["can_cancel"], row["can_retry"], row["can_email"]) == (True, False, False)
	# It has a SID: nothing sends it once more.
	sweep.run()
	assert [text.sid for text in customer.inbox()] == [facts(message).twilio_sid]
	sim.faults.off("compliance_hold")
	eventually(lambda: status_of(message) == "Delivered")
	assert shown(agent, ticket, message)["fate"] == "Delivered"


def test_an_agent_cancels_what_twilio_holds(agent, sim, customer, ticket, message):
	assert agent.call(f"{API}cancel", message=message).status_code == 200
	assert (facts(message).status, facts(message).twilio_status) == ("Canceled", "canceled")
	assert sim.message(facts(message).twilio_sid).status == "canceled"
	row = shown(agent, ticket, message)
	assert (row["fate"], row["can_cancel"], row["can_email"]) == ("Canceled", False, True)
	sim.faults.off("compliance_hold")
	assert sim.wait_idle()
	assert customer.inbox()[0].status == "canceled"


def test_who_may_not_write_the_ticket_cancels_nothing(stack, sim, ticket, message):
	customer_of_portal = stack.login(make_customer(f"portal{secrets.token_hex(4)}@example.com"))
	asked = len(sim.requests)
	assert customer_of_portal.call(f"{API}cancel", message=message).status_code == 403
	answer = requests.post(f"{stack.web}/api/method/{API}cancel", json={"message": message}, timeout=30)
	assert answer.status_code == 403
	assert not [request for request in sim.requests[asked:] if request.method == "POST"]
	assert status_of(message) == "Accepted"


def test_what_has_left_twilio_meanwhile_is_not_canceled(agent, sim, ticket, message):
	sim.faults.always("callback_lost")
	sim.faults.off("compliance_hold")
	sid = facts(message).twilio_sid
	eventually(lambda: sim.message(sid).status == "delivered")
	answer = agent.call(f"{API}cancel", message=message)
	assert answer.status_code == 417 and "its status is Delivered" in answer.text
	assert status_of(message) == "Delivered"


@pytest.mark.parametrize("fault", ["outage", "rate_limit"])
def test_as_long_as_twilio_cannot_be_asked_it_stays_held(agent, sim, ticket, message, fault):
	sim.faults.always(fault)
	answer = agent.call(f"{API}cancel", message=message)
	assert answer.status_code == 417 and "did not cancel it" in answer.text
	sim.faults.off(fault)
	assert shown(agent, ticket, message)["can_cancel"]
	assert facts(message).status == "Accepted"
	assert frappe.db.exists("Twilio SMS Exchange", {"message": message, "purpose": "Cancel"})
	assert agent.call(f"{API}cancel", message=message).status_code == 200


def test_stop_cancels_what_twilio_holds(sim, customer, message):
	customer.text("STOP")
	eventually(lambda: status_of(message) == "Canceled")
	assert sim.message(facts(message).twilio_sid).status == "canceled"
	assert "opted out" in facts(message).error_message


def test_stop_cancels_it_although_twilio_cannot_be_asked_at_first(sim, customer, stack, message):
	sim.faults.always("outage")
	customer.text("STOP")
	stack.wait_until_idle()
	assert status_of(message) == "Accepted" and held.of_opted_out() == [message]
	sim.faults.off("outage")
	sweep.run()
	eventually(lambda: status_of(message) == "Canceled")
	assert held.of_opted_out() == []


def test_an_opt_out_that_an_agent_notes_cancels_it_as_well(agent, sim, ticket, message):
	assert agent.call(f"{API}opt_out", ticket=ticket.name).status_code == 200
	eventually(lambda: status_of(message) == "Canceled")


def test_stop_of_somebody_else_cancels_nothing(sim, stack, message):
	Customer(stack).text("STOP")
	stack.wait_until_idle()
	assert status_of(message) == "Accepted"


def test_that_twilio_failed_to_hold_a_message_is_said(agent, sim, ticket, message):
	sim.faults.next("hold_fails")
	sim.faults.off("compliance_hold")
	eventually(lambda: status_of(message) == "Failed")
	row = shown(agent, ticket, message)
	assert row["error"]["code"] == "30047" and "failed to hold" in row["error"]["what"]
	assert row["can_retry"]


def test_twilio_is_asked_as_long_as_it_holds_a_message(sim, message):
	"""Also days later, when a message that is on its way would be asked about no more."""
	long_ago = add_to_date(now_datetime(), days=-3)
	frappe.db.set_value(MESSAGE, message, "sent_at", long_ago, update_modified=False)
	make_due(message)
	sweep.run()
	asked_again = eventually(lambda: (at := facts(message).next_attempt) and at > now_datetime() and at)
	assert (asked_again - now_datetime()).total_seconds() <= polling.HELD_EVERY_S
	sim.faults.always("callback_lost")
	sim.faults.off("compliance_hold")
	eventually(lambda: sim.message(facts(message).twilio_sid).status == "delivered")
	make_due(message)
	sweep.run()
	eventually(lambda: status_of(message) == "Delivered")
	assert facts(message).sent_at > add_to_date(now_datetime(), minutes=-5)


def test_that_twilio_began_to_hold_a_message_is_read_where_no_callback_says_so(
	agent, sim, ticket, quiet_hours
):
	sim.faults.always("callback_lost")
	name = reply(agent, ticket)
	eventually(lambda: (sid := facts(name).twilio_sid) and sim.message(sid).status == "scheduled")
	make_due(name)
	sweep.run()
	eventually(lambda: facts(name).twilio_status == "scheduled")


def test_an_opt_out_that_twilio_made_by_itself_is_recorded(agent, sim, customer, ticket):
	"""The number was given to somebody else: nobody texted STOP, and the next message is refused."""
	sim.reassign(customer.number)
	name = reply(agent, ticket)
	eventually(lambda: status_of(name) == "Blocked")
	assert_opted_out_by_twilio(agent, ticket, customer, name)


def test_an_opt_out_that_twilio_made_while_it_held_a_message_is_recorded(
	agent, sim, customer, ticket, message
):
	sim.reassign(customer.number)
	sim.faults.off("compliance_hold")
	eventually(lambda: status_of(message) == "Blocked")
	assert_opted_out_by_twilio(agent, ticket, customer, message)


def test_a_report_that_is_repeated_does_not_undo_a_start(agent, sim, customer, ticket):
	sim.reassign(customer.number)
	name = reply(agent, ticket)
	eventually(lambda: status_of(name) == "Blocked")
	customer.text("START")
	conversation = frappe.db.get_value("Twilio SMS Message", name, "conversation")
	assert not frappe.db.get_value("Twilio SMS Conversation", conversation, "opted_out")
	message_status.apply_callback(name, "failed", "21610", "")
	frappe.db.commit()
	assert not frappe.db.get_value("Twilio SMS Conversation", conversation, "opted_out")
	assert frappe.db.count(EVENT, {"customer_number": customer.number, "event": "Opted Out"}) == 1


def assert_opted_out_by_twilio(agent, ticket, customer, message) -> None:
	events = frappe.get_all(EVENT, {"customer_number": customer.number}, ["event", "source", "message"])
	assert [tuple(event.values()) for event in events] == [("Opted Out", "Twilio's Refusal", message)]
	state = agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]
	assert state["opted_out"] and "given to somebody else" in state["why_not"]
