"""The panel with a ticket's texts, and the control that switches its channel."""

import re

import frappe
from playwright.sync_api import expect

from browser.screens import at

MESSAGE = "Twilio SMS Message"
PANEL, CHANNEL = "twilio-sms-panel", "twilio-sms-channel"


def test_the_channel_is_shown_and_switched_after_an_address_was_added(screen, ticket, customer):
	channel = screen.show(CHANNEL, ticket.name)
	expect(at(channel, "channel")).to_contain_text(re.compile(r"SMS · \+1 .+ → "))
	at(channel, "add-address").click()
	expect(at(channel, "email")).to_be_focused()
	screen.page.keyboard.type("not an address")
	screen.page.keyboard.press("Enter")
	expect(at(channel, "address-problem")).to_contain_text("Enter an e-mail address")
	at(channel, "email").fill(f"c{customer.number[1:]}@example.com")
	screen.page.keyboard.press("Enter")
	expect(at(channel, "channel")).to_have_text(f"E-mail · c{customer.number[1:]}@example.com")
	at(channel, "switch").click()
	expect(at(channel, "channel")).to_contain_text("SMS · ")
	expect(at(channel, "switch")).to_have_text("Switch to E-mail")


def test_an_answer_that_comes_late_does_not_undo_a_newer_one(screen, ticket, customer):
	contact = frappe.get_doc("Contact", ticket.contact)
	contact.add_email(f"c{customer.number[1:]}@example.com", is_primary=True)
	contact.save()
	frappe.db.commit()
	page, held = screen.page, []
	channel = screen.show(CHANNEL, ticket.name)
	expect(at(channel, "channel")).to_contain_text("SMS · ")
	page.route("**/*ticket.state*", lambda route: held.append((route, route.fetch())))
	with page.expect_request("**/*ticket.state*"):
		page.evaluate("void twilio_sms.store(element.ticket).load()")
	at(channel, "switch").click()
	expect(at(channel, "channel")).to_contain_text("E-mail · ")
	(late, response), *_ = held
	late.fulfill(response=response)
	page.evaluate("twilio_sms.store(element.ticket)._loading")
	expect(at(channel, "channel")).to_contain_text("E-mail · ")


def test_a_lost_connection_is_told_and_what_is_shown_stays(screen, ticket):
	page, state = screen.page, "**/*ticket.state*"
	page.route(state, lambda route: route.abort())
	panel = screen.show(PANEL, ticket.name)
	expect(at(panel, "load-problem")).to_contain_text("The site cannot be reached")
	page.unroute(state)
	panel.get_by_role("button", name="Try Again").click()
	expect(at(panel, "inbound")).to_be_visible()
	expect(at(panel, "load-problem")).to_have_count(0)
	page.route(state, lambda route: route.fulfill(status=500, json={}))
	screen.refresh(ticket.name)
	expect(at(panel, "load-problem")).to_contain_text("(HTTP 500)")
	expect(at(panel, "inbound")).to_be_visible()


def test_whoever_reads_further_up_keeps_their_place(screen, ticket, customer, sim):
	from twilio_sms_channel.messaging.outbound import outbox

	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	for n in range(30):
		outbox.write(conversation, f"Line {n}\nand more of it")
	frappe.db.after_commit.reset()
	frappe.db.set_value(
		MESSAGE, {"conversation": conversation.name, "direction": "Outbound"}, "status", "Canceled"
	)
	frappe.db.commit()
	panel = screen.show(PANEL, ticket.name)
	feed = at(panel, "feed")
	expect(at(panel, "outbound")).to_have_count(30)
	expect(at(panel, "day")).to_have_text(["Today"])
	at_end = "(feed) => feed.scrollTop + feed.clientHeight >= feed.scrollHeight - 2"
	assert feed.evaluate(at_end)
	feed.evaluate("(feed) => (feed.scrollTop = 40)")
	screen.page.wait_for_function(
		"document.querySelector('twilio-sms-panel').shadowRoot"
		".querySelector('twilio-sms-thread')._at_end === false"
	)
	customer.text("Are you there?")
	screen.refresh(ticket.name)
	expect(at(panel, "inbound")).to_have_count(2)
	assert feed.evaluate("(feed) => feed.scrollTop") == 40
	# As each refresh of Desk's form does it.
	put_back = "(panel) => { const place = panel.parentNode; panel.remove(); place.append(panel); }"
	panel.evaluate(put_back)
	screen.page.wait_for_timeout(200)
	assert feed.evaluate("(feed) => feed.scrollTop") == 40
	at(panel, "show-newest").click()
	expect(at(panel, "show-newest")).to_have_count(0)
	assert feed.evaluate(at_end)
	panel.evaluate(put_back)
	screen.page.wait_for_timeout(200)
	assert feed.evaluate(at_end)
	feed.evaluate("(feed) => (feed.scrollTop = 40)")
	screen.page.wait_for_timeout(200)
	# A picture that loads before the browser tells of the scrolling.
	panel.evaluate(
		"(panel) => { const thread = panel.shadowRoot.querySelector('twilio-sms-thread'); thread.show_newest();"
		" thread.shadowRoot.querySelector('.entries').style.minHeight = '9000px'; }"
	)
	screen.page.wait_for_timeout(300)
	assert feed.evaluate(at_end)
