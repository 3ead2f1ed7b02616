"""Other apps beside this one: classes that they replace, and DocTypes that are called as a ticket system's."""

import pickle

import frappe
import pytest
from frappe.model.base_document import get_controller

from twilio_sms_channel.infra.compat import IS_V16
from twilio_sms_channel.overrides import extending
from twilio_sms_channel.overrides.frappe.site_sms import NotificationMixin

EXTENDED = ("HD Ticket", "Issue", "Notification", "SMS Center")


@pytest.mark.parametrize("doctype", EXTENDED)
def test_what_another_app_made_of_a_class_goes_on_beneath_ours(stack, doctype):
	paths = frappe.get_hooks("override_doctype_class", {}).get(doctype) or []
	others = [path for path in paths if not path.startswith(extending.OURS)]
	if not others:
		pytest.skip(f"no other app here replaces the class of {doctype}")
	found = get_controller(doctype)
	assert issubclass(found, frappe.get_attr(others[-1]))
	assert any(
		base.__name__.endswith("Mixin") and base.__module__.startswith(extending.OURS)
		for base in found.__mro__
	)


@pytest.mark.skipif(IS_V16, reason="Frappe makes the class")
def test_frappes_cache_finds_a_class_of_ours_again(stack):
	doc = frappe.new_doc("Notification")
	assert isinstance(doc, NotificationMixin)
	assert type(pickle.loads(pickle.dumps(doc))) is type(doc)


def test_a_doctype_of_another_app_keeps_its_class(stack):
	"""As it is for an Issue that is not ERPNext's."""
	found = extending.extended(__name__, "SMSToDo", "ToDo", "erpnext", NotificationMixin)
	assert found is get_controller("ToDo")


@pytest.fixture
def foreign_issue(stack):
	if frappe.db.exists("DocType", "Issue"):
		pytest.skip("ERPNext's is here")
	rights = dict.fromkeys(("read", "write", "create", "delete"), 1)
	doctype = {
		"doctype": "DocType",
		"name": "Issue",
		"module": "Custom",
		"custom": 1,
		"allow_rename": 1,
		"autoname": "hash",
		"fields": [{"fieldname": "title", "fieldtype": "Data", "label": "Title"}],
		"permissions": [{"role": "System Manager", **rights}],
	}
	frappe.get_doc(doctype).insert()
	frappe.db.commit()
	yield
	frappe.db.rollback()
	frappe.delete_doc("DocType", "Issue", force=True)
	frappe.db.commit()
	frappe.db.sql_ddl("drop table if exists `tabIssue`")


def test_a_doctype_that_is_called_as_a_ticket_is_left_alone(foreign_issue):
	first, second = (frappe.get_doc({"doctype": "Issue", "title": title}).insert() for title in "ab")
	first.update({"title": "c"}).save()
	frappe.rename_doc("Issue", first.name, second.name, merge=True)
	assert frappe.get_all("Issue", pluck="title") == ["b"]
	frappe.delete_doc("Issue", second.name)
	assert not frappe.db.count("Issue")
