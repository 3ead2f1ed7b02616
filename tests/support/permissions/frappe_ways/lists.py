"""Rows of a DocType: lists, reports, and files that are made of them."""

import json
from collections.abc import Callable, Iterator

from support.permissions.asking import MANY, oracle, page, told


def lists(doctype: str, field: str, needle: str, name: str) -> Iterator[tuple[str, Callable]]:
	column, word = f"`tab{doctype}`.`{field}`", "%{word}%"
	yield (
		"get_data_for_custom_field",
		told("frappe.desk.query_report.get_data_for_custom_field", needle, doctype=doctype, field=field),
	)
	columns = json.dumps(
		[{"fieldname": field, "doctype": doctype, "link_field": "number", "insert_after_index": 0}]
	)
	yield (
		"a report's own columns",
		told(
			"frappe.desk.query_report.run",
			needle,
			report_name="Twilio SMS Traffic",
			filters="{}",
			custom_columns=columns,
		),
	)
	yield (
		"get_value",
		oracle(
			"frappe.client.get_value",
			needle,
			doctype=doctype,
			fieldname="name",
			filters=json.dumps({field: ["like", word]}),
		),
	)
	yield (
		"client.get_list",
		told(
			"frappe.client.get_list",
			needle,
			doctype=doctype,
			fields=json.dumps(["name", field]),
			limit_page_length=MANY,
		),
	)
	for view in ("get", "get_list", "export_query"):
		yield (
			f"reportview.{view}",
			told(
				f"frappe.desk.reportview.{view}",
				needle,
				doctype=doctype,
				fields=json.dumps([column]),
				page_length=MANY,
				file_format_type="CSV",
				view="Report",
			),
		)
	times = json.dumps({"start": "creation", "end": "creation", "id": "name", "title": field})
	yield (
		"calendar",
		told(
			"frappe.desk.calendar.get_events",
			needle,
			doctype=doctype,
			start="2000-01-01",
			end="2100-01-01",
			field_map=times,
		),
	)
	yield (
		"get_coords",
		told("frappe.geo.utils.get_coords", needle, doctype=doctype, filters="[]", type="coordinates"),
	)
	yield (
		"get_tagged_docs",
		told("frappe.desk.doctype.tag.tag.get_tagged_docs", name, doctype=doctype, tag="%tsms-tag%"),
	)
	yield "web list", told("frappe.www.list.get_list_data", needle, doctype=doctype, limit=MANY)
	yield "web list as HTML", told("frappe.www.list.get", needle, doctype=doctype, limit=MANY)
	yield (
		"data import's template",
		told(
			"frappe.core.doctype.data_import.data_import.download_template",
			needle,
			doctype=doctype,
			export_fields=json.dumps({doctype: ["name", field]}),
			export_records="all",
			file_type="CSV",
		),
	)
	yield (
		"data export",
		told(
			"frappe.core.doctype.data_export.exporter.export_data",
			needle,
			doctype=doctype,
			with_data="Yes",
			all_doctypes=0,
			file_type="CSV",
			select_columns=json.dumps({doctype: ["name", field]}),
		),
	)
	yield (
		"REST v2",
		page(f"/api/v2/document/{doctype}?fields={json.dumps(['name', field])}&limit={MANY}", needle),
	)
