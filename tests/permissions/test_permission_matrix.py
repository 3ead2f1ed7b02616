"""Who reads and does what with texts, over HTTP: a ticket's texts are for those who may read the ticket.

On each ticket system there is one text with a picture in a ticket of the north, of the south, and of neither; for each
person and each way to ask, `support.permissions.table` says which of the three answer.
"""

import ast
import json
from pathlib import Path

import frappe
import pytest
from support import desks
from support.permissions import frappe_ways
from support.permissions.asking import each
from support.permissions.stages import STAGES, table
from support.permissions.table import (
	COMMUNICATIONS,
	DOCUMENTS,
	ELSEWHERE,
	ENDPOINTS,
	EVERYWHERE,
	GONE,
	MESSAGE,
	NOBODYS,
	NORTH,
	OPEN,
	SET_UP,
	SYSTEM_MANAGER,
	TICKET,
)
from support.permissions.ways import (
	AGENTS_DOORS,
	ENDPOINT,
	FEED,
	FILES,
	NOWHERE,
	SET_UP_DOCTYPES,
	SET_UP_DOORS,
	asked,
	exported,
	shown,
)

from twilio_sms_channel.api import lookup, media, screen, setup, ticket

pytestmark = pytest.mark.ticket_systems


def pytest_generate_tests(metafunc):
	"""On each ticket system; those of all people with everybody who is there."""
	if "stage" not in metafunc.fixturenames:
		return
	alone = metafunc.definition.get_closest_marker("helpdesk") is not None
	apps = ["helpdesk"] if alone else [system.app for system in desks.here()]
	if "who" in metafunc.fixturenames:
		everybody = [
			pytest.param(app, who, marks=marks_of(app, who), id=f"{app}-{who}")
			for app in apps
			for who in table(app)
		]
		metafunc.parametrize(("stage", "who"), everybody, indirect=["stage"])
	else:
		metafunc.parametrize("stage", [pytest.param(app, marks=on(app)) for app in apps], indirect=True)


def marks_of(app: str, who: str) -> list:
	# Whoever is of another ticket system is where there are two alone; the others are where each is alone as well.
	alone = [] if who == ELSEWHERE else [pytest.mark.as_alone]
	return alone + ([] if who in (*STAGES[app].strangers, *EVERYWHERE) else [pytest.mark.more_people])


def on(app: str):
	return getattr(pytest.mark, f"on_{app}")


@pytest.fixture(scope="module")
def stages(stack, admin):
	"""The stages that are set, by the app of the ticket system."""
	found = {}
	yield found
	frappe.set_user("Administrator")
	frappe.db.rollback()
	for stage in found.values():
		stage.leave()


@pytest.fixture
def stage(request, stack, admin, stages):
	"""The texts and the people of one ticket system: see `support.permissions.stages.Stage`."""
	app = request.param
	with desks.meant(desks.SYSTEMS[app]):
		if app not in stages:
			stages[app] = STAGES[app](stack, admin)
		yield stages[app]


# What could still name a ticket that was deleted.
STILL_NAMES = ("find", "search: by phone number", "numbers: what a text would continue")


def may_of(stage, who) -> tuple:
	return table(stage.system.app)[who]


def test_texts_are_for_those_who_may_read_the_ticket(stage, who):
	found, texts, person, row = {}, stage.texts, stage.people[who], may_of(stage, who)
	for kind, ways in asked(stage.system).items():
		for way, ask in ways.items():
			seen = ask(person, texts)
			if seen != row[kind]:
				found[way] = f"{sorted(seen)} instead of {sorted(row[kind])}"
	may = row[DOCUMENTS] if who in stage.exporters else NOBODYS
	if (seen := exported(person, texts)) != may:
		found["exported"] = f"{sorted(seen)} instead of {sorted(may)}"
	for way, ask in FILES.items():
		seen, may = ask(person, texts), set.union(*row[DOCUMENTS : TICKET + 1])
		if seen - may or (row[ENDPOINTS] and seen != may):
			found[way] = f"{sorted(seen)} instead of {sorted(may)}"
	for way, ask in NOWHERE.items():
		if seen := ask(person, texts):
			found[way] = f"{sorted(seen)} instead of nothing"
	assert not found, json.dumps(found, indent=1)


