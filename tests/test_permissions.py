"""Texts are read by exactly those who may read their ticket."""

import frappe
import pytest
from support.people import make_agent, make_team
from support.stack import ticket_of

DOCTYPES = ("Communication", "Twilio SMS Message", "Twilio SMS Conversation")


@pytest.fixture(scope="module")
def teams(stack):
	"""Two teams with one agent each; tickets are restricted to the team."""
	before = frappe.db.get_single_value("HD Settings", "restrict_tickets_by_agent_group")
	users = {}
	for team in ("North", "South"):
		user = make_agent(f"tsms-{team.lower()}@example.com", team, "Agent")
		name = f"TSMS {team}"
		if not frappe.db.exists("HD Team", name):
			make_team(name, user)
		users[team] = stack.login(user)
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 1)
	frappe.clear_document_cache("HD Settings", "HD Settings")
	frappe.db.commit()
	yield users
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", before or 0)
	frappe.clear_document_cache("HD Settings", "HD Settings")
	frappe.db.commit()


@pytest.fixture
def northern(teams, customer, sim, stack):
	"""A text to a number of the northern team."""
	number = stack.add_number(team="TSMS North")
	message = customer.text("Only for the north", to=number)
	assert ticket_of(message).agent_group == "TSMS North"
	return message


def listed(person, doctype, name):
	answer = person.call(
		"frappe.client.get_list", http="GET", doctype=doctype, filters=f'[["name","=","{name}"]]', limit=1
	)
	return bool(answer.json().get("message")) if answer.status_code == 200 else False


def readable(person, doctype, name):
	return (
		person.session.get(f"{person.stack.web}/api/resource/{doctype}/{name}", timeout=30).status_code == 200
	)


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_a_text_is_read_by_its_team_alone(teams, northern, doctype):
	name = {
		"Communication": northern.communication,
		"Twilio SMS Message": northern.name,
		"Twilio SMS Conversation": northern.conversation,
	}[doctype]
	assert listed(teams["North"], doctype, name)
	assert not listed(teams["South"], doctype, name)
	assert not readable(teams["South"], doctype, name)


def test_the_state_of_another_teams_ticket_is_refused(teams, northern):
	ticket = str(ticket_of(northern).name)
	method = "twilio_sms_channel.api.ticket.state"
	assert teams["North"].call(method, http="GET", ticket=ticket).status_code == 200
	assert teams["South"].call(method, http="GET", ticket=ticket).status_code == 403


@pytest.mark.parametrize(
	("method", "args"),
	[
		("reply", {"message": "Hi"}),
		("switch_channel", {"channel": "Email"}),
	],
)
def test_another_teams_ticket_cannot_be_changed(teams, northern, method, args):
	ticket = str(ticket_of(northern).name)
	answer = teams["South"].call(f"twilio_sms_channel.api.ticket.{method}", ticket=ticket, **args)
	assert answer.status_code == 403


def test_another_teams_message_cannot_be_retried(teams, northern):
	answer = teams["South"].call("twilio_sms_channel.api.ticket.retry", message=northern.name)
	assert answer.status_code == 403


@pytest.mark.parametrize(
	"doctype", ["Twilio SMS Account", "Twilio SMS Rejected Webhook", "Twilio SMS Consent Event"]
)
def test_agents_see_no_setup(agent, stack, doctype):
	answer = agent.call("frappe.client.get_list", http="GET", doctype=doctype)
	assert answer.status_code == 403


def test_agents_see_no_settings(agent, stack):
	answer = agent.session.get(
		f"{stack.web}/api/resource/Twilio SMS Settings/Twilio SMS Settings", timeout=30
	)
	assert answer.status_code == 403


def test_guests_reach_only_the_three_signed_doors(stack):
	import requests

	for method in ("ticket.reply", "ticket.state", "ticket.preview", "setup.verify", "setup.import_numbers"):
		answer = requests.post(f"{stack.web}/api/method/twilio_sms_channel.api.{method}", timeout=30)
		assert answer.status_code == 403, method
