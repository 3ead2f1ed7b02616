"""Who reads and does what with texts, over HTTP: a ticket's texts are for those who may read the ticket.

Agents are restricted to their teams' tickets, and tickets without a team are open to every agent. There is one text
with a picture in a ticket of the northern team, of the southern team, and of no team; for each person and each way to
ask, the table says which of the three answer.
"""

import ast
import json
from pathlib import Path

import frappe
import pytest
import requests
from frappe.desk.doctype.tag.tag import DocTags
from support.people import Person, make_agent, make_customer, make_team, make_user
from support.permissions import frappe_ways
from support.permissions.table import (
	COMMUNICATIONS,
	CONVERSATION,
	DOCUMENTS,
	ENDPOINTS,
	MEDIA,
	MESSAGE,
	NOBODYS,
	NORTH,
	OPEN,
	SECRETS,
	SET_UP,
	SOUTH,
	TICKET,
	WHO,
	Text,
)
from support.permissions.ways import (
	AGENTS_DOORS,
	ASKED,
	ENDPOINT,
	FEED,
	FILES,
	NOWHERE,
	SET_UP_DOCTYPES,
	SET_UP_DOORS,
	exported,
)
from support.reply_box import noise
from support.stack import Customer, eventually, ticket_of

from twilio_sms_channel.api import media, screen, setup, ticket
from twilio_sms_channel.desks.registry import desk_of

SETTINGS = ("restrict_tickets_by_agent_group", "do_not_restrict_tickets_without_an_agent_group")


class Guest(Person):
	def __init__(self, stack):
		self.stack, self.user, self.session = stack, "Guest", requests.Session()


@pytest.fixture(scope="module")
def texts(stack, admin):
	"""The three texts by team."""
	frappe.db.rollback()
	for team in (NORTH, SOUTH):
		name = f"TSMS of the {team}"
		members = [make_agent(f"tsms-{team}@example.com", team, "Agent")]
		if team == NORTH:
			members.append(make_agent("tsms-manager@example.com", "Managing", "Agent"))
			make_user(members[-1], ["Agent Manager"])
		if not frappe.db.exists("HD Team", name):
			make_team(name, *members)
	before = {field: frappe.db.get_single_value("HD Settings", field) for field in SETTINGS}
	_set(dict.fromkeys(SETTINGS, 1))
	stack.simulator.faults.off()
	sids = {}
	for n, (team, secret) in enumerate(SECRETS.items()):
		number = stack.add_number(**({} if team == OPEN else {"team": f"TSMS of the {team}"}))
		# Whoever has the same picture in a ticket of theirs may read it.
		picture = (f"{team}.png", noise(40 + n, 40) + frappe.generate_hash().encode())
		sids[team] = Customer(stack).text(secret, to=number, media=[picture], wait=False).sid
	sent = {team: _described(team, _with_its_picture(sid)) for team, sid in sids.items()}
	_make_customers(sent[NORTH])
	yield sent
	frappe.db.rollback()
	_set({field: value or 0 for field, value in before.items()})


def _set(settings: dict) -> None:
	frappe.db.set_single_value("HD Settings", settings)
	frappe.clear_document_cache("HD Settings", "HD Settings")
	frappe.db.commit()


def _with_its_picture(sid: str):
	name = eventually(lambda: frappe.db.get_value(MESSAGE, {"twilio_sid": sid, "status": "Threaded"}))
	eventually(lambda: frappe.db.get_value(MEDIA, {"parent": name, "file": ("is", "set")}))
	return frappe.get_doc(MESSAGE, name)


def _described(team: str, message) -> Text:
	ticket = ticket_of(message)
	assert (ticket.agent_group or OPEN) == ("TSMS of the " * (team != OPEN) + team)
	media = frappe.get_doc(MEDIA, {"parent": message.name})
	return Text(
		team=team,
		secret=SECRETS[team],
		ticket=str(ticket.name),
		message=message.name,
		conversation=message.conversation,
		communication=message.communication,
		contact=ticket.contact,
		customer_number=message.customer_number,
		number=message.number,
		media=media.name,
		file=media.file,
		file_url=frappe.db.get_value("File", media.file, "file_url"),
	)


