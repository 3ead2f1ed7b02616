"""axe-core on what this app draws in Desk, and on the demo's own pages: in the light in English, in the dark in German.

Composer, panel, start dialog, guided page, doctor, Helpdesk's screen and practice mode are looked at where they are tested, too.
"""

import sys
from pathlib import Path

import frappe
import pytest
from playwright.sync_api import expect
from support import desks
from support.people import make_agent, make_system_manager
from support.stack import ticket_of

from browser.conftest import log_in
from browser.screens import axe_script, violations
from browser.test_desk import desk
from browser.test_setup import barriers

sys.path.insert(0, str(Path(__file__).parents[2] / "dev"))

DIALOG = ".modal.show .modal-body"
PANEL = "twilio-sms-panel"
PRESS = "label => cur_frm.custom_buttons[__(label)].click()"


@pytest.fixture
def manager(stack):
	user = make_system_manager(make_agent("tsms-eyes@example.com"))
	yield user
	frappe.db.set_value("User", user, "language", "")
	frappe.db.commit()


def form(doctype: str, name: str, button: str = ""):
	"""A document's form, and what one of its buttons opens."""

	def opened(page, stack) -> None:
		page.goto(desk(stack, f"{frappe.scrub(doctype).replace('_', '-')}/{name}"))
		page.wait_for_function("name => window.cur_frm?.docname === name", arg=name)
		if button:
			page.wait_for_function("label => cur_frm.custom_buttons[__(label)]", arg=button)
			page.evaluate(PRESS, button)

	return opened


def list_of(doctype: str, what_opens: str = ""):
	def opened(page, stack) -> None:
		page.goto(desk(stack, frappe.scrub(doctype).replace("_", "-")))
		page.wait_for_function("doctype => window.cur_list?.doctype === doctype", arg=doctype)
		if what_opens:
			page.evaluate(what_opens)

	return opened


def path(route: str):
	return lambda page, stack: page.goto(desk(stack, route))


def pressed(go, button: str):
	"""A page, and what one of its buttons does."""

	def opened(page, stack) -> None:
		go(page, stack)
		page.locator(button).click()

	return opened


def of_desk(ticket, failed: str, number: str, account: str, customer) -> dict:
	"""By what it is: how to get there, what shows that it is there, and the part that this app draws."""
	tickets, doctor = desks.default().doctype, "twilio_sms_doctor.open({})"
	start = f"twilio_sms.start_in_desk({tickets!r})"
	return {
		"ticket": (form(tickets, str(ticket.name)), f"{PANEL} textarea", PANEL),
		"new message": (
			list_of(tickets, f"frappe.require('twilio_sms.bundle.js').then(() => {start})"),
			"twilio-sms-start select",
			"twilio-sms-start",
		),
		"failed message": (form("Twilio SMS Message", failed), ".form-message", ".form-message"),
		"number: webhook": (form("Twilio SMS Number", number, "Webhook at Twilio"), f"{DIALOG} dl", DIALOG),
		"number: disconnect": (form("Twilio SMS Number", number, "Disconnect"), f"{DIALOG} li", DIALOG),
		"account: disconnect": (form("Twilio SMS Account", account, "Disconnect"), f"{DIALOG} li", DIALOG),
		"doctor": (
			list_of(
				"Twilio SMS Finding", f"frappe.require('twilio_sms_doctor.bundle.js').then(() => {doctor})"
			),
			".twilio-doctor .again",
			".twilio-doctor",
		),
		"guided page: account": (path("twilio-sms-setup"), ".twilio-setup input", ".twilio-setup"),
		"guided page: empty fields": (
			pressed(path("twilio-sms-setup"), ".twilio-setup .go"),
			".twilio-setup .problem",
			".twilio-setup",
		),
		"guided page: numbers": (
			path(f"twilio-sms-setup/{account}"),
			".twilio-setup .offer",
			".twilio-setup",
		),
		# The same page goes on from one to the next.
		"guided page: waiting": (
			lambda page, _stack: page.locator(".twilio-setup .go").click(),
			".twilio-doctor .again",
			".twilio-setup",
		),
		"guided page: first message": (
			lambda _page, _stack: customer.text("It works"),
			".twilio-setup .first .btn",
			".twilio-setup",
		),
	}


# In the light with --in-full alone: what fails is most often a color of the dark or a longer word.
@pytest.mark.parametrize(("theme", "language"), [("dark", "de"), ("light", "en")])
def test_desk(request, page, stack, customer, manager, theme, language):
	if theme == "light" and not request.config.getoption("--in-full"):
		pytest.skip("--in-full looks at it in the light as well")
	axe = axe_script(request.config)
	text = customer.text("Hello, where is my order?")
	frappe.db.set_value("User", manager, "language", language)
	conversation = frappe.db.get_value("Twilio SMS Message", text.name, "conversation")
	failed = {"direction": "Outbound", "status": "Undelivered", "error_code": "30003", "body": "It is here"}
	about = {"conversation": conversation, "number": stack.number, "customer_number": customer.number}
	message = frappe.get_doc({"doctype": "Twilio SMS Message", "account": stack.account, **about, **failed})
	message.insert(ignore_permissions=True)
	frappe.db.commit()
	log_in(page, stack, manager)
	found = {}
	for name, (go, there, ours) in of_desk(
		ticket_of(text), message.name, stack.number, stack.account, customer
	).items():
		go(page, stack)
		expect(page.locator(there).locator("visible=true").first).to_be_visible(timeout=60_000)
		page.evaluate("theme => document.documentElement.setAttribute('data-theme', theme)", theme)
		found[name] = barriers(page, axe, ours)
	print("\n".join(f"{name} | {theme}, {language} | {lines or 'none'}" for name, lines in found.items()))
	assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_demos_own_pages(request, page, tmp_path, theme):
	import mailbox_page
	import start_page
	from start_page import Card, Guide, Login, Place

	axe = axe_script(request.config)
	tom = Login("Tom Baker", "agent", "tom@example.com", "a word")
	cards = (Card("Answer", "As an agent.", (Place("Tickets", "/tickets", tom), Place("Phones", "/phones"))),)
	(tmp_path / "new").mkdir()
	(tmp_path / "new" / "1").write_text(
		"From: a@example.com\nTo: b@example.com\nSubject: Invoice\n\nHere it is"
	)
	page.emulate_media(color_scheme=theme)
	start = Guide("A demo", "Try it.", cards, (tom,), "this", ("that",))
	for name, html in (("start page", start_page.page(start)), ("mailbox", mailbox_page.page(tmp_path))):
		page.set_content(html)
		assert violations(page, axe) == [], name
