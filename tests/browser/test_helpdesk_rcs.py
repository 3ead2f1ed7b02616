"""A conversation by RCS on a whole Helpdesk, run as `test_helpdesk_story.py` is; `test_rcs.py` looks at it in Desk."""

import frappe
import pytest
from playwright.sync_api import expect
from support.people import make_agent
from support.rcs_handset import make_rcs_handset
from support.stack import eventually, ticket_of

from browser.helpdesk_pages import AGENT, LIVE_MS, entry, logged_in, open_ticket, watched_page, write_reply

CONVERSATION = "Twilio SMS Conversation"

pytestmark = pytest.mark.helpdesk


@pytest.fixture(scope="module")
def context(chromium, real):
	context = logged_in(chromium, real.web, make_agent(AGENT, "Grace", "Hopper"))
	yield context
	context.close()


@pytest.fixture
def page(context):
	with watched_page(context) as page:
		yield page


def test_a_conversation_by_rcs(page, real, shots, picture):
	phone, sim = make_rcs_handset(real, "Nora Lindt"), real.simulator
	number, area = phone.customer.number, page.locator(".comm-area")
	basket = [("basket.png", picture)]
	ticket = ticket_of(phone.customer.text("The basket is broken.", to=phone.agent, media=basket))
	open_ticket(page, real.web, ticket.name)
	expect(area.get_by_test_id("channel")).to_contain_text("SMS ·")
	expect(entry(page, "The basket is broken")).to_contain_text("RCS", timeout=LIVE_MS)
	shown = page.frame_locator("iframe[srcdoc*='The basket is broken']").locator("img")
	expect(shown).to_be_visible(timeout=LIVE_MS)

	write_reply(page, "A new one, or your money back?").get_by_role("button", name="Send").click()
	expect(entry(page, "or your money back")).to_contain_text("Delivered", timeout=LIVE_MS)
	assert sim.read(number, phone.agent)
	expect(entry(page, "or your money back")).to_contain_text("RCS · Read", timeout=LIVE_MS)

	card = phone.card("What shall we do?", buttons={"New basket": "replace", "Money back": "refund"})
	sim.tap(card.sid, "New basket")
	expect(entry(page, "tapped a button: New basket")).to_be_visible(timeout=LIVE_MS)

	sim.add_handset(number, rcs=False)
	write_reply(page, "It goes out today.").get_by_role("button", name="Send").click()
	expect(entry(page, "goes out today")).to_contain_text(
		"SMS, RCS was not available · Delivered", timeout=LIVE_MS
	)
	page.screenshot(path=shots("helpdesk-rcs"))
	eventually(
		lambda: [m.body for m in sim.messages(customer=number, number=phone.number)] == ["It goes out today."]
	)
	frappe.db.rollback()
	tickets = set(frappe.get_all(CONVERSATION, {"customer_number": number}, pluck="ticket"))
	assert tickets == {str(ticket.name)}
