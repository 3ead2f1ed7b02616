"""Who reads and does what with texts, over HTTP: a ticket's texts are for those who may read the ticket.

Agents are restricted to their teams' tickets, and tickets without a team are open to every agent. There is one text
with a picture in a ticket of the northern team, of the southern team, and of no team; for each person and each way to
ask, the table says which of the three answer.
"""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path

import frappe
import frappe.realtime
import pytest
import requests
from frappe.desk.doctype.tag.tag import DocTags
from support import frappe_ways
from support.people import make_agent, make_customer, make_team, make_user
from support.reply_box import noise
from support.stack import Customer, Person, eventually, ticket_of

from twilio_sms_channel.api import media, screen, setup, ticket
from twilio_sms_channel.desks import desk_of_site

MESSAGE, CONVERSATION, MEDIA = "Twilio SMS Message", "Twilio SMS Conversation", "Twilio SMS Media"
NORTH, SOUTH, OPEN = "north", "south", "open"
SECRETS = {NORTH: "Zanzibar parcel", SOUTH: "Yokohama parcel", OPEN: "Valparaiso parcel"}
SETTINGS = ("restrict_tickets_by_agent_group", "do_not_restrict_tickets_without_an_agent_group")
DOOR, FEED = "twilio_sms_channel.api.ticket.", "helpdesk.helpdesk.doctype.hd_ticket.api."

