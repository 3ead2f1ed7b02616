"""Helpdesk and ERPNext on one site: each number says where its tickets go."""

import frappe
import pytest
from support import desks
from support.stack import Customer, ticket_of

from twilio_sms_channel.desks import choice
from twilio_sms_channel.desks.registry import default_desk, desk_for_new, sync_choice

pytestmark = [pytest.mark.erpnext, pytest.mark.helpdesk]
FIND = "twilio_sms_channel.api.ticket.find"
HELPDESK, ERPNEXT = desks.SYSTEMS["helpdesk"], desks.SYSTEMS["erpnext"]


@pytest.fixture(autouse=True)
def both(stack):
	if not {HELPDESK.app, ERPNEXT.app} <= set(frappe.get_installed_apps()):
		pytest.skip("is about a site with both")


def goes_to(number: str, system) -> None:
	frappe.db.set_value("Twilio SMS Number", number, choice.FIELD, system.title)
	frappe.db.commit()
	frappe.clear_document_cache("Twilio SMS Number", number)


def test_a_number_is_asked_and_helpdesk_is_meant_otherwise(stack):
	field = frappe.get_meta("Twilio SMS Number").get_field(choice.FIELD)
	assert (field.options, field.default) == ("Helpdesk\nERPNext", "Helpdesk")
	number = frappe.get_doc("Twilio SMS Number", stack.add_number())
	assert number.get(choice.FIELD) == "Helpdesk"
	assert desk_for_new(number).doctype == default_desk().doctype == "HD Ticket"


def test_the_question_goes_with_the_choice(stack):
	choice.sync(["ERPNext"])
	assert not frappe.get_meta("Twilio SMS Number").has_field(choice.FIELD)
	sync_choice()
	assert frappe.get_meta("Twilio SMS Number").has_field(choice.FIELD)
	for number in (stack.number, stack.other_number):
		goes_to(number, ERPNEXT)


@pytest.mark.parametrize(("first", "second"), [(ERPNEXT, HELPDESK), (HELPDESK, ERPNEXT)], ids=str)
def test_a_number_goes_on_as_before_the_second_system_came(stack, monkeypatch, first, second):
	number = stack.add_number()
	apps = [app for app in frappe.get_installed_apps() if app not in (first.app, second.app)]
	apps += [first.app, second.app]
	try:
		choice.sync([first.title])
		monkeypatch.setattr(frappe, "get_installed_apps", lambda *_args, **_kwargs: apps)
		sync_choice()
		assert frappe.db.get_value("Twilio SMS Number", number, choice.FIELD) == first.title
		frappe.db.set_value("Twilio SMS Number", number, choice.FIELD, second.title)
		sync_choice()
		assert frappe.db.get_value("Twilio SMS Number", number, choice.FIELD) == second.title
	finally:
		monkeypatch.undo()
		sync_choice()
		for one in (stack.number, stack.other_number):
			goes_to(one, ERPNEXT)


def test_an_open_ticket_stays_where_it_is_and_the_next_one_is_elsewhere(stack):
	number, customer = stack.add_number(), Customer(stack)
	ticket = ticket_of(customer.text("Hello", to=number))
	assert ticket.doctype == "HD Ticket"
	goes_to(number, ERPNEXT)
	assert ticket_of(customer.text("Me again", to=number)).name == ticket.name
	other = Customer(stack)
	assert ticket_of(other.text("Hello", to=number)).doctype == "Issue"


def test_each_agent_finds_the_tickets_of_their_own_system(stack, supporter, admin):
	customer, numbers = Customer(stack), [stack.add_number(), stack.add_number()]
	goes_to(numbers[1], ERPNEXT)
	ticket, issue = (ticket_of(customer.text("Hello", to=number)) for number in numbers)
	helper = stack.login(HELPDESK.make_agent("tsms-helper@example.com", "Mary", "Jackson"))

	def found(person) -> set[str]:
		return {row["ticket"] for row in person.call(FIND, "GET", query=customer.number).json()["message"]}

	assert found(supporter) == {issue.name}
	assert found(helper) == {str(ticket.name)}
	listed = helper.session.get(
		f"{stack.web}/api/resource/Twilio SMS Message?limit=0&fields=[%22communication%22]"
	).json()
	names = [row["communication"] for row in listed["data"]]
	about = frappe.get_all("Communication", {"name": ("in", names)}, pluck="reference_doctype", distinct=True)
	assert about == ["HD Ticket"]
