"""Frappe's endpoints that read rows without asking who may read them: of messages they tell only what a list would show.

Each stands in for the endpoint of the same name and goes through to it. That takes these endpoints for all there are:
those of Frappe v15 and v16 that read a DocType of the caller's choice by anything but a list of what they may read.
"""

import inspect
from collections import Counter
from typing import Any

import frappe
from frappe import _
from frappe.model.naming import is_autoincremented
from frappe.permissions import get_role_permissions
from frappe.share import get_shared

from twilio_sms_channel.desks.registry import desks
from twilio_sms_channel.overrides.frappe import aliases

OURS = (
	"Twilio SMS Account",
	"Twilio SMS Consent Event",
	"Twilio SMS Conversation",
	"Twilio SMS Exchange",
	"Twilio SMS Finding",
	"Twilio SMS Media",
	"Twilio SMS Message",
	"Twilio SMS Number",
	"Twilio SMS Pace",
	"Twilio SMS Rejected Webhook",
	"Twilio SMS Unread Webhook",
)
# What a message said can also stand in these.
WITH_WORDS = (
	"Comment",
	"Communication",
	"Deleted Document",
	"Email Queue",
	"Error Log",
	"File",
	"Notification Log",
	"Tag Link",
	"ToDo",
	"Version",
)
MAX_GROUPS = 50
# Endpoint → what stands in for it. Frappe v16 has mended some of them.
IN_PLACE = {
	"frappe.desk.doctype.dashboard_chart.dashboard_chart.get": "chart",
	"frappe.desk.doctype.tag.tag.get_tagged_docs": "get_tagged_docs",
	"frappe.desk.search.get_link_title": "get_link_title",
	"frappe.desk.treeview.get_all_nodes": "get_all_nodes",
	"frappe.desk.treeview.get_children": "get_children",
	"frappe.workflow.doctype.workflow.workflow.get_workflow_state_count": "get_workflow_state_count",
}
IN_PLACE_BEFORE_V16 = {
	"frappe.client.get_count": "get_count",
	"frappe.desk.form.linked_with.get": "get_linked",
	"frappe.desk.listview.get_group_by_count": "get_group_by_count",
	"frappe.desk.query_report.get_data_for_custom_field": "get_data_for_custom_field",
	"frappe.desk.query_report.run": "run_report",
	"frappe.desk.search.search_link": "search_link",
	"frappe.desk.search.search_widget": "search_widget",
	"frappe.geo.utils.get_coords": "get_coords",
	"frappe.utils.goal.get_monthly_goal_graph_data": "get_goal",
	"frappe.website.doctype.web_form.web_form.get_link_options": "get_link_options",
}


def overrides(frappe_version: str) -> dict[str, str]:
	"""For the hook `override_whitelisted_methods`."""
	found = dict(IN_PLACE)
	if int(frappe_version.split(".")[0]) < 16:
		found.update(IN_PLACE_BEFORE_V16)
	return {endpoint: f"{__name__}.{function}" for endpoint, function in found.items()}


def is_guarded(doctype: Any) -> bool:
	"""Whether documents of this DocType are or hold messages."""
	if doctype in OURS or doctype in WITH_WORDS:
		return True
	return any(doctype in (desk.doctype, *desk.with_words) for desk in desks())


@frappe.whitelist()
def get_count(doctype: str, filters: Any = None, **args: Any) -> int:
	from frappe.desk import reportview

	if not is_guarded(doctype):
		return original("frappe.client.get_count", doctype=doctype, filters=filters, **args)
	frappe.form_dict.update(
		doctype=doctype, filters=frappe.utils.get_safe_filters(filters), debug=args.get("debug")
	)
	return reportview.get_count()


@frappe.whitelist()
def search_link(doctype: str, **args: Any) -> Any:
	return _searched("frappe.desk.search.search_link", doctype, args)


@frappe.whitelist()
def search_widget(doctype: str, **args: Any) -> Any:
	return _searched("frappe.desk.search.search_widget", doctype, args)


