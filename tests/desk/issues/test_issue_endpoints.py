"""ERPNext's own endpoints tell what stands in Issues to those alone who may read them."""

import frappe
import pytest
from support.users import make_user

pytestmark = pytest.mark.erpnext
LAST = "erpnext.crm.doctype.utils.get_last_interaction"
OPEN = "erpnext.crm.utils.get_open_activities"
MAKE_ISSUE = "erpnext.support.doctype.issue.issue.make_issue_from_communication"
MAKE_LEAD = "erpnext.crm.doctype.lead.lead.make_lead_from_communication"


@pytest.fixture
def clerk(stack):
	return stack.login(make_user("tsms-clerk@example.com", ["Blogger"], user_type="System User"))


def test_the_last_issue_of_who_calls(supporter, clerk, issue):
	shop = frappe.get_doc({"doctype": "Customer", "customer_name": f"Shop of {issue.name}"}).insert()
	frappe.db.set_value("Issue", issue.name, "customer", shop.name)
	contact = frappe.get_doc("Contact", issue.contact)
	contact.append("links", {"link_doctype": "Customer", "link_name": shop.name})
	contact.save()
	frappe.db.commit()

	def told_to(person):
		answer = person.call(LAST, "GET", contact=contact.name)
		assert answer.status_code == 200, answer.text
		return answer.json()["message"]["last_issue"]

	assert told_to(supporter)["name"] == issue.name
	assert told_to(clerk) is None


def test_what_is_to_be_done_about_an_issue(supporter, clerk, issue):
	about = {"ref_doctype": "Issue", "ref_docname": issue.name}
	todo = {"reference_type": "Issue", "reference_name": issue.name, "description": issue.subject}
	frappe.get_doc({"doctype": "ToDo", **todo}).insert()
	frappe.db.commit()
	answer = supporter.call(OPEN, "GET", **about)
	assert [task["description"] for task in answer.json()["message"]["tasks"]] == [issue.subject]
	assert clerk.call(OPEN, "GET", **about).status_code == 403


@pytest.mark.parametrize("endpoint", [MAKE_ISSUE, MAKE_LEAD])
def test_nobody_makes_documents_of_messages_that_they_may_not_read(stack, clerk, customer, issue, endpoint):
	reader = stack.login(make_user("tsms-inbox@example.com", ["Support Team", "Inbox User"]))
	message = customer.text("The PIN is 5511")
	asked = {"communication": message.communication, "ignore_communication_links": 1}
	before = frappe.db.count("Issue"), frappe.db.count("Lead")
	assert clerk.call(endpoint, **asked).status_code == 403
	frappe.db.rollback()
	assert (frappe.db.count("Issue"), frappe.db.count("Lead")) == before
	answer = reader.call(endpoint, **asked)
	assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
	("endpoint", "about"),
	[
		("set_status", lambda name: {"name": name}),
		("set_multiple_status", lambda name: {"names": f'["{name}"]'}),
	],
)
def test_nobody_closes_an_issue_that_they_may_not_change(supporter, clerk, issue, endpoint, about):
	path = f"erpnext.support.doctype.issue.issue.{endpoint}"
	asked = {**about(issue.name), "status": "Closed"}

	def status() -> str:
		frappe.db.rollback()
		return frappe.db.get_value("Issue", issue.name, "status")

	assert clerk.call(path, **asked).status_code == 403
	assert status() == "Open"
	assert supporter.call(path, **asked).status_code == 200
	assert status() == "Closed"


SEARCH, MAKE = (
	"erpnext.templates.pages.search_help.search",
	"frappe.automation.doctype.auto_repeat.auto_repeat.make",
)


@pytest.mark.parametrize(
	"path",
	[
		*(f"/api/method/{MAKE}{more}" for more in ("", "/", "/x", "//", "%2Fx")),
		f"/api/v1/method/{MAKE}/x",
		"/api/v2/method/Auto%20Repeat/make",
	],
)
def test_what_is_stood_in_for_has_no_other_name(stack, supporter, path):
	sent = {"doctype": "Issue", "communication_medium": "SMS", "content": "Never sent"}
	before = frappe.db.count("Communication")
	answer = supporter.session.post(f"{stack.web}{path}", json=sent, timeout=30)
	assert answer.status_code in (403, 404), answer.text
	frappe.db.rollback()
	assert frappe.db.count("Communication") == before


@pytest.mark.parametrize("names", ["{bad", "5", '"ISS-1"'])
def test_what_is_no_list_of_issues_is_refused(supporter, names):
	asked = {"names": names, "status": "Closed"}
	path = "erpnext.support.doctype.issue.issue.set_multiple_status"
	assert supporter.call(path, **asked).status_code == 417
