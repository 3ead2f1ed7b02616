"""How many rows there are: counts, charts and goals, which tell by a filter or by what they group."""

import json
from collections.abc import Callable, Iterator

from support.permissions.asking import oracle, told, told_each


def figures(doctype: str, field: str, needle: str, name: str) -> Iterator[tuple[str, Callable]]:
	word = "%{word}%"
	filters = json.dumps([[doctype, field, "like", word]])
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
		"client.get_count",
		oracle(
			"frappe.client.get_count", needle, doctype=doctype, filters=json.dumps({field: ["like", word]})
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
