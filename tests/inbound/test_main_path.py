"""A customer's text becomes a ticket, the agent's answer a text, and the ticket goes over to e-mail and back."""

import frappe
import pytest
from support import desks
from support.stack import content_of, eventually, status_of, ticket_of
from support.tickets import feed

pytestmark = pytest.mark.usefixtures("ticket_system")


def last_outbound(ticket) -> str:
	return eventually(
		lambda: frappe.get_all(
			"Twilio SMS Message",
			filters={"conversation": ticket.twilio_sms_conversation, "direction": "Outbound"},
			order_by="creation desc",
			limit=1,
			pluck="name",
		)
	)[0]


def test_a_text_becomes_a_ticket_with_the_text_in_it(customer, sim):
	message = customer.text("My order 4711 has not arrived.\nCan you help?")
	ticket = ticket_of(message)
	assert message.status == "Threaded"
	assert ticket.subject == "My order 4711 has not arrived."
	assert ticket.twilio_sms_reply_channel == "SMS"
	assert ticket.status == "Open"
	communication = frappe.get_doc("Communication", message.communication)
	assert communication.communication_medium == "SMS"
	assert communication.sent_or_received == "Received"
	assert communication.phone_no == customer.number
	assert communication.content == "My order 4711 has not arrived.<br>Can you help?"
	contact = frappe.get_doc("Contact", ticket.contact)
	assert [row.phone for row in contact.phone_nos] == [customer.number]


def test_twilio_is_answered_with_empty_twiml_as_xml(customer, sim):
	customer.text("Hello")
	attempt = sim.webhook_attempts[-1]
	assert attempt.status_code == 200
	assert "<Response/>" in attempt.response_body


def test_the_reply_box_sends_a_text_and_its_delivery_shows(customer, sim, agent):
	ticket = ticket_of(customer.text("Is the shop open?"))
	answer = agent.reply(ticket.name, "<p>Yes, until <b>6 pm</b>.</p><p>See you!</p>")
	assert answer.status_code == 200, answer.text
	message = last_outbound(ticket)
	eventually(lambda: status_of(message) == "Delivered")
	assert [m.body for m in customer.inbox()] == ["Yes, until 6 pm.\nSee you!"]
	row = frappe.get_doc("Twilio SMS Message", message)
	assert row.sent_by == agent.user
	assert (row.encoding, row.segments) == ("GSM-7", 1)
	assert row.twilio_sid and row.sent_at and row.delivered_at
	communication = frappe.get_doc("Communication", row.communication)
	assert communication.communication_medium == "SMS"
	# "Sent" would stand in Desk's timeline beside "Delivered" in the conversation.
	assert not communication.delivery_status
	assert communication.sender == agent.user


def test_a_second_text_continues_the_ticket(customer, sim):
	first, second = customer.text("One"), customer.text("Two")
	assert ticket_of(first).name == ticket_of(second).name
	assert first.conversation == second.conversation


def test_a_text_after_the_reply_reopens_the_ticket(customer, sim, agent):
	ticket = ticket_of(customer.text("It is broken"))
	agent.reply(ticket.name, "<p>Try again</p>")
	frappe.db.rollback()
	ticket.reload()
	ticket.status = "Resolved"
	ticket.save()
	frappe.db.commit()
	again = ticket_of(customer.text("Still broken"))
	assert again.name == ticket.name
	assert again.status not in ("Resolved", "Closed")


def test_the_ticket_goes_over_to_email_and_back(customer, sim, agent, stack):
	ticket = ticket_of(customer.text("Please send me the invoice"))
	contact = frappe.get_doc("Contact", ticket.contact)
	address = f"ann{customer.number[1:]}@example.com"
	contact.add_email(address, is_primary=True)
	contact.save()
	frappe.db.commit()

	switched = agent.call("twilio_sms_channel.api.ticket.switch_channel", ticket=ticket.name, channel="Email")
	assert switched.json()["message"]["channel"] == "Email"
	texts_before = len(customer.inbox())
	answer = agent.reply(ticket.name, "<p>Here it is.</p>", to=address)
	assert answer.status_code == 200, answer.text
	mail = eventually(
		lambda: frappe.get_all("Email Queue", filters={"reference_name": str(ticket.name)}, pluck="name")
	)
	assert frappe.get_all("Email Queue Recipient", filters={"parent": mail[0]}, pluck="recipient") == [
		address
	]
	sent = frappe.get_last_doc(
		"Communication", filters={"reference_doctype": ticket.doctype, "reference_name": str(ticket.name)}
	)
	assert (sent.communication_medium, sent.sent_or_received) == ("Email", "Sent")
	assert len(customer.inbox()) == texts_before

	back = agent.call("twilio_sms_channel.api.ticket.switch_channel", ticket=ticket.name, channel="SMS")
	assert back.json()["message"]["channel"] == "SMS"
	agent.reply(ticket.name, "<p>Did you get it?</p>", to=address)
	eventually(lambda: "Did you get it?" in [m.body for m in customer.inbox()])
	assert len(frappe.get_all("Email Queue", filters={"reference_name": str(ticket.name)})) == 1


