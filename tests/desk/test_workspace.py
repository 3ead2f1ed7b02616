"""The workspace "Twilio SMS": all that it shows is there, and answers whoever may see it."""

import json

import frappe
import pytest
from support import desks
from support.people import make_user

from twilio_sms_channel.messaging.upkeep import onboarding

WORKSPACE = "Twilio SMS"


@pytest.fixture(scope="module")
def manager(stack, admin):
	"""An agent manager, who sees figures and sets nothing up."""
	return stack.login(make_user("tsms-figures@example.com", ["Agent Manager"], user_type="System User"))


@pytest.fixture(scope="module")
def workspace(site):
	return frappe.get_doc("Workspace", WORKSPACE)


def shown(person) -> dict[str, set[str]]:
	"""Names of what Desk would show, by kind."""
	page = {"name": WORKSPACE, "title": WORKSPACE, "public": 1}
	answer = person.call("frappe.desk.desktop.get_desktop_page", page=json.dumps(page))
	assert answer.ok, answer.text
	found = answer.json()["message"]
	return {
		"cards": {item["number_card_name"] for item in found["number_cards"]["items"]},
		"charts": {item["chart_name"] for item in found["charts"]["items"]},
		"shortcuts": {item["link_to"] for item in found["shortcuts"]["items"]},
		"links": {link["link_to"] for card in found["cards"]["items"] for link in card["links"]},
	}


def test_every_block_stands_for_something(workspace):
	there = {
		"number_card": {card.label for card in workspace.number_cards},
		"chart": {chart.label for chart in workspace.charts},
		"card": {link.label for link in workspace.links if link.type == "Card Break"},
		"shortcut": {shortcut.label for shortcut in workspace.shortcuts},
		"onboarding": set(frappe.get_all("Module Onboarding", pluck="name")),
	}
	blocks = json.loads(workspace.content)
	for kind, labels in there.items():
		used = {
			next(v for k, v in b["data"].items() if k.endswith("_name")) for b in blocks if b["type"] == kind
		}
		assert used <= labels
		assert used == labels or kind == "onboarding"


def test_nothing_leads_to_a_doctype_of_a_ticket_system(workspace):
	links = [link.link_to for link in workspace.links if link.type == "Link"]
	assert links
	for name in [*links, *(card.document_type for card in _cards(workspace))]:
		assert name.startswith("Twilio SMS ")


def test_the_workspace_begins_with_connecting_twilio(workspace, admin, manager):
	"""Whether or not the site has Frappe's onboarding switched on, and only for those who may."""
	first = json.loads(workspace.content)[0]
	assert (first["type"], first["data"]["shortcut_name"]) == ("shortcut", "Connect Twilio")
	assert "twilio-sms-setup" in shown(admin)["shortcuts"]
	assert "twilio-sms-setup" not in shown(manager)["shortcuts"]


def test_each_chart_has_its_report_beside_it(workspace, admin):
	assert {chart.report_name for chart in _charts(workspace)} <= shown(admin)["shortcuts"]


def test_each_step_of_the_set_up_leads_somewhere():
	for step in frappe.get_doc("Module Onboarding", WORKSPACE).get_steps():
		page, _slash, doctype = step.path.partition("/")
		assert frappe.db.exists(*(("DocType", doctype) if page == "List" else ("Page", page)))


def test_steps_of_the_set_up_are_done_once_their_work_is(stack, customer):
	"""Not only by the click on the step."""
	steps = [step.name for step in frappe.get_doc("Module Onboarding", WORKSPACE).get_steps()]
	customer.text("Is anybody there?")
	frappe.db.set_value("Twilio SMS Number", stack.number, "webhook_url", stack.web, update_modified=False)
	answers = {"direction": "Outbound"}
	frappe.db.set_value("Twilio SMS Message", answers, "status", "Failed", update_modified=False)
	frappe.db.set_value("Onboarding Step", {"name": ("in", steps)}, "is_complete", 0)
	onboarding.note_what_is_done()
	done = frappe.get_all("Onboarding Step", {"name": ("in", steps), "is_complete": 1}, pluck="name")
	frappe.db.rollback()
	assert set(steps) == set(onboarding.DONE_WHEN)
	assert set(done) == set(steps) - {"Twilio SMS Answer"}


