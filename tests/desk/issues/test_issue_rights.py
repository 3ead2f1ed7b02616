"""Who reads the messages of Issues: exactly those who read the Issue."""

import frappe
import pytest
from frappe.desk.form.assign_to import add as assign
from frappe.share import add as share
from frappe.utils.global_search import sync_global_search
from support import desks
from support.stack import Customer, eventually, ticket_of
from support.users import make_user

from twilio_sms_channel.desks.erpnext import rights
from twilio_sms_channel.desks.registry import SYSTEMS, desk_of
from twilio_sms_channel.permissions import queries
from twilio_sms_channel.reports import boot

pytestmark = pytest.mark.erpnext
LISTED = ("Communication", "Twilio SMS Conversation", "Twilio SMS Message")
STATE = "twilio_sms_channel.api.ticket.state"
START = "twilio_sms_channel.api.ticket.start"
MANAGER = "frappe.core.page.permission_manager.permission_manager"


def seen(user: str, *messages) -> list[bool]:
	"""Which of these messages a user finds in the list of messages, and in that of Communications."""
	frappe.set_user(user)
	try:
		names = [message.name for message in messages]
		found = set(frappe.get_list("Twilio SMS Message", {"name": ("in", names)}, pluck="name"))
		entries = [message.communication for message in messages]
		# Whoever may list Communications at all.
		condition = queries.communication_query(user) or "1 = 1"
	finally:
		frappe.set_user("Administrator")
	listed = {
		row[0]
		for row in frappe.db.sql(
			f"select name from `tabCommunication` where name in %s and {condition}", (entries,)
		)
	}
	assert [message.communication in listed for message in messages] == [name in found for name in names]
	return [name in found for name in names]


def roles_given() -> set[str]:
	# Other processes may have written it.
	frappe.clear_cache()
	return {role for _kind, _name, role in rights.given()}


def make_role(name: str) -> str:
	if not frappe.db.exists("Role", name):
		frappe.get_doc({"doctype": "Role", "role_name": name}).insert()
	return name


def let_answer_issues(role: str, **rule):
	frappe.permissions.add_permission("Issue", role)
	doc = frappe.get_doc("Custom DocPerm", {"parent": "Issue", "role": role})
	return doc.update({"write": 1, **rule}).save()


@pytest.fixture
def two(stack):
	return [Customer(stack).text("Secret") for _ in range(2)]


def test_those_who_answer_issues_see_all_messages(supporter, two):
	assert seen(supporter.user, *two) == [True, True]


def test_whoever_has_only_a_share_sees_the_messages_of_that_issue(stack, two):
	sharer = make_user("tsms-share@example.com", ["Blogger"], user_type="System User")
	shared = ticket_of(two[0]).name
	frappe.permissions.add_permission("Twilio SMS Message", "Blogger")
	share("Issue", shared, sharer, read=1)
	frappe.db.commit()
	frappe.clear_cache(doctype="Twilio SMS Message")
	try:
		assert seen(sharer, *two) == [True, False]
		person = stack.login(sharer)
		for message in two:
			assert (
				person.call(STATE, "GET", ticket=ticket_of(message).name, ticket_doctype="Issue").status_code
				== 403
			)
	finally:
		frappe.db.rollback()
		frappe.db.delete("Custom DocPerm", {"parent": "Twilio SMS Message", "role": "Blogger"})
		frappe.clear_cache(doctype="Twilio SMS Message")
		frappe.db.commit()


@pytest.fixture
def searched():
	"""Desk's search knows Issues and what is to be done, as on a site whose set-up wizard was answered."""
	settings = frappe.get_doc("Global Search Settings")
	before = [row.document_type for row in settings.allowed_in_global_search]

	def allow(doctypes: list[str]) -> None:
		settings.allowed_in_global_search = []
		for doctype in doctypes:
			settings.append("allowed_in_global_search", {"document_type": doctype})
		settings.save()
		frappe.db.commit()

	allow([*before, *(doctype for doctype in ("Issue", "ToDo") if doctype not in before)])
	yield
	allow(before)