def test_a_text_whose_ticket_was_deleted_is_for_system_managers(stage, who):
	found, gone = {}, {GONE: stage.gone}
	may = {GONE} if who == SYSTEM_MANAGER else NOBODYS
	for kind in (DOCUMENTS, COMMUNICATIONS):
		for way, ask in asked(stage.system)[kind].items():
			if (seen := ask(stage.people[who], gone)) != may:
				found[way] = f"{sorted(seen)} instead of {sorted(may)}"
	doors = {way: AGENTS_DOORS[way] for way in STILL_NAMES}
	for way, ask in {**doors, **FILES, "file on the portal": each(shown)}.items():
		if ask(stage.people[who], gone) - may:
			found[way] = "told something"
	assert not found, json.dumps(found, indent=1)


WEBSITE = ("web list", "web list as HTML", "print", "print: HTML", "print: raw")
# Endpoints that stay of use to whoever may read.
STILL_TELL = ("search_widget", "search_link", "client.get_count", "get_tagged_docs")


def test_no_endpoint_of_frappe_tells_more(stage, who, request):
	if who not in stage.strangers and not request.config.getoption("--in-full"):
		pytest.skip("--in-full tries all people")
	found, texts, may = {}, stage.texts, may_of(stage, who)
	stage.mark()

	def try_each(ways, allowed, about="", on_website=NOBODYS):
		for way, ask in ways:
			seen = ask(stage.people[who], texts) - (on_website if way in WEBSITE else NOBODYS)
			if seen - allowed or (way in STILL_TELL and may[ENDPOINTS] and seen != allowed):
				found[f"{about}{way}"] = f"{sorted(seen)} instead of {sorted(allowed)}"

	for doctype, field, needle, name, kind in stage.words:
		on_website = stage.on_portal.get(who, NOBODYS) if doctype == stage.system.doctype else NOBODYS
		try_each(frappe_ways.ways(doctype, field, needle, name), may[kind], f"{doctype}: ", on_website)
	try_each(frappe_ways.linked(stage.system.doctype), may[DOCUMENTS])
	try_each(frappe_ways.through_links(stage.system.doctype), may[TICKET])
	try_each(frappe_ways.by_tag("secret"), may[TICKET])
	try_each(frappe_ways.by_tag("customer_number"), may[DOCUMENTS])
	try_each(frappe_ways.files(), set.union(*may[DOCUMENTS : TICKET + 1]))
	assert not found, json.dumps(found, indent=1)


def test_the_set_up_is_for_system_managers(stage, stack, who):
	person, found = stage.people[who], {}
	for doctype in SET_UP_DOCTYPES:
		found[doctype] = person.call("frappe.client.get_list", http="GET", doctype=doctype).ok
	settings = f"{stack.web}/api/resource/Twilio SMS Settings/Twilio SMS Settings"
	found["settings"] = person.session.get(settings, timeout=30).ok
	for endpoint in SET_UP_DOORS:
		args = dict.fromkeys(("account", "number", "finding", "webhook"), "None of ours") | {
			"since": "2026-01-01",
			"waiting": "Nothing of ours",
		}
		if endpoint == "configure_numbers":
			args["numbers"] = {"None of ours": False}
		credentials = {"account_sid": "None of ours", "auth_token": "None of ours"}
		http = "GET" if endpoint == "latest_text" else "POST"
		answer = person.call(f"twilio_sms_channel.api.setup.{endpoint}", http=http, **args, **credentials)
		# To those whom it lets in it says that there is no such account or number.
		assert answer.status_code in (403, 417 if endpoint in ("connect", "confirm_home") else 404), (
			answer.text
		)
		found[endpoint] = answer.status_code != 403
	assert set(found.values()) == {may_of(stage, who)[SET_UP]}, found


