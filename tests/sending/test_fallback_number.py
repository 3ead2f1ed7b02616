"""A number of ours that stands in for one that is switched off."""

import uuid

import frappe
import pytest
from support.reply_box import conversation_with, our_number, refused
from support.stack import Customer, eventually, status_of, ticket_of

from twilio_sms_channel.messaging.conversation import consent
from twilio_sms_channel.messaging.outbound import outbox

MESSAGE = "Twilio SMS Message"
REPLY = "twilio_sms_channel.api.ticket.reply"


@pytest.fixture
def standing_in(stack):
	"""A conversation with a number that is off, and the number that stands in for it."""
	fallback = our_number(stack)
	return conversation_with(stack, enabled=0, fallback_number=fallback), fallback


def test_another_number_stands_in_for_one_that_is_off(standing_in):
	conversation, fallback = standing_in
	message = outbox.write(conversation, "Hello")
	other = frappe.get_doc("Twilio SMS Conversation", message.conversation)
	assert (message.number, other.number) == (fallback, fallback)
	assert (other.customer_number, other.contact) == (conversation.customer_number, conversation.contact)
	assert (other.ticket_doctype, other.ticket) == (conversation.ticket_doctype, conversation.ticket)
	again = outbox.write(conversation, "Still there?")
	assert again.conversation == other.name
	about = frappe.db.get_value("Communication", message.communication, "reference_name")
	assert about == conversation.ticket


def test_it_is_used_only_while_the_number_is_off(stack, standing_in):
	conversation = standing_in[0]
	frappe.db.set_value("Twilio SMS Number", conversation.number, "enabled", 1)
	assert outbox.write(conversation, "Hello").number == conversation.number


def test_nobody_who_opted_out_of_either_number_is_texted(standing_in):
	conversation, fallback = standing_in
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Conversation",
			"number": fallback,
			"customer_number": conversation.customer_number,
			"opted_out": 1,
		}
	).insert(ignore_permissions=True)
	assert "opted out of text messages" in refused(conversation)


def test_an_opt_out_of_the_service_counts_before_there_is_a_conversation(stack, standing_in):
	conversation, fallback = standing_in
	service = "MG" + uuid.uuid4().hex
	sibling = conversation_with(stack, conversation.customer_number, messaging_service_sid=service)
	consent.opt_out(sibling, consent.BY_REFUSAL)
	frappe.db.set_value("Twilio SMS Number", fallback, "messaging_service_sid", service)
	assert "count as opted out" in refused(conversation)


def test_one_that_is_off_itself_does_not_stand_in_nor_does_its_own(stack, standing_in):
	conversation, fallback = standing_in
	third = our_number(stack)
	frappe.db.set_value("Twilio SMS Number", fallback, {"enabled": 0, "fallback_number": third})
	assert "is switched off" in refused(conversation)


def test_a_number_does_not_stand_in_for_itself(stack):
	doc = frappe.get_doc("Twilio SMS Number", our_number(stack))
	doc.fallback_number = doc.name
	with pytest.raises(frappe.ValidationError, match="choose another number"):
		doc.save()


def test_the_answer_to_a_number_that_stood_in_lands_in_the_ticket(agent, stack, customer, sim):
	fallback = stack.add_number()
	number = stack.add_number(fallback_number=fallback)
	ticket = ticket_of(customer.text("Hello", to=number))
	frappe.db.set_value("Twilio SMS Number", number, "enabled", 0)
	frappe.db.commit()
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert state["can_text"]
	assert state["number"].replace(" ", "").replace("-", "") == fallback
	assert agent.reply(ticket.name, "<p>Hi</p>").status_code == 200
	eventually(lambda: [m.body for m in customer.inbox()] == ["Hi"])
	assert customer.inbox()[0].from_ == fallback
	assert ticket_of(customer.text("Thanks", to=fallback)).name == ticket.name


def test_what_the_customer_said_to_a_number_that_stands_in_is_asked_about_and_settled(
	agent, stack, customer, sim
):
	fallback = stack.add_number(segments_per_second=50)
	number = stack.add_number(fallback_number=fallback, segments_per_second=50)
	ticket = ticket_of(customer.text("Hello", to=number))
	frappe.db.set_value("Twilio SMS Number", number, "enabled", 0)
	frappe.db.commit()
	api = "twilio_sms_channel.api.ticket."

	def state() -> dict:
		return agent.call(f"{api}state", http="GET", ticket=ticket.name).json()["message"]

	def keep_texting() -> dict:
		return agent.call(f"{api}keep_texting", ticket=ticket.name).json()["message"]

	customer.text("Please stop texting me", to=fallback)
	shown = state()
	assert shown["can_text"] and shown["may_want_to_stop"] and "Keep Texting" in shown["ask_first"]
	assert agent.reply(ticket.name, "<p>Hi</p>").status_code == 417
	shown = keep_texting()
	assert not shown["may_want_to_stop"] and not shown["ask_first"]
	assert shown["events"][-1]["what"].endswith("still wants text messages")
	assert agent.reply(ticket.name, "<p>Hi</p>").status_code == 200
	eventually(lambda: [m.from_ for m in customer.inbox()] == [fallback])

	customer.text("Stop.", to=fallback)
	start = {"to": customer.number, "number": number, "message": "Hi"}
	assert agent.call(f"{api}start", **start).json()["exc_type"] == "MayWantToStop"
	started = agent.call(f"{api}start", **start, confirmed=1)
	assert started.status_code == 200, started.text

	# What leaves by the other number is not sent again either, as long as the ticket's own asks.
	sent = frappe.get_last_doc(MESSAGE, {"number": fallback, "body": "Hi"})
	eventually(lambda: status_of(sent.name) == "Delivered")
	sim.wait_idle(10)
	frappe.db.set_value(MESSAGE, sent.name, {"status": "Failed", "twilio_sid": None})
	own = {"may_want_to_stop": 1}
	frappe.db.set_value("Twilio SMS Conversation", ticket.twilio_sms_conversation, own)
	frappe.db.commit()
	assert agent.call(f"{api}retry", message=sent.name).json()["exc_type"] == "MayWantToStop"
	keep_texting()
	assert agent.call(f"{api}retry", message=sent.name).status_code == 200


def test_a_stop_to_the_own_number_holds_what_waits_at_the_one_that_stands_in(stack, agent):
	stands_in = stack.add_number(segments_per_second=0.3)
	number = stack.add_number(fallback_number=stands_in)
	customer, other = Customer(stack), Customer(stack)
	ticket = ticket_of(customer.text("Hello", to=number))
	frappe.db.set_value("Twilio SMS Number", number, "enabled", 0)
	frappe.db.commit()
	frappe.clear_document_cache("Twilio SMS Number", number)
	# It is busy for a while.
	assert agent.call(REPLY, ticket=ticket_of(other.text("Hi", to=stands_in)).name, message="x" * 300).ok
	waiting = agent.call(REPLY, ticket=ticket.name, message="After?").json()["message"]["message"]
	customer.text("STOP", to=number)
	eventually(lambda: status_of(waiting) not in ("Queued", "Sending"))
	assert status_of(waiting) == "Blocked"
	frappe.db.rollback()
	assert frappe.db.get_value(MESSAGE, waiting, "stands_in_for") == ticket.twilio_sms_conversation
	assert not [m for m in customer.inbox() if m.body == "After?"]
