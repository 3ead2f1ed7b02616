"""A number whose messages continue any open ticket of the contact, and such tickets beside the conversation."""

from concurrent.futures import ThreadPoolExecutor

import frappe
import pytest
from support import desks
from support.people import make_agent, make_customer
from support.stack import Customer, eventually, ticket_of
from support.tickets import API, email_ticket, state

from twilio_sms_channel.messaging.conversation import contact_tickets

POLICY = {"threading_policy": contact_tickets.POLICY}
CONVERSATION = "Twilio SMS Conversation"


@pytest.fixture(scope="module")
def agent(stack):
	return stack.login(make_agent("tsms-agent@example.com"))


@pytest.fixture
def number(ticket_system, stack):
	return stack.add_number(segments_per_second=50, **POLICY)


def by_mail(stack, **fields):
	"""An e-mail ticket, and its contact's phone."""
	ticket, customer = email_ticket(**fields), Customer(stack)
	contact = frappe.get_doc("Contact", ticket.contact)
	contact.append("phone_nos", {"phone": customer.number})
	contact.save()
	frappe.db.commit()
	return ticket, customer


def again(ticket):
	frappe.db.rollback()
	return frappe.get_doc(ticket.doctype, ticket.name)


def test_a_text_continues_an_email_ticket_which_goes_on_replying_by_email(number, stack, agent):
	ticket, customer = by_mail(stack)
	message = customer.text("I wrote you an e-mail", to=number)
	assert ticket_of(message).name == ticket.name
	now = again(ticket)
	assert (now.twilio_sms_conversation, now.twilio_sms_reply_channel) == (message.conversation, "Email")
	told = state(agent, ticket)
	assert told["channel"] == "Email" and told["email"] == ticket.raised_by
	assert any("continued the ticket with a text message" in event["what"] for event in told["events"])
	# And the next one as well, without another line.
	assert ticket_of(customer.text("Are you there?", to=number)).name == ticket.name
	assert len(state(agent, ticket)["events"]) == len(told["events"])
	assert agent.call(f"{API}switch_channel", ticket=ticket.name, channel="SMS").ok
	assert agent.call(f"{API}reply", ticket=ticket.name, message="Yes").ok
	eventually(lambda: [sent.body for sent in customer.inbox()] == ["Yes"])


def test_a_ticket_without_an_address_replies_by_text(number, stack):
	customer = Customer(stack)
	contact = frappe.get_doc(
		{"doctype": "Contact", "first_name": "Ann", "phone_nos": [{"phone": customer.number}]}
	).insert()
	ticket = desks.default().make_ticket(contact=contact.name)
	frappe.db.set_value(ticket.doctype, ticket.name, "raised_by", "")
	frappe.db.commit()
	assert ticket_of(customer.text("I called an hour ago", to=number)).name == ticket.name
	assert again(ticket).twilio_sms_reply_channel == "SMS"


def test_a_text_continues_the_ticket_of_another_number(number, stack, agent):
	customer = Customer(stack)
	ticket = ticket_of(customer.text("To the shop"))
	message = customer.text("To the workshop", to=number)
	assert ticket_of(message).name == ticket.name
	# Who answers is the number that was texted last.
	assert again(ticket).twilio_sms_conversation == message.conversation
	assert agent.call(f"{API}reply", ticket=ticket.name, message="We are one company").ok
	eventually(lambda: customer.inbox() and customer.inbox()[-1].from_ == number)


def test_its_own_open_ticket_comes_first(number, stack):
	customer = Customer(stack)
	own = ticket_of(customer.text("One", to=number))
	frappe.db.set_value("Twilio SMS Number", number, "threading_policy", "The open ticket")
	frappe.db.commit()
	frappe.clear_document_cache("Twilio SMS Number", number)
	other = ticket_of(customer.text("Another matter"))
	assert other.name != own.name
	frappe.db.set_value("Twilio SMS Number", number, POLICY)
	frappe.db.commit()
	frappe.clear_document_cache("Twilio SMS Number", number)
	assert ticket_of(customer.text("Two", to=number)).name == own.name
	desks.default().finish(own)
	assert ticket_of(customer.text("Three", to=number)).name == other.name


def test_other_policies_open_a_ticket(ticket_system, stack):
	ticket, customer = by_mail(stack)
	assert ticket_of(customer.text("I wrote you an e-mail")).name != ticket.name


def test_what_is_resolved_or_anothers_is_not_continued(number, stack):
	ticket, customer = by_mail(stack)
	desks.default().finish(ticket)
	assert ticket_of(customer.text("Is it done?", to=number)).name != ticket.name
	others, _phone = by_mail(stack)
	assert ticket_of(Customer(stack).text("Somebody else", to=number)).name != others.name


def test_a_ticket_that_somebody_else_reads_on_the_portal_is_not_continued(number, stack):
	ticket, customer = by_mail(stack)
	reader = make_customer(f"tsms{frappe.generate_hash(length=6)}@example.com")
	frappe.db.set_value(ticket.doctype, ticket.name, "raised_by", reader)
	frappe.db.commit()
	message = customer.text("My secret", to=number)
	assert ticket_of(message).name != ticket.name


def test_a_number_of_several_contacts_continues_none_of_their_tickets(number, stack):
	ticket, customer = by_mail(stack)
	frappe.get_doc(
		{"doctype": "Contact", "first_name": "Bob", "phone_nos": [{"phone": customer.number}]}
	).insert()
	frappe.db.commit()
	assert ticket_of(customer.text("Which of us?", to=number)).name != ticket.name


def test_texts_to_two_numbers_at_once_are_one_ticket(number, stack):
	other, customer = stack.add_number(segments_per_second=50, **POLICY), Customer(stack)
	frappe.get_doc(
		{"doctype": "Contact", "first_name": "Ann", "phone_nos": [{"phone": customer.number}]}
	).insert()
	frappe.db.commit()
	with stack.more_workers(2), ThreadPoolExecutor(2) as threads:
		sent = list(threads.map(lambda to: customer.text("At once", to=to, wait=False), (number, other)))
		tickets = {ticket_of(customer.arrived(message)).name for message in sent}
	assert len(tickets) == 1


def test_the_contacts_open_tickets_stand_beside_the_conversation(ticket_system, stack, agent):
	mailed, customer = by_mail(stack)
	done = email_ticket(contact=mailed.contact, raised_by=mailed.raised_by)
	desks.default().finish(done)
	ticket = ticket_of(customer.text("Hello"))
	rows = agent.call(f"{API}history", http="GET", ticket=ticket.name).json()["message"]
	assert [(row["ticket"], row["texts"], row["number"]) for row in rows] == [(str(mailed.name), 0, "")]
	assert state(agent, ticket)["earlier"] == 1


def test_a_ticket_that_texts_somebody_else_is_not_continued(number, stack):
	ticket, customer = by_mail(stack)
	other = ticket_of(Customer(stack).text("Of another customer"))
	frappe.db.set_value(ticket.doctype, ticket.name, "twilio_sms_conversation", other.twilio_sms_conversation)
	frappe.db.commit()
	assert ticket_of(customer.text("Mine", to=number)).name != ticket.name
