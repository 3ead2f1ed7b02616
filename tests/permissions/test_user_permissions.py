"""An agent whom User Permissions keep from a ticket finds nothing of its texts in any list."""

import json

import frappe
import pytest
from support.people import Person, make_agent, make_team
from support.stack import MESSAGE, Customer, eventually, ticket_of

CONVERSATION = "Twilio SMS Conversation"


@pytest.fixture
def permit(site):
	"""Lets a user see only what belongs to a document."""
	made = []

	def only(user: str, doctype: str, name: str) -> None:
		permission = {"doctype": "User Permission", "user": user, "allow": doctype, "for_value": str(name)}
		made.append(frappe.get_doc({**permission, "apply_to_all_doctypes": 1}).insert())
		frappe.db.commit()
		frappe.clear_cache(user=user)

	yield only
	for permission in made:
		permission.delete()
	frappe.db.commit()


def names(person, doctype: str, name: str, **more) -> list[list[str]]:
	"""What a user's lists have of a document, over the API and in Desk."""
	api = person.call(
		"frappe.client.get_list", http="GET", doctype=doctype, filters=json.dumps({"name": name}), **more
	)
	desk = person.call(
		"frappe.desk.reportview.get",
		doctype=doctype,
		fields=json.dumps([f"`tab{doctype}`.`name`"]),
		filters=json.dumps({"name": name}),
		**more,
	)
	found = [] if api.status_code == 403 else [str(row["name"]) for row in api.json()["message"]]
	shown = [] if desk.status_code == 403 else desk.json()["message"] or {}
	return [found, [str(row[0]) for row in (shown["values"] if shown else [])]]


@pytest.fixture
def teams_only(site):
	"""Agents see the tickets of their own teams alone."""
	field = "restrict_tickets_by_agent_group"
	before = frappe.db.get_single_value("HD Settings", field)
	for value in (1, before or 0):
		frappe.db.set_single_value("HD Settings", field, value)
		frappe.clear_document_cache("HD Settings", "HD Settings")
		frappe.db.commit()
		if value:
			yield


@pytest.mark.helpdesk
@pytest.mark.parametrize("kind", ["HD Ticket", "Contact"])
def test_user_permissions_hold_within_the_own_team(stack, teams_only, permit, kind):
	"""Helpdesk's condition for teams is a chain of "or", to which Frappe adds User Permissions by "and" as it is."""
	user = make_agent("tsms-one-of-the-team@example.com")
	team = make_team(f"TSMS Permitted {frappe.generate_hash(length=6)}", user)
	seen, hidden = (Customer(stack).text("Words") for _ in range(2))
	tickets = [ticket_of(message) for message in (seen, hidden)]
	for ticket in tickets:
		frappe.db.set_value("HD Ticket", ticket.name, "agent_group", team)
	frappe.db.commit()
	permit(user, kind, {"HD Ticket": tickets[0].name, "Contact": tickets[0].contact}[kind])
	person = Person(stack, user)
	for message, found in ((seen, True), (hidden, False)):
		for doctype, name in (
			(MESSAGE, message.name),
			("Communication", message.communication),
			(CONVERSATION, message.conversation),
		):
			assert names(person, doctype, name) == [[name] * found] * 2, (doctype, found)


def test_notices_with_the_words_are_for_those_who_may_read_the_ticket(stack, permit):
	user = make_agent("tsms-permitted@example.com")
	seen, hidden = Customer(stack), Customer(stack)
	tickets = [ticket_of(someone.text("Words")) for someone in (seen, hidden)]
	for ticket in tickets:
		# An assignment that is made as such shares the ticket with its assignee.
		frappe.db.set_value(ticket.doctype, ticket.name, "_assign", json.dumps([user]))
	permit(user, ticket.doctype, tickets[0].name)
	for someone in (seen, hidden):
		someone.text("More words")
	about = {"for_user": user, "document_type": ticket.doctype}
	eventually(lambda: frappe.db.exists("Notification Log", {**about, "document_name": str(tickets[0].name)}))
	stack.wait_until_idle()
	assert not frappe.get_all("Notification Log", {**about, "document_name": str(tickets[1].name)})


@pytest.mark.helpdesk
@pytest.mark.parametrize("kind", ["HD Ticket", "HD Team", "Contact", CONVERSATION])
def test_lists_hide_the_texts_of_tickets_that_user_permissions_hide(stack, picture, permit, kind):
	user = make_agent("tsms-permitted@example.com")
	seen, hidden = (Customer(stack).text("Words", media=[("a.png", picture)]) for _ in range(2))
	tickets = [ticket_of(text) for text in (seen, hidden)]
	for ticket, team in zip(tickets, ("Tsms Seen", "Tsms Hidden"), strict=True):
		frappe.db.set_value("HD Ticket", ticket.name, "agent_group", make_team(team, user))
	frappe.db.commit()
	of_ticket = {
		"HD Ticket": tickets[0].name,
		"HD Team": "Tsms Seen",
		"Contact": tickets[0].contact,
		CONVERSATION: seen.conversation,
	}
	permit(user, kind, of_ticket[kind])
	person = Person(stack, user)
	for text, visible in ((seen, True), (hidden, False)):
		file = eventually(lambda at=text.communication: frappe.db.get_value("File", {"attached_to_name": at}))
		for doctype, name in (
			(MESSAGE, text.name),
			("Communication", text.communication),
			(CONVERSATION, text.conversation),
			("File", file),
		):
			assert names(person, doctype, name) == ([[name], [name]] if visible else [[], []]), (
				doctype,
				visible,
			)
