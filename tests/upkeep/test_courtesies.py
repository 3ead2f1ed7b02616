"""Nothing that is done beside a text, and nothing that a ticket lacks, holds the text up."""

import frappe
import pytest
from frappe.custom.doctype.custom_field.custom_field import create_custom_field
from frappe.custom.doctype.property_setter.property_setter import make_property_setter
from frappe.utils import add_to_date
from support import desks
from support.people import assignment_rule, make_agent, make_team
from support.stack import Customer, eventually, status_of, ticket_of

from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.infra.courtesies import courtesy

API = "twilio_sms_channel.api.ticket."
MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"


def assign(ticket, user):
	from frappe.desk.form.assign_to import add

	add({"doctype": desks.default().doctype, "name": ticket.name, "assign_to": [user]})


def settle(ticket):
	ticket.reload()
	ticket.status = "Resolved"
	ticket.save()
	frappe.db.commit()


def gone(doctype: str, name: str) -> None:
	"""Delete a document as a script does it that asks nobody."""
	frappe.db.delete(doctype, {"name": name})


def take_away(field: str, doctypes) -> None:
	"""A custom field, with its column."""
	for doctype in doctypes:
		frappe.delete_doc("Custom Field", f"{doctype}-{field}", force=True)
		frappe.db.sql_ddl(f"alter table `tab{doctype}` drop column {field}")
		frappe.clear_cache(doctype=doctype)
	frappe.db.commit()


def is_open(ticket) -> bool:
	"""By its status, and by the status's category, which Helpdesk goes by."""
	status = frappe.db.get_value(desks.default().doctype, ticket.name, "status")
	return status == "Open" and not desk_of(desks.default().doctype).resolve_ticket(ticket.name).resolved_at


def sent_from(ticket) -> list:
	frappe.db.rollback()
	return frappe.get_all(
		MESSAGE, {"conversation": ticket.twilio_sms_conversation, "direction": "Outbound"}, pluck="name"
	)


@pytest.mark.helpdesk
def test_people_and_teams_that_are_gone_hold_up_no_text(customer, stack, sim, agent):
	ticket = ticket_of(customer.text("Broken"))
	deleted, renamed, last = (
		make_agent(f"{who}{customer.number[1:]}@example.com") for who in ("d", "r", "l")
	)
	assert stack.login(last).reply(ticket.name, "<p>What is broken?</p>").status_code == 200
	# Long enough ago for the next agent to have read it.
	frappe.db.set_value(MESSAGE, sent_from(ticket)[0], "creation", add_to_date(None, seconds=-10))
	frappe.db.commit()
	for user in (deleted, renamed):
		assign(ticket, user)
	team = make_team(f"Gone {customer.number}", deleted)
	frappe.db.set_value(desks.default().doctype, ticket.name, "agent_group", team)
	settle(ticket)
	frappe.rename_doc("User", renamed, f"new-{renamed}", force=True)
	for user in (deleted, last):
		gone("User", user)
	gone("HD Team", team)
	frappe.db.commit()
	frappe.clear_cache()
	again = customer.text("The printer")
	assert (again.status, ticket_of(again).name) == ("Threaded", ticket.name)
	assert is_open(ticket)
	answer = agent.reply(ticket.name, "<p>Switch it on</p>")
	assert answer.status_code == 200, answer.text
	eventually(lambda: [status_of(name) for name in sent_from(ticket)] == ["Delivered"] * 2)
	frappe.db.set_value(desks.default().doctype, ticket.name, {"_assign": None, "agent_group": None})
	frappe.db.commit()
	assert customer.text("Thank you").status == "Threaded"


def test_an_assignment_to_somebody_who_is_gone_holds_up_no_text(customer, stack, sim):
	user = make_agent(f"g{customer.number[1:]}@example.com")
	rule = assignment_rule(user, f"'{customer.number}' in subject and status == 'Open'")
	gone("User", user)
	frappe.db.commit()
	frappe.clear_cache()
	try:
		first = customer.text(f"Call {customer.number}")
		assert first.status == "Threaded"
		ticket = ticket_of(first)
		assert (ticket.status, bool(ticket.contact)) == ("Open", True)
		assert ticket_of(Customer(stack).text("The next one")).name != ticket.name
		settle(ticket)
		again = customer.text("And again")
		assert (again.status, ticket_of(again).name) == ("Threaded", ticket.name)
		assert is_open(ticket)
	finally:
		frappe.delete_doc("Assignment Rule", rule.name, force=True)
		frappe.db.commit()


@pytest.mark.helpdesk
def test_a_contact_and_routing_that_are_gone_hold_up_no_text(customer, stack, sim):
	team = make_team(f"Route {customer.number}")
	number = stack.add_number(team=team, threading_policy="Always a new ticket")
	first = ticket_of(customer.text("One", to=number))
	assert first.agent_group == team
	frappe.db.delete("Contact Phone", {"parent": first.contact})
	for doctype, name in (("Contact", first.contact), ("HD Team", team)):
		gone(doctype, name)
	frappe.db.commit()
	frappe.clear_cache()
	second = ticket_of(customer.text("Two", to=number))
	assert (second.subject, second.agent_group) == ("Two", None)
	assert (
		frappe.db.get_value("Contact Phone", {"parent": second.contact}, "twilio_sms_e164") == customer.number
	)


@pytest.fixture
def fetches_more(sim):
	"""Tickets and conversations of the site have a field that is fetched from the contact."""
	doctypes = (desks.default().doctype, CONVERSATION)
	field = {
		"fieldname": "works_for",
		"fieldtype": "Data",
		"label": "Works For",
		"fetch_from": "contact.company_name",
	}
	for doctype in doctypes:
		create_custom_field(doctype, dict(field))
	frappe.db.commit()
	yield
	frappe.db.rollback()
	take_away("works_for", doctypes)


