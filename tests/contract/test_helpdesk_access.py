"""Who is an agent, and who may read which ticket."""

import frappe
import pytest
from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import has_permission, permission_query
from helpdesk.utils import is_agent
from helpdesk_records import make_ticket, read_ticket
from helpdesk_versions import ASSIGNED_MAY_READ
from records import acting_as

pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture
def restricted(settings):
	"""Agents see the tickets of their teams only."""
	settings(restrict_tickets_by_agent_group=1)


def may_read(user: str, ticket) -> bool:
	with acting_as(user):
		return bool(has_permission(read_ticket(ticket.name), user=user))


def visible(user: str, *tickets) -> set[str]:
	"""The ones of these tickets that the user's lists show."""
	names = [ticket.name for ticket in tickets]
	with acting_as(user):
		return {
			str(name) for name in frappe.get_list("HD Ticket", filters={"name": ("in", names)}, pluck="name")
		}


def test_agents_are_administrator_and_who_has_a_role_or_a_record(grace, carol):
	with acting_as(carol):
		assert is_agent("Administrator")
		assert is_agent(grace)
		assert not is_agent(carol)
		assert not is_agent()
		assert not is_agent("Guest")


@pytest.mark.parametrize("role", ["Agent", "Agent Manager"])
def test_a_role_makes_an_agent(stranger, carol, role):
	frappe.get_doc("User", stranger).append("roles", {"role": role}).db_insert()
	frappe.clear_cache(user=stranger)
	try:
		with acting_as(carol):
			assert is_agent(stranger)
	finally:
		frappe.db.rollback()
		frappe.clear_cache(user=stranger)


def test_a_record_alone_makes_an_agent(stranger, carol):
	record = frappe.new_doc("HD Agent")
	record.update({"name": stranger, "user": stranger, "agent_name": "Mallory"})
	record.db_insert()
	with acting_as(carol):
		assert is_agent(stranger)


def test_everybody_is_an_agent_while_administrator_asks(carol):
	assert is_agent(carol)


def test_a_record_is_named_like_its_user_and_gives_the_role(grace):
	assert frappe.db.get_value("HD Agent", {"user": grace}) == grace
	assert "Agent" in frappe.get_roles(grace)


def test_agents_read_and_write_all_tickets_without_restriction(grace, electricians):
	ticket = make_ticket(agent_group=electricians)
	assert may_read(grace, ticket)
	assert visible(grace, ticket)
	with acting_as(grace):
		assert frappe.has_permission("HD Ticket", "write", doc=str(ticket.name))
		assert not permission_query(grace)


def test_administrator_is_not_restricted(restricted):
	assert not permission_query("Administrator")


def test_agents_of_other_teams_are_refused(restricted, plumbers, grace, alan):
	ticket = make_ticket(agent_group=plumbers)
	assert may_read(grace, ticket)
	assert not may_read(alan, ticket)
	assert visible(grace, ticket)
	assert not visible(alan, ticket)
	with acting_as(alan):
		assert not frappe.has_permission("HD Ticket", "read", doc=str(ticket.name))


def test_tickets_without_a_team_are_seen_by_nobody_else_unless_the_settings_say_so(
	restricted, grace, settings
):
	ticket = make_ticket()
	assert not may_read(grace, ticket)
	assert not visible(grace, ticket)
	settings(do_not_restrict_tickets_without_an_agent_group=1)
	assert may_read(grace, ticket)
	assert visible(grace, ticket)


def test_a_team_can_see_everything(restricted, plumbers, electricians, grace):
	frappe.db.set_value("HD Team", plumbers, "ignore_restrictions", 1)
	ticket = make_ticket(agent_group=electricians)
	assert may_read(grace, ticket)
	assert visible(grace, ticket)


def test_the_assigned_agent_may_read(restricted, electricians, grace):
	ticket = make_ticket(agent_group=electricians)
	frappe.db.set_value("HD Ticket", ticket.name, "_assign", frappe.as_json([grace]))
	assert may_read(grace, ticket) is ASSIGNED_MAY_READ
	assert bool(visible(grace, ticket)) is ASSIGNED_MAY_READ


def test_teams_are_those_of_the_session_whoever_is_asked_about(
	restricted, plumbers, electricians, grace, alan
):
	"""A worker that asks for somebody must become that user first."""
	with acting_as(alan):
		assert electricians in permission_query(grace)
		assert plumbers not in permission_query(grace)


def test_the_condition_fits_into_parentheses_of_another_query(restricted, plumbers, electricians, grace):
	own, other = make_ticket(agent_group=plumbers), make_ticket(agent_group=electricians)
	with acting_as(grace):
		condition = permission_query(grace)
	rows = frappe.db.sql(
		f"select cast(`tabHD Ticket`.name as char) from `tabHD Ticket` where ({condition}) and 1 = 1",
		pluck=True,
	)
	assert str(own.name) in rows
	assert str(other.name) not in rows


def test_customers_reach_their_own_tickets_only(carol, stranger):
	raised, other = make_ticket(raised_by=carol), make_ticket(raised_by="ada@example.com")
	with acting_as(carol):
		owned = make_ticket(raised_by="ada@example.com")
	assert may_read(carol, raised)
	assert may_read(carol, owned)
	assert not may_read(carol, other)
	assert visible(carol, raised, owned, other) == {str(raised.name), str(owned.name)}
	assert visible(stranger, raised, owned, other) == set()


def test_helpdesk_restricts_no_communications(alan):
	"""Why the channel brings a condition of its own: agents read Communications, of all teams."""
	hooks = frappe.get_hooks("permission_query_conditions").get("Communication", [])
	assert not [hook for hook in hooks if hook.startswith("helpdesk.")]
	with acting_as(alan):
		assert frappe.has_permission("Communication", "read")
