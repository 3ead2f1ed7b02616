"""How MariaDB finds out which rows of a list somebody may read: no list compares each message with each ticket."""

import frappe
import pytest
from support.people import make_agent, make_team

from twilio_sms_channel import hooks

SETTINGS = ("restrict_tickets_by_agent_group", "do_not_restrict_tickets_without_an_agent_group")
pytestmark = pytest.mark.helpdesk
# Each ticket's row is read, for each row of what was joined before.
ALL_ROWS = ("ALL", "index")


@pytest.fixture
def restricted(stack):
	"""A user who sees the tickets of their own team alone."""
	user = make_agent("tsms-plans@example.com")
	make_team(f"TSMS Plans {frappe.generate_hash(length=6)}", user)
	before = {field: frappe.db.get_single_value("HD Settings", field) for field in SETTINGS}
	_set(dict.fromkeys(SETTINGS, 1))
	yield user
	frappe.set_user("Administrator")
	_set({field: value or 0 for field, value in before.items()})


def _set(settings: dict) -> None:
	frappe.db.set_single_value("HD Settings", settings)
	frappe.clear_document_cache("HD Settings", "HD Settings")
	frappe.db.commit()


def plan(doctype: str, condition: str) -> list[dict]:
	return frappe.db.sql(f"explain select count(*) from `tab{doctype}` where {condition}", as_dict=True)


@pytest.mark.parametrize("doctype", sorted(hooks.permission_query_conditions))
def test_a_list_looks_tickets_up_by_their_names(ticket, restricted, doctype):
	if not frappe.db.exists("DocType", doctype):
		pytest.skip(f"this Helpdesk has no {doctype}")
	frappe.set_user(restricted)
	condition = frappe.get_attr(hooks.permission_query_conditions[doctype])(restricted, doctype=doctype)
	first, *joined = plan(doctype, condition)
	tickets = [row for row in (first, *joined) if row["table"] == "tabHD Ticket"]
	assert tickets, condition
	# What is gathered once is found by a hash of the name from then on.
	again = [row for row in tickets if row is not first and row["select_type"] != "MATERIALIZED"]
	assert not [row for row in again if row["type"] in ALL_ROWS], (first, joined)