def test_desks_search_finds_only_issues_that_may_be_read(stack, admin, supporter, searched):
	word = f"kettle{frappe.generate_hash(length=8)}"
	first, second = (ticket_of(Customer(stack).text(f"My {word} leaks")).name for _ in range(2))
	sharer = make_user("tsms-share@example.com", ["Blogger"], user_type="System User")
	portal = make_user("tsms-website@example.com", ["Customer"])
	share("Issue", first, sharer, read=1)
	assign({"doctype": "Issue", "name": second, "assign_to": [supporter.user], "description": word})
	frappe.db.commit()
	sync_global_search()
	frappe.db.commit()

	def found(user: str) -> set[tuple[str, str]]:
		answer = stack.login(user).call("frappe.utils.global_search.search", text=word)
		assert answer.status_code == 200, answer.text
		return {(row["doctype"], row["name"]) for row in answer.json().get("message", [])}

	assert {("Issue", first), ("Issue", second)} <= found(supporter.user)
	assert found(sharer) == {("Issue", first)}
	assert found(portal) == set()


def test_desk_shows_the_conversation_to_those_who_answer(stack, supporter):
	"""Whoever has a share reads the timeline, and would only be refused by everything else."""
	sharer = make_user("tsms-share@example.com", ["Blogger"], user_type="System User")

	def shown(user: str) -> list[str]:
		frappe.set_user(user)
		bootinfo = frappe._dict()
		try:
			boot.extend(bootinfo)
		finally:
			frappe.set_user("Administrator")
		return bootinfo.twilio_sms["ticket_doctypes"]

	assert shown(supporter.user) == ["Issue"]
	assert shown(sharer) == []


def test_a_user_permission_counts(stack, admin, two):
	user = desks.SYSTEMS["erpnext"].make_agent("tsms-of-one@example.com", "Dorothy", "Vaughan")
	mine, other = (ticket_of(message) for message in two)
	shops = []
	for issue in (mine, other):
		shop = frappe.get_doc({"doctype": "Customer", "customer_name": f"Shop {issue.name}"}).insert()
		frappe.db.set_value("Issue", issue.name, "customer", shop.name)
		shops.append(shop.name)
	permission = frappe.get_doc(
		{"doctype": "User Permission", "user": user, "allow": "Customer", "for_value": shops[0]}
	)
	permission.insert()
	frappe.db.commit()
	try:
		assert seen(user, *two) == [True, False]
		person = stack.login(user)
		answers = [
			person.call(STATE, "GET", ticket=issue.name, ticket_doctype="Issue").status_code
			for issue in (mine, other)
		]
		assert answers == [200, 403]
	finally:
		frappe.delete_doc("User Permission", permission.name)
		frappe.db.commit()


def test_nobody_merges_an_issue_that_they_may_not_write(stack, two):
	user = desks.SYSTEMS["erpnext"].make_agent("tsms-of-one@example.com", "Dorothy", "Vaughan")
	mine, other = (ticket_of(message).name for message in two)
	only = {"user": user, "allow": "Issue", "for_value": mine, "apply_to_all_doctypes": 1}
	permission = frappe.get_doc({"doctype": "User Permission", **only}).insert()
	frappe.db.commit()
	frappe.clear_cache(user=user)
	try:
		person = stack.login(user)
		for old, new in ((other, mine), (mine, other)):
			answer = person.call(
				"frappe.client.rename_doc", doctype="Issue", old_name=old, new_name=new, merge=True
			)
			assert answer.status_code == 403, answer.text
		assert [ticket_of(message).name for message in two] == [mine, other]
	finally:
		frappe.db.rollback()
		frappe.delete_doc("User Permission", permission.name)
		frappe.db.commit()


def test_messages_of_a_deleted_issue_are_for_system_managers(supporter, two):
	frappe.delete_doc("Issue", ticket_of(two[0]).name, force=True)
	frappe.db.commit()
	# Frappe has a worker empty what refers to it.
	assert eventually(lambda: seen(supporter.user, *two) == [False, True])
	assert seen("Administrator", *two) == [True, True]


