"""Who may do what with issues, and what customers with a login see."""

import frappe
import pytest
from erpnext.support.doctype.issue.issue import get_issue_list, has_website_permission
from erpnext_records import make_contact, make_customer, make_issue
from frappe.model.db_query import DatabaseQuery
from frappe.share import add as share
from records import acting_as, make_communication
from support.people import make_user

RIGHTS = ("read", "write", "create", "delete", "email", "report", "share", "print")
# What the channel has to be given rights to by its desk, and what it cannot ask of a Support Team.
NOT_GIVEN = ("Contact", "Customer", "Lead", "Support Settings", "Email Account", "Company")


@pytest.fixture(scope="module")
def helper(site):
	"""A user with Support Team and nothing else."""
	return make_user("contract-helper@example.com", ["Support Team"], first_name="Helen")


@pytest.fixture(scope="module")
def other(site):
	"""Staff without any role."""
	return make_user("contract-other@example.com", [], first_name="Otto", user_type="System User")


def conditions_for(user: str) -> str:
	with acting_as(user):
		return DatabaseQuery("Issue", user=user).build_match_conditions()


def visible(user: str, *issues) -> set[str]:
	names = [issue.name for issue in issues]
	with acting_as(user):
		return set(frappe.get_list("Issue", {"name": ("in", names)}, pluck="name"))


@pytest.mark.parametrize("right", RIGHTS)
def test_the_support_team_has_every_right_to_issues(helper, right):
	issue = make_issue()
	with acting_as(helper):
		assert frappe.has_permission("Issue", right, doc=issue.name)


@pytest.mark.parametrize("doctype", NOT_GIVEN)
def test_the_support_team_has_no_right_to_what_an_issue_names(helper, doctype):
	with acting_as(helper):
		assert not frappe.has_permission(doctype, "read")


def test_it_reads_and_writes_issue_types(helper):
	with acting_as(helper):
		assert frappe.has_permission("Issue Type", "read")
		assert frappe.has_permission("Issue Type", "write")
		assert not frappe.has_permission("Issue Priority", "read")


def test_administrators_of_the_site_are_no_support_team():
	roles = {row.role for row in frappe.get_meta("Issue").permissions}
	assert "System Manager" not in roles


def test_the_support_team_may_put_a_known_customer_into_an_issue(helper):
	customer = make_customer()
	with acting_as(helper):
		issue = frappe.get_doc({"doctype": "Issue", "subject": "No water", "customer": customer}).insert()
	assert issue.customer == customer


# --- conditions for lists -------------------------------------------------------------------------------------------


def test_the_support_team_sees_all(helper):
	assert conditions_for(helper) == ""
	issue = make_issue()
	assert visible(helper, issue) == {issue.name}


def test_who_has_no_role_is_refused(other):
	with pytest.raises(frappe.PermissionError):
		conditions_for(other)
	frappe.clear_messages()


def test_conditions_of_who_has_a_share_alone_say_nothing(other):
	"""Taken as they are, they would show everything."""
	share("Issue", make_issue().name, other, read=1)
	assert conditions_for(other) == ""


def test_a_share_reads_and_writes_what_it_says(other):
	shared, not_shared = make_issue(), make_issue()
	share("Issue", shared.name, other, read=1, write=1)
	with acting_as(other):
		assert frappe.has_permission("Issue", "write", doc=shared.name)
		assert not frappe.has_permission("Issue", "read", doc=not_shared.name)


def test_a_user_permission_restricts(helper):
	customer = make_customer()
	own, foreign = make_issue(customer=customer), make_issue(customer=make_customer("Contract Gasworks"))
	permission = {"user": helper, "allow": "Customer", "for_value": customer, "apply_to_all_doctypes": 1}
	frappe.get_doc({"doctype": "User Permission", **permission}).insert(ignore_permissions=True)
	try:
		assert visible(helper, own, foreign) == {own.name}
		assert customer in conditions_for(helper)
	finally:
		frappe.db.rollback()
		frappe.clear_cache(user=helper)
		frappe.cache().hdel("user_permissions", helper)


def test_issues_bring_no_conditions_of_their_own():
	for hook in ("permission_query_conditions", "has_permission"):
		paths = frappe.get_hooks(hook).get("Issue", [])
		assert not [path for path in paths if path.startswith("erpnext.")]


# --- customers with a login -----------------------------------------------------------------------------------------


def listed(user: str) -> set[str]:
	with acting_as(user):
		return {row.name for row in get_issue_list("Issue", None, None, 0)}


def test_a_customer_lists_what_they_raised(carol, stranger):
	own, foreign = make_issue(raised_by=carol), make_issue(raised_by="ada@example.com")
	assert own.name in listed(carol)
	assert foreign.name not in listed(carol)
	assert own.name not in listed(stranger)


def test_a_contact_of_a_customer_lists_that_customers_issues(carol):
	customer = make_customer()
	make_contact(carol, customer).db_set("user", carol)
	issue = make_issue(raised_by="ada@example.com", customer=customer)
	assert issue.name in listed(carol)


def test_a_customer_may_open_what_they_raised(carol, stranger):
	issue = make_issue(raised_by=carol)
	with acting_as(carol):
		assert has_website_permission(issue, "read", carol)
	with acting_as(stranger):
		assert not has_website_permission(issue, "read", stranger)


def test_a_customer_has_no_right_to_issues_in_desk(carol):
	issue = make_issue(raised_by=carol)
	with acting_as(carol):
		assert not frappe.has_permission("Issue", "read", doc=issue.name)


def test_the_portal_shows_what_was_mailed_to_the_customer_and_no_texts(carol):
	utils = pytest.importorskip("frappe.website.utils")
	if not hasattr(utils, "get_comment_list"):
		pytest.skip("this Frappe shows comments in another way")
	issue = make_issue(raised_by=carol)
	text = make_communication(issue, "Sent")
	mail = make_communication(issue, "Sent", communication_medium="Email", recipients=carol)
	with acting_as(carol):
		shown = [row.name for row in utils.get_comment_list("Issue", issue.name)]
	assert mail.name in shown
	assert text.name not in shown
