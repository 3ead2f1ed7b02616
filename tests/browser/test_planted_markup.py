"""Markup in every value that somebody outside can fill, looked at in Desk: nothing of it runs, nothing foreign loads."""

import json
import time
from urllib.parse import urlsplit

import frappe
import pytest
import requests
from frappe.utils import now_datetime
from support.people import make_agent, make_system_manager
from support.stack import INBOUND, eventually, ticket_of
from support.twilio_accounts import at_twilio, here, new_number
from support.webhooks import STATUS, sid, signed, text

from browser.conftest import log_in, new_window
from browser.test_desk import desk
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.messaging.setup import importing
from twilio_sms_channel.messaging.upkeep import backfill
from twilio_sms_channel.patches import take_markup_out
from twilio_sms_channel.uninstall import our_doctypes

MESSAGE, CONVERSATION, ACCOUNT = "Twilio SMS Message", "Twilio SMS Conversation", "Twilio SMS Account"
NUMBER, MEDIA, FINDING = "Twilio SMS Number", "Twilio SMS Media", "Twilio SMS Finding"
UNREAD, EXCHANGE = "Twilio SMS Unread Webhook", "Twilio SMS Exchange"
REJECTED, CONSENT, PACE = "Twilio SMS Rejected Webhook", "Twilio SMS Consent Event", "Twilio SMS Pace"
SHOWN = ("Data", "Small Text", "Text", "Long Text", "Code")
# What is a name, or a value of ours by which rows are found.
NAMES = (
	"phone_number",
	"account_name",
	"account_sid",
	"home",
	"check_name",
	"remedy",
	"public_base_url",
	"digest",
)
REPORTS = ("Twilio SMS Delivery Failures", "Twilio SMS Opt-Outs", "Twilio SMS Traffic")
FOREIGN = "planted.test"
QUIET_S, LONGEST_S = 0.25, 20


def planted(what: str) -> str:
	"""Markup of several forms: out of an attribute, closed, as entities, and left open at the end."""
	ran = f"planted(`{what}`)"
	return (
		f"'\"><svg onload={ran}><img src=//{FOREIGN}/{what} onerror={ran}>"
		f"&lt;svg onload={ran}&gt;<img src=//{FOREIGN}/{what} onerror={ran} "
	)


@pytest.fixture
def page(chromium):
	"""In a window of its own, for what is bound to the window."""
	window = new_window(chromium)
	yield window.new_page()
	window.close()


@pytest.fixture
def manager(stack):
	user = make_system_manager(make_agent("tsms-planted@example.com"))
	frappe.get_doc("User", user).add_roles("Agent", "Agent Manager")
	frappe.db.commit()
	return user


class Eyes:
	"""A page of Desk, and what of the planted markup came alive in it."""

	def __init__(self, page, stack, user: str):
		self.page, self.stack = page, stack
		self.alive: list[str] = []
		self.where = ""
		page.context.expose_binding("planted", lambda _source, what: self.alive.append(f"{what} ran"))
		page.context.on("request", self._asked)
		page.on("dialog", lambda dialog: dialog.dismiss())
		log_in(page, stack, user)
		page.goto(desk(stack, "twilio-sms-message"))
		page.wait_for_function("window.frappe && frappe.router && window.cur_list")

	def _asked(self, request) -> None:
		if urlsplit(request.url).hostname == FOREIGN:
			self.alive.append(f"{request.url} was loaded")

	def look(self, *route: str) -> None:
		self.page.evaluate("(route) => { frappe.set_route(route) }", list(route))
		self._settle(" / ".join(route))

	def open(self, path: str) -> None:
		self.page.goto(self.stack.web + path)
		self._settle(path)

	def _settle(self, where: str) -> None:
		"""Until the page has asked for all that it shows."""
		quiet_since, begun = time.monotonic(), time.monotonic()
		while time.monotonic() < quiet_since + QUIET_S and time.monotonic() < begun + LONGEST_S:
			self.page.wait_for_timeout(50)
			if self.page.evaluate("Boolean(window.frappe?.request?.ajax_count)"):
				quiet_since = time.monotonic()
		assert self.alive == [], f"on {where}: {sorted(set(self.alive))}"


def columns_of(doctype: str) -> list[str]:
	return [
		df.fieldname
		for df in frappe.get_meta(doctype).fields
		if df.fieldtype in SHOWN and df.fieldname not in NAMES and not df.get("is_virtual")
	]


def look_everywhere(eyes: Eyes, doctype: str, name: str) -> None:
	"""A document's form and print, its DocType's list and report, with all columns that can hold markup."""
	columns = columns_of(doctype)
	eyes.page.evaluate(
		"""async ([doctype, fields]) => {
			await new Promise((done) => frappe.model.with_doctype(doctype, done));
			await frappe.model.user_settings.save(doctype, "Report", { fields });
		}""",
		[doctype, [[column, doctype] for column in columns]],
	)
	eyes.look("List", doctype, "List")
	eyes.look("List", doctype, "Report")
	eyes.look("Form", doctype, name)
	eyes.look("print", doctype, name)