def _searched(endpoint: str, doctype: str, args: dict) -> Any:
	"""`ignore_user_permissions` ignores all permissions there."""
	_refuse_if_ours(args.get("query"))
	if is_guarded(doctype):
		args["ignore_user_permissions"] = 0
	return original(endpoint, doctype=doctype, **args)


@frappe.whitelist()
def get_linked(**args: Any) -> dict[str, list]:
	found = original("frappe.desk.form.linked_with.get", **args)
	readable = {
		doctype: _readable(doctype, rows) if is_guarded(doctype) else rows for doctype, rows in found.items()
	}
	return {doctype: rows for doctype, rows in readable.items() if rows}


@frappe.whitelist()
def get_tagged_docs(doctype: str, **args: Any) -> list:
	rows = original("frappe.desk.doctype.tag.tag.get_tagged_docs", doctype=doctype, **args)
	if not is_guarded(doctype):
		return rows
	readable = _readable(doctype, [frappe._dict(name=row[0]) for row in rows])
	return [(row.name,) for row in readable]


@frappe.whitelist()
def get_link_title(doctype: str, docname: str) -> str:
	if is_guarded(doctype) and not _readable(doctype, [frappe._dict(name=docname)]):
		return docname
	return original("frappe.desk.search.get_link_title", doctype=doctype, docname=docname)


@frappe.whitelist()
def get_workflow_state_count(doctype: str, workflow_state_field: str, states: Any) -> list[dict] | None:
	if not is_guarded(doctype):
		return original(
			"frappe.workflow.doctype.workflow.workflow.get_workflow_state_count",
			doctype=doctype,
			workflow_state_field=workflow_state_field,
			states=states,
		)
	others = {workflow_state_field: ("not in", frappe.parse_json(states))}
	values = frappe.get_list(doctype, filters=others, pluck=workflow_state_field, limit_page_length=0)
	return [
		{workflow_state_field: value, "count": count} for value, count in Counter(values).items() if value
	]


@frappe.whitelist()
def get_group_by_count(doctype: str, current_filters: str, field: str) -> list[dict]:
	if field != "assigned_to" or not is_guarded(doctype):
		return original(
			"frappe.desk.listview.get_group_by_count",
			doctype=doctype,
			current_filters=current_filters,
			field=field,
		)
	readable = frappe.get_list(
		doctype, filters=frappe.parse_json(current_filters), fields=["name"], order_by=None, run=0
	)
	# Names can be numbers in the database before v16, what refers to them is text.
	name = "cast(todo.reference_name as unsigned)" if is_autoincremented(doctype) else "todo.reference_name"
	# Frappe's own statement. `readable` is SQL that Frappe has built and escaped; the other two are constants.
	return frappe.db.sql(  # nosemgrep
		f"""select todo.allocated_to as name, count(*) as count from `tabToDo` todo
		join `tabUser` user on user.name = todo.allocated_to and user.user_type = 'System User'
		where todo.status != 'Cancelled' and todo.reference_type = %s
		and {name} in (select name from ({readable}) readable)
		group by todo.allocated_to order by count desc limit {MAX_GROUPS}""",
		doctype,
		as_dict=True,
	)


@frappe.whitelist()
def get_data_for_custom_field(doctype: str, field: str, names: Any = None) -> dict:
	filters = {"name": ("in", frappe.parse_json(names))} if names else None
	if is_guarded(doctype):
		return frappe._dict(frappe.get_list(doctype, filters=filters, fields=["name", field], as_list=True))
	return original(
		"frappe.desk.query_report.get_data_for_custom_field", doctype=doctype, field=field, names=names
	)


@frappe.whitelist()
def run_report(report_name: str, custom_columns: Any = None, **args: Any) -> dict:
	refuse_columns(report_name, custom_columns)
	return original(
		"frappe.desk.query_report.run", report_name=report_name, custom_columns=custom_columns, **args
	)


def refuse_columns(report_name: str | None, custom_columns: Any) -> None:
	"""Columns that somebody added to a report are filled in the same way."""
	from frappe.desk import query_report

	# Newer releases of v15 fill them by a list.
	if "names" in inspect.signature(query_report.get_data_for_custom_field).parameters:
		return
	saved = report_name and frappe.db.get_value(
		"Report", {"name": report_name, "report_type": "Custom Report"}, "json"
	)
	columns = [
		*(frappe.parse_json(custom_columns) or []),
		*((frappe.parse_json(saved) or {}).get("columns") or []),
	]
	for column in columns:
		if column.get("link_field"):
			_refuse_if_guarded(column.get("doctype"))


