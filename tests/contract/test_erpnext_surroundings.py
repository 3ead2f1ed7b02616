"""What is around issues: contacts and those they stand for, Desk's e-mail dialog, other ways to text."""

import inspect

import erpnext
import frappe
import pytest
from erpnext_records import make_customer, make_issue, read_issue
from frappe.model.document import get_controller
from records import acting_as

PATHS = (
	"erpnext.support.doctype.issue.issue.set_multiple_status",
	"erpnext.support.doctype.issue.issue.set_status",
	"erpnext.support.doctype.issue.issue.make_issue_from_communication",
	"erpnext.crm.doctype.lead.lead.make_lead_from_communication",
	"erpnext.crm.doctype.utils.get_last_interaction",
	"erpnext.crm.utils.get_open_activities",
	"frappe.core.doctype.communication.email.make",
)
MAIL_DIALOG = PATHS[-1]
NUMBER = "+14155550199"


def test_the_app_is_called_erpnext():
	assert "erpnext" in frappe.get_installed_apps()
	assert erpnext.__version__


@pytest.mark.parametrize("path", PATHS)
def test_endpoints_are_at_these_paths(path):
	frappe.is_whitelisted(frappe.get_attr(path))


def test_desks_search_knows_issues_by_their_subject():
	searched = {row["doctype"] for row in frappe.get_hooks("global_search_doctypes")["Default"]}
	assert {"Customer", "Lead", "Issue"} <= searched
	assert frappe.get_meta("Issue").get_field("subject").in_global_search


def test_desks_mail_dialog_calls_with_these_words():
	wanted = {
		"doctype",
		"name",
		"content",
		"subject",
		"recipients",
		"cc",
		"bcc",
		"send_email",
		"attachments",
		"communication_medium",
		"sent_or_received",
	}
	assert wanted <= set(inspect.signature(frappe.get_attr(MAIL_DIALOG)).parameters)


def test_who_may_not_mail_a_document_is_refused(stranger):
	issue = make_issue()
	with acting_as(stranger), pytest.raises(frappe.PermissionError):
		frappe.get_attr(MAIL_DIALOG)(doctype="Issue", name=issue.name, content="Hi", send_email=0)


def test_a_contact_with_a_phone_number_ends_the_transaction():
	"""Why the channel makes contacts before it locks anything."""
	marker = frappe.get_doc({"doctype": "ToDo", "description": "Written before the contact"}).insert()
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Ada"})
	contact.append("phone_nos", {"phone": NUMBER, "is_primary_mobile_no": 1})
	contact.insert()
	frappe.db.rollback()
	try:
		stays = bool(frappe.db.exists("ToDo", marker.name))
	finally:
		frappe.delete_doc("Contact", contact.name, ignore_missing=True)
		frappe.delete_doc("ToDo", marker.name, ignore_missing=True)
		frappe.db.commit()
	if erpnext.__version__.startswith("15.45."):
		assert stays
	elif not stays:
		pytest.skip("later releases commit where a Call Log of that number exists")


def test_a_contact_without_one_does_not():
	marker = frappe.get_doc({"doctype": "ToDo", "description": "Written before the contact"}).insert()
	frappe.get_doc({"doctype": "Contact", "first_name": "Ada"}).insert()
	frappe.db.rollback()
	assert not frappe.db.exists("ToDo", marker.name)


@pytest.mark.parametrize("doctype", ["Customer", "Lead"])
def test_contacts_link_to_whom_they_stand_for(doctype):
	if doctype == "Customer":
		name = make_customer()
	else:
		name = frappe.get_doc({"doctype": "Lead", "first_name": "Ada"}).insert().name
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Ada"})
	contact.append("links", {"link_doctype": doctype, "link_name": name})
	contact.insert()
	assert contact.get_link_for(doctype) == name


def test_a_lead_has_a_number_of_its_own():
	meta = frappe.get_meta("Lead")
	assert meta.has_field("mobile_no")
	assert meta.has_field("phone")


def test_who_is_deleted_goes_from_issues():
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Ada"}).insert()
	issue = make_issue(contact=contact.name)
	frappe.delete_doc("Contact", contact.name)
	assert not read_issue(issue.name).contact


def test_sms_center_sends_by_the_gateway_of_frappe(monkeypatch):
	module = frappe.get_module("erpnext.selling.doctype.sms_center.sms_center")
	sent = []
	monkeypatch.setattr(module, "send_sms", lambda numbers, message: sent.append((numbers, message)))
	center = module.SMSCenter({"doctype": "SMS Center"})
	center.update({"message": "We are closed today", "receiver_list": f"Ada - {NUMBER}\n+14155550198\n"})
	center.send_sms()
	assert sent == [([NUMBER, "+14155550198"], "We are closed today")]


def test_sms_center_is_a_single_with_a_class_of_its_own():
	assert frappe.get_meta("SMS Center").issingle
	controller = get_controller("SMS Center")
	for method in ("send_sms", "create_receiver_list"):
		frappe.is_whitelisted(getattr(controller, method))


def test_these_tell_anybody_what_stands_in_issues(stranger):
	"""Why the channel stands in for them."""
	customer = make_customer("Contract Bakery")
	issue = make_issue(customer=customer)
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Ada"})
	contact.append("links", {"link_doctype": "Customer", "link_name": customer})
	contact.insert()
	todo = {"description": issue.subject, "reference_type": "Issue", "reference_name": issue.name}
	frappe.get_doc({"doctype": "ToDo", **todo}).insert()
	with acting_as(stranger):
		last = frappe.get_attr("erpnext.crm.doctype.utils.get_last_interaction")(contact=contact.name)
		found = frappe.get_attr("erpnext.crm.utils.get_open_activities")("Issue", issue.name)
	assert last["last_issue"].subject == issue.subject
	assert [task.description for task in found["tasks"]] == [issue.subject]
