"""Which ticket a text goes into."""

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from support.people import assignment_rule, make_agent, make_team
from support.stack import MESSAGE, Customer, eventually, ticket_of
from support.webhooks import inbound_params, post_signed

pytestmark = pytest.mark.usefixtures("ticket_system")

SPLIT = "helpdesk.helpdesk.doctype.hd_ticket.api.split_ticket"
MERGE = "helpdesk.helpdesk.doctype.hd_ticket.api.merge_ticket"


def settle(ticket, status="Resolved", days_ago=0):
	"""Resolve or close a ticket, some days ago."""
	ticket.reload()
	ticket.status = status
	ticket.save()
	then = add_to_date(now_datetime(), days=-days_ago)
	frappe.db.set_value(
		ticket.doctype,
		ticket.name,
		{"modified": then, "resolution_date": then},
		update_modified=False,
	)
	frappe.db.commit()


def policy(stack, **fields):
	return stack.add_number(**fields)


@pytest.mark.parametrize("status", ["Resolved", "Closed"])
def test_a_settled_ticket_is_reopened_within_its_days(customer, sim, status):
	ticket = ticket_of(customer.text("Broken"))
	settle(ticket, status, days_ago=6)
	again = ticket_of(customer.text("Still broken"))
	assert again.name == ticket.name
	assert again.status == "Open"


@pytest.mark.parametrize("status", ["Resolved", "Closed"])
def test_after_its_days_a_new_ticket_starts(customer, sim, status):
	ticket = ticket_of(customer.text("Broken"))
	settle(ticket, status, days_ago=8)
	new = ticket_of(customer.text("Something else"))
	assert new.name != ticket.name
	assert new.subject == "Something else"
	frappe.db.rollback()
	assert frappe.db.get_value(ticket.doctype, ticket.name, "status") == status


def test_with_zero_days_a_settled_ticket_is_never_reopened(customer, sim, stack):
	number = policy(stack, reopen_within_days=0)
	ticket = ticket_of(customer.text("One", to=number))
	assert ticket_of(customer.text("Two", to=number)).name == ticket.name
	settle(ticket)
	assert ticket_of(customer.text("Three", to=number)).name != ticket.name


def test_always_a_new_ticket(customer, sim, stack):
	number = policy(stack, threading_policy="Always a new ticket")
	tickets = {ticket_of(customer.text(body, to=number)).name for body in ("One", "Two", "Three")}
	assert len(tickets) == 3


def test_always_the_same_ticket(customer, sim, stack):
	number = policy(stack, threading_policy="Always the same ticket")
	ticket = ticket_of(customer.text("One", to=number))
	settle(ticket, "Closed", days_ago=400)
	assert ticket_of(customer.text("Two", to=number)).name == ticket.name


@pytest.mark.helpdesk
def test_a_merged_ticket_is_followed(customer, sim, agent, stack):
	first = ticket_of(customer.text("One"))
	second = ticket_of(customer.text("Two", to=stack.other_number))
	answer = agent.call(MERGE, source=str(first.name), target=str(second.name))
	assert answer.status_code == 200, answer.text
	assert ticket_of(customer.text("Three")).name == second.name


@pytest.mark.helpdesk
def test_texts_follow_a_split_off_ticket(customer, sim, agent):
	ticket = ticket_of(customer.text("My order is late"))
	other_matter = customer.text("By the way, how do I change my address?")
	answer = agent.call(SPLIT, subject="Change of address", communication_id=other_matter.communication)
	assert answer.status_code == 200, answer.text
	split = ticket_of(other_matter)
	assert split.name != ticket.name
	assert split.subject == "Change of address"
	assert ticket_of(customer.text("It is Elm Street 5 now")).name == split.name


def test_texts_follow_the_ticket_that_an_agent_texted_from(customer, sim, agent):
	old = ticket_of(customer.text("My order is late"))
	settle(old, days_ago=30)
	assert ticket_of(customer.text("A new question")).name != old.name
	assert agent.reply(old.name, "<p>It was found!</p>").status_code == 200
	eventually(lambda: len(customer.inbox()) == 1)
	assert ticket_of(customer.text("Wonderful")).name == old.name


