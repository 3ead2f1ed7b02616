"""Thumbs and hearts, group messages and delivery reports at the wrong URL: none of them is a customer who wants something."""

import time

import frappe
import pytest
from support import desks
from support.stack import INBOUND, eventually, status_of, ticket_of
from support.tickets import says_in_feed
from support.webhooks import STATUS, sid, signed, stored, text

from twilio_sms_channel.messaging.inbound import reactions

MESSAGE = "Twilio SMS Message"
STATE = "twilio_sms_channel.api.ticket.state"


def threaded(message_sid):
	filters = {"twilio_sid": message_sid, "status": "Threaded"}
	return frappe.get_doc(MESSAGE, eventually(lambda: frappe.db.get_value(MESSAGE, filters)))


def send(stack, customer, **changes):
	params = text(stack, From=customer.number, **changes)
	assert signed(stack, INBOUND, params).status_code == 200
	return threaded(params["MessageSid"])


def test_a_reaction_opens_neither_a_resolved_ticket_again_nor_a_new_one(stack, sim, customer, agent):
	ticket = ticket_of(customer.text("Is it ready?"))
	answer = agent.call(
		"twilio_sms_channel.api.ticket.reply",
		ticket=ticket.name,
		message="Your order is ready, reply STOP to stop.",
	).json()["message"]["message"]
	eventually(lambda: status_of(answer) not in ("Queued", "Sending"))
	desks.default().finish(ticket)
	for body in (
		"Liked “Your order is ready, reply STOP to stop.”",
		"Loved “Your order is ready…”",
		"\u200b👍🏽\u200b to “\u200bYour order is ready, reply STOP to stop.\u200b”",
		"Removed a heart from “Your order is ready, reply STOP to stop.”",
		"Gefällt „Your order is ready, reply STOP to stop.“",
		"Liked an image",
	):
		message = send(stack, customer, Body=body)
		assert ticket_of(message).name == ticket.name
		assert frappe.db.get_value(ticket.doctype, ticket.name, "status") == "Resolved", body
	state = agent.call(STATE, http="GET", ticket=ticket.name).json()["message"]
	assert not [event for event in state["events"] if "reopened" in event["what"]]
	# Long after as well: there is nothing to do about a heart.
	number = frappe.get_doc("Twilio SMS Number", stack.number)
	try:
		for changes in ({"reopen_within_days": 0}, {"threading_policy": "Always a new ticket"}):
			frappe.get_doc(number.doctype, number.name).update(changes).save()
			frappe.db.commit()
			assert ticket_of(send(stack, customer, Body="Loved “Your order is ready…”")).name == ticket.name
	finally:
		kept = {field: number.get(field) for field in ("reopen_within_days", "threading_policy")}
		frappe.get_doc(number.doctype, number.name).update(kept).save()
		frappe.db.commit()
	# Words of the customer's own are no reaction, nor is a quotation of something that nobody said.
	message = send(stack, customer, Body="Liked “The Wall”")
	assert ticket_of(message).name == ticket.name
	assert frappe.db.get_value(ticket.doctype, ticket.name, "status") != "Resolved"


@pytest.mark.parametrize(
	"part",
	[
		"reacted x to ",
		"removed x from ",
		"liked “",
		"Loved “”",
		"👍🏽",
		"👍 to ",
		"🇩🇪",
		"laughed at an ",
		" ",
		"\u200b",
		"hat geliked: ",
	],
)
def test_a_long_text_is_told_from_a_reaction_at_once(stack, part):
	begun = time.monotonic()
	for length in (reactions.MOST_CHARACTERS, 100_000):
		for beginning in ("", "Reacted ", "👍 to “", "Removed "):
			# Ends with a letter: blanks at the end are taken off before.
			body = (beginning + part * length)[: length - 1] + "x"
			message = frappe._dict(body=body, number=stack.number, customer_number="+14155550132", name="x")
			assert not reactions.is_one(message)
	assert time.monotonic() - begun < 2


def test_agents_see_that_others_read_a_text_along(stack, sim, customer, agent):
	message = send(
		stack,
		customer,
		Body="We are late",
		MessageSid=sid("MM"),
		OtherRecipients1="+14155550188",
		OtherRecipients0="+14155550187",
		OtherRecipients2="<b>x</b>",
	)
	assert message.other_recipients == "+14155550187, +14155550188, bx/b"
	ticket = ticket_of(message)
	(shown,) = agent.call(STATE, http="GET", ticket=ticket.name).json()["message"]["messages"]
	assert "+1 415-555-0187" in shown["group"]
	assert "to the sender alone" in shown["group"]
	assert says_in_feed(agent, ticket, "+1 415-555-0188")
	assert send(stack, customer, Body="Alone").other_recipients is None


def test_agents_see_which_button_was_tapped_and_which_place_was_sent(stack, customer, agent):
	message = send(stack, customer, Body="", ButtonText="Track my parcel", ButtonPayload="track")
	ticket = ticket_of(message)
	send(stack, customer, Body="", Latitude="37.78", Longitude="-122.4", Label="<b>Shop</b>")
	shown = agent.call(STATE, http="GET", ticket=ticket.name).json()["message"]["messages"]
	assert [row["along"] for row in shown] == [
		["The customer tapped a button: Track my parcel"],
		["The customer sent a place: 37.78, -122.4, ‹b›Shop‹/b›"],
	]
	assert says_in_feed(agent, ticket, "Track my parcel")


def test_a_report_at_the_url_for_texts_is_a_report(stack, sim, customer, agent):
	ticket = ticket_of(customer.text("Hello"))
	name = agent.call("twilio_sms_channel.api.ticket.reply", ticket=ticket.name, message="Hi").json()[
		"message"
	]["message"]
	eventually(lambda: status_of(name) == "Delivered")
	ours = frappe.get_doc(MESSAGE, name)
	tickets, messages = frappe.db.count(ticket.doctype), frappe.db.count(MESSAGE)
	report = {
		"MessageSid": ours.twilio_sid,
		"SmsSid": ours.twilio_sid,
		"AccountSid": stack.account_sid,
		"From": stack.number,
		"To": customer.number,
	}
	assert signed(stack, INBOUND, report | {"MessageStatus": "read", "SmsStatus": "read"}).status_code == 204
	assert status_of(name) == "Read"
	# Of a text that somebody else sent; also to another number of ours.
	for changes in ({"To": customer.number}, {"To": stack.other_number}):
		other = report | {"MessageSid": sid(), "SmsSid": "", "MessageStatus": "delivered"} | changes
		assert signed(stack, INBOUND, other).status_code == 204
	frappe.db.rollback()
	assert (tickets, messages) == (frappe.db.count(ticket.doctype), frappe.db.count(MESSAGE))


@pytest.mark.parametrize("status", ["received", "receiving"])
def test_a_text_at_the_url_for_reports_is_a_text(stack, sim, customer, status):
	params = text(stack, From=customer.number, SmsStatus=status)
	assert signed(stack, STATUS, params).status_code == 200
	assert stored(params["MessageSid"])
