"""An issue by itself: its fields, who raised it, whose it is, and how it ends."""

import inspect
import json

import frappe
import pytest
from erpnext.support.doctype.issue import issue as module
from erpnext_records import make_contact, make_customer, make_issue, read_issue
from frappe.model.delete_doc import delete_dynamic_links
from frappe.utils import add_days, now_datetime
from records import CUSTOMER_NUMBER, acting_as, communications_of, make_communication

SUBJECT_CHARACTERS = 140
STATUSES = ["Open", "Replied", "On Hold", "Resolved", "Closed"]
FIELD_TYPES = {
	"subject": "Data",
	"status": "Select",
	"raised_by": "Data",
	"customer": "Link",
	"contact": "Link",
	"lead": "Link",
	"company": "Link",
	"project": "Link",
	"issue_type": "Link",
	"priority": "Link",
	"description": "Text Editor",
	"via_customer_portal": "Check",
	"first_responded_on": "Datetime",
	"issue_split_from": "Link",
	"service_level_agreement": "Link",
	"agreement_status": "Select",
}


def test_fields_are_of_these_types():
	meta = frappe.get_meta("Issue")
	assert {name: meta.get_field(name).fieldtype for name in FIELD_TYPES} == FIELD_TYPES


def test_what_issues_link_to():
	meta = frappe.get_meta("Issue")
	links = {
		name: meta.get_field(name).options
		for name in ("customer", "contact", "lead", "company", "project", "issue_type", "priority")
	}
	assert links == {
		"customer": "Customer",
		"contact": "Contact",
		"lead": "Lead",
		"company": "Company",
		"project": "Project",
		"issue_type": "Issue Type",
		"priority": "Issue Priority",
	}


def test_statuses():
	assert frappe.get_meta("Issue").get_field("status").options.split("\n") == STATUSES


def test_an_issue_has_no_team():
	fields = {df.fieldname for df in frappe.get_meta("Issue").fields}
	assert not {"agent_group", "team", "assigned_team"} & fields


def test_of_the_fields_only_the_subject_is_mandatory():
	assert [df.fieldname for df in frappe.get_meta("Issue").fields if df.reqd] == ["subject"]
	with pytest.raises(frappe.MandatoryError):
		make_issue(subject="")


def test_a_new_issue_is_open_and_has_a_name_of_the_series():
	issue = make_issue()
	assert issue.status == "Open"
	assert issue.name.startswith(f"ISS-{now_datetime().year}-")


def test_a_subject_may_not_be_longer():
	assert make_issue(subject="x" * SUBJECT_CHARACTERS)
	with pytest.raises(frappe.CharacterLengthExceededError):
		make_issue(subject="x" * (SUBJECT_CHARACTERS + 1))


def test_a_blank_raised_by_becomes_the_session_user(grace):
	assert make_issue().raised_by == "Administrator"
	with acting_as(grace):
		assert make_issue().raised_by == grace


def test_even_guest_becomes_the_one_who_raised_it():
	with acting_as("Guest"):
		assert make_issue().raised_by == "Guest"


def test_it_is_filled_again_by_every_save():
	issue = make_issue()
	issue.db_set("raised_by", "")
	issue = read_issue(issue.name)
	issue.save()
	assert issue.raised_by == "Administrator"


def test_a_phone_number_raised_nothing():
	with pytest.raises(frappe.InvalidEmailAddressError):
		make_issue(raised_by=CUSTOMER_NUMBER)


def test_contact_and_customer_are_found_by_the_address():
	customer = make_customer()
	contact = make_contact("contract-ada@example.com", customer)
	issue = make_issue(raised_by="contract-ada@example.com")
	assert (issue.contact, issue.customer) == (contact.name, customer)


def test_a_contact_that_is_given_brings_no_customer():
	"""Why the channel sets the customer of texts itself."""
	contact = make_contact("contract-ada@example.com", make_customer())
	issue = make_issue(contact=contact.name)
	assert issue.contact == contact.name
	assert not issue.customer


def test_the_lead_is_found_by_the_address():
	lead = frappe.get_doc(
		{"doctype": "Lead", "first_name": "Ada", "email_id": "contract-lead@example.com"}
	).insert()
	assert make_issue(raised_by="contract-lead@example.com").lead == lead.name


def test_the_company_is_the_default_one():
	assert make_issue().company == frappe.db.get_default("Company")


def test_an_empty_description_stays_empty_and_makes_no_communication():
	issue = make_issue()
	assert not issue.description
	assert communications_of(issue) == []


def test_an_issue_of_the_portal_has_its_description_as_an_email():
	issue = make_issue(via_customer_portal=1, raised_by="ada@example.com", description="It drips")
	(communication,) = communications_of(issue)
	assert communication.communication_medium == "Email"
	assert communication.sent_or_received == "Received"
	assert communication.sender == "ada@example.com"


def test_a_text_in_it_leaves_the_description_alone():
	issue = make_issue()
	make_communication(issue, content="It drips")
	assert not read_issue(issue.name).description


@pytest.mark.parametrize("status", ["Resolved", "Closed"])
def test_without_an_agreement_nothing_says_when_it_was_resolved(status):
	frappe.db.set_single_value("Support Settings", "track_service_level_agreement", 0)
	issue = make_issue()
	issue.status = status
	issue.save()
	times = {
		df.fieldname
		for df in issue.meta.fields
		if "resolution" in df.fieldname and df.fieldtype != "Section Break"
	}
	assert times
	assert not [issue.get(field) for field in times if issue.get(field)]


# --- split ----------------------------------------------------------------------------------------------------------


def make_chat(issue, **fields):
	"""Where texts are, the channel has its say."""
	return make_communication(issue, communication_medium="Chat", **fields)


