"""What a name sends ends with a number to reply to."""

import frappe
import pytest
from support.reply_box import conversation_with, our_number, refused
from support.stack import Customer, eventually, status_of, ticket_of

from twilio_sms_channel.messaging.conversation import consent, conversations
from twilio_sms_channel.messaging.outbound import cost_preview, outbox

UK = "+447911123456"


@pytest.fixture(autouse=True)
def rolled_back(stack):
	yield
	frappe.db.rollback()
	frappe.clear_cache(doctype="Twilio SMS Number")


def from_name(stack, to: str = UK, reply_to: str | None = None, **fields):
	"""A conversation with a name, and the number that its messages name."""
	reply_to = reply_to or our_number(stack)
	name = f"Shop{frappe.generate_hash(length=5)}"
	return conversation_with(stack, to, number=name, reply_to_number=reply_to, **fields), reply_to


def preview(conversation, text: str) -> dict:
	ticket = frappe.get_doc(conversation.ticket_doctype, conversation.ticket)
	return cost_preview.of(text, False, cost_preview.from_ticket(ticket))


def test_the_line_is_sent_shown_and_counted(ticket_system, stack):
	conversation, reply_to = from_name(stack)
	line = f"Reply to: {reply_to}"
	message = outbox.write(conversation, "Your bike is ready")
	assert message.body == f"Your bike is ready\n{line}"
	assert line in frappe.db.get_value("Communication", message.communication, "content")
	shown = preview(conversation, "Your bike is ready")
	assert shown["ends_with"] == line and shown["characters"] == len(message.body)
	long = "x" * 155
	assert preview(conversation, long)["segments"] == 2 == outbox.write(conversation, long).segments


def test_numbers_have_no_such_line(ticket_system, stack):
	conversation = conversation_with(stack, reply_to_number=our_number(stack))
	assert outbox.write(conversation, "Hello").body == "Hello"
	assert preview(conversation, "Hello")["ends_with"] == ""


def test_a_number_that_the_agent_named_is_not_named_twice(stack):
	conversation, reply_to = from_name(stack)
	body = f"Call or text {reply_to}"
	assert outbox.write(conversation, body).body == body
	assert preview(conversation, body)["ends_with"] == ""


def test_the_line_takes_its_place_in_the_longest_message(stack):
	conversation, reply_to = from_name(stack)
	longest = 1600 - len(f"\nReply to: {reply_to}")
	assert preview(conversation, "x" * longest)["left"] == 0
	assert len(outbox.write(conversation, "x" * longest).body) == 1600
	assert "1,600" in refused(conversation, "x" * (longest + 1)) or "1600" in refused(
		conversation, "x" * (longest + 1)
	)


def test_plain_characters_leave_the_line_alone(stack):
	conversation, reply_to = from_name(stack, replace_fancy_characters=1)
	body = "“" + "x" * 100 + "”"
	assert outbox.write(conversation, body).body == f'"{"x" * 100}"\nReply to: {reply_to}'
	shown = preview(conversation, body)
	assert shown["replaced"] and shown["plain"]["text"] == f'"{"x" * 100}"'


def test_the_line_is_in_the_language_of_the_site(stack):
	conversation, reply_to = from_name(stack)
	frappe.local.lang = "de"
	try:
		assert outbox.write(conversation, "Hallo").body.endswith(f"Reply to: {reply_to}")
	finally:
		frappe.local.lang = "en"


def test_links_stand_before_the_line(stack):
	from support.reply_box import noise, upload

	conversation, reply_to = from_name(stack)
	body = outbox.write(conversation, "Look", files=[upload("a.png", noise(20, 20))]).body
	assert body.startswith("Look\nhttp") and body.endswith(f"\nReply to: {reply_to}")


def test_a_name_cannot_be_the_number_to_reply_to(stack):
	name = our_number(stack, "Example")
	with pytest.raises(frappe.ValidationError, match="no digits"):
		our_number(stack, "Example2", reply_to_number=name)


def test_the_answer_goes_into_the_ticket_that_named_the_number(ticket_system, stack):
	customer = Customer(stack)
	# Networks of +1 take no messages from names.
	customer.number = f"+4479111{customer.number[-5:]}"
	reply_to = stack.add_number()
	conversation, _to = from_name(stack, customer.number, reply_to)
	outbox.write(conversation, "Your bike is ready")
	frappe.db.commit()
	answer = customer.text("Thanks, I come at five", to=reply_to)
	assert str(ticket_of(answer).name) == conversation.ticket


def test_a_stop_to_that_number_holds_for_the_name(stack):
	conversation, reply_to = from_name(stack)
	other = conversations.of_other_number(conversation, reply_to)
	consent.opt_out(other, consent.BY_REFUSAL)
	assert "count as opted out" in refused(conversation)


def test_a_stop_to_that_number_holds_back_what_waits_already(stack):
	customer = Customer(stack)
	customer.number = f"+4479111{customer.number[-5:]}"
	reply_to = stack.add_number()
	conversation, _to = from_name(stack, customer.number, reply_to)
	with stack.without_worker():
		waiting = outbox.write(conversation, "Your bike is ready").name
		frappe.db.commit()
		stack.simulator.text(from_=customer.number, to=reply_to, body="STOP")
		stack.simulator.wait_idle(20)
	eventually(lambda: status_of(waiting) == "Blocked")