def test_only_agents_get_the_components(stage, who):
	answer = stage.people[who].call("twilio_sms_channel.api.screen.boot", http="GET")
	if who == "guest":
		assert answer.status_code == 403
	else:
		assert bool(answer.json().get("message")) is bool(may_of(stage, who)[ENDPOINTS] or who == ELSEWHERE)


@pytest.mark.parametrize("report", ["Traffic", "Response Time"])
def test_reports_count_what_somebody_may_read(stage, who, report):
	name, filters = f"Twilio SMS {report}", json.dumps({"group_by": "Number"})
	answer = stage.people[who].call("frappe.desk.query_report.run", report_name=name, filters=filters)
	if who == ELSEWHERE and answer.status_code == 200:
		# Of their own ticket system.
		pass
	elif who not in stage.reporters:
		assert answer.status_code == 403
		return
	counted = {row["group"] for row in answer.json()["message"]["result"] if isinstance(row, dict)}
	assert {team for team, text in stage.texts.items() if text.number in counted} == may_of(stage, who)[
		DOCUMENTS
	]
	assert stage.gone.number not in counted or who == SYSTEM_MANAGER


def test_files_are_opened_by_signed_links_alone(stage):
	for person in stage.people.values():
		answer = person.call("twilio_sms_channel.api.media.get", http="GET", token="made-up")
		assert answer.status_code == 403
		assert not answer.content


def test_nobody_sends_files_that_they_may_not_read(stage):
	agent, texts = stage.people[stage.southern], stage.texts
	args = {"ticket": texts[OPEN].ticket, "message": "Look", "attachments": [texts[NORTH].file]}
	assert agent.call(ENDPOINT + "reply", **args).status_code == 403
	pasted = f'<p>Look</p><img src="{texts[NORTH].file_url}">'
	assert agent.reply(texts[OPEN].ticket, pasted).status_code in (403, 417)


@pytest.mark.helpdesk
def test_customers_see_their_thread_without_what_is_for_agents(stage):
	text, people = stage.texts[NORTH], stage.people
	facts = {"may_want_to_stop": 1}
	frappe.db.set_value(MESSAGE, text.message, facts)
	failed = frappe.get_doc("HD Ticket", text.ticket).reply_by_text("We are on it")
	frappe.db.after_commit.reset()
	internals = {"status": "Failed", "error_code": "30006", "price": 0.0079, "price_unit": "USD"}
	frappe.db.set_value(MESSAGE, failed.name, {**internals, "error_message": "Landline of the carrier"})
	frappe.db.commit()
	shown = {}
	for who in ("customer", "agent of the north"):
		one = people[who].call(FEED + "get_one", http="GET", name=text.ticket).text
		shown[who] = (
			one + people[who].call(FEED + "get_ticket_activities", http="GET", ticket=text.ticket).text
		)
	for internal in ("30006", "opt out", "landline"):
		assert internal.lower() in shown["agent of the north"].lower()
		assert internal.lower() not in shown["customer"].lower()
	assert "We are on it" in shown["customer"]
	assert "0.0079" not in shown["customer"]


def test_people_are_found_by_agents_who_may_read_them(stage, who):
	"""Only contacts, and none that Frappe would not list."""
	# Contacts belong to no ticket system: an agent of another one finds them as well.
	person, is_agent = stage.people[who], bool(may_of(stage, who)[ENDPOINTS] or who == ELSEWHERE)
	contacts = {text.contact for text in stage.texts.values()}
	name = frappe.db.get_value("Contact", stage.texts[NORTH].contact, "full_name")
	answer = person.call(f"{ENDPOINT}people", http="GET", query=name)
	assert answer.ok == is_agent, answer.text
	if not is_agent:
		return
	listed = person.call("frappe.client.get_list", http="GET", doctype="Contact", limit_page_length=0)
	readable = {row["name"] for row in listed.json()["message"]} if listed.ok else set()
	found = {row["contact"] for row in answer.json()["message"]}
	assert found <= readable and found & contacts <= readable