@pytest.fixture
def all_columns():
	"""Lists that show each column they can."""
	names = [name for name in our_doctypes() if not frappe.get_meta(name).istable]
	for name in names:
		fields = [{"fieldname": column, "label": column} for column in columns_of(name)]
		row = frappe.get_doc({"doctype": "List View Settings", "fields": json.dumps(fields)})
		row.update({"name": name, "total_fields": "50"})
		row.db_insert()
	frappe.db.commit()
	yield
	frappe.db.delete("List View Settings", {"name": ("in", names)})
	frappe.db.commit()


def test_what_is_stored_is_shown_as_text(page, stack, sim, customer, manager, all_columns):
	"""Rows as an earlier version may have stored them, with markup in each of their fields."""
	message = customer.text("Hello")
	# A conversation of its own: others go on with the one of the stack's number.
	conversation, number = message.conversation, stack.add_number()
	now = now_datetime()
	rows = {
		MESSAGE: {"direction": "Outbound", "status": "Failed", "creation": now, "modified": now},
		MEDIA: {"parenttype": MESSAGE, "parentfield": "media", "idx": 1, "status": "Failed"},
		REJECTED: {"http_status": 403, "creation": now, "modified": now},
		UNREAD: {"kind": "Message", "digest": "planted", "creation": now, "modified": now},
		EXCHANGE: {"purpose": "Send", "outcome": "Unknown", "creation": now, "modified": now},
		CONSENT: {"event": "Asked for Help", "source": "Customer's Text", "number": number},
		PACE: {"number": number},
		FINDING: {"severity": "Notice", "check_name": "planted", "about_doctype": NUMBER, "about": number},
	}
	names = {CONVERSATION: conversation, NUMBER: number, ACCOUNT: None}
	try:
		for doctype, facts in rows.items():
			doc = frappe.get_doc({"doctype": doctype, **facts})
			doc.set_new_name()
			if doctype == MEDIA:
				doc.parent = names[MESSAGE]
			if doctype == MESSAGE:
				doc.update({"number": number, "account": stack.account, "conversation": conversation})
			doc.db_insert()
			names[doctype] = doc.name
		account = here(None)
		names[ACCOUNT] = account.name
		frappe.db.set_value(ACCOUNT, account.name, "enabled", 0)
		for doctype, name in names.items():
			for column in columns_of(doctype):
				df = frappe.get_meta(doctype).get_field(column)
				value = planted(column)[: df.length or 140] if df.fieldtype == "Data" else planted(column)
				if column == "previous_webhook":
					value = json.dumps({"sid": "x", "url": value})
				frappe.db.set_value(doctype, name, column, value, update_modified=False)
		frappe.db.commit()
		eyes = Eyes(page, stack, manager)
		for doctype, name in names.items():
			if doctype != MEDIA:
				look_everywhere(eyes, doctype, name)
		for report in REPORTS:
			eyes.look("query-report", report)
		eyes.look("Workspaces", "Twilio SMS")
		take_markup_out.execute()
		cleaned = frappe.db.get_value(MESSAGE, names[MESSAGE], ["error_message", "twilio_status", "body"])
		assert ["<" in value for value in cleaned] == [False, False, True]
	finally:
		frappe.db.rollback()
		for doctype, name in names.items():
			if name:
				frappe.db.delete(doctype, {"name": name})
		frappe.db.commit()


