"""Which of our numbers is proposed to an agent who texts first."""

import secrets

import frappe
import pytest
from support.people import make_agent, make_team
from support.stack import Customer
from support.starting import email_ticket, proposed
from support.twilio_accounts import at_twilio, here

from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.outbound import sender_choice


def test_the_number_of_the_last_conversation_is_proposed_first(agent, stack, customer, sim):
	customer.text("Hello", to=stack.number)
	customer.text("Hello again", to=stack.other_number)
	frappe.db.rollback()
	assert proposed(agent.user, customer.number) == stack.other_number


@pytest.mark.helpdesk
def test_then_the_one_of_the_tickets_team_and_of_the_agents(agent, stack):
	own, theirs = "TSMS Own", "TSMS Theirs"
	stranger = make_agent("tsms-theirs@example.com", "The", "Irs")
	for team, user in ((own, agent.user), (theirs, stranger)):
		if not frappe.db.exists("HD Team", team):
			make_team(team, user)
	of_own, of_theirs = stack.add_number(team=own), stack.add_number(team=theirs)
	to = Customer(stack).number
	assert proposed(stranger, to) in frappe.get_all(
		"Twilio SMS Number", {"team": theirs, "enabled": 1}, pluck="name"
	)
	ticket = email_ticket(agent, agent_group=own, raised_by="ann@example.com")
	assert frappe.db.get_value("Twilio SMS Number", proposed(stranger, to, str(ticket.name)), "team") == own
	frappe.db.set_value("Twilio SMS Number", {"name": ("in", (of_own, of_theirs))}, "enabled", 0)
	for number in (of_own, of_theirs):
		frappe.clear_document_cache("Twilio SMS Number", number)
	frappe.db.commit()


def test_a_name_that_nobody_can_answer_is_proposed_last(agent, stack):
	name = f"SHOP{secrets.token_hex(2)}".upper()
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Number",
			"phone_number": name,
			"number_type": "Alphanumeric Sender",
			"account": stack.account,
		}
	).insert()
	order = [row["number"] for row in sender_choice.numbers("+4915112345678") if not row["why_not"]]
	assert order[-1] == name


@pytest.mark.parametrize(
	"state", [{"paused_since": "2026-01-01 00:00:00"}, {"status": "Wrong Credentials"}, {"enabled": 0}]
)
def test_a_number_whose_account_twilio_refuses_is_proposed_behind_those_that_work(agent, stack, sim, state):
	account, customer = here(at_twilio(sim)), Customer(stack)
	number = stack.add_number(account=account.name)
	conversation = conversations.get_or_new(number, customer.number)
	conversation.last_inbound = frappe.utils.now()
	conversation.set_new_name()
	conversation.db_insert()
	frappe.db.commit()
	assert proposed(agent.user, customer.number) == number
	# The account of the numbers that work, whatever it went through before.
	frappe.db.set_value("Twilio SMS Account", stack.account, {"paused_since": None, "status": "Active"})
	frappe.db.set_value("Twilio SMS Account", account.name, state)
	frappe.db.commit()
	try:
		chosen = proposed(agent.user, customer.number)
		assert frappe.db.get_value("Twilio SMS Number", chosen, "account") != account.name
		kind = frappe.db.get_value("Twilio SMS Number", chosen, "number_type")
		assert kind != "Alphanumeric Sender"
	finally:
		frappe.db.set_value("Twilio SMS Account", account.name, {"enabled": 0, "paused_since": None})
		frappe.db.set_value("Twilio SMS Number", number, {"enabled": 0})
		frappe.clear_document_cache("Twilio SMS Number", number)
		frappe.db.commit()
