import frappe


@frappe.whitelist()
def get_open_activities(ref_doctype: str, ref_docname: str) -> dict:
	"""Open to-dos and events about a document. No right is asked for (15.45.0)."""
	about = {"reference_type": ref_doctype, "reference_name": ref_docname, "status": "Open"}
	fields = ["name", "description", "allocated_to", "date"]
	return {"tasks": frappe.get_all("ToDo", about, fields), "events": []}