@frappe.whitelist()
def chart(**args: Any) -> dict:
	asked = frappe.parse_json(args.get("chart")) or {}
	if name := args.get("chart_name"):
		asked = frappe.get_doc("Dashboard Chart", name).as_dict()
	if asked.get("type") == "Heatmap":
		_refuse_if_guarded(asked.get("document_type"))
	return original("frappe.desk.doctype.dashboard_chart.dashboard_chart.get", **args)


@frappe.whitelist()
def get_goal(goal_doctype: str, **args: Any) -> dict:
	_refuse_if_guarded(goal_doctype)
	return original("frappe.utils.goal.get_monthly_goal_graph_data", goal_doctype=goal_doctype, **args)


@frappe.whitelist()
def get_coords(doctype: str, **args: Any) -> dict:
	_refuse_if_guarded(doctype)
	return original("frappe.geo.utils.get_coords", doctype=doctype, **args)


@frappe.whitelist(allow_guest=True)
def get_link_options(doctype: str, **args: Any) -> Any:
	_refuse_if_guarded(doctype)
	return original("frappe.website.doctype.web_form.web_form.get_link_options", doctype=doctype, **args)


@frappe.whitelist()
def get_children(doctype: str, **args: Any) -> Any:
	_refuse_if_guarded(doctype)
	return original("frappe.desk.treeview.get_children", doctype=doctype, **args)


@frappe.whitelist()
def get_all_nodes(tree_method: str, **args: Any) -> Any:
	_refuse_if_ours(tree_method)
	_refuse_if_guarded(args.get("doctype"))
	return original("frappe.desk.treeview.get_all_nodes", tree_method=tree_method, **args)


def original(endpoint: str, **args: Any) -> Any:
	"""Call what is stood in for, when it is an endpoint of this Frappe at all."""
	method = _resolved(endpoint)
	if not method:
		raise frappe.DoesNotExistError
	frappe.is_whitelisted(method)
	args.pop("cmd", None)
	return frappe.call(method, **args)


def _resolved(path: str) -> Any:
	try:
		return frappe.get_attr(path)
	except (ImportError, AttributeError):
		return None


def only_readable(rows: list) -> list:
	"""Those of the rows, which name any documents by `doctype` and `name`, that tell nothing of messages but what a list
	would show."""
	guarded = {row.doctype for row in rows if is_guarded(row.doctype)}
	readable = {
		doctype: [row.name for row in _readable(doctype, [row for row in rows if row.doctype == doctype])]
		for doctype in guarded
	}
	return [row for row in rows if row.doctype not in guarded or row.name in readable[row.doctype]]


def _readable(doctype: str, rows: list) -> list:
	"""Those of the rows that a list would show."""
	if not rows:
		return []
	roles = get_role_permissions(frappe.get_meta(doctype))
	if not (roles.get("read") or roles.get("select")):
		# Early releases of v15 fail to list anything for whoever has nothing but shares.
		shared = {str(name) for name in get_shared(doctype)}
		return [row for row in rows if str(row.name) in shared]
	try:
		names = frappe.get_list(
			doctype, filters={"name": ("in", [row.name for row in rows])}, pluck="name", limit_page_length=0
		)
	except frappe.PermissionError:
		frappe.clear_last_message()
		return []
	shown = {str(name) for name in names}
	return [row for row in rows if str(row.name) in shown]


def _refuse_if_guarded(doctype: Any) -> None:
	if is_guarded(doctype):
		frappe.throw(_("{0} cannot be read in this way.").format(_(doctype)), frappe.PermissionError)


def _refuse_if_ours(method: Any) -> None:
	"""Some endpoints call another one by its path, past what stands in for it."""
	if method and aliases.endpoint_of(str(method)):
		frappe.throw(_("{0} cannot be called in this way.").format(method), frappe.PermissionError)
