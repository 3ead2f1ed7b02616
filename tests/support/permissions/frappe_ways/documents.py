"""One document by its name: its form, its neighbours, its title, and how it is printed."""

import json
from collections.abc import Callable, Iterator

from support.permissions.asking import oracle, page, told_each


def documents(doctype: str, field: str, needle: str, name: str) -> Iterator[tuple[str, Callable]]:
	word = "%{word}%"
	filters = json.dumps([[doctype, field, "like", word]])
	for link in ("validate_link", "validate_link_and_fetch"):
		yield (
			link,
			told_each(
				f"frappe.client.{link}",
				needle,
				doctype=doctype,
				docname=f"{{{name}}}",
				fields=json.dumps([field]),
				fields_to_fetch=json.dumps([field]),
			),
		)
	for load in ("getdoc", "get_docinfo", "get_communications"):
		yield load, told_each(f"frappe.desk.form.load.{load}", needle, doctype=doctype, name=f"{{{name}}}")
	yield (
		"get_next",
		oracle(
			"frappe.desk.form.utils.get_next", needle, doctype=doctype, value="x", prev="0", filters=filters
		),
	)
	yield (
		"link title",
		told_each("frappe.desk.search.get_link_title", needle, doctype=doctype, docname=f"{{{name}}}"),
	)
	yield (
		"link preview",
		told_each(
			"frappe.desk.link_preview.get_preview_data", needle, doctype=doctype, docname=f"{{{name}}}"
		),
	)
	yield "print", page(f"/printview?doctype={doctype}&name={{{name}}}&format=Standard", needle)
	yield (
		"print: HTML",
		told_each("frappe.www.printview.get_html_and_style", needle, doc=doctype, name=f"{{{name}}}"),
	)
	yield (
		"print: raw",
		told_each("frappe.www.printview.get_rendered_raw_commands", needle, doc=doctype, name=f"{{{name}}}"),
	)
	yield "REST v2: document", page(f"/api/v2/document/{doctype}/{{{name}}}", needle)
