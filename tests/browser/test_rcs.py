"""A conversation by RCS: the customer on the simulator's handset, the agent in Desk."""

import frappe
from playwright.sync_api import expect
from support import desks
from support.people import make_agent, make_user
from support.rcs_handset import make_rcs_handset
from support.stack import eventually

from browser.conftest import DESKTOP, PHONE, log_in
from browser.screens import axe_script, violations
from browser.test_desk import desk

CONVERSATION = "Twilio SMS Conversation"
LIVE_MS = 30_000


def test_a_conversation_by_rcs_with_a_picture_a_button_read_and_a_fallback(
	request, page, chromium, stack, sim, shots, picture
):
	phone = make_rcs_handset(stack, "Nora Lindt")
	number = phone.customer.number
	person = {"first_name": "Nora", "last_name": "Lindt", "phone_nos": [{"phone": number}]}
	frappe.get_doc({"doctype": "Contact", **person}).insert()
	frappe.db.commit()
	user = make_user(make_agent("tsms-desk@example.com"), ["Agent"])
	context = chromium.new_context(viewport=DESKTOP)
	handset = context.new_page()
	handset.goto(sim.base_url)
	handset.get_by_test_id(f"handset-{number}").click()
	handset.get_by_test_id("our-number-select").select_option(phone.agent)

	# She texts, with a picture.
	file = {"name": "parcel.png", "mimeType": "image/png", "buffer": picture}
	handset.get_by_test_id("compose-file").set_input_files(file)
	handset.get_by_test_id("compose-body").fill("The basket in my parcel is broken.")
	handset.get_by_test_id("compose-send").click()
	of_hers = {"customer_number": number, "ticket": ("is", "set")}
	ticket = eventually(lambda: frappe.db.rollback() or frappe.db.get_value(CONVERSATION, of_hers, "ticket"))
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{ticket}"))
	panel = page.locator("twilio-sms-panel")
	theirs, ours = panel.get_by_test_id("inbound"), panel.get_by_test_id("outbound")
	expect(theirs.first.get_by_test_id("text")).to_have_text("The basket in my parcel is broken.")
	expect(theirs.first.get_by_test_id("way")).to_have_text("RCS")
	expect(theirs.first.locator("img")).to_be_visible(timeout=LIVE_MS)

	# The answer goes by RCS as well, and is read as soon as she looks.
	panel.get_by_test_id("body").fill("I am sorry, Nora. A new one, or your money back?")
	panel.get_by_test_id("send").click()
	expect(ours.first.get_by_test_id("fate")).to_have_text("Read", timeout=LIVE_MS)
	expect(ours.first.get_by_test_id("way")).to_have_text("RCS")
	expect(handset.get_by_text("Read ✓✓")).to_be_visible()

	# She taps a button of a card that another program sent.
	card = phone.card("What shall we do?", buttons={"New basket": "replace", "Money back": "refund"})
	handset.get_by_test_id(f"tap-{card.sid}-New basket").click()
	expect(theirs.nth(1).get_by_test_id("text")).to_have_text("New basket", timeout=LIVE_MS)
	expect(theirs.nth(1).get_by_test_id("along")).to_contain_text("New basket")
	handset.screenshot(path=shots("handset-rcs"))

	# Her phone leaves RCS: the next answer comes from the number, by SMS.
	handset.get_by_test_id("ability-rcs").click()
	expect(handset.get_by_test_id("ability-rcs")).to_have_attribute("aria-pressed", "false")
	panel.get_by_test_id("body").fill("It goes out today.")
	panel.get_by_test_id("send").click()
	expect(ours.nth(1).get_by_test_id("fate")).to_have_text("Delivered", timeout=LIVE_MS)
	expect(ours.nth(1).get_by_test_id("way")).to_have_text("SMS, RCS was not available")
	handset.get_by_test_id("our-number-select").select_option(phone.number)
	expect(handset.get_by_test_id("bubble").get_by_text("It goes out today.")).to_be_visible()
	context.close()

	# All of it is in one ticket.
	frappe.db.rollback()
	assert {row.ticket for row in frappe.get_all(CONVERSATION, {"customer_number": number}, "ticket")} == {
		ticket
	}
	page.screenshot(path=shots("ticket-rcs"))
	if axe := axe_script(request.config, or_skip=False):
		assert violations(page, axe, "twilio-sms-panel") == []
	page.evaluate("document.documentElement.setAttribute('data-theme', 'dark')")
	page.screenshot(path=shots("ticket-rcs-dark"))
	page.evaluate("document.documentElement.setAttribute('data-theme', 'light')")
	page.set_viewport_size(PHONE)
	panel.scroll_into_view_if_needed()
	page.wait_for_timeout(500)
	page.screenshot(path=shots("ticket-rcs-phone"))