def test_switching_to_email_is_refused_without_an_address(customer, sim, agent):
	ticket = ticket_of(customer.text("Hello"))
	answer = agent.call("twilio_sms_channel.api.ticket.switch_channel", ticket=ticket.name, channel="Email")
	assert answer.status_code == 417
	assert "no valid e-mail address" in answer.text
	frappe.db.rollback()
	assert frappe.db.get_value(ticket.doctype, ticket.name, "twilio_sms_reply_channel") == "SMS"


def test_an_address_can_be_added_while_switching(customer, sim, agent):
	ticket = ticket_of(customer.text("Hello"))
	address = f"bob{customer.number[1:]}@example.com"
	answer = agent.call(
		"twilio_sms_channel.api.ticket.switch_channel", ticket=ticket.name, channel="Email", email=address
	)
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	assert frappe.db.get_value("Contact", ticket.contact, "email_id") == address
	assert frappe.db.get_value(ticket.doctype, ticket.name, "raised_by") == address


def test_pictures_go_both_ways(customer, sim, agent, picture):
	message = customer.text("Look at this", media=[("broken.png", picture)])
	media = eventually(
		lambda: (
			(
				rows := frappe.get_all(
					"Twilio SMS Media", filters={"parent": message.name, "status": "Fetched"}, fields=["*"]
				)
			)
			and rows
		)
	)
	file = frappe.get_doc("File", media[0].file)
	assert file.is_private
	assert (file.attached_to_doctype, file.attached_to_name) == ("Communication", message.communication)
	assert content_of(file.name) == picture
	assert media[0].content_type == "image/png"

	ticket = ticket_of(message)
	upload = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": "how to fix it.png",
			"content": picture + b"fix",
			"is_private": 1,
			"attached_to_doctype": ticket.doctype,
			"attached_to_name": ticket.name,
		}
	).insert()
	frappe.db.commit()
	answer = agent.reply(ticket.name, "<p>Do this</p>", attachments=[upload.name])
	assert answer.status_code == 200, answer.text
	eventually(lambda: status_of(last_outbound(ticket)) == "Delivered")
	received = customer.inbox()[-1]
	assert received.body == "Do this"
	assert received.media[0].content == picture + b"fix"


def test_a_reply_over_the_api_does_what_the_button_does(customer, sim, agent):
	ticket = ticket_of(customer.text("Hello"))
	answer = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message="Hi there 👋")
	assert answer.status_code == 200, answer.text
	assert answer.json()["message"]["encoding"] == "UCS-2"
	eventually(lambda: [m.body for m in customer.inbox()] == ["Hi there 👋"])


@pytest.mark.helpdesk
def test_the_feed_shows_texts_as_texts(customer, sim, agent):
	message = customer.text("Where are you <b>based</b>?")
	ticket = ticket_of(message)
	agent.reply(ticket.name, "<p>In Springfield</p>")
	eventually(lambda: status_of(last_outbound(ticket)) == "Delivered")
	inbound, outbound = feed(agent, ticket)
	assert inbound["user"]["email"] == customer.number
	assert "&lt;b&gt;based&lt;/b&gt;" in inbound["content"]
	assert "Delivered" in outbound["recipients"]
	assert outbound["delivery_status"] == ""


def test_the_panel_sees_the_conversation(customer, sim, agent):
	ticket = ticket_of(customer.text("Hello"))
	agent.reply(ticket.name, "<p>Hi</p>")
	eventually(lambda: status_of(last_outbound(ticket)) == "Delivered")
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert state["channel"] == "SMS" and state["can_text"]
	assert [(m["direction"], m["body"], m["fate"]) for m in state["messages"]] == [
		("Inbound", "Hello", ""),
		("Outbound", "Hi", "Delivered"),
	]


def test_a_ticket_without_a_contact_opens(customer, sim, agent):
	"""Somebody whose number two contacts share."""
	for name in ("One", "Two"):
		frappe.get_doc(
			{"doctype": "Contact", "first_name": name, "phone_nos": [{"phone": customer.number}]}
		).insert()
	frappe.db.commit()
	ticket = ticket_of(customer.text("Who am I?"))
	assert not ticket.contact
	if desks.default().has_feed:
		(entry,) = feed(agent, ticket)
		assert entry["user"]["email"] == customer.number
	assert agent.reply(ticket.name, "<p>Tell us your name</p>").status_code == 200