def _make_customers(text: Text) -> None:
	"""The northern ticket's customer can log in to the portal; another one has no ticket."""
	for email in ("tsms-carol@example.com", "tsms-dave@example.com"):
		make_customer(email)
	frappe.db.set_value("HD Ticket", text.ticket, "raised_by", "tsms-carol@example.com")
	frappe.db.commit()


@pytest.fixture(scope="module")
def people(stack, texts, admin):
	return {
		"agent of the north": stack.login("tsms-north@example.com"),
		"agent manager of the north": stack.login("tsms-manager@example.com"),
		"agent of the south": stack.login("tsms-south@example.com"),
		"agent without a team": stack.login(make_agent("tsms-lonely@example.com", "Lonely", "Agent")),
		"system manager": admin,
		"customer": stack.login("tsms-carol@example.com"),
		"other customer": stack.login("tsms-dave@example.com"),
		"desk user": stack.login(
			make_user("tsms-desk-user@example.com", ["Report Manager"], user_type="System User")
		),
		"guest": Guest(stack),
	}


EXPORTERS = ("agent manager of the north", "system manager")


@pytest.mark.parametrize("who", WHO)
def test_texts_are_for_those_who_may_read_the_ticket(people, texts, who):
	found = {}
	for kind, ways in ASKED.items():
		for way, ask in ways.items():
			seen = ask(people[who], texts)
			if seen != WHO[who][kind]:
				found[way] = f"{sorted(seen)} instead of {sorted(WHO[who][kind])}"
	may = WHO[who][DOCUMENTS] if who in EXPORTERS else NOBODYS
	if (seen := exported(people[who], texts)) != may:
		found["exported"] = f"{sorted(seen)} instead of {sorted(may)}"
	for way, ask in FILES.items():
		seen, may = ask(people[who], texts), set.union(*WHO[who][DOCUMENTS : TICKET + 1])
		if seen - may or (WHO[who][ENDPOINTS] and seen != may):
			found[way] = f"{sorted(seen)} instead of {sorted(may)}"
	for way, ask in NOWHERE.items():
		if seen := ask(people[who], texts):
			found[way] = f"{sorted(seen)} instead of nothing"
	assert not found, json.dumps(found, indent=1)


# Whose words each DocType holds, in which field; `needle` and `name` are those of a `Text`.
WORDS = (
	#  DocType          field              needle             name             who
	(MESSAGE,          "body",            "secret",          "message",       DOCUMENTS),
	(CONVERSATION,     "customer_number", "customer_number", "conversation",  DOCUMENTS),
	("Communication",  "content",         "secret",          "communication", COMMUNICATIONS),
	("HD Ticket",      "description",     "secret",          "ticket",        TICKET),
)  # fmt: skip


# Endpoints that stay of use to whoever may read.
STILL_TELL = ("search_widget", "search_link", "client.get_count", "get_tagged_docs")
STRANGERS = ("agent of the south", "customer", "desk user")


@pytest.fixture(scope="module")
def marked(texts):
	"""Tags and assignments, by which documents can be found as well."""
	for text in texts.values():
		for doctype, _field, _needle, name, _who in WORDS:
			DocTags(doctype).add(getattr(text, name), "tsms-tag")
			todo = {"doctype": "ToDo", "reference_type": doctype, "reference_name": getattr(text, name)}
			frappe.get_doc({**todo, "allocated_to": "tsms-admin@example.com", "description": "x"}).db_insert()
		desk_of("HD Ticket").note(text.ticket, text.secret)
		desk_of("HD Ticket").log(text.ticket, "looked at the ticket")
	frappe.db.commit()


@pytest.mark.parametrize("who", WHO)
def test_no_endpoint_of_frappe_tells_more(people, texts, marked, who, request):
	if who not in STRANGERS and not request.config.getoption("--in-full"):
		pytest.skip("--in-full tries all people")
	found, may = {}, WHO[who]

	def try_each(ways, allowed, about=""):
		for way, ask in ways:
			seen = ask(people[who], texts)
			if seen - allowed or (way in STILL_TELL and WHO[who][ENDPOINTS] and seen != allowed):
				found[f"{about}{way}"] = f"{sorted(seen)} instead of {sorted(allowed)}"

	for doctype, field, needle, name, kind in WORDS:
		try_each(frappe_ways.ways(doctype, field, needle, name), may[kind], f"{doctype}: ")
	try_each(frappe_ways.linked(), may[DOCUMENTS])
	try_each(frappe_ways.through_links(), may[TICKET])
	try_each(frappe_ways.by_tag("secret"), may[TICKET])
	try_each(frappe_ways.by_tag("customer_number"), may[DOCUMENTS])
	try_each(frappe_ways.files(), set.union(*may[DOCUMENTS : TICKET + 1]))
	assert not found, json.dumps(found, indent=1)