def test_what_comes_in_is_shown_as_text(page, stack, sim, customer, manager, agent, picture):
	"""The same by way of webhook, callback, Twilio's lists and the name of a file; and none of it is stored as markup."""
	frappe.cache().delete_keys("twilio_sms_rejected:")
	begun = now_datetime()
	media = {
		"NumMedia": "2",
		"MediaUrl0": "https://api.twilio.com/" + planted("url"),
		"MediaContentType0": planted("type"),
		"MediaUrl1": "https://api.twilio.com/2010-04-01/x",
		"MediaContentType1": "image/jpeg" + planted("type1"),
		"FromCity": planted("city"),
		"OptOutType": planted("opt-out"),
	}
	params = text(stack, From=customer.number, Body=planted("body"), **media)
	assert signed(stack, INBOUND, params).status_code == 200
	inbound = frappe.get_doc(
		MESSAGE,
		eventually(
			lambda: frappe.db.get_value(MESSAGE, {"twilio_sid": params["MessageSid"], "status": "Threaded"})
		),
	)
	customer.text(f"HELP {planted('help')}")
	ticket = ticket_of(inbound)

	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": f"{sid()}.png",
			"content": picture + sid().encode(),
			"is_private": 1,
			"attached_to_doctype": ticket.doctype,
			"attached_to_name": str(ticket.name),
		}
	).insert()
	# As another app may have stored it.
	frappe.db.set_value("File", file.name, "file_name", planted("file").split("<img")[0] + ".png")
	frappe.db.commit()
	assert agent.reply(ticket.name, "<p>See</p>", attachments=[file.name]).status_code == 200

	conversation = frappe.get_doc(CONVERSATION, inbound.conversation)
	outbound = []
	for n in range(2):
		outbound.append(outbox.write(conversation, f"Text {n}").name)
		frappe.db.after_commit.reset()
		frappe.db.set_value(
			MESSAGE, outbound[n], {"status": "Sent", "twilio_sid": sid(), "sent_at": now_datetime()}
		)
	frappe.db.commit()
	callback = {
		"AccountSid": stack.account_sid,
		"MessageSid": frappe.db.get_value(MESSAGE, outbound[0], "twilio_sid"),
		"MessageStatus": "undelivered",
		"ErrorCode": "39999",
		"ErrorMessage": planted("error"),
	}
	assert signed(stack, f"{STATUS}?message={outbound[0]}", callback).status_code == 204

	# One that cannot be read, and a failed exchange that says what was sent.
	unread = {"MessageSid": planted("sid"), "From": planted("from"), planted("name"): planted("value")}
	assert signed(stack, INBOUND, text(stack, **unread)).status_code == 200
	sim.faults.next("error_before")
	failed = outbox.write(conversation, planted("failed")).name
	frappe.db.commit()
	exchange = eventually(lambda: frappe.db.get_value(EXCHANGE, {"message": failed}))

	# Refused ones.
	forwarded = {"X-Forwarded-For": planted("address")[:80]}
	for params in (
		{"AccountSid": planted("account"), "To": planted("to")},
		text(stack, To=planted("to")),
		text(stack, AccountSid="AC" + "0" * 32, To=planted("to")),
	):
		url = stack.web + INBOUND + "?" + planted("query")
		assert requests.post(url, data=params, headers=forwarded, timeout=30).status_code in (403, 404)
	signed(stack, INBOUND, text(stack, To="+19075550000" + planted("to")))
	signed(stack, f"{STATUS}?message={planted('message')}", callback)

	# Twilio's lists.
	sim.faults.always("webhook_lost")
	lost = customer.text(
		planted("listed body"), wait=False, media=[("a.png", picture, planted("listed type"))]
	)
	sim.faults.off()
	there = at_twilio(sim, friendly_name=planted("account name"))
	service = sim.add_service(
		there.sid,
		friendly_name=planted("service"),
		inbound_url="https://other.example.com/" + planted("service url")[:60],
	)
	imported = new_number()
	sim.add_number(
		there.sid,
		imported,
		friendly_name=planted("number name"),
		sms_url="https://other.example.com/" + planted("number url")[:60],
	)
	doc = here(there)
	importing.take_over(doc)
	frappe.db.commit()
	backfill.run(stack.number, begun)
	eventually(lambda: frappe.db.exists(MESSAGE, {"twilio_sid": lost.sid, "status": "Threaded"}))
	backfilled = frappe.db.get_value(MESSAGE, {"twilio_sid": lost.sid})

	# Frappe looks at other files' names when it stores one.
	frappe.db.delete("File", {"file_name": ("like", "%<%")})
	frappe.db.commit()
	assert_no_markup_since(begun)
	eyes = Eyes(page, stack, manager)
	eyes.look("List", ticket.doctype, "List")
	eyes.look("Form", ticket.doctype, str(ticket.name))
	for name in (inbound.name, outbound[0], backfilled):
		eyes.look("Form", MESSAGE, name)
	eyes.look("print", MESSAGE, inbound.name)
	eyes.look("List", REJECTED, "List")
	eyes.look("Form", REJECTED, frappe.get_last_doc(REJECTED).name)
	for doctype, name in ((UNREAD, frappe.get_last_doc(UNREAD).name), (EXCHANGE, exchange)):
		eyes.look("List", doctype, "List")
		eyes.look("Form", doctype, name)
		eyes.look("print", doctype, name)
	eyes.look("Form", NUMBER, imported)
	eyes.look("Form", NUMBER, service.sid)
	eyes.look("Form", "Communication", inbound.communication)
	eyes.look("List", "Communication", "List")
	eyes.look("query-report", REPORTS[0])
	eyes.look("twilio-sms-setup", doc.name)
	eyes.page.locator(".offer").first.wait_for()
	eyes.look("Workspaces", "Twilio SMS")
	# The bell, where Desk has it at the top.
	eyes.page.evaluate("$('.dropdown-notifications [data-toggle=dropdown]').first().trigger('click')")
	eyes.look("List", "Notification Log", "List")


def assert_no_markup_since(begun) -> None:
	"""Neither Desk nor another app that shows these fields can take what stands there for markup."""
	for doctype in our_doctypes():
		if frappe.get_meta(doctype).issingle:
			continue
		columns = [
			c for c in columns_of(doctype) if frappe.get_meta(doctype).get_field(c).fieldtype != "Code"
		]
		for row in frappe.get_all(doctype, {"modified": (">=", begun)}, ["name", *columns]):
			bad = {c: v for c, v in row.items() if v and ("<" in v or ">" in v)}
			assert not bad, f"{doctype}: {bad}"
	for row in frappe.get_all(REJECTED, {"creation": (">=", begun)}, ["ip_address"]):
		assert FOREIGN not in row.ip_address, row