def test_an_admin_sees_all_and_all_answers(workspace, admin):
	found = shown(admin)
	assert found["cards"] == {card.number_card_name for card in workspace.number_cards}
	assert found["charts"] == {chart.chart_name for chart in workspace.charts}
	assert found["links"] == {link.link_to for link in workspace.links if link.type == "Link"}
	for card in _cards(workspace):
		answer = admin.call(
			"frappe.desk.doctype.number_card.number_card.get_result",
			doc=json.dumps({"document_type": card.document_type, "function": card.function}),
			filters=card.filters_json,
		)
		# v15 answers with whole numbers, v16 with 3.0.
		assert isinstance(answer.json().get("message"), int | float), answer.text
	for chart in _charts(workspace):
		assert _run(admin, chart.report_name, json.loads(chart.filters_json)).ok


def test_each_charts_axis_has_its_numbers_as_they_are_from_nought_on(workspace):
	for chart in _charts(workspace):
		axis = json.loads(chart.custom_options)["axisOptions"]
		is_count = not any(word in chart.name for word in ("Percent", "Minutes", "Cost"))
		top = 100 if "Percent" in chart.name else 4 if is_count else 1
		assert (axis["shortenYAxisNumbers"], axis["yAxisRange"]) == (0, {"min": 0, "max": top}), chart.name


def test_an_agent_manager_sees_figures_but_no_set_up(workspace, manager):
	found = shown(manager)
	assert "Twilio SMS Open Findings" not in found["cards"]
	assert "Twilio SMS Texts In Today" in found["cards"]
	assert found["charts"] == {chart.chart_name for chart in workspace.charts} - {"Twilio SMS Opt-Outs"}
	assert not found["links"] & {"Twilio SMS Account", "Twilio SMS Settings", "Twilio SMS Finding"}


@pytest.mark.helpdesk
def test_agents_run_no_report(stack, admin, workspace):
	# Those who answer Issues may.
	agent = stack.login(
		desks.SYSTEMS["helpdesk"].make_agent("tsms-helpdesk-alone@example.com", "Grace", "Hopper")
	)
	for chart in _charts(workspace):
		assert _run(agent, chart.report_name, {}).status_code == 403


def test_a_report_is_exported(manager):
	answer = manager.session.post(
		f"{manager.stack.web}/api/method/frappe.desk.query_report.export_query",
		data={
			"report_name": "Twilio SMS Traffic",
			"file_format_type": "CSV",
			"filters": json.dumps({"group_by": "Number"}),
			"visible_idx": "[]",
		},
		timeout=30,
	)
	assert answer.ok, answer.text
	assert '"Number","Messages In"' in answer.text


def _cards(workspace):
	return [frappe.get_doc("Number Card", card.number_card_name) for card in workspace.number_cards]


def _charts(workspace):
	return [frappe.get_doc("Dashboard Chart", chart.chart_name) for chart in workspace.charts]


def _run(person, report: str, filters: dict):
	return person.call("frappe.desk.query_report.run", report_name=report, filters=json.dumps(filters))


def test_each_field_of_a_number_is_explained_in_a_line():
	layout = ("Section Break", "Column Break", "Tab Break")
	fields = [
		field
		for field in frappe.get_meta("Twilio SMS Number").fields
		if field.fieldtype not in layout and not field.hidden
	]
	assert [field.fieldname for field in fields if not field.description] == []
	assert [field.fieldname for field in fields if len(field.description) > 180] == []
	sections = [
		f for f in frappe.get_meta("Twilio SMS Number").fields if f.fieldtype == "Section Break" and f.label
	]
	assert [f.fieldname for f in sections if not f.description] == []
