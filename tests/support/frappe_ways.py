"""Frappe's endpoints that read rows of a DocType of the caller's choice, each as a question about the three texts.

Each way is asked with somebody's session and gives the teams of whose text it told something.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

NOTHING = "Xanadu-of-nobody"
MANY = 500
SAYS = ("message", "values", "results", "docs", "docinfo")


def told(method: str, needle: str, /, **args: Any) -> Callable:
	"""Asked once for everything: whose needle stands in the answer, also in that of an error."""

	def ask(person, texts) -> set[str]:
		answer = person.call(method, http="GET", **args).text
		return {team for team, text in texts.items() if getattr(text, needle) in answer}

	return ask


def told_each(method: str, needle: str, /, **args: str) -> Callable:
	"""Asked about each text; `{ticket}` and so on in the arguments stand for the text's."""

	def ask(person, texts) -> set[str]:
		return {
			team
			for team, text in texts.items()
			if getattr(text, needle) in person.call(method, http="GET", **_filled(args, text)).text
		}

	return ask


def page(path: str, needle: str) -> Callable:
	"""A page of the site instead of a method."""

	def ask(person, texts) -> set[str]:
		return {
			team
			for team, text in texts.items()
			if getattr(text, needle)
			in person.session.get(person.stack.web + path.format(**vars(text)), timeout=30).text
		}

	return ask


def oracle(method: str, words: str, /, **args: Any) -> Callable:
	"""Whether the answer differs when a filter meets the text's words from when it meets nothing.

	:param words: of a text
	:param args: every "{word}" is the word that is looked for
	"""

	def ask(person, texts) -> set[str]:
		def answer(word: str) -> tuple:
			filled = {key: value.replace("{word}", word) for key, value in args.items()}
			said = person.call(method, http="GET", **filled)
			if "json" not in said.headers["Content-Type"]:
				return said.status_code, said.text.replace(word, "")
			# Errors show what was asked, cut to some length.
			return said.status_code, {key: value for key, value in said.json().items() if key in SAYS}

		nothing = answer(NOTHING)
		return {team for team, text in texts.items() if answer(getattr(text, words)) != nothing}

	return ask


def _filled(args: dict[str, str], text) -> dict[str, str]:
	for key, value in vars(text).items():
		args = {name: given.replace(f"{{{key}}}", str(value)) for name, given in args.items()}
	return args


