"""Whose texts somebody reads hangs on what they cannot bring about themselves: their number, assignments, their tickets."""

import json

import frappe
import pytest
from support import desks
from support.people import make_agent, make_customer, make_team
from support.stack import Customer, ticket_of

from twilio_sms_channel.patches import mark_self_entered_numbers
from twilio_sms_channel.people import contacts
from twilio_sms_channel.people.contacts import SELF_ENTERED


def rest(person, doctype: str, name: str, values: dict):
	url = f"{person.stack.web}/api/resource/{doctype}/{name}"
	return person.session.put(url, json={**values, "flags": {"ignore_permissions": True}}, timeout=60)


@pytest.fixture
def north_and_south(stack, admin):
	"""Two teams that do not see each other's tickets: an agent of the southern one, a number of the northern one."""
	south = make_agent("tsms-south@example.com", "South")
	north = make_agent("tsms-north@example.com", "North")
	for team, user in (("Rights North", north), ("Rights South", south)):
		if not frappe.db.exists("HD Team", team):
			make_team(team, user)
	before = frappe.db.get_single_value("HD Settings", "restrict_tickets_by_agent_group")
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 1)
	frappe.db.commit()
	yield stack.login(south), stack.add_number(team="Rights North")
	frappe.db.rollback()
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", before)
	frappe.db.commit()


def reads(person, ticket) -> bool:
	answers = (
		person.call("twilio_sms_channel.api.ticket.state", ticket=str(ticket.name)),
		person.session.get(
			f"{person.stack.web}/api/resource/{desks.default().doctype}/{ticket.name}", timeout=60
		),
	)
	return any(answer.status_code == 200 for answer in answers)


def todo(person, name: str = "", **values):
	url = f"{person.stack.web}/api/resource/ToDo/{name}"
	method = person.session.put if name else person.session.post
	return method(url.rstrip("/"), json={"description": "Look", **values}, timeout=60)


@pytest.mark.helpdesk
def test_nobody_assigns_themselves_a_ticket_that_they_may_not_read(stack, north_and_south):
	"""Whoever is assigned a ticket reads it, and Frappe lets anybody make a ToDo about anything."""
	south, number = north_and_south
	ticket = ticket_of(Customer(stack).text("The PIN is 5511", to=number))
	about = {
		"reference_type": desks.default().doctype,
		"reference_name": str(ticket.name),
		"allocated_to": south.user,
	}
	assert not reads(south, ticket)
	assert todo(south, **about).status_code == 403
	assert todo(south, **about, assignment_rule="Support Rotation").status_code in (403, 417)
	own = todo(south, allocated_to=south.user).json()["data"]["name"]
	answer = todo(south, own, **about)
	assert answer.status_code == 403 and "may not read ticket" in answer.text
	south.call(
		"frappe.desk.form.assign_to.add",
		doctype=desks.default().doctype,
		name=str(ticket.name),
		assign_to=json.dumps([south.user]),
	)
	frappe.db.rollback()
	assert not frappe.db.get_value(
		desks.default().doctype, ticket.name, "_assign"
	) or south.user not in frappe.db.get_value(desks.default().doctype, ticket.name, "_assign")
	assert not reads(south, ticket)
	# A rule of the site assigns its own users, whoever saves the ticket; nobody gains by naming one.
	rule = frappe.get_doc(
		{
			"doctype": "Assignment Rule",
			"name": "Rights Rotation",
			"document_type": desks.default().doctype,
			"description": "Look",
			"assign_condition": "False",
			"rule": "Round Robin",
			"users": [{"user": "tsms-north@example.com"}],
			"assignment_days": [{"day": "Monday"}],
		}
	).insert(ignore_if_duplicate=True)
	frappe.db.commit()
	assert todo(south, **about, assignment_rule=rule.name).status_code == 403
	frappe.set_user(south.user)
	try:
		by_rule = frappe.get_doc(
			{
				"doctype": "ToDo",
				"description": "Look",
				"assignment_rule": rule.name,
				**about,
				"allocated_to": "tsms-north@example.com",
			}
		).insert(ignore_permissions=True)
		by_rule.update({"status": "Closed"}).save(ignore_permissions=True)
	finally:
		frappe.set_user("Administrator")
		frappe.db.rollback()
		frappe.delete_doc("Assignment Rule", rule.name)
		frappe.db.commit()
	# What they may read they may still assign.
	frappe.db.set_value(desks.default().doctype, ticket.name, "agent_group", "Rights South")
	frappe.db.commit()
	assert todo(south, **about).status_code == 200


