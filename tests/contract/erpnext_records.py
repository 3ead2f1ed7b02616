"""Issues made by ERPNext's own class, whatever overrides it on this site, and what an issue can name."""

import calendar
from datetime import timedelta

import frappe
from erpnext.support.doctype.issue.issue import Issue

HOUR_S = 3600
RESPONSE_S, RESOLUTION_S = 4 * HOUR_S, 24 * HOUR_S
# v15.46 and later call them after the agreement.
RESOLVED_AT = ("resolution_date", "sla_resolution_date")
RESOLVE_BY = ("resolution_by", "sla_resolution_by")


def make_issue(**fields) -> Issue:
	return Issue({"doctype": "Issue", "subject": "No water", **fields}).insert(ignore_permissions=True)


def read_issue(name: str) -> Issue:
	return Issue("Issue", name)


def first_of(issue: Issue, fields: tuple[str, ...]):
	"""The value of the one of these fields that this release has."""
	return issue.get(next(field for field in fields if issue.meta.has_field(field)))


def make_contact(email: str, customer: str = ""):
	"""A contact without a phone number: ERPNext would commit."""
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Ada"})
	contact.append("email_ids", {"email_id": email, "is_primary": 1})
	if customer:
		contact.append("links", {"link_doctype": "Customer", "link_name": customer})
	return contact.insert(ignore_permissions=True)


def make_customer(name: str = "Contract Waterworks") -> str:
	return (
		frappe.get_doc({"doctype": "Customer", "customer_name": name, "customer_type": "Company"})
		.insert(ignore_permissions=True)
		.name
	)


def make_agreement() -> str:
	"""A default agreement that runs day and night, is held by Replied and fulfilled by Resolved and Closed."""
	frappe.db.set_single_value("Support Settings", "track_service_level_agreement", 1)
	today = frappe.utils.getdate()
	holidays = {
		"holiday_list_name": f"Contract {frappe.generate_hash(length=6)}",
		"from_date": today,
		"to_date": today + timedelta(days=1),
	}
	for name in frappe.get_all("Service Level Agreement", {"document_type": "Issue"}, pluck="name"):
		frappe.db.set_value("Service Level Agreement", name, "enabled", 0)
		frappe.db.set_value("Service Level Agreement", name, "default_service_level_agreement", 0)
	agreement = frappe.get_doc(
		{
			"doctype": "Service Level Agreement",
			"document_type": "Issue",
			"service_level": f"Contract {frappe.generate_hash(length=6)}",
			"enabled": 1,
			"default_service_level_agreement": 1,
			"apply_sla_for_resolution": 1,
			"holiday_list": frappe.get_doc({"doctype": "Holiday List", **holidays}).insert().name,
			"priorities": [
				{
					"priority": make_priority(),
					"default_priority": 1,
					"response_time": RESPONSE_S,
					"resolution_time": RESOLUTION_S,
				}
			],
			"pause_sla_on": [{"status": "Replied"}],
			"sla_fulfilled_on": [{"status": "Resolved"}, {"status": "Closed"}],
			"support_and_resolution": [
				{"workday": day, "start_time": "00:00:00", "end_time": "23:59:59"}
				for day in calendar.day_name
			],
		}
	)
	return agreement.insert(ignore_permissions=True).name


def make_priority(name: str = "Contract Medium") -> str:
	if not frappe.db.exists("Issue Priority", name):
		frappe.get_doc({"doctype": "Issue Priority", "name": name, "__newname": name}).insert()
	return name