def ways(doctype: str, field: str, needle: str, name: str) -> Iterator[tuple[str, Callable]]:
	"""Every way to the words of a DocType's documents.

	:param field: of the DocType, with the words
	:param needle: of a text: what the field holds
	:param name: of a text: the document's name
	"""
	column, word = f"`tab{doctype}`.`{field}`", "%{word}%"
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
		"get_workflow_state_count",
		told(
			"frappe.workflow.doctype.workflow.workflow.get_workflow_state_count",
			needle,
			doctype=doctype,
			workflow_state_field=field,
			states='["x"]',
		),
	)
	grouped = {"doctype": doctype, "current_filters": filters}
	yield (
		"get_group_by_count",
		told(
			"frappe.desk.listview.get_group_by_count",
			needle,
			doctype=doctype,
			current_filters="[]",
			field=field,
		),
	)
	yield (
		"get_group_by_count: assigned_to",
		oracle("frappe.desk.listview.get_group_by_count", needle, field="assigned_to", **grouped),
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
	yield (
		"client.get_count",
		oracle(
			"frappe.client.get_count", needle, doctype=doctype, filters=json.dumps({field: ["like", word]})
		),
	)
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
	yield (
		"reportview.get_count",
		oracle("frappe.desk.reportview.get_count", needle, doctype=doctype, filters=filters),
	)
	for stats in ("get_stats", "get_sidebar_stats"):
		yield (
			stats,
			told(
				f"frappe.desk.reportview.{stats}",
				needle,
				doctype=doctype,
				stats=json.dumps([field]),
				filters="[]",
			),
		)
	yield (
		"get_filter_dashboard_data",
		told(
			"frappe.desk.reportview.get_filter_dashboard_data",
			needle,
			doctype=doctype,
			stats=json.dumps([{"name": field, "type": "Data"}]),
			filters="[]",
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
	card = json.dumps({"document_type": doctype, "function": "Count", "name": "x", "doctype": "Number Card"})
	yield (
		"number card",
		oracle(
			"frappe.desk.doctype.number_card.number_card.get_result",
			needle,
			doc=card,
			filters=json.dumps([[doctype, field, "like", word, False]]),
		),
	)
	chart = {
		"name": f"x {doctype}",
		"document_type": doctype,
		"filters_json": "[]",
		"time_interval": "Monthly",
		"timeseries": 0,
		"number_of_groups": 0,
	}
	grouping = json.dumps(
		{
			**chart,
			"chart_type": "Group By",
			"type": "Bar",
			"group_by_based_on": field,
			"group_by_type": "Count",
		}
	)
	chart_of = "frappe.desk.doctype.dashboard_chart.dashboard_chart.get"
	yield "chart by group", told(chart_of, needle, chart=grouping, no_cache=1)
	heat = json.dumps(
		{
			**chart,
			"chart_type": "Count",
			"type": "Heatmap",
			"based_on": "creation",
			"value_based_on": "",
			"filters_json": json.dumps([[doctype, field, "like", word, False]]),
		}
	)
	yield "heatmap", oracle(chart_of, needle, chart=heat, no_cache="1")
	goal = {
		"title": "x",
		"goal_value_field": "idx",
		"goal_total_field": "idx",
		"goal_history_field": "name",
		"goal_doctype": doctype,
		"goal_field": field,
		"date_field": "creation",
		"aggregation": "max",
	}
	goal_of = "frappe.utils.goal.get_monthly_goal_graph_data"
	yield (
		"goal of a number",
		told_each(
			goal_of,
			needle,
			doctype="Twilio SMS Number",
			docname="{number}",
			goal_doctype_link="number",
			**goal,
		),
	)
	same = json.dumps({field: ["like", f"%{{{needle}}}%"]})
	yield (
		"goal of the same",
		told_each(
			goal_of,
			needle,
			doctype=doctype,
			docname=f"{{{name}}}",
			goal_doctype_link="x",
			filters=same,
			**goal,
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
	yield "REST v2: document", page(f"/api/v2/document/{doctype}/{{{name}}}", needle)


def linked() -> Iterator[tuple[str, Callable]]:
	"""What is linked with a document that somebody may read, or knows the name of."""
	get = "frappe.desk.form.linked_with.get"
	yield (
		"linked with a number",
		told_each(get, "customer_number", doctype="Twilio SMS Number", docname="{number}"),
	)
	yield "linked with a ticket", told_each(get, "communication", doctype="HD Ticket", docname="{ticket}")
	yield (
		"linked with a conversation",
		told_each(get, "message", doctype="Twilio SMS Conversation", docname="{conversation}"),
	)


def through_links() -> Iterator[tuple[str, Callable]]:
	"""A list shows fields of the documents that its own link to."""
	for doctype, link in (
		("HD Ticket Activity", "ticket"),
		("HD Ticket Comment", "reference_ticket"),
		("HD Notification", "reference_ticket"),
	):
		for field in ("subject", "twilio_sms_conversation"):
			needle = "secret" if field == "subject" else "conversation"
			yield (
				f"{doctype}: {link}.{field}",
				told(
					"frappe.client.get_list",
					needle,
					doctype=doctype,
					fields=json.dumps(["name", f"{link}.{field} as theirs"]),
					limit_page_length=MANY,
					order_by="creation desc",
				),
			)


def by_tag(needle: str) -> Iterator[tuple[str, Callable]]:
	"""What is tagged is shown by its title: a ticket's subject, a conversation's customer."""
	yield (
		"get_documents_for_tag",
		told("frappe.desk.doctype.tag.tag.get_documents_for_tag", needle, tag="#tsms-tag"),
	)
	fields = '["document_type", "title"]'
	yield (
		"list of tags",
		told("frappe.client.get_list", needle, doctype="Tag Link", fields=fields, limit_page_length=MANY),
	)


def files() -> Iterator[tuple[str, Callable]]:
	yield "files by name", told("frappe.core.api.file.get_files_by_search_text", "file", text=".png")
	yield (
		"pictures of a text",
		told_each(
			"frappe.core.api.file.get_attached_images",
			"file_url",
			doctype="Communication",
			names='["{communication}"]',
		),
	)
	yield (
		"files of a folder",
		told("frappe.core.api.file.get_files_in_folder", "file", folder="Home/Attachments", page_length=MANY),
	)
	yield (
		"search of files",
		told(
			"frappe.desk.search.search_widget",
			"file",
			doctype="File",
			txt="",
			page_length=MANY,
			ignore_user_permissions=1,
		),
	)
