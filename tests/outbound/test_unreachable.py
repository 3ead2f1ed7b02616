"""What earlier messages and Twilio Lookup taught of a customer's number, kept and shown before the next message."""

import frappe
import pytest
from support.reply_box import conversation_with
from support.stack import Customer, eventually, ticket_of
from support.starting import numbers, refused

from twilio_sms_channel.infra import clock
from twilio_sms_channel.messaging.conversation import reachability
from twilio_sms_channel.messaging.delivery import message_status

CONVERSATION, MESSAGE = "Twilio SMS Conversation", "Twilio SMS Message"
API, LOOK_UP = "twilio_sms_channel.api.ticket.", "twilio_sms_channel.api.lookup.look_up"


@pytest.fixture
def conversation(stack):
	return conversation_with(stack, Customer(stack).number)


def sent(conversation) -> str:
	row = {
		"doctype": MESSAGE,
		"direction": "Outbound",
		"status": "Sent",
		"number": conversation.number,
		"account": frappe.db.get_value("Twilio SMS Number", conversation.number, "account"),
		"customer_number": conversation.customer_number,
		"conversation": conversation.name,
		"body": "Hello",
	}
	return frappe.get_doc(row).insert(ignore_permissions=True).name


def came_back(conversation, code: str) -> reachability.Doubt | None:
	assert message_status.apply_callback(sent(conversation), "undelivered", code)
	conversation.reload()
	return reachability.doubt(conversation.customer_number)


@pytest.mark.parametrize(
	("code", "says", "is_lasting"),
	[
		("30003", "the phone was off or out of reach", False),
		("30005", "does not exist or is out of service", True),
		("30006", "is a landline", True),
		("21614", "is not a mobile number", True),
		("21211", "is not a valid phone number", True),
	],
)
def test_what_a_message_that_came_back_taught(conversation, code, says, is_lasting):
	doubt = came_back(conversation, code)
	assert says in doubt.reason and doubt.is_lasting is is_lasting
	assert conversation.unreachable_code == code
	assert message_status.apply_callback(sent(conversation), "delivered")
	conversation.reload()
	assert not reachability.doubt(conversation.customer_number)
	assert (conversation.unreachable_since, conversation.unreachable_code) == (None, None)


@pytest.mark.parametrize("code", ["30007", "30008", "30034"])
def test_what_is_no_matter_of_the_number_teaches_nothing(conversation, code):
	assert came_back(conversation, code) is None


def test_a_phone_that_is_off_does_not_undo_that_it_is_a_landline(conversation):
	came_back(conversation, "30006")
	assert "landline" in came_back(conversation, "30003").reason
	assert conversation.unreachable_code == "30006"
	assert "out of service" in came_back(conversation, "30005").reason


def test_a_mark_of_before_the_reason_was_kept_counts_as_lasting(conversation):
	conversation.db_set("unreachable_since", clock.now())
	doubt = reachability.doubt(conversation.customer_number)
	assert doubt.is_lasting and "cannot receive SMS" in doubt.reason


def test_a_phone_that_was_off_is_shown_and_texted_without_a_question(agent, stack, customer):
	ticket = ticket_of(customer.text("Hello"))
	frappe.db.set_value(
		CONVERSATION,
		ticket.twilio_sms_conversation,
		{"unreachable_since": clock.now(), "unreachable_code": "30003"},
	)
	frappe.db.commit()
	state = agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]
	assert "off or out of reach" in state["unreachable"] and state["can_text"]
	assert "off or out" in numbers(agent, to=customer.number)[stack.other_number]["unreachable"]
	assert agent.call(f"{API}reply", ticket=ticket.name, message="Are you there?").status_code == 200
	eventually(lambda: [m.body for m in customer.inbox()] == ["Are you there?"])
	conversation = {"name": ticket.twilio_sms_conversation}
	eventually(lambda: not frappe.db.get_value(CONVERSATION, conversation, "unreachable_since"))


