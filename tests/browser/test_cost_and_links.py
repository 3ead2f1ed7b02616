"""What a composer says of a message's cost and ending, where the customer's number is from, and files sent as links."""

import re

import frappe
import pytest
from playwright.sync_api import expect
from support import desks
from support.people import make_agent, make_user
from support.reply_box import noise, upload
from support.stack import Customer, eventually, status_of, ticket_of
from support.tickets import email_ticket

from browser.conftest import PHONE, log_in
from browser.screens import at
from browser.test_desk import desk
from twilio_sms_channel.messaging.outbound import outbox

MESSAGE, NUMBER = "Twilio SMS Message", "Twilio SMS Number"
PANEL = "twilio-sms-panel"
JUNEAU = {"FromCity": "JUNEAU", "FromState": "AK", "FromCountry": "US"}


def conversation_of(ticket):
	return frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)


@pytest.fixture
def refused(stack, sim):
	"""A ticket whose customer's network did not take a picture, and another open ticket of the contact, by e-mail."""
	customer = Customer(stack)
	customer.number = f"+1206{frappe.utils.cint(customer.number[-2:]) % 80 + 20}30011"
	mailed = email_ticket(subject="Invoice 2026-118")
	contact = frappe.get_doc("Contact", mailed.contact)
	contact.append("phone_nos", {"phone": customer.number})
	contact.save()
	frappe.db.commit()
	number = stack.add_number(segments_per_second=50)
	ticket = ticket_of(customer.text("What does the frame look like?", to=number, **JUNEAU))
	file = upload("frame.png", noise(60, 40))
	message = outbox.write(conversation_of(ticket), "Like this", files=[file])
	frappe.db.commit()
	eventually(lambda: status_of(message.name) == "Undelivered")
	# Twilio has told what it cost.
	frappe.db.set_value(MESSAGE, message.name, {"price": 0.02, "price_unit": "USD"})
	words = {"number": number, "conversation": "", "communication": None, "request_id": None, "media": []}
	copy = frappe.copy_doc(message).update(
		{**words, "price": 0.0079, "price_unit": "USD", "status": "Delivered"}
	)
	copy.insert(ignore_permissions=True, ignore_mandatory=True)
	frappe.db.commit()
	return ticket, message.name, customer


def test_a_refused_picture_goes_as_a_link(screen, refused, shots):
	ticket, message, customer = refused
	panel = screen.show(PANEL, ticket.name, height=760)
	expect(at(panel, "region")).to_have_text("JUNEAU, AK, US")
	expect(at(panel, "trouble")).to_contain_text("Send it as a link or as e-mail.")
	at(panel, "body").fill("I can send you a link to the picture, or an e-mail.")
	expect(at(panel, "count")).to_contain_text(re.compile(r"1 segment · about \$0\.0079"))
	screen.page.screenshot(path=shots("file-refused"))
	screen.page.set_viewport_size(PHONE)
	screen.page.screenshot(path=shots("file-refused-phone"))
	at(panel, "send_as_link").click()
	eventually(lambda: status_of(message) == "Delivered")
	screen.refresh(ticket.name)
	expect(at(panel, "fate")).to_have_text("Delivered")
	expect(at(panel, "send_as_link")).to_have_count(0)
	expect(at(panel, "text").last).to_contain_text("token=")
	assert "token=" in customer.inbox()[-1].body


def test_the_contacts_email_ticket_stands_under_earlier(screen, refused, shots):
	ticket, _message, _customer = refused
	panel = screen.show(PANEL, ticket.name, theme="dark")
	at(panel, "earlier-conversations").locator("summary").click()
	expect(at(panel, "earlier")).to_contain_text("Invoice 2026-118")
	expect(at(panel, "earlier")).to_contain_text("E-mail")
	screen.page.screenshot(path=shots("earlier-by-email"), full_page=True)


def test_a_name_says_what_its_messages_end_with(screen, stack, ticket, shots):
	name = f"Bikes{frappe.generate_hash(length=5)}"
	fields = {"phone_number": name, "account": stack.account, "reply_to_number": stack.number}
	frappe.get_doc({"doctype": NUMBER, **fields}).insert()
	conversation = conversation_of(ticket)
	abroad = f"+4479112{conversation.customer_number[-5:]}"
	facts = {"number": name, "customer_number": abroad}
	frappe.db.set_value("Twilio SMS Conversation", conversation.name, facts)
	frappe.db.commit()
	panel = screen.show(PANEL, ticket.name)
	at(panel, "body").fill("Your bike is ready.")
	expect(at(panel, "ending")).to_have_text(f"Ends with “Reply to: {stack.number}”")
	screen.page.screenshot(path=shots("ends-with"))


def test_the_list_of_tickets_is_filtered_by_opted_out(page, stack, shots):
	roles = [role for role in ("Agent", "Desk User") if frappe.db.exists("Role", role)]
	user = make_user(make_agent("tsms-desk@example.com"), roles)
	customer = Customer(stack)
	ticket = ticket_of(customer.text("Please stop writing to me", **JUNEAU))
	customer.text("STOP", **JUNEAU)
	eventually(lambda: frappe.db.get_value(ticket.doctype, ticket.name, "twilio_sms_opted_out"))
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}?twilio_sms_opted_out=1"))
	expect(page.locator(f".list-row [data-name='{ticket.name}']").first).to_be_attached()
	page.screenshot(path=shots("filtered-by-opted-out"))
	page.goto(desk(stack, f"{desks.default().route}/{ticket.name}"))
	expect(page.locator(f"{PANEL} [data-testid=region]").first).to_have_text("JUNEAU, AK, US")
	page.screenshot(path=shots("ticket-opted-out"), full_page=True)