def test_a_text_has_fetched_what_comes_with_a_link(fetches_more, customer, stack):
	"""Links are not checked for a text, and Frappe fetches only while it checks them."""

	def company_of(doctype, name):
		return frappe.db.get_value(doctype, name, "works_for")

	first = ticket_of(customer.text("Hello"))
	frappe.db.set_value("Contact", first.contact, "company_name", "Analytical Engines")
	settle(first)
	assert ticket_of(customer.text("Hello again")).name == first.name
	assert is_open(first)
	assert company_of(desks.default().doctype, first.name) == "Analytical Engines"
	number = stack.add_number(threading_policy="Always a new ticket")
	new = ticket_of(customer.text("Here as well", to=number))
	assert company_of(desks.default().doctype, new.name) == "Analytical Engines"
	other = frappe.get_doc(
		{"doctype": "Contact", "first_name": "Grace", "company_name": "Compilers"}
	).insert()
	new.contact = other.name
	new.save()
	assert company_of(CONVERSATION, new.twilio_sms_conversation) == "Compilers"
	frappe.db.commit()
	# What came from a contact who was deleted stays.
	gone("Contact", other.name)
	frappe.db.commit()
	frappe.clear_cache()
	reply = stack.login(make_agent(f"f{customer.number[1:]}@example.com"))
	assert reply.reply(new.name, "<p>Hello</p>").status_code == 200
	assert company_of(desks.default().doctype, new.name) == "Compilers"


def test_what_is_fetched_from_where_nothing_is_holds_up_no_text(fetches_more, customer, sim):
	first = ticket_of(customer.text("Hello"))
	settle(first)
	frappe.db.set_value(
		"Custom Field", f"{desks.default().doctype}-works_for", "fetch_from", "contact.no_such_field"
	)
	frappe.db.commit()
	frappe.clear_cache(doctype=desks.default().doctype)
	assert ticket_of(customer.text("Hello again")).name == first.name
	# What other links bring is there.
	assert is_open(first)
	second = Customer(customer.stack).text("Hello as well")
	assert second.status == "Threaded"


@pytest.fixture
def asks_for_more(customer, sim):
	"""Tickets, contacts, Communications and files of the site each have a field that people have to fill in. A ticket from before."""
	before = ticket_of(customer.text("Hello"))
	settle(before)
	doctypes = (desks.default().doctype, "Communication", "File", CONVERSATION, MESSAGE)
	if desks.default().app == "helpdesk":
		doctypes += ("HD Ticket Activity",)
	field = {"fieldname": "order_no", "fieldtype": "Data", "label": "Order No", "reqd": 1}
	for doctype in doctypes:
		create_custom_field(doctype, dict(field))
	make_property_setter("Contact", "last_name", "reqd", 1, "Check")
	frappe.db.commit()
	yield before
	frappe.db.rollback()
	frappe.delete_doc("Property Setter", "Contact-last_name-reqd", force=True)
	take_away("order_no", doctypes)


def test_what_a_site_asks_people_to_fill_in_holds_up_no_text(
	asks_for_more, customer, stack, sim, agent, picture
):
	newcomer = Customer(stack)
	first = newcomer.text("I am new", media=[("a.png", picture + b"asked")])
	assert first.status == "Threaded"
	assert ticket_of(first).contact
	eventually(lambda: frappe.db.get_value("Twilio SMS Media", {"parent": first.name}, "status") == "Fetched")
	again = customer.text("Hello again")
	assert (again.status, ticket_of(again).name) == ("Threaded", asks_for_more.name)
	assert is_open(asks_for_more)
	assert agent.reply(asks_for_more.name, "<p>Welcome back</p>").status_code == 200
	answer = agent.call(
		f"{API}switch_channel", ticket=asks_for_more.name, channel="Email", email="new@example.org"
	)
	assert answer.status_code == 200, answer.text
	other = Customer(stack)
	answer = agent.call(f"{API}start", to=other.number, message="Your parcel is here")
	assert answer.status_code == 200, answer.text


# --- what fails is taken back, and only that ------------------------------------------------------------------------


def note(text: str) -> str:
	return frappe.get_doc({"doctype": "Note", "title": f"{text} {frappe.generate_hash()}"}).insert().name


def test_what_fails_is_taken_back_and_logged_and_what_was_written_before_stays():
	kept = note("before")
	with courtesy("It rains") as outcome:
		lost = note("within")
		frappe.throw("No")
	assert outcome.failed
	assert (bool(frappe.db.exists("Note", kept)), bool(frappe.db.exists("Note", lost))) == (True, False)
	assert frappe.local.message_log == []
	assert frappe.db.exists("Error Log", {"method": "It rains"})


def test_a_lost_transaction_is_not_taken_for_a_courtesy_that_failed():
	lost = note("before")
	with pytest.raises(ZeroDivisionError), courtesy("It rains"):
		# As a deadlock does it: the database undoes everything, the way back included.
		frappe.db.sql("rollback")
		1 / 0  # noqa: B018
	assert not frappe.db.exists("Note", lost)


def test_a_courtesy_that_commits_before_it_fails_does_no_harm():
	kept = note("before")
	try:
		with courtesy("It rains") as outcome:
			frappe.db.commit()
			lost = note("within")
			frappe.throw("No")
		assert outcome.failed
		assert (bool(frappe.db.exists("Note", kept)), bool(frappe.db.exists("Note", lost))) == (True, False)
	finally:
		frappe.delete_doc("Note", kept)
		frappe.db.commit()