def test_customers_see_no_messages_on_the_portal(stack, customer):
	website = make_user("tsms-portal@example.com", ["Customer"])
	issue = ticket_of(customer.text("Hello"))
	customer.text("The PIN is 5511")
	desk_of("Issue").note(issue.name, "Is this the right one?")
	frappe.db.set_value("Issue", issue.name, "raised_by", website)
	frappe.db.commit()
	person = stack.login(website)
	assert person.call(STATE, "GET", ticket=issue.name, ticket_doctype="Issue").status_code == 403
	for doctype in LISTED:
		answer = person.call("frappe.client.get_list", "GET", doctype=doctype)
		assert answer.status_code == 403 or answer.json()["message"] == []
	page = person.session.get(f"{stack.web}/issues/{issue.name}", timeout=30)
	assert "5511" not in page.text and "right one" not in page.text


@pytest.mark.parametrize("endpoint", ["get", "get_list_data"])
def test_portal_lists_tell_no_words(stack, customer, endpoint):
	"""Frappe keeps the beginnings of messages and comments in the Issue, and its lists give whole rows."""
	website = make_user("tsms-portal@example.com", ["Customer"])
	issue = ticket_of(customer.text("Hello"))
	customer.text("The PIN is 5511")
	frappe.get_doc("Issue", issue.name).add_comment("Comment", "Is this the right one?")
	frappe.db.set_value("Issue", issue.name, "raised_by", website)
	frappe.db.commit()
	assert "5511" in frappe.db.get_value("Issue", issue.name, "_comments")
	if not hasattr(frappe.get_module("frappe.www.list"), endpoint):
		pytest.skip("this Frappe has no such endpoint")
	answer = stack.login(website).call(f"frappe.www.list.{endpoint}", "GET", doctype="Issue")
	assert answer.status_code == 200 and issue.name in answer.text
	assert "5511" not in answer.text and "right one" not in answer.text


def test_roles_get_what_they_need_when_the_site_gives_them_issue(stack):
	role = make_role("Support Clerk")
	assert "Support Team" in roles_given() and role not in roles_given()
	rule = let_answer_issues(role)
	assert role in roles_given()
	for doctype in rights.DOCTYPES:
		assert frappe.db.get_value(
			"Custom DocPerm", {"parent": doctype, "role": role}, ["read", "report", "write"]
		) == (
			1,
			1,
			0,
		)
	assert frappe.db.exists("Has Role", {"parent": "Twilio SMS Traffic", "role": role})
	rule.update({"write": 0}).save()
	assert role not in roles_given() and "Support Team" in roles_given()
	assert not frappe.db.exists("Custom DocPerm", {"parent": rights.DOCTYPES[0], "role": role})


@pytest.mark.parametrize(("desk_access", "rule"), [(0, {}), (1, {"if_owner": 1})])
def test_roles_that_answer_no_customers_get_nothing(stack, desk_access, rule):
	role = make_role("Support Guest")
	frappe.db.set_value("Role", role, "desk_access", desk_access)
	let_answer_issues(role, **rule)
	rights.give()
	assert role not in roles_given()
	assert not frappe.db.exists("Custom DocPerm", {"parent": ("in", rights.DOCTYPES), "role": role})


def test_what_the_site_gave_itself_stays(stack):
	role, own = make_role("Support Clerk"), {"parent": "Twilio SMS Message", "role": "Support Clerk"}
	frappe.permissions.add_permission(own["parent"], role)
	frappe.permissions.update_permission_property(own["parent"], role, 0, "export", 1)
	rule = let_answer_issues(role)
	other = {"parent": "Twilio SMS Conversation", "role": role}
	assert frappe.db.exists("Custom DocPerm", other)
	rule.update({"write": 0}).save()
	assert not frappe.db.exists("Custom DocPerm", other)
	assert frappe.db.get_value("Custom DocPerm", own, ["read", "export"]) == (1, 1)
	rights.take_back()
	assert frappe.db.get_value("Custom DocPerm", own, ["read", "export"]) == (1, 1)