def test_splitting_takes_the_communication_and_later_ones_along():
	issue = make_issue()
	first, second, third = (
		make_chat(issue, content=f"text {n}", creation=add_days(now_datetime(), n - 3)) for n in range(3)
	)
	made = read_issue(issue.name).split_issue("Another matter", second.name)
	assert [row.name for row in communications_of(issue)] == [first.name]
	assert [row.name for row in communications_of(read_issue(made))] == [second.name, third.name]


def test_a_split_issue_is_a_copy_with_another_subject():
	issue = make_issue(raised_by="ada@example.com", customer=make_customer())
	communication = make_chat(issue)
	made = read_issue(read_issue(issue.name).split_issue("Another matter", communication.name))
	assert made.name != issue.name
	assert made.subject == "Another matter"
	assert made.issue_split_from == issue.name
	assert (made.raised_by, made.customer) == (issue.raised_by, issue.customer)
	assert not made.first_responded_on


def test_splitting_inserts_before_it_moves(monkeypatch):
	"""An app that looks at the new issue finds it without Communications."""
	issue = make_issue()
	communication = make_chat(issue)
	seen = []
	monkeypatch.setattr(
		module.Issue, "after_insert", lambda made: seen.append(communications_of(made)), raising=False
	)
	read_issue(issue.name).split_issue("Another matter", communication.name)
	assert seen == [[]]


def test_the_form_may_call_it():
	frappe.is_whitelisted(module.Issue.split_issue)
	assert list(inspect.signature(module.Issue.split_issue).parameters)[1:3] == [
		"subject",
		"communication_id",
	]


# --- renamed, deleted, closed ---------------------------------------------------------------------------------------


def test_communications_follow_a_renamed_issue():
	issue = make_issue()
	communication = make_communication(issue)
	new = f"ISS-{frappe.generate_hash(length=8)}"
	frappe.rename_doc("Issue", issue.name, new)
	assert frappe.db.get_value("Communication", communication.name, "reference_name") == new


def test_communications_follow_into_the_issue_that_it_is_merged_with():
	source, target = make_issue(), make_issue()
	communication = make_communication(source)
	frappe.rename_doc("Issue", source.name, target.name, merge=True)
	assert frappe.db.get_value("Communication", communication.name, "reference_name") == target.name
	assert not frappe.db.exists("Issue", source.name)


def test_communications_of_a_deleted_issue_stay_without_a_reference():
	"""Why the channel keeps whose they are by itself."""
	issue = make_issue()
	communication = make_communication(issue, communication_medium="Chat")
	frappe.delete_doc("Issue", issue.name)
	# A job does this, some time later.
	delete_dynamic_links("Issue", issue.name)
	found = frappe.db.get_value(
		"Communication", communication.name, ["reference_doctype", "reference_name"], as_dict=True
	)
	assert not found.reference_doctype
	assert not found.reference_name


def test_the_lists_action_sets_the_status_without_saving():
	issue = make_issue()
	module.set_multiple_status(json.dumps([issue.name]), "Closed")
	assert read_issue(issue.name).status == "Closed"
	# The copy in hand is stale by its status alone.
	assert frappe.get_all("Version", {"ref_doctype": "Issue", "docname": issue.name}) == []


def test_a_single_status_is_set_in_the_same_way():
	issue = make_issue()
	module.set_status(issue.name, "On Hold")
	assert read_issue(issue.name).status == "On Hold"


def left_alone(days: int, status: str = "Replied"):
	issue = make_issue(status=status)
	issue.db_set("modified", add_days(now_datetime(), -days), update_modified=False)
	return issue


@pytest.fixture
def close_after(site):
	def days(number: int):
		frappe.db.set_single_value("Support Settings", "close_issue_after_days", number)
		frappe.clear_document_cache("Support Settings", "Support Settings")

	yield days
	frappe.db.rollback()
	frappe.clear_document_cache("Support Settings", "Support Settings")


def test_what_was_replied_to_is_closed_after_some_days(close_after):
	close_after(3)
	old, young, waiting = left_alone(4), left_alone(2), left_alone(4, "Open")
	module.auto_close_tickets()
	assert [read_issue(issue.name).status for issue in (old, young, waiting)] == ["Closed", "Replied", "Open"]


def test_seven_days_are_meant_where_nothing_is_set(close_after):
	frappe.db.delete("Singles", {"doctype": "Support Settings", "field": "close_issue_after_days"})
	old, young = left_alone(8), left_alone(6)
	module.auto_close_tickets()
	assert [read_issue(issue.name).status for issue in (old, young)] == ["Closed", "Replied"]


def test_a_text_reopens_what_was_closed(close_after):
	close_after(3)
	issue = left_alone(4)
	module.auto_close_tickets()
	make_communication(read_issue(issue.name))
	assert read_issue(issue.name).status == "Open"


# --- of a Communication ---------------------------------------------------------------------------------------------


def test_an_issue_is_made_of_a_communication():
	communication = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_medium": "Email",
			"sent_or_received": "Received",
			"subject": "By mail",
			"sender": "ada@example.com",
			"content": "It drips",
		}
	).insert()
	issue = read_issue(module.make_issue_from_communication(communication.name))
	assert (issue.subject, issue.raised_by) == ("By mail", "ada@example.com")
	assert frappe.db.get_value("Communication", communication.name, "reference_name") == issue.name


def test_a_communication_without_a_sender_makes_an_issue_of_the_session_user(grace):
	communication = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_medium": "Chat",
			"sent_or_received": "Received",
			"subject": "By chat",
			"content": "It drips",
		}
	).insert()
	with acting_as(grace):
		issue = module.make_issue_from_communication(communication.name)
	assert read_issue(issue).raised_by == grace
