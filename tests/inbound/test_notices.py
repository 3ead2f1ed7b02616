"""The agents notice."""

import frappe
import pytest
from packaging.version import parse
from support import desks
from support.people import make_agent, make_team
from support.stack import eventually, ticket_of


def version():
	"""Helpdesk's."""
	import helpdesk

	return parse(helpdesk.__version__)


def notices(user, ticket):
	frappe.db.rollback()
	return frappe.get_all(
		"Notification Log",
		{
			"for_user": user,
			"document_type": ticket.doctype,
			"document_name": str(ticket.name),
			"type": "Alert",
		},
		["subject", "email_content", "read", "name"],
	)


def assign(ticket, user):
	from frappe.desk.form.assign_to import add

	add({"doctype": ticket.doctype, "name": ticket.name, "assign_to": [user]})
	frappe.db.commit()


def test_assignees_are_told_of_a_text_on_an_open_ticket(customer, sim):
	user = make_agent(f"told{customer.number[1:]}@example.com")
	ticket = ticket_of(customer.text("Hello"))
	assign(ticket, user)
	assert notices(user, ticket) == []
	customer.text("Is <b>anybody</b> there?")
	(notice,) = eventually(lambda: notices(user, ticket))
	assert notice.subject.endswith(f"sent a text message on ticket {ticket.name}")
	assert "<b>" not in notice.email_content


@pytest.mark.helpdesk
def test_helpdesks_own_bell_rings_as_well(customer, sim):
	user = make_agent(f"bell{customer.number[1:]}@example.com")
	ticket = ticket_of(customer.text("Hello"))
	assign(ticket, user)
	customer.text("Is anybody there?")
	eventually(lambda: notices(user, ticket))
	bell = frappe.get_all(
		"HD Notification", {"user_to": user, "reference_ticket": ticket.name}, pluck="message"
	)
	# Helpdesk shows the text of a notice since v1.19.1.
	assert len([text for text in bell if text]) == (version() >= parse("1.19.1"))


def test_several_texts_are_one_notice_until_it_is_read(customer, sim):
	user = make_agent(f"calm{customer.number[1:]}@example.com")
	ticket = ticket_of(customer.text("Hello"))
	assign(ticket, user)
	for body in ("One", "Two", "Three"):
		customer.text(body)
	(notice,) = notices(user, ticket)
	frappe.db.set_value("Notification Log", notice.name, "read", 1)
	frappe.db.commit()
	customer.text("Four")
	assert len(notices(user, ticket)) == 2


@pytest.mark.helpdesk
def test_without_assignee_the_team_is_told(customer, sim, stack):
	member, other = (make_agent(f"{who}{customer.number[1:]}@example.com") for who in ("member", "other"))
	team = make_team(f"Team {customer.number}", member)
	for rule in frappe.get_all("Assignment Rule", {"name": ("like", f"%{team}%")}, pluck="name"):
		frappe.db.set_value("Assignment Rule", rule, "disabled", 1)
	frappe.db.commit()
	frappe.clear_cache(doctype="Assignment Rule")
	frappe.cache().delete_value("assignment_rule_map")
	number = stack.add_number(team=team)
	ticket = ticket_of(customer.text("Hello", to=number))
	customer.text("Anybody?", to=number)
	if assigned := frappe.parse_json(ticket._assign or "[]"):
		assert assigned == [member]
	assert len(notices(member, ticket)) == 1
	assert notices(other, ticket) == []


def test_of_a_ticket_that_nobody_has_the_one_who_answered_last_is_told(customer, sim, stack):
	ticket = ticket_of(customer.text("Hello"))
	without_team = {"agent_group": None} if desks.default().team_doctype else {}
	frappe.db.set_value(ticket.doctype, ticket.name, {"_assign": None, **without_team})
	frappe.db.commit()
	user = make_agent(f"last{customer.number[1:]}@example.com")
	assert stack.login(user).reply(ticket.name, "<p>What is it?</p>").status_code == 200
	customer.text("The printer")
	assert len(notices(user, ticket)) == 1


def test_no_mail_goes_to_anybody(customer, sim, stack):
	user = make_agent(f"quiet{customer.number[1:]}@example.com")
	ticket = ticket_of(customer.text("Hello"))
	assign(ticket, user)
	before = frappe.db.count("Email Queue", {"reference_doctype": ticket.doctype})
	customer.text("Hello again")
	assert len(notices(user, ticket)) == 1
	assert frappe.db.count("Email Queue", {"reference_doctype": ticket.doctype}) == before


def test_the_ticket_moves_up_the_list(customer, sim):
	ticket = ticket_of(customer.text("Hello"))
	before = ticket.modified
	customer.text("Again")
	frappe.db.rollback()
	assert frappe.db.get_value(ticket.doctype, ticket.name, "modified") > before


@pytest.mark.helpdesk
@pytest.mark.parametrize("how", ["assigned", "of the team"])
def test_agents_who_see_their_teams_tickets_alone_are_told_of_them(customer, stack, how):
	"""Helpdesk judges by the teams of whoever runs the job, whoever is asked about."""
	user = make_agent(f"team{customer.number[1:]}@example.com")
	stranger = make_agent(f"other{customer.number[1:]}@example.com")
	team = make_team(f"Team {customer.number}", user)
	ticket = ticket_of(customer.text("Hello"))
	assignees = frappe.as_json([user, stranger]) if how == "assigned" else None
	frappe.db.set_value(ticket.doctype, ticket.name, {"_assign": assignees, "agent_group": team})
	frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 1)
	frappe.db.commit()
	try:
		customer.text("Anybody?")
		assert len(eventually(lambda: notices(user, ticket))) == 1
		# Newer Helpdesk lets assignees read whatever team the ticket is in, until the team's rule assigns somebody else.
		if how != "assigned" or version() < parse("1.28"):
			assert notices(stranger, ticket) == []
	finally:
		frappe.db.rollback()
		frappe.db.set_single_value("HD Settings", "restrict_tickets_by_agent_group", 0)
		frappe.db.commit()
