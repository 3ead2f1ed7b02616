"""Messages to a group: each member has a ticket of their own, and agents see who else reads along and where they wrote."""

import frappe
import pytest
from support.people import make_agent, make_team
from support.stack import INBOUND, MESSAGE, Customer, eventually, ticket_of
from support.tickets import says_in_feed
from support.webhooks import sid, signed, text

from twilio_sms_channel.messaging.conversation import eligibility
from twilio_sms_channel.people import phone

STATE = "twilio_sms_channel.api.ticket.state"

pytestmark = pytest.mark.usefixtures("ticket_system")


@pytest.fixture
def members(stack):
	return [Customer(stack) for _n in range(3)]


def write(stack, members, sender, body):
	"""The message of a group's member, once it is in its ticket."""
	others = [member.number for member in members if member is not sender]
	named = {f"OtherRecipients{place}": number for place, number in enumerate(others)}
	params = text(stack, From=sender.number, Body=body, MessageSid=sid("MM"), **named)
	assert signed(stack, INBOUND, params).status_code == 200

	def look():
		frappe.db.rollback()
		return frappe.db.get_value(MESSAGE, {"twilio_sid": params["MessageSid"], "status": "Threaded"})

	return frappe.get_doc(MESSAGE, eventually(look))


def state(agent, ticket) -> dict:
	answer = agent.call(STATE, http="GET", ticket=ticket.name)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]


def test_each_members_ticket_says_who_reads_along_and_where_the_others_wrote(stack, members, agent):
	ann, ben, cleo = members
	first = write(stack, members, ann, "We are late")
	ticket = ticket_of(first)
	shown = state(agent, ticket)["group"]
	assert phone.display(ben.number) in shown and phone.display(cleo.number) in shown
	assert "Your answer goes to the sender alone." in shown and "wrote as well" not in shown

	second = write(stack, members, ben, "I am not")
	other = ticket_of(second)
	assert (other.name != ticket.name, first.group_id) == (True, second.group_id)
	assert f"{phone.display(ben.number)} (ticket {other.name})" in state(agent, ticket)["group"]
	assert f"{phone.display(ann.number)} (ticket {ticket.name})" in state(agent, other)["group"]
	(message,) = state(agent, other)["messages"]
	assert message["group"] == state(agent, other)["group"]
	assert message["travelled"] == "MMS"
	# What the customer writes to us alone later is answered as ever.
	ann.text("Only to you")
	assert state(agent, ticket)["group"] == ""


@pytest.mark.helpdesk
def test_the_feed_says_so_as_well(stack, members, agent):
	ann, ben, _cleo = members
	ticket = ticket_of(write(stack, members, ann, "We are late"))
	other = ticket_of(write(stack, members, ben, "I am not"))
	assert says_in_feed(agent, ticket, f"(ticket {other.name})")


def test_one_members_stop_is_that_members(stack, members):
	ann, ben, _cleo = members
	write(stack, members, ann, "STOP")
	write(stack, members, ben, "Hello")
	assert eligibility.opted_out(stack.number, ann.number)
	assert not eligibility.opted_out(stack.number, ben.number)


@pytest.mark.helpdesk
def test_a_ticket_that_an_agent_may_not_read_is_not_named(stack, members, ticket_system):
	ann, ben, _cleo = members
	ticket = ticket_of(write(stack, members, ann, "We are late"))
	other = ticket_of(write(stack, members, ben, "I am not"))
	user = make_agent("tsms-elsewhere@example.com", "El", "Sewhere")
	for shown, team in (
		(ticket, make_team(f"Open {ann.number}", user)),
		(other, make_team(f"Closed {ann.number}")),
	):
		frappe.db.set_value(shown.doctype, shown.name, "agent_group", team)
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 1)
	frappe.db.commit()
	try:
		shown = state(stack.login(user), ticket)["group"]
	finally:
		frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 0)
		frappe.db.commit()
	assert phone.display(ben.number) in shown and f"ticket {other.name}" not in shown