NOBODYS, ALL = set(), {NORTH, SOUTH, OPEN}
# Of whose tickets somebody may use the agents' doors, read our documents, read Communications, and see the ticket as
# Helpdesk's screen and portal show it; the last column is the set-up: accounts, consent, rejected webhooks, settings.
WHO = {
	#                             doors           documents       Communications  ticket          set-up
	"agent of the north":         ({NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, False),
	"agent manager of the north": ({NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, {NORTH, OPEN}, False),
	"agent of the south":         ({SOUTH, OPEN}, {SOUTH, OPEN}, {SOUTH, OPEN}, {SOUTH, OPEN}, False),
	"agent without a team":       ({OPEN},        {OPEN},        {OPEN},        {OPEN},        False),
	# Looks after the channel, and is no agent: Helpdesk shows them no tickets.
	"system manager":             (NOBODYS,       ALL,           NOBODYS,       NOBODYS,       True),
	# Of the northern ticket, on the portal.
	"customer":                   (NOBODYS,       NOBODYS,       NOBODYS,       {NORTH},       False),
	"other customer":             (NOBODYS,       NOBODYS,       NOBODYS,       NOBODYS,       False),
	"desk user":                  (NOBODYS,       NOBODYS,       NOBODYS,       NOBODYS,       False),
	"guest":                      (NOBODYS,       NOBODYS,       NOBODYS,       NOBODYS,       False),
}  # fmt: skip
DOORS, DOCUMENTS, COMMUNICATIONS, TICKET, SET_UP = range(5)


@dataclass
class Text:
	"""A text with a picture, and what it is stored as."""

	team: str
	secret: str
	ticket: str
	message: str
	conversation: str
	communication: str
	contact: str
	customer_number: str
	number: str
	media: str
	file: str
	file_url: str


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


# --- ways to ask: each gives the teams whose text somebody got at ------------------------------------------------


def each(ask):
	"""Of a question about one text, the teams for which it was answered."""
	return lambda person, texts: {team for team, text in texts.items() if ask(person, text)}


def granted(answer: requests.Response) -> bool:
	"""Whether a door let somebody in. 404 and 417 are what it says to a request that makes no sense."""
	assert answer.status_code in (200, 403, 404, 417), answer.text
	return answer.status_code != 403


def door(method: str, http: str = "POST", about: str = "ticket", **args):
	def ask(person, text):
		return granted(person.call(DOOR + method, http=http, **{about: getattr(text, about)}, **args))

	return each(ask)


def said_door(method: str, telling: str, http: str = "GET", **args):
	"""Whether a door's answer names the ticket."""

	def ask(person, text):
		filled = {key: value.format(**vars(text)) for key, value in args.items()}
		answer = person.call(DOOR + method, http=http, **filled)
		return answer.ok and f'"{telling.format(**vars(text))}"' in answer.text

	return each(ask)


def got(method: str, http: str = "GET", **args):
	"""`{ticket}` and so on in the arguments stand for the text's; what is answered must hold something."""

	def ask(person, text):
		filled = {key: value.format(**vars(text)) for key, value in args.items()}
		answer = person.call(method, http=http, **filled)
		return answer.status_code == 200 and bool(_found(answer))

	return each(ask)


def _found(answer: requests.Response):
	if "json" not in answer.headers["Content-Type"]:
		return answer.content
	said = answer.json()
	return said.get("message") or said.get("docs") or said.get("results")


def joined(doctype: str, name: str):
	"""Frappe's socket server asks this before somebody gets a document's events."""
	if hasattr(frappe.realtime, "can_subscribe_doc"):
		return got("frappe.realtime.can_subscribe_doc", doctype=doctype, docname=name)
	return got("frappe.realtime.has_permission", doctype=doctype, name=name)


def listed(method: str, doctype: str, attribute: str, **args):
	"""Which of the three names a list shows."""

	def ask(person, texts):
		names = {getattr(text, attribute): team for team, text in texts.items()}
		filters = json.dumps([[doctype, "name", "in", list(names)]])
		answer = person.call(method, http="GET", doctype=doctype, filters=filters, **args)
		return {team for name, team in names.items() if answer.ok and name in answer.text}

	return ask


def counted(method: str, doctype: str, attribute: str, **args):
	def ask(person, text):
		filters = json.dumps([[doctype, "name", "=", getattr(text, attribute)]])
		answer = person.call(method, http="GET", doctype=doctype, filters=filters, **args)
		return answer.ok and json.dumps(answer.json().get("message")) not in ("0", "[]", "null", "{}")

	return each(ask)


def said(method: str, http: str = "GET", **args):
	"""Whether what is answered holds the text's words."""

	def ask(person, text):
		filled = {key: value.format(**vars(text)) for key, value in args.items()}
		answer = person.call(method, http=http, **filled)
		return answer.ok and text.secret in answer.text

	return each(ask)


def counted_by_words(doctype: str, field: str):
	def ask(person, text):
		filters = json.dumps({field: ["like", f"%{text.secret}%"]})
		answer = person.call("frappe.client.get_count", http="GET", doctype=doctype, filters=filters)
		return answer.ok and bool(answer.json().get("message"))

	return each(ask)


def fetched(person, text):
	answer = person.session.get(person.stack.web + text.file_url, timeout=30)
	return answer.ok and answer.headers["Content-Type"].startswith("image/")


def feed_shown(person, text):
	"""The feed: a door of its own, which releases before v1.15 do not have."""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	answer = person.call(FEED + "get_ticket_activities", http="GET", ticket=text.ticket)
	if not hasattr(api, "get_ticket_activities"):
		assert answer.status_code in (403, 404)
		answer = person.call(FEED + "get_one", http="GET", name=text.ticket)
	return answer.ok and text.secret in answer.text


def shown(person, text):
	answer = person.call("twilio_sms_channel.api.media.show", http="GET", file=text.file)
	assert answer.status_code in (200, 403), answer.text
	return answer.ok and answer.headers["Content-Type"].startswith("image/")


def resource(doctype: str, attribute: str):
	def ask(person, text):
		path = f"{person.stack.web}/api/resource/{doctype}/{getattr(text, attribute)}"
		return person.session.get(path, timeout=30).ok

	return each(ask)


def opt_out(person, texts):
	"""Done for good, so it is seen by what is left undone."""
	let_in = door("opt_out")(person, texts)
	frappe.db.rollback()
	for text in texts.values():
		assert bool(frappe.db.get_value(CONVERSATION, text.conversation, "opted_out")) is (
			text.team in let_in
		)
		frappe.db.set_value(CONVERSATION, text.conversation, {"opted_out": 0, "opted_out_on": None})
		frappe.db.delete("Twilio SMS Consent Event", {"customer_number": text.customer_number})
	frappe.db.commit()
	return let_in


def goes_on(person, text):
	"""Texting somebody first, in the ticket that is open with them; refused as too long, or before."""
	answer = person.call(DOOR + "start", to=text.customer_number, number=text.number, message="x" * 1601)
	assert answer.status_code in (403, 417)
	said = json.dumps(answer.json().get("_server_messages", ""))
	assert not re.search(rf"\b{text.ticket}\b", said)
	return "1601" in answer.text


def reply_box(person, text):
	return granted(person.reply(text.ticket, ""))


def ways_of(doctype: str, attribute: str, **args) -> dict:
	"""All of Frappe's ways to a document."""
	name = f"{{{attribute}}}"
	fields = json.dumps([f"`tab{doctype}`.`name`"])
	return {
		f"{doctype}: get_list": listed(
			"frappe.client.get_list", doctype, attribute, fields='["name"]', **args
		),
		f"{doctype}: list view": listed("frappe.desk.reportview.get_list", doctype, attribute, fields=fields),
		f"{doctype}: report view": listed(
			"frappe.desk.reportview.get", doctype, attribute, fields=fields, view="Report"
		),
		f"{doctype}: get_count": counted("frappe.client.get_count", doctype, attribute),
		f"{doctype}: count of a list": counted("frappe.desk.reportview.get_count", doctype, attribute),
		f"{doctype}: get_value": got(
			"frappe.client.get_value",
			doctype=doctype,
			fieldname="owner",
			filters=f'{{{{"name": "{name}"}}}}',
		),
		f"{doctype}: get": got("frappe.client.get", doctype=doctype, name=name),
		f"{doctype}: REST": resource(doctype, attribute),
		f"{doctype}: form": got("frappe.desk.form.load.getdoc", doctype=doctype, name=name),
		f"{doctype}: realtime": joined(doctype, name),
	}


def exported(person, texts):
	"""As a file of the report view."""
	fields = json.dumps([f"`tab{MESSAGE}`.`name`", f"`tab{MESSAGE}`.`body`"])
	args = {
		"doctype": MESSAGE,
		"fields": fields,
		"filters": "[]",
		"file_format_type": "CSV",
		"view": "Report",
	}
	answer = person.call("frappe.desk.reportview.export_query", http="GET", **args)
	return {text.team for text in texts.values() if answer.ok and text.secret in answer.text}


AGENTS_DOORS = {
	"state": door("state", http="GET"),
	"earlier": each(
		lambda person, text: granted(
			person.call(f"{DOOR}earlier", http="GET", ticket=text.ticket, before=text.message)
		)
	),
	"saved_replies": door("saved_replies", http="GET"),
	"saved_reply": door("saved_reply", http="GET", name="None of ours"),
	"opt_out": opt_out,
	"keep_texting": door("keep_texting"),
	"preview": door("preview", message="Hi"),
	"reply": door("reply", message=""),
	"switch_channel": door("switch_channel", channel="Fax"),
	"start": door("start", to="", message=""),
	"numbers": door("numbers", http="GET"),
	"find": said_door("find", "{ticket}", query="{customer_number}"),
	"history": door("history", http="GET"),
	"retry": door("retry", about="message"),
	"cancel": door("cancel", about="message"),
	"send_as_email": door("send_as_email", about="message"),
	"numbers: what a text would continue": said_door("numbers", "{ticket}", to="{customer_number}"),
	"start: in a ticket that goes on": each(goes_on),
	"search: by phone number": said("frappe.utils.global_search.search", text="{customer_number}"),
	"reply box": each(reply_box),
}
ASKED = {
	DOORS: AGENTS_DOORS,
	DOCUMENTS: {
		**ways_of(MESSAGE, "message"),
		**ways_of(CONVERSATION, "conversation"),
		f"{MEDIA}: get_list": listed("frappe.client.get_list", MEDIA, "media", parent=MESSAGE),
		f"{MEDIA}: get_value": got(
			"frappe.client.get_value",
			doctype=MEDIA,
			fieldname="file_name",
			filters='{{"name": "{media}"}}',
			parent=MESSAGE,
		),
		"link search for a conversation": got(
			"frappe.desk.search.search_link", doctype=CONVERSATION, txt="{customer_number}"
		),
		"link search for a message": got("frappe.desk.search.search_link", doctype=MESSAGE, txt="{number}"),
		"found by its words": said(
			"frappe.client.get_list",
			doctype=MESSAGE,
			fields='["name", "body"]',
			filters='{{"body": ["like", "%{secret}%"]}}',
		),
		"counted by its words": counted_by_words(MESSAGE, "body"),
	},
	COMMUNICATIONS: {
		**ways_of("Communication", "communication"),
		"file": each(fetched),
		"Communication by its words": said(
			"frappe.client.get_list",
			doctype="Communication",
			fields='["name", "content"]',
			filters='{{"content": ["like", "%{secret}%"]}}',
		),
		"Communications counted by their words": counted_by_words("Communication", "content"),
	},
	TICKET: {
		"get_one": said(FEED + "get_one", name="{ticket}"),
		"feed": each(feed_shown),
		"ticket's form": said("frappe.desk.form.load.getdoc", doctype="HD Ticket", name="{ticket}"),
		"file on the portal": each(shown),
		"ticket's realtime": joined("HD Ticket", "{ticket}"),
	},
}
# Names of files tell nothing to whoever may read their text, or sets the channel up; not every Frappe shows them.
FILES = {
	"list of files": listed("frappe.client.get_list", "File", "file", fields='["name", "file_name"]'),
	"count of files": counted("frappe.client.get_count", "File", "file"),
}
EXPORTERS = ("agent manager of the north", "system manager")
# The contact's form has a timeline of its own, and a contact may be read by every agent.
NOWHERE = {
	"contact's form": said("frappe.desk.form.load.getdoc", doctype="Contact", name="{contact}"),
	"global search": said("frappe.utils.global_search.search", text="{secret}"),
}
SET_UP_DOORS = (
	*("connect", "check_credentials", "verify", "promote_token"),
	*("available_numbers", "import_numbers", "backfill", "latest_text"),
	*("look_at_webhook", "configure_webhooks", "configure_numbers", "restore_webhook"),
	*("confirm_home", "diagnose", "mend"),
)
SET_UP_DOCTYPES = (
	"Twilio SMS Account",
	"Twilio SMS Consent Event",
	"Twilio SMS Erased Text",
	"Twilio SMS Rejected Webhook",
	"Twilio SMS Pace",
	"Twilio SMS Finding",
)


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
		if seen - may or (WHO[who][DOORS] and seen != may):
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
		desk_of_site().note(text.ticket, text.secret)
		desk_of_site().log(text.ticket, "looked at the ticket")
	frappe.db.commit()


@pytest.mark.parametrize("who", WHO)
def test_no_endpoint_of_frappe_tells_more(people, texts, marked, who, request):
	if who not in STRANGERS and not request.config.getoption("--in-full"):
		pytest.skip("--in-full tries all people")
	found, may = {}, WHO[who]

	def try_each(ways, allowed, about=""):
		for way, ask in ways:
			seen = ask(people[who], texts)
			if seen - allowed or (way in STILL_TELL and WHO[who][DOORS] and seen != allowed):
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
	for door in SET_UP_DOORS:
		args = dict.fromkeys(("account", "number", "finding"), "None of ours") | {
			"since": "2026-01-01",
			"waiting": "Nothing of ours",
		}
		if door == "configure_numbers":
			args["numbers"] = {"None of ours": False}
		credentials = {"account_sid": "None of ours", "auth_token": "None of ours"}
		http = "GET" if door == "latest_text" else "POST"
		answer = person.call(f"twilio_sms_channel.api.setup.{door}", http=http, **args, **credentials)
		# To those whom it lets in it says that there is no such account or number.
		assert answer.status_code in (403, 417 if door in ("connect", "confirm_home") else 404), answer.text
		found[door] = answer.status_code != 403
	assert set(found.values()) == {WHO[who][SET_UP]}, found


@pytest.mark.parametrize("who", WHO)
def test_only_agents_get_the_components(people, who):
	answer = people[who].call("twilio_sms_channel.api.screen.boot", http="GET")
	if who == "guest":
		assert answer.status_code == 403
	else:
		assert bool(answer.json().get("message")) is bool(WHO[who][DOORS])


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
	assert agent.call(DOOR + "reply", **args).status_code == 403
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


def test_every_door_is_in_the_table():
	doors = set(whitelisted(ticket))
	assert doors == {way.split(":")[0] for way in AGENTS_DOORS} - {"reply box", "search"}
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
