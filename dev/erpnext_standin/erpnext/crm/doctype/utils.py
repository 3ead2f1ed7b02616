import frappe


@frappe.whitelist()
def get_last_interaction(contact: str | None = None, lead: str | None = None) -> dict | None:
	"""What is known of who calls: what they last wrote, and their customer's last issue. No right is asked for (15.45.0)."""
	if not contact and not lead:
		return None
	parties = [("Lead", lead)] if lead else []
	if contact:
		parties = [(row.link_doctype, row.link_name) for row in frappe.get_doc("Contact", contact).links]
	return {
		"last_communication": _newest(
			"Communication",
			["name", "content"],
			sent_or_received="Received",
			reference_doctype=("in", [doctype for doctype, _name in parties]),
			reference_name=("in", [name for _doctype, name in parties]),
		),
		"last_issue": _newest(
			"Issue",
			["name", "subject", "customer"],
			customer=("in", [name for doctype, name in parties if doctype == "Customer"]),
		),
	}


def _newest(doctype: str, fields: list[str], **filters):
	return next(iter(frappe.get_all(doctype, filters, fields, order_by="creation desc", limit=1)), None)