def test_the_role_permissions_manager_gives_and_takes(stack, admin):
	role = make_role("Support Clerk")
	frappe.db.commit()

	def after(what: str, **args) -> set[str]:
		answer = admin.call(f"{MANAGER}.{what}", **args)
		assert answer.status_code == 200, answer.text
		frappe.db.rollback()
		return roles_given()

	rule = {"doctype": "Issue", "role": role, "permlevel": 0}
	try:
		assert role not in after("add", parent="Issue", role=role, permlevel=0)
		assert role in after("update", **rule, ptype="write", value=1)
		assert role not in after("remove", **rule, if_owner=0)
		after("add", parent="Issue", role=role, permlevel=0)
		assert role in after("update", **rule, ptype="write", value=1)
		assert after("reset", doctype="Issue") >= {"Support Team"} and role not in roles_given()
		after("reset", doctype="Twilio SMS Message")
		assert frappe.db.exists("Custom DocPerm", {"parent": "Twilio SMS Message", "role": "Support Team"})
	finally:
		frappe.db.rollback()
		frappe.permissions.reset_perms("Issue")
		rights.give()
		frappe.db.commit()


def test_what_the_site_took_away_does_not_come_back(stack, admin):
	doctype, role = "Twilio SMS Message", "Support Team"
	try:
		answer = admin.call(f"{MANAGER}.remove", doctype=doctype, role=role, permlevel=0, if_owner=0)
		assert answer.status_code == 200, answer.text
		frappe.db.rollback()
		rights.give()
		assert not frappe.db.exists("Custom DocPerm", {"parent": doctype, "role": role})
	finally:
		frappe.db.rollback()
		frappe.permissions.reset_perms(doctype)
		rights.give()
		assert frappe.db.exists("Custom DocPerm", {"parent": doctype, "role": role})
		frappe.db.commit()


def test_what_was_given_goes_and_comes_with_the_app(stack):
	parts = next(system for system in SYSTEMS if system.app == "erpnext").added
	before = {doctype: rights._rules("DocPerm", doctype) for doctype in rights.DOCTYPES}
	rights.take_back()
	for doctype in rights.DOCTYPES:
		assert not frappe.db.exists("Custom DocPerm", {"parent": doctype, "role": "Support Team"})
		assert rights._rules("DocPerm", doctype) == before[doctype]
	assert not frappe.db.exists("Has Role", {"parent": "Twilio SMS", "role": "Support Team"})
	rights.give()
	assert frappe.db.exists("Custom DocPerm", {"parent": rights.DOCTYPES[0], "role": "Support Team"})
	assert {field["fieldname"] for fields in parts.FIELDS.values() for field in fields} >= {
		"issue_type",
		"project",
	}


def test_nobody_takes_a_conversation_out_of_an_issue_that_they_may_not_read(stack, supporter, two):
	theirs, own = (ticket_of(message) for message in two)
	restricted = make_user("tsms-restricted@example.com", ["Support Team"], user_type="System User")
	allowed = {"user": restricted, "allow": "Issue", "for_value": own.name}
	frappe.get_doc({"doctype": "User Permission", **allowed}).insert()
	frappe.db.commit()
	asked = {"to": two[0].customer_number, "message": "Hi", "number": two[0].number}
	try:
		person = stack.login(restricted)
		for status in ("Open", "Closed"):
			desks.of(theirs).finish(theirs, status)
			answer = person.call(START, **asked, ticket=own.name, ticket_doctype="Issue")
			assert answer.status_code == 417, answer.text
	finally:
		frappe.db.rollback()
		frappe.db.delete("User Permission", {"user": restricted})
		frappe.clear_cache(user=restricted)
		frappe.db.commit()
	assert supporter.call(START, **asked).status_code == 200
