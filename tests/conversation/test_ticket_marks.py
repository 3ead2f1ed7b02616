"""What a ticket says of its conversation in fields of its own, by which lists of tickets are filtered."""

import frappe
import pytest
from support import desks
from support.people import make_agent
from support.stack import Customer, eventually, lifted, ticket_of
from support.tickets import API, email_ticket, merge

from twilio_sms_channel.messaging.conversation import ticket_marks

pytestmark = pytest.mark.ticket_systems
JUNEAU = {"FromCity": "JUNEAU", "FromState": "AK", "FromCountry": "US"}


@pytest.fixture(scope="module")
def agent(stack):
	return stack.login(make_agent("tsms-agent@example.com"))


def opted_out(ticket, agent) -> bool:
	"""Whether the ticket is among those that an agent's list shows when it is filtered."""
	args = {"doctype": ticket.doctype, "filters": frappe.as_json({"twilio_sms_opted_out": 1})}
	listed = agent.call("frappe.client.get_list", http="GET", limit_page_length=0, **args).json()["message"]
	return str(ticket.name) in {str(row["name"]) for row in listed}


def marked(ticket) -> int:
	frappe.db.rollback()
	return frappe.db.get_value(ticket.doctype, ticket.name, "twilio_sms_opted_out")


def test_tickets_are_listed_by_who_opted_out(ticket_system, stack, agent):
	customer = Customer(stack)
	stays = ticket_of(Customer(stack).text("Another customer"))
	ticket = ticket_of(customer.text("Where is my order?"))
	assert not opted_out(ticket, agent)
	customer.text("STOP", **JUNEAU)
	assert eventually(lambda: marked(ticket)) and opted_out(ticket, agent)
	assert not opted_out(stays, agent)
	customer.text_after_stop()
	lifted(ticket)
	assert not marked(ticket) and not opted_out(ticket, agent)


def test_an_agents_opt_out_is_marked_and_nothing_else_of_the_ticket_changes(ticket_system, stack, agent):
	ticket = ticket_of(Customer(stack).text("No more texts, please"))
	before = ticket.modified
	assert agent.call(f"{API}opt_out", ticket=ticket.name).ok
	assert marked(ticket) and ticket_of_again(ticket).modified == before


def test_a_form_that_is_older_than_the_opt_out_can_be_saved(ticket_system, stack, agent):
	customer = Customer(stack)
	ticket = ticket_of(customer.text("Hello"))
	form = agent.call("frappe.client.get", http="GET", doctype=ticket.doctype, name=str(ticket.name)).json()
	customer.text("STOP", **JUNEAU)
	eventually(lambda: marked(ticket))
	doc = {**form["message"], "subject": "Called by hand", "modified": str(ticket_of_again(ticket).modified)}
	answer = agent.call("frappe.client.save", doc=frappe.as_json(doc))
	assert answer.ok, answer.text
	assert marked(ticket) and ticket_of_again(ticket).subject == "Called by hand"


@pytest.mark.parametrize("value", [0, 1])
def test_nobody_writes_the_marks(ticket_system, stack, agent, value):
	customer = Customer(stack)
	ticket = ticket_of(customer.text("Hello", **JUNEAU))
	if not value:
		customer.text("STOP", **JUNEAU)
		eventually(lambda: marked(ticket))
	lies = {"twilio_sms_opted_out": value, "twilio_sms_region": "Nowhere"}
	named = {"doctype": ticket.doctype, "name": str(ticket.name)}
	agent.call("frappe.client.set_value", **named, fieldname=frappe.as_json(lies))
	now = ticket_of_again(ticket)
	assert (now.twilio_sms_opted_out, now.twilio_sms_region) == (1 - value, "JUNEAU, AK, US")


def test_where_the_number_was_issued_is_on_the_ticket(ticket_system, stack):
	customer = Customer(stack)
	ticket = ticket_of(customer.text("Hello", **JUNEAU))
	assert ticket.twilio_sms_region == "JUNEAU, AK, US"
	assert not email_ticket().twilio_sms_region


def test_a_ticket_that_others_were_merged_into_says_it_as_well(stack, agent):
	if not desks.default().has_feed:
		pytest.skip("Issues are not merged")
	customer = Customer(stack)
	source, target = ticket_of(customer.text("Hello", **JUNEAU)), email_ticket()
	customer.text("STOP", **JUNEAU)
	eventually(lambda: marked(source))
	merge(agent, source, target)
	assert (target.twilio_sms_opted_out, target.twilio_sms_region) == (1, "JUNEAU, AK, US")


def test_what_tickets_lack_from_before_is_filled_in(ticket_system, stack):
	ticket = ticket_of(Customer(stack).text("Hello", **JUNEAU))
	frappe.db.set_value(ticket.doctype, ticket.name, "twilio_sms_region", None)
	ticket_marks.follow()
	assert ticket_of_again(ticket, fresh=False).twilio_sms_region == "JUNEAU, AK, US"
	frappe.db.rollback()


def ticket_of_again(ticket, fresh: bool = True):
	if fresh:
		frappe.db.rollback()
	return frappe.get_doc(ticket.doctype, ticket.name)
