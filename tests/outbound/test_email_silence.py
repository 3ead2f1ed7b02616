"""Somebody who only texts causes no e-mail, and Helpdesk's notices never become texts."""

import frappe
import pytest
from support import desks
from support.people import make_customer
from support.stack import eventually, ticket_of


def mails_about(ticket) -> list:
	frappe.db.rollback()
	return frappe.get_all(
		"Email Queue", filters={"reference_doctype": ticket.doctype, "reference_name": str(ticket.name)}
	)


@pytest.fixture
def settings(stack):
	before = {}

	def set_to(**values):
		for field, value in values.items():
			if desks.default().app == "helpdesk" and frappe.get_meta("HD Settings").has_field(field):
				before.setdefault(field, frappe.db.get_single_value("HD Settings", field))
				frappe.db.set_single_value("HD Settings", field, value)
		frappe.clear_document_cache("HD Settings", "HD Settings")
		frappe.db.commit()

	yield set_to
	set_to(**before)


def test_a_text_only_ticket_has_no_sender_address(customer, sim):
	ticket = ticket_of(customer.text("Hello"))
	assert not ticket.raised_by
	ticket.priority = ticket.priority
	ticket.save()
	assert not ticket.raised_by


@pytest.mark.helpdesk
def test_no_acknowledgement_for_a_text(customer, sim, settings, stack):
	settings(send_acknowledgement_email=1)
	ticket = ticket_of(customer.text("Hello"))
	assert mails_about(ticket) == []
	assert stack.mails == []


@pytest.mark.helpdesk
def test_no_feedback_mail_and_no_error_for_a_text_ticket(customer, sim, settings):
	settings(enable_email_ticket_feedback=1, send_email_feedback_on_status="Resolved")
	ticket = ticket_of(customer.text("Hello"))
	ticket.status = "Resolved"
	ticket.save()
	frappe.db.commit()
	assert mails_about(ticket) == []
	assert customer.inbox() == []


def test_a_known_customers_address_is_kept_on_the_ticket_but_nothing_is_mailed(customer, sim, settings):
	settings(send_acknowledgement_email=1)
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "Carla",
			"phone_nos": [
				{"phone": customer.number[:2] + " " + customer.number[2:5] + "-" + customer.number[5:]}
			],
			"email_ids": [{"email_id": f"carla{customer.number[1:]}@example.com", "is_primary": 1}],
		}
	).insert()
	frappe.db.commit()
	ticket = ticket_of(customer.text("Hello"))
	assert ticket.contact == contact.name
	assert ticket.raised_by == contact.email_id
	assert mails_about(ticket) == []


@pytest.mark.helpdesk
def test_merging_sends_no_text_and_no_mail(customer, sim, agent, stack):
	from support.stack import Customer

	ticket, target = ticket_of(customer.text("Hello")), ticket_of(Customer(stack).text("Other"))
	answer = agent.call(
		"helpdesk.helpdesk.doctype.hd_ticket.api.merge_ticket",
		source=str(ticket.name),
		target=str(target.name),
	)
	assert answer.status_code == 200, answer.text
	sim.wait_idle(10)
	assert customer.inbox() == []
	assert mails_about(ticket) == []
	assert frappe.db.get_value(ticket.doctype, ticket.name, "is_merged")


@pytest.mark.helpdesk
def test_a_text_follows_its_merged_ticket(customer, sim, agent, stack):
	from support.stack import Customer

	ticket, target = ticket_of(customer.text("Hello")), ticket_of(Customer(stack).text("Other"))
	agent.call(
		"helpdesk.helpdesk.doctype.hd_ticket.api.merge_ticket",
		source=str(ticket.name),
		target=str(target.name),
	)
	assert str(ticket_of(customer.text("More")).name) == str(target.name)


@pytest.mark.helpdesk
def test_splitting_sends_no_text_and_no_mail(customer, sim, agent):
	customer.text("First thing")
	second = customer.text("Another thing")
	ticket = ticket_of(second)
	answer = agent.call(
		"helpdesk.helpdesk.doctype.hd_ticket.api.split_ticket",
		subject="Another thing",
		communication_id=second.communication,
	)
	assert answer.status_code == 200, answer.text
	sim.wait_idle(10)
	assert customer.inbox() == []
	assert mails_about(ticket) == []


def with_login(customer) -> str:
	"""A portal user whose contact has the customer's number."""
	user = make_customer(f"portal{customer.number[1:]}@example.com")
	frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "Portal",
			"phone_nos": [{"phone": customer.number}],
			"email_ids": [{"email_id": user, "is_primary": 1}],
		}
	).insert()
	frappe.db.commit()
	return user


def test_a_portal_customer_cannot_reply(customer, sim, stack):
	user = with_login(customer)
	ticket = ticket_of(customer.text("Hello"))
	assert ticket.raised_by == user
	answer = stack.login(user).reply(ticket.name, "<p>I am the agent now</p>")
	assert answer.status_code == 403, answer.text
	assert customer.inbox() == []
	assert eventually(lambda: True)


@pytest.mark.helpdesk
def test_remarks_for_agents_are_not_on_the_portal(customer, sim, stack, agent):
	user = with_login(customer)
	ticket = ticket_of(customer.text("Please stop texting me"))
	read = "helpdesk.helpdesk.doctype.hd_ticket.api.get_one"
	for_agent = agent.call(read, http="GET", name=ticket.name)
	assert "none of the words" in for_agent.text
	portal = stack.login(user).call(read, http="GET", name=ticket.name, is_customer_portal=1)
	assert portal.status_code == 200, portal.text
	assert "Please stop texting me" in portal.text
	assert "none of the words" not in portal.text


def test_an_email_ticket_is_the_ticket_systems_own(agent, stack):
	ticket = frappe.get_doc(
		{
			"doctype": desks.default().doctype,
			"subject": "By mail",
			"description": "Hello",
			"raised_by": "mail-customer@example.com",
		}
	).insert()
	frappe.db.commit()
	answer = agent.reply(ticket.name, "<p>Hi</p>", to="mail-customer@example.com")
	assert answer.status_code == 200, answer.text
	assert len(mails_about(ticket)) == 1
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert state["channel"] is None
