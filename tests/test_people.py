"""Who wrote: contacts, shared numbers, customers, senders that are no phone numbers."""

import frappe
import pytest
from support.stack import eventually, ticket_of

from twilio_sms_channel.messaging import phone


def make_contact(name, *numbers, **fields):
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": name,
			"phone_nos": [{"phone": number} for number in numbers],
			**fields,
		}
	).insert()
	frappe.db.commit()
	return contact


@pytest.mark.parametrize(
	"spell",
	[
		lambda n: n,
		lambda n: f"{n[:2]} ({n[2:5]}) {n[5:8]}-{n[8:]}",
		lambda n: f"{n[:2]}-{n[2:5]}-{n[5:8]}-{n[8:]}",
		lambda n: n.replace("+", "00", 1) if phone.default_region() not in (None, "US", "CA") else n,
		lambda n: f" {n} ",
	],
)
def test_a_contact_is_found_whatever_the_spelling(customer, sim, spell):
	contact = make_contact("Ann", "+44 20 7946 0000", spell(customer.number))
	assert ticket_of(customer.text("Hello")).contact == contact.name


def test_a_number_that_only_ends_alike_is_somebody_else(customer, sim):
	other = "+4" + customer.number[2:]
	contact = make_contact("Ann", other)
	assert ticket_of(customer.text("Hello")).contact != contact.name


def test_a_renamed_contact_keeps_its_name(customer, sim):
	ticket = ticket_of(customer.text("Hello"))
	contact = frappe.get_doc("Contact", ticket.contact)
	assert contact.first_name == phone.display(customer.number)
	contact.first_name = "Ann"
	contact.save()
	frappe.db.commit()
	message = customer.text("Me again")
	assert ticket_of(message).contact == ticket.contact
	frappe.db.rollback()
	assert frappe.db.get_value("Contact", ticket.contact, "first_name") == "Ann"
	assert frappe.db.get_value("Communication", message.communication, "sender_full_name") == "Ann"


def test_a_shared_number_is_left_to_the_agent(customer, sim, agent):
	ann, bob = make_contact("Ann", customer.number), make_contact("Bob", customer.number)
	ticket = ticket_of(customer.text("Guess who"))
	assert not ticket.contact
	(note,) = frappe.get_all("HD Ticket Comment", {"reference_ticket": ticket.name}, pluck="content")
	assert "Ann" in note
	assert "Bob" in note

	ticket.contact = bob.name
	ticket.save()
	frappe.db.commit()
	message = customer.text("Right, Bob it is")
	assert frappe.db.get_value("Twilio SMS Conversation", message.conversation, "contact") == bob.name
	assert frappe.db.get_value("Communication", message.communication, "sender_full_name") == "Bob"
	assert ann.name != bob.name


def test_the_customer_is_filled_as_helpdesk_does(customer, sim):
	"""Up to v1.27 through the contact's links; v1.28 has members of customers."""
	company = frappe.get_doc({"doctype": "HD Customer", "customer_name": f"Shop {customer.number}"}).insert()
	contact = make_contact("Ann", customer.number)
	if frappe.db.exists("DocType", "HD Customer Member"):
		pytest.skip("members of customers are users there, who need an e-mail address")
	contact.append("links", {"link_doctype": "HD Customer", "link_name": company.name})
	contact.save()
	frappe.db.commit()
	assert ticket_of(customer.text("Hello")).customer == company.name


@pytest.mark.parametrize("sender", ["72345", "ACME Shop"])
def test_senders_that_cannot_be_answered_are_taken_in(stack, sim, agent, sender):
	sent = sim.text(from_=sender, to=stack.number, body=f"Your code from {sender}")
	name = eventually(
		lambda: frappe.db.get_value("Twilio SMS Message", {"twilio_sid": sent.sid, "status": "Threaded"})
	)
	message = frappe.get_doc("Twilio SMS Message", name)
	ticket = ticket_of(message)
	assert message.customer_number == sender
	assert not ticket.contact
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert not state["can_text"]
	assert "cannot be answered" in state["why_not"]
	answer = agent.reply(ticket.name, "<p>Thank you</p>")
	assert answer.status_code == 417
	assert "cannot be answered" in answer.text
	feed = agent.call("helpdesk.helpdesk.doctype.hd_ticket.api.get_one", http="GET", name=ticket.name)
	assert "Cannot be answered" in feed.json()["message"]["communications"][0]["content"]


def test_the_region_is_the_numbers(customer, sim, agent):
	message = customer.text("Hello", FromCity="JUNEAU", FromState="AK", FromCountry="US")
	assert message.region == "JUNEAU, AK, US"
	contact = frappe.get_doc("Contact", ticket_of(message).contact)
	assert not contact.address
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket_of(message).name)
	assert state.json()["message"]["region"] == "JUNEAU, AK, US"