@pytest.mark.parametrize("way", ["profile", "web form", "contact"])
def test_a_number_that_somebody_enters_of_themselves_gives_them_nobodys_texts(stack, agent, way):
	mallory = stack.login(make_customer(f"tsms-mallory-{way.replace(' ', '-')}@example.com"))
	victim = Customer(stack)
	claimed = {"mobile_no": victim.number, "phone": victim.number}
	if way == "profile":
		assert rest(mallory, "User", mallory.user, claimed).status_code == 200
	elif way == "web form":
		data = {"doctype": "User", "name": mallory.user, "first_name": "Mal", **claimed}
		mallory.call(
			"frappe.website.doctype.web_form.web_form.accept", web_form="edit-profile", data=json.dumps(data)
		)
	else:
		contact = {
			"doctype": "Contact",
			"first_name": "Mal",
			"email_ids": [{"email_id": mallory.user, "is_primary": 1}],
			"phone_nos": [
				{"phone": victim.number, "twilio_sms_e164": victim.number, "is_primary_mobile_no": 1}
			],
		}
		mallory.call("frappe.client.insert", doc=contact)
	stack.wait_until_idle()
	ticket = ticket_of(victim.text("The PIN is 4711"))
	assert ticket.raised_by != mallory.user and not reads(mallory, ticket)
	entered = frappe.get_all("Contact Phone", {"phone": victim.number}, ["parent", SELF_ENTERED])
	assert [row[SELF_ENTERED] for row in entered if row.parent != ticket.contact] in ([1], [1, 1], [])
	if not [row for row in entered if row.parent != ticket.contact]:
		# This Frappe lets customers make no contacts.
		return
	claiming = next(row.parent for row in entered if row.parent != ticket.contact)
	notes = desks.default().notes(ticket)
	assert any("entered in their own profile" in note for note in notes)
	# Cleared neither by another save of theirs, nor by saying so.
	rest(mallory, "User", mallory.user, {"first_name": "Mallory"})
	rest(mallory, "Contact", claiming, {"phone_nos": [{"phone": victim.number, SELF_ENTERED: 0}]})
	stack.wait_until_idle()
	assert (
		frappe.db.get_value("Contact Phone", {"parent": claiming, "phone": victim.number}, SELF_ENTERED) == 1
	)
	# An agent knows better.
	assert rest(agent, desks.default().doctype, ticket.name, {"contact": claiming}).status_code == 200
	frappe.db.rollback()
	assert (
		frappe.db.get_value("Contact Phone", {"parent": claiming, "phone": victim.number}, SELF_ENTERED) == 0
	)


@pytest.mark.helpdesk
def test_an_agent_enters_a_number_of_themselves_and_reads_no_other_teams_texts(stack, north_and_south):
	south, number = north_and_south
	victim = Customer(stack)
	assert rest(south, "User", south.user, {"mobile_no": victim.number}).status_code == 200
	stack.wait_until_idle()
	ticket = ticket_of(victim.text("The PIN is 5533", to=number))
	assert ticket.raised_by != south.user and not reads(south, ticket)
	# Nor when somebody has entered it for them.
	other = Customer(stack)
	contact = {
		"doctype": "Contact",
		"first_name": "South",
		"email_ids": [{"email_id": south.user, "is_primary": 1}],
	}
	frappe.get_doc({**contact, "phone_nos": [{"phone": other.number}]}).insert(ignore_permissions=True)
	frappe.db.commit()
	ticket = ticket_of(other.text("The PIN is 5544", to=number))
	assert not ticket.raised_by and not reads(south, ticket)