@pytest.mark.parametrize("who", WHO)
def test_the_set_up_is_for_system_managers(people, stack, who):
	person, found = people[who], {}
	for doctype in SET_UP_DOCTYPES:
		found[doctype] = person.call("frappe.client.get_list", http="GET", doctype=doctype).ok
	settings = f"{stack.web}/api/resource/Twilio SMS Settings/Twilio SMS Settings"
	found["settings"] = person.session.get(settings, timeout=30).ok
	for endpoint in SET_UP_DOORS:
		args = dict.fromkeys(("account", "number", "finding"), "None of ours") | {
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
	assert set(found.values()) == {WHO[who][SET_UP]}, found


@pytest.mark.parametrize("who", WHO)
def test_only_agents_get_the_components(people, who):
	answer = people[who].call("twilio_sms_channel.api.screen.boot", http="GET")
	if who == "guest":
		assert answer.status_code == 403
	else:
		assert bool(answer.json().get("message")) is bool(WHO[who][ENDPOINTS])


@pytest.mark.parametrize("report", ["Traffic", "Response Time"])
@pytest.mark.parametrize("who", WHO)
def test_reports_count_what_somebody_may_read(people, texts, who, report):
	name, filters = f"Twilio SMS {report}", json.dumps({"group_by": "Number"})
	answer = people[who].call("frappe.desk.query_report.run", report_name=name, filters=filters)
	if who not in EXPORTERS:
		assert answer.status_code == 403
		return
	counted = {row["group"] for row in answer.json()["message"]["result"] if isinstance(row, dict)}
	assert {team for team, text in texts.items() if text.number in counted} == WHO[who][DOCUMENTS]


def test_files_are_opened_by_signed_links_alone(people):
	for person in people.values():
		answer = person.call("twilio_sms_channel.api.media.get", http="GET", token="made-up")
		assert answer.status_code == 403
		assert not answer.content


def test_nobody_sends_files_that_they_may_not_read(people, texts):
	agent = people["agent of the south"]
	args = {"ticket": texts[OPEN].ticket, "message": "Look", "attachments": [texts[NORTH].file]}
	assert agent.call(ENDPOINT + "reply", **args).status_code == 403
	pasted = f'<p>Look</p><img src="{texts[NORTH].file_url}">'
	assert agent.reply(texts[OPEN].ticket, pasted).status_code in (403, 417)


def test_customers_see_their_thread_without_what_is_for_agents(people, texts, stack):
	text = texts[NORTH]
	facts = {"may_want_to_stop": 1}
	frappe.db.set_value(MESSAGE, text.message, facts)
	failed = frappe.get_doc("HD Ticket", text.ticket).reply_by_text("We are on it")
	frappe.db.after_commit.reset()
	internals = {"status": "Failed", "error_code": "30006", "price": -0.0079, "price_unit": "USD"}
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


def test_every_endpoint_is_in_the_table():
	endpoints = set(whitelisted(ticket))
	assert endpoints == {way.split(":")[0] for way in AGENTS_DOORS} - {"reply box", "search"}
	assert set(whitelisted(setup)) == set(SET_UP_DOORS)
	assert set(whitelisted(media)) == {"get", "show"}
	# `report` writes a line into the Error Log for an agent's browser, and nothing for anybody else.
	assert set(whitelisted(screen)) == {"boot", "report"}


def test_nothing_leads_past_what_stands_in(people):
	"""An endpoint that another module imports, be it a test, can be called by that module's name as well."""
	leading, web = _other_names(), people["system manager"].stack.web
	assert leading
	for path in leading:
		for url, data in ((f"{web}/api/method/{path}", {}), (f"{web}/api/method/ping", {"cmd": path})):
			answer = people["agent of the south"].session.post(url, data=data, timeout=30)
			assert answer.status_code == 403 and "instead" in answer.text, path


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
