"""Searches, for link fields and in trees: they take any DocType and any field."""

import json
from collections.abc import Callable, Iterator

from support.permissions.asking import MANY, oracle, told


def searches(doctype: str, field: str, needle: str, name: str) -> Iterator[tuple[str, Callable]]:
	word = "%{word}%"
	filters = json.dumps([[doctype, field, "like", word]])
	searched = {"doctype": doctype, "txt": "", "searchfield": field, "page_length": MANY}
	ignoring = {"ignore_user_permissions": 1}
	for search in ("search_widget", "search_link"):
		method = f"frappe.desk.search.{search}"
		yield search, told(method, needle, **searched, **ignoring)
		yield (
			f"{search}: filters",
			oracle(method, needle, doctype=doctype, txt="", filters=filters, ignore_user_permissions="1"),
		)
	linked = {"reference_doctype": "Twilio SMS Message", "link_fieldname": "communication"}
	yield (
		"search_widget: of a link field",
		told("frappe.desk.search.search_widget", needle, **searched, **ignoring, **linked),
	)
	yield (
		"search_widget: another endpoint",
		oracle(
			"frappe.desk.search.search_widget",
			needle,
			doctype=doctype,
			query="frappe.client.get_count",
			txt=json.dumps({field: ["like", word]}),
		),
	)
	nodes = {"label": "x", "parent": "", "as_dict": 1, **ignoring}
	yield (
		"get_all_nodes",
		told(
			"frappe.desk.treeview.get_all_nodes",
			needle,
			tree_method="frappe.desk.search.search_widget",
			doctype=doctype,
			searchfield=field,
			page_length=MANY,
			**nodes,
		),
	)
	yield "get_children", told("frappe.desk.treeview.get_children", needle, doctype=doctype)
