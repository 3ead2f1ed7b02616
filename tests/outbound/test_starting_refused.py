"""Texting first where it must not be: nothing is written, and the agent reads why."""

import secrets

import frappe
import pytest
from support import desks
from support.people import make_agent, make_team, make_user
from support.stack import ticket_of
from support.starting import API, email_ticket, make_contact, numbers, refused, started


@pytest.fixture
def service(stack):
	"""Two numbers of one Messaging Service."""
	sid = "MG" + secrets.token_hex(16)
	yield [stack.add_number(messaging_service_sid=sid) for _ in range(2)]


@pytest.fixture
def elsewhere(stack, agent):
	"""An agent of another team while tickets are restricted to teams, and a number of the first agent's team."""
	other = make_agent("tsms-elsewhere@example.com", "Else", "Where")
	if not frappe.db.exists("HD Team", "TSMS Elsewhere"):
		make_team("TSMS Elsewhere", other)
	if not frappe.db.exists("HD Team", "TSMS Here"):
		make_team("TSMS Here", agent.user)
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 1)
	frappe.clear_document_cache("HD Settings", "HD Settings")
	frappe.db.commit()
	yield stack.login(other), stack.add_number(team="TSMS Here")
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 0)
	frappe.clear_document_cache("HD Settings", "HD Settings")
	frappe.db.commit()


@pytest.mark.parametrize("to", ["", "hello", "12345", "+1 415", "<b>1</b>"])
def test_what_is_no_phone_number_is_refused(agent, to):
	assert "phone number" in refused(agent, to)


def test_our_own_number_is_refused(agent, stack):
	assert "our own number" in refused(agent, stack.other_number, number=stack.number)


def test_a_number_that_is_none_of_ours_is_refused(agent, customer):
	assert "not one of our numbers" in refused(agent, customer.number, number="+14155559999")


def test_an_empty_text_and_a_long_one_are_refused(agent, stack, customer):
	assert "empty" in refused(agent, customer.number, "  ", number=stack.number)
	assert "1,601" in refused(agent, customer.number, "x" * 1601, number=stack.number).replace(
		"1601", "1,601"
	)


def test_a_file_that_cannot_go_along_leaves_nothing_behind(agent, stack, customer):
	uploaded = agent.session.post(
		f"{stack.web}/api/method/upload_file",
		files={"file": ("page.html", b"<p>Hi</p>", "text/html")},
		data={"is_private": 1},
		timeout=30,
	).json()["message"]
	assert "page.html" in refused(agent, customer.number, number=stack.number, attachments=[uploaded["name"]])


def test_whoever_opted_out_of_a_messaging_service_is_not_texted_from_any_of_its_numbers(
	agent, customer, sim, service
):
	first, second = service
	customer.text("STOP", to=first)
	offered = numbers(agent, to=customer.number)
	assert "opted out" in offered[first]["why_not"]
	assert "opted out" in offered[second]["why_not"]
	assert "opted out" in refused(agent, customer.number, number=second)


def test_who_opted_out_of_one_number_is_texted_from_another_by_choice_alone(agent, stack, customer, sim):
	customer.text("STOP", to=stack.number)
	why_not = refused(agent, customer.number)
	assert "opted out" in why_not and "Choose the number" in why_not
	started(agent, customer.number, number=stack.other_number)


def test_a_number_that_is_off_is_refused_and_says_so_before(agent, stack, customer):
	number = stack.add_number(enabled=0)
	assert "switched off" in numbers(agent)[number]["why_not"]
	assert "switched off" in refused(agent, customer.number, number=number)


def test_a_short_code_does_not_reach_another_country(agent, stack):
	code = str(400_000 + secrets.randbelow(99_999))
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Number",
			"phone_number": code,
			"number_type": "Short Code",
			"account": stack.account,
			"country": "United States",
		}
	).insert()
	frappe.db.commit()
	assert "reaches phones of United States only" in refused(agent, "+4915112345678", number=code)


def test_a_contact_that_is_unknown_or_without_number_is_refused(chooser, customer):
	assert chooser.call(f"{API}start", to=customer.number, message="Hi", contact="Nobody").status_code == 404
	answer = chooser.call(f"{API}numbers", http="GET", contact=make_contact().name)
	assert answer.status_code == 417
	assert "no phone number yet" in answer.text


@pytest.mark.parametrize(
	("method", "args"),
	[
		("start", {"to": "+19075550123", "message": "Hi"}),
		("numbers", {}),
		("find", {"query": "+19075550123"}),
	],
)
def test_only_agents_start_and_find(stack, method, args):
	customer = stack.login(make_user("tsms-portal@example.com", []))
	assert customer.call(API + method, **args).status_code == 403


@pytest.mark.helpdesk
def test_a_conversation_of_colleagues_whose_ticket_one_may_not_see_is_left_to_them(
	agent, elsewhere, customer, sim
):
	stranger, number = elsewhere
	ticket = ticket_of(customer.text("Only for here", to=number))
	offered = numbers(stranger, to=customer.number)[number]
	assert offered["continues"] is None
	assert "other colleagues" in offered["why_not"]
	why = refused(stranger, customer.number, number=number)
	assert "other colleagues" in why
	assert str(ticket.subject) not in why
	other = email_ticket(stranger, agent_group="TSMS Elsewhere", raised_by="bob@example.com")
	assert "other colleagues" in refused(stranger, customer.number, number=number, ticket=other.name)
	assert agent.call(f"{API}start", to=customer.number, message="Hi", ticket=other.name).status_code == 403
	# What the customer answers would still go into their ticket.
	desks.of(ticket).finish(ticket)
	assert "other colleagues" in numbers(stranger, to=customer.number)[number]["why_not"]
	assert "other colleagues" in refused(stranger, customer.number, number=number, ticket=other.name)
	frappe.db.set_value("Twilio SMS Number", number, "reopen_within_days", 0)
	frappe.db.commit()
	frappe.clear_document_cache("Twilio SMS Number", number)
	started(stranger, customer.number, number=number)


@pytest.mark.helpdesk
def test_a_name_takes_nobody_out_of_a_ticket_that_others_answer(stack, customer, elsewhere):
	"""What a name sends names a number to reply to: the customer's messages there stay in the ticket that others answer."""
	person, reply_to = elsewhere
	customer.number = f"+4479111{customer.number[-5:]}"
	theirs = ticket_of(customer.text("About my order", to=reply_to))
	name = stack.add_number(phone_number=f"Shop{secrets.token_hex(2)}", reply_to_number=reply_to)
	started(person, customer.number, number=name)
	assert ticket_of(customer.text("And my order?", to=reply_to)).name == theirs.name