def test_a_message_from_the_customer_takes_the_mark_away(agent, stack, customer):
	ticket = ticket_of(customer.text("Hello"))
	mark = {"unreachable_since": clock.now(), "unreachable_code": "30006"}
	frappe.db.set_value(CONVERSATION, ticket.twilio_sms_conversation, mark)
	frappe.db.commit()
	assert "landline" in refused(agent, customer.number, number=stack.other_number)
	frappe.cache().delete_keys("twilio_sms_asked")
	customer.text("I am here")
	kept = ["unreachable_since", "unreachable_code"]
	assert frappe.db.get_value(CONVERSATION, ticket.twilio_sms_conversation, kept) == (None, None)
	assert not numbers(agent, to=customer.number)[stack.other_number]["unreachable"]


# Twilio Lookup ----------------------------------------------------------------------------------


def lookups(sim) -> list:
	return [request for request in sim.requests if request.path.startswith("/v2/PhoneNumbers/")]


def looked_up(agent, **args) -> dict:
	answer = agent.call(LOOK_UP, **args)
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	return answer.json()["message"]


def test_a_lookup_is_asked_by_hand_alone_and_kept_with_its_date(agent, stack, sim, customer):
	before = len(lookups(sim))
	ticket = ticket_of(customer.text("Hello"))
	assert agent.call(f"{API}reply", ticket=ticket.name, message="Hi").status_code == 200
	agent.call(f"{API}state", http="GET", ticket=ticket.name)
	numbers(agent, to=customer.number)
	assert len(lookups(sim)) == before, "nothing but a click asks"
	told = looked_up(agent, ticket=ticket.name)
	assert (told["line_type"], told["carrier"], told["unreachable"]) == ("mobile", "Practice Mobile", "")
	kept = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	assert (kept.line_type, kept.line_carrier) == ("mobile", "Practice Mobile")
	assert kept.line_checked_on > clock.ago(minutes=1)
	state = agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]
	assert state["line"].endswith("mobile, Practice Mobile") and not state["unreachable"]
	# Whoever presses twice pays once.
	assert looked_up(agent, ticket=ticket.name)["line_type"] == "mobile"
	(asked,) = lookups(sim)[before:]
	assert asked.query == {"Fields": ["line_type_intelligence"]} or asked.query == {
		"Fields": "line_type_intelligence"
	}


def test_a_landline_that_was_looked_up_is_asked_about_before_the_first_message(agent, stack, sim):
	landline = "+19075530006"
	frappe.db.delete(CONVERSATION, {"customer_number": landline})
	frappe.db.commit()
	told = looked_up(agent, to="(907) 553-0006", number=stack.number)
	assert told["line_type"] == "landline" and "Twilio Lookup said" in told["unreachable"]
	row = numbers(agent, to=landline)[stack.other_number]
	assert "landline" in row["unreachable"] and "landline" in row["line"]
	assert "send once more" in refused(agent, landline, number=stack.other_number)
	frappe.cache().delete_keys("twilio_sms_asked")


def test_what_twilio_does_not_tell_is_said_and_nothing_is_kept(agent, stack, sim):
	in_toronto = "+14165550132"
	answer = agent.call(LOOK_UP, to=in_toronto, number=stack.number)
	assert answer.status_code == 417 and "Canadian numbers" in answer.text
	frappe.db.rollback()
	assert not frappe.db.exists(CONVERSATION, {"customer_number": in_toronto})


def test_a_twilio_that_refuses_is_explained(agent, stack, sim, customer):
	sim.faults.always("rate_limit")
	try:
		answer = agent.call(LOOK_UP, to=customer.number, number=stack.number)
	finally:
		sim.faults.off()
	assert answer.status_code == 417 and "too many requests" in answer.text


@pytest.mark.parametrize("to", ["", "Ann", "+1"])
def test_what_is_no_number_is_not_looked_up(agent, stack, sim, to):
	before = len(lookups(sim))
	assert agent.call(LOOK_UP, to=to, number=stack.number).status_code == 417
	assert agent.call(LOOK_UP, to="+14155550132", number="None of ours").status_code == 417
	assert len(lookups(sim)) == before


def test_only_agents_look_up(stack, customer):
	from support.people import make_customer, make_user

	nobody = make_user("tsms-desk-user@example.com", [], user_type="System User")
	for user in (nobody, make_customer("tsms-carol@example.com")):
		person = stack.login(user)
		assert person.call(LOOK_UP, to=customer.number, number=stack.number).status_code == 403