def test_numbers_that_people_entered_before_are_marked_by_an_update(stack):
	mallory = make_customer("tsms-before@example.com")
	contact = frappe.get_doc(
		{"doctype": "Contact", "first_name": "B", "phone_nos": [{"phone": "+19075550191"}]}
	)
	contact.insert(ignore_permissions=True)
	row = contact.phone_nos[0].name
	mark_self_entered_numbers.execute()
	assert frappe.db.get_value("Contact Phone", row, SELF_ENTERED) == 0
	frappe.db.set_value("Contact Phone", row, "owner", mallory)
	mark_self_entered_numbers.execute()
	assert frappe.db.get_value("Contact Phone", row, SELF_ENTERED) == 1
	contact.delete(ignore_permissions=True)
	frappe.db.commit()


def portal_ticket(mallory, contact: str | None = None) -> str:
	values = {"subject": "Call me", "description": "Please text me", "raised_by": mallory.user}
	answer = mallory.session.post(
		f"{mallory.stack.web}/api/resource/{desks.default().doctype}",
		json={**values, "contact": contact},
		timeout=60,
	)
	if contact and answer.status_code == 403:
		# Helpdesk from v1.28 on lets nobody name another's contact.
		return ""
	assert answer.status_code == 200, answer.text
	return str(answer.json()["data"]["name"])


@pytest.mark.helpdesk
def test_a_customer_gets_nobody_elses_texts_into_their_own_ticket(stack, agent):
	mallory = stack.login(make_customer("tsms-mallory@example.com"))
	victim = Customer(stack)
	theirs = ticket_of(victim.text("Hello"))
	frappe.db.set_value(desks.default().doctype, theirs.name, "status", "Closed")
	frappe.db.commit()
	own = portal_ticket(mallory)
	first = frappe.db.get_value(desks.default().doctype, own, "contact")
	if first:
		assert rest(mallory, desks.default().doctype, own, {"contact": theirs.contact}).status_code == 403
		frappe.db.rollback()
		assert frappe.db.get_value(desks.default().doctype, own, "contact") == first
	# Made with another's contact from the beginning, or by an agent who is mistaken: whose texts it may have is checked again.
	for ticket in filter(None, (portal_ticket(mallory, theirs.contact), own)):
		frappe.db.set_value(desks.default().doctype, ticket, "contact", theirs.contact)
		frappe.db.commit()
		answer = agent.call(
			"twilio_sms_channel.api.ticket.start", to=victim.number, message="Hi", ticket=ticket
		)
		assert answer.status_code == 417 and "reads this ticket on the portal" in answer.text
	next_one = ticket_of(victim.text("The PIN is 4713"))
	assert not reads(mallory, next_one)


@pytest.mark.helpdesk
def test_a_customers_own_ticket_is_answered_by_text(stack, agent):
	mallory = stack.login(make_customer("tsms-honest@example.com", has_contact=True))
	ticket, number = portal_ticket(mallory), Customer(stack).number
	contact = contacts.find_by_email(mallory.user)
	answer = agent.call(
		"twilio_sms_channel.api.ticket.start", to=number, message="Hi", ticket=ticket, contact=contact
	)
	assert answer.status_code == 200, answer.text


@pytest.mark.helpdesk
def test_texting_somebody_says_not_whose_the_number_is(stack, agent):
	"""Only who chooses the contact says that a number which its owner entered is theirs."""
	person = stack.login(make_customer("tsms-entered@example.com", has_contact=True))
	number = Customer(stack).number
	contact = contacts.find_by_email(person.user)
	entered = {"parent": contact, "parenttype": "Contact", "twilio_sms_e164": number}
	assert rest(person, "User", person.user, {"mobile_no": number}).status_code == 200
	stack.wait_until_idle()
	frappe.db.rollback()
	if not frappe.db.exists("Contact Phone", entered):
		doc = frappe.get_doc("Contact", contact)
		doc.append("phone_nos", {"phone": number})
		doc.save()
		frappe.db.set_value("Contact Phone", entered, SELF_ENTERED, 1)
		frappe.db.commit()
	for chosen, marks in ({}, [1]), ({"contact": contact}, [0]):
		answer = agent.call(
			"twilio_sms_channel.api.ticket.start",
			to=number,
			message="Hi",
			ticket=portal_ticket(person),
			**chosen,
		)
		assert answer.status_code == 200, answer.text
		frappe.db.rollback()
		assert frappe.get_all("Contact Phone", entered, pluck=SELF_ENTERED) == marks
