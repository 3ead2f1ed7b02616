"""What Communications do to their issue: Frappe's part of it, and the service level agreement's."""

from datetime import timedelta

import frappe
import pytest
from erpnext_records import (
	RESOLUTION_S,
	RESOLVE_BY,
	RESOLVED_AT,
	RESPONSE_S,
	first_of,
	make_agreement,
	make_issue,
	read_issue,
)
from frappe.cache_manager import clear_doctype_map
from frappe.utils import get_datetime
from records import acting_as, make_communication
from support.desks import SYSTEMS

MEDIUMS = ("SMS", "Email", "Phone", "Chat")
ALMOST = timedelta(seconds=90)


@pytest.fixture
def issue(site):
	frappe.db.set_single_value("Support Settings", "track_service_level_agreement", 0)
	return make_issue(raised_by="ada@example.com")


@pytest.fixture
def promised(site):
	"""An issue with an agreement."""
	make_agreement()
	issue = make_issue(raised_by="ada@example.com")
	yield issue
	frappe.db.rollback()
	# Which DocTypes have agreements is in a cache that knows no rollback.
	frappe.cache().delete_value("service_level_agreement")
	frappe.clear_cache(doctype="Service Level Agreement")


def set_status(issue, status: str):
	issue = read_issue(issue.name)
	issue.status = status
	issue.save()
	return issue


@pytest.mark.parametrize("medium", MEDIUMS)
@pytest.mark.parametrize("status", ["Replied", "On Hold", "Resolved", "Closed"])
def test_what_is_received_opens_it_from_every_status(issue, status, medium):
	issue.db_set("status", status)
	make_communication(issue, communication_medium=medium)
	assert read_issue(issue.name).status == "Open"


def test_what_is_sent_leaves_the_status_alone(issue):
	"""Why nothing says Replied unless somebody sets it."""
	make_communication(issue, "Sent")
	assert read_issue(issue.name).status == "Open"


def test_the_first_answer_is_timed(issue, grace):
	with acting_as(grace):
		make_communication(issue, "Sent", sender=grace)
	assert read_issue(issue.name).first_responded_on


def test_later_answers_are_not(issue, grace):
	make_communication(issue, "Sent", sender=grace)
	first = read_issue(issue.name).first_responded_on
	make_communication(issue, "Sent", sender=grace)
	assert read_issue(issue.name).first_responded_on == first


def test_what_is_received_is_no_answer(issue):
	make_communication(issue)
	assert not read_issue(issue.name).first_responded_on


def test_every_save_of_a_communication_tells_the_issue_again(issue):
	communication = make_communication(issue, communication_medium="Chat")
	issue.reload()
	issue.db_set("status", "Closed")
	frappe.get_doc("Communication", communication.name).save()
	assert read_issue(issue.name).status == "Open"


def test_db_set_on_a_communication_does_not(issue):
	communication = make_communication(issue)
	issue.reload()
	issue.db_set("status", "Closed")
	communication.db_set("delivery_status", "Sent")
	assert read_issue(issue.name).status == "Closed"


def test_anybody_may_put_a_communication_into_it(issue, stranger):
	"""The status is set without asking who may."""
	issue.db_set("status", "Closed")
	with acting_as(stranger):
		make_communication(issue, communication_medium="Chat")
	assert read_issue(issue.name).status == "Open"


@pytest.fixture
def graces_rule(grace):
	"""All that is open is hers."""
	SYSTEMS["erpnext"].assignment_rule(grace, "status == 'Open'")
	yield
	frappe.db.rollback()
	# It knows no rollback.
	clear_doctype_map("Assignment Rule", "Issue")


def test_a_new_issue_is_assigned_by_rules(graces_rule, grace):
	assert grace in frappe.db.get_value("Issue", make_issue().name, "_assign")


def test_what_a_text_reopens_is_assigned_by_rules(issue, graces_rule, grace):
	issue.db_set("status", "Closed")
	make_communication(issue)
	assert grace in frappe.db.get_value("Issue", issue.name, "_assign")


# --- with an agreement ----------------------------------------------------------------------------------------------


def test_an_agreement_says_when_an_answer_and_a_solution_are_due(promised):
	begun = get_datetime(promised.service_level_agreement_creation)
	assert promised.agreement_status == "First Response Due"
	assert get_datetime(promised.response_by) - begun - timedelta(seconds=RESPONSE_S) < ALMOST
	assert get_datetime(first_of(promised, RESOLVE_BY)) - begun - timedelta(seconds=RESOLUTION_S) < ALMOST


def test_a_text_answers_in_time(promised, grace):
	make_communication(promised, "Sent", sender=grace)
	issue = read_issue(promised.name)
	assert issue.first_responded_on
	assert issue.agreement_status == "Resolution Due"
	assert issue.first_response_time


def test_the_copy_in_hand_is_stale_after_an_answer(promised, grace):
	in_hand = read_issue(promised.name)
	make_communication(promised, "Sent", sender=grace)
	with pytest.raises(frappe.TimestampMismatchError):
		in_hand.save()


def test_replied_holds_the_clock_and_a_text_starts_it_again(promised, grace):
	make_communication(promised, "Sent", sender=grace)
	held = set_status(promised, "Replied")
	assert held.on_hold_since
	assert not first_of(held, RESOLVE_BY)
	make_communication(read_issue(promised.name))
	issue = read_issue(promised.name)
	assert issue.status == "Open"
	assert not issue.on_hold_since
	assert issue.total_hold_time is not None
	assert first_of(issue, RESOLVE_BY)


def test_resolving_notes_when_and_a_text_takes_it_back(promised, grace):
	make_communication(promised, "Sent", sender=grace)
	resolved = set_status(promised, "Resolved")
	assert first_of(resolved, RESOLVED_AT)
	assert resolved.agreement_status == "Fulfilled"
	make_communication(read_issue(promised.name))
	issue = read_issue(promised.name)
	assert issue.status == "Open"
	assert not first_of(issue, RESOLVED_AT)
	assert issue.agreement_status == "Resolution Due"


def test_a_text_in_an_open_issue_does_not_save_it(promised):
	in_hand = read_issue(promised.name)
	make_communication(promised)
	fresh = read_issue(promised.name)
	assert fresh.agreement_status == in_hand.agreement_status
	assert frappe.get_all("Version", {"ref_doctype": "Issue", "docname": promised.name}) == []


def test_a_split_issue_begins_its_agreement_anew(promised, grace):
	make_communication(promised, "Sent", sender=grace)
	later = make_communication(read_issue(promised.name), communication_medium="Chat")
	made = read_issue(read_issue(promised.name).split_issue("Another matter", later.name))
	assert made.service_level_agreement
	assert made.agreement_status == "First Response Due"