def test_a_deleted_ticket_is_replaced(customer, sim, stack):
	ticket = ticket_of(customer.text("One"))
	# The name of the very last ticket would be given out again, and Frappe goes on unlinking what had that name.
	Customer(stack).text("Somebody else")
	frappe.delete_doc(ticket.doctype, ticket.name, force=True)
	frappe.db.commit()
	new = ticket_of(customer.text("Two"))
	assert (new.name != ticket.name, new.subject) == (True, "Two")


@pytest.mark.helpdesk
def test_a_ticket_of_a_restricted_team_goes_on(customer, sim, stack):
	"""Intake acts for the customer: who may read the ticket does not matter to where a text belongs."""
	team = make_team(f"Closed {customer.number}")
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 1)
	frappe.db.commit()
	try:
		number = policy(stack, team=team)
		ticket = ticket_of(customer.text("One", to=number))
		assert ticket.agent_group == team
		assert ticket_of(customer.text("Two", to=number)).name == ticket.name
	finally:
		frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 0)
		frappe.db.commit()


@pytest.mark.helpdesk
def test_the_numbers_routing_goes_into_new_tickets(customer, sim, stack):
	team = make_team(f"Team {customer.number}")
	kind = frappe.get_doc({"doctype": "HD Ticket Type", "name": f"Kind {customer.number}"}).insert().name
	template = (
		frappe.get_doc({"doctype": "HD Ticket Template", "template_name": f"Form {customer.number}"})
		.insert()
		.name
	)
	number = policy(stack, team=team, ticket_type=kind, priority="Urgent", ticket_template=template)
	ticket = ticket_of(customer.text("Hello", to=number))
	assert (ticket.agent_group, ticket.ticket_type, ticket.priority, ticket.template) == (
		team,
		kind,
		"Urgent",
		template,
	)


@pytest.mark.helpdesk
def test_assignment_rules_and_sla_run_as_for_e_mail(customer, sim, stack):
	user = make_agent(f"assigned{customer.number[1:]}@example.com")
	rule = assignment_rule(user, f"subject == 'Assign me {customer.number[1:]}'")
	frappe.db.commit()
	try:
		ticket = ticket_of(customer.text(f"Assign me {customer.number[1:]}"))
		assert frappe.parse_json(ticket._assign) == [user]
		assert ticket.sla
		assert ticket.response_by
	finally:
		frappe.delete_doc("Assignment Rule", rule.name, force=True)
		frappe.db.commit()


def test_texts_to_two_numbers_are_two_conversations_of_one_contact(customer, sim, stack):
	first, second = (
		ticket_of(customer.text("Hello", to=number)) for number in (stack.number, stack.other_number)
	)
	assert first.name != second.name
	assert first.contact == second.contact


@pytest.mark.parametrize("named", [False, True], ids=["by itself", "by an agent"])
def test_a_ticket_is_called_by_the_text_that_was_sent_first(customer, sim, stack, ticket_system, named):
	"""Its webhook was overtaken by the one of the next text."""
	number = stack.add_number()
	sim.add_number(stack.account_sid, number, sms_url="")
	first, second = (
		sim.text(from_=customer.number, to=number, body=body)
		for body in ("My printer is broken", "It is the blue one")
	)

	def arrives(text):
		params = inbound_params(stack, From=customer.number, To=number, Body=text.body, MessageSid=text.sid)
		assert post_signed(stack, params).status_code == 200
		name = eventually(
			lambda: frappe.db.get_value(MESSAGE, {"twilio_sid": text.sid, "status": "Threaded"})
		)
		return ticket_of(frappe.get_doc(MESSAGE, name))

	ticket = arrives(second)
	assert ticket.subject == "It is the blue one"
	if named:
		frappe.db.set_value(ticket.doctype, ticket.name, "subject", "Printer")
		frappe.db.commit()
	assert arrives(first).name == ticket.name
	subject = "Printer" if named else "My printer is broken"
	description = "My printer is broken" if ticket_system.describes else None
	eventually(
		lambda: (
			frappe.db.get_value(ticket.doctype, ticket.name, ["subject", "description"])
			== (subject, description)
		)
	)
