"""The search page (`helpdesk.api.search`, v1.28), by subject instead of with an index of its own."""

import frappe
from frappe import _


@frappe.whitelist()
def search(query: str, filters: str | None = None, limit: int = 20, title_only: bool = False):
	if len((query or "").strip()) < 2:
		frappe.throw(_("Search for at least 2 characters."))
	found = frappe.get_list(
		"HD Ticket",
		filters={"subject": ("like", f"%{query}%")},
		fields=["name", "subject", "status", "modified"],
		limit=int(limit),
	)
	results = [
		{
			"id": f"HD Ticket:{row.name}",
			"doctype": "HD Ticket",
			"name": str(row.name),
			"title": frappe.utils.escape_html(row.subject),
			"content": "",
			"status": row.status,
			"modified": row.modified.timestamp(),
			"score": 1,
		}
		for row in found
	]
	count = len(results)
	summary = {"duration": 0, "total_matches": count, "returned_matches": count, "filtered_matches": count}
	return {"results": results, "summary": summary}
