"""ERPNext's endpoints that read tickets and what stands in them without asking who may read them."""

from typing import Any

import frappe

from twilio_sms_channel.overrides.frappe import reading


@frappe.whitelist()
def get_last_interaction(**args: Any) -> dict | None:
	"""What a customer last wrote, and their last Issue: as far as the caller may read it."""
	found = reading.original("erpnext.crm.doctype.utils.get_last_interaction", **args)
	for key, doctype in (("last_communication", "Communication"), ("last_issue", "Issue")):
		row = (found or {}).get(key)
		if row and not frappe.has_permission(doctype, "read", doc=row["name"]):
			found[key] = None
	return found


@frappe.whitelist()
def get_open_activities(ref_doctype: str, ref_docname: str) -> dict:
	frappe.get_doc(ref_doctype, ref_docname).check_permission("read")
	return reading.original(
		"erpnext.crm.utils.get_open_activities", ref_doctype=ref_doctype, ref_docname=ref_docname
	)


@frappe.whitelist()
def make_issue_from_communication(communication: str, **args: Any) -> str:
	return _made_from(
		"erpnext.support.doctype.issue.issue.make_issue_from_communication", communication, args
	)


@frappe.whitelist()
def make_lead_from_communication(communication: str, **args: Any) -> str | None:
	return _made_from("erpnext.crm.doctype.lead.lead.make_lead_from_communication", communication, args)


@frappe.whitelist()
def make_opportunity_from_communication(communication: str, **args: Any) -> str:
	return _made_from(
		"erpnext.crm.doctype.opportunity.opportunity.make_opportunity_from_communication", communication, args
	)


def _made_from(endpoint: str, communication: str, args: dict[str, Any]) -> Any:
	"""What is made has the Communication's words, its sender and their number, and is the caller's."""
	frappe.get_doc("Communication", communication).check_permission("read")
	return reading.original(endpoint, communication=communication, **args)