def test_every_endpoint_is_in_the_table():
	endpoints = set(whitelisted(ticket)) | set(whitelisted(lookup))
	# Of people, not of tickets: see `test_people_are_found_by_agents_who_may_read_them`.
	assert endpoints - {"people"} == {way.split(":")[0] for way in AGENTS_DOORS} - {"reply box", "search"}
	assert set(whitelisted(setup)) == set(SET_UP_DOORS)
	assert set(whitelisted(media)) == {"get", "show"}
	# `report` writes a line into the Error Log for an agent's browser, and nothing for anybody else.
	assert set(whitelisted(screen)) == {"boot", "report"}


def test_nothing_leads_past_what_stands_in(stage):
	"""An endpoint that another module imports, be it a test, can be called by that module's name as well."""
	leading, web = _other_names(), stage.stack.web
	assert leading
	for path in leading:
		for url, data in ((f"{web}/api/method/{path}", {}), (f"{web}/api/method/ping", {"cmd": path})):
			answer = stage.people[stage.southern].session.post(url, data=data, timeout=30)
			assert answer.status_code == 403 and "instead" in answer.text, path


# Endpoints that call what a parameter names, without asking what stands in for it, or for its exact name alone.
HAND_ON = (
	(
		"frappe.model.mapper.map_docs",
		"method",
		{"source_names": '["Twilio SMS Message"]', "target_doc": "{}"},
	),
	("frappe.handler.upload_file", "method", {}),
	("upload_file", "method", {}),
	("uploadfile", "method", {}),
	("frappe.desk.treeview.get_all_nodes", "tree_method", {"doctype": "Twilio SMS Message", "label": "x"}),
	("frappe.desk.search.search_link", "query", {"doctype": "Twilio SMS Message", "txt": ""}),
)


@pytest.mark.parametrize(("road", "parameter", "args"), HAND_ON)
def test_nothing_hands_on_to_what_is_stood_in_for(stage, road, parameter, args):
	person, other_name = stage.people[stage.southern], min(_other_names())
	for endpoint in ("frappe.client.get_count", "frappe.email.relink", other_name):
		# By several steps as well.
		for handed in (
			{parameter: endpoint},
			{parameter: "frappe.model.mapper.map_docs", "method": endpoint},
		):
			answer = person.call(road, **{**args, **handed})
			assert answer.status_code == 403 and "instead" in answer.text, (endpoint, answer.text[:300])


def test_a_mapper_goes_to_what_stands_in(stage):
	"""Desk's forms name the endpoint itself, and Frappe looks there for what stands in for it."""
	mapper, person = "frappe.model.mapper.make_mapped_doc", stage.people[stage.southern]
	answer = person.call(mapper, method="frappe.utils.global_search.search", source_name="secret")
	assert answer.status_code == 200, answer.text
	answer = person.call(mapper, method=min(_other_names()), source_name="x")
	assert answer.status_code == 403 and "instead" in answer.text


def _other_names() -> set[str]:
	"""Paths by which modules of the site's apps lead to endpoints that this app stands in for."""
	endpoints = set(frappe.get_hooks("override_whitelisted_methods", app_name="twilio_sms_channel"))
	names, leading = {endpoint.rpartition(".")[2] for endpoint in endpoints}, set()
	for app in frappe.get_installed_apps():
		root = Path(frappe.get_app_path(app))
		for path in root.rglob("*.py"):
			source = path.read_text(errors="replace")
			if not any(name in source for name in names):
				continue
			module = ".".join([app, *path.relative_to(root).with_suffix("").parts])
			for node in ast.parse(source).body:
				if isinstance(node, ast.ImportFrom):
					leading |= {
						f"{module}.{alias.asname or alias.name}"
						for alias in node.names
						if f"{node.module}.{alias.name}" in endpoints
					}
	return leading - endpoints


def whitelisted(module) -> list[str]:
	"""Names of a module's functions that can be called over HTTP."""
	return [
		name
		for name, function in vars(module).items()
		if callable(function) and function in frappe.whitelisted and function.__module__ == module.__name__
	]
