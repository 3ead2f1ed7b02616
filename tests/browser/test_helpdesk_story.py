"""The story on a whole Helpdesk: its own screen, web server, worker and socket.io server, all of which have to run.

`pytest tests/browser/test_helpdesk_story.py --bench PATH --site NAME --url http://127.0.0.1:8000`
`test_helpdesk_page.py` looks at the page itself in the same way.
"""

import re

import frappe
import pytest
from playwright.sync_api import expect
from support.people import make_agent
from support.stack import MESSAGE, eventually, ticket_of

from browser.conftest import make_email_ticket
from browser.helpdesk_pages import (
	AGENT,
	LIVE_MS,
	entry,
	logged_in,
	open_ticket,
	page_and_errors,
	watched_page,
	write_reply,
)

pytestmark = pytest.mark.helpdesk

CC = re.compile("^cc$", re.IGNORECASE)


@pytest.fixture(scope="module")
def context(chromium, real):
	context = logged_in(chromium, real.web, make_agent(AGENT, "Grace", "Hopper"))
	yield context
	context.close()


@pytest.fixture
def page(context):
	with watched_page(context) as page:
		yield page


def test_the_story(page, real, shots, carla, picture, tmp_path):
	area = page.locator(".comm-area")
	ticket = ticket_of(carla.text("Hello, my order 4711 has not arrived. Can you help?"))
	open_ticket(page, real.web, ticket.name)
	expect(area.get_by_test_id("channel")).to_contain_text("SMS ·")

	# A text comes in, with a picture, while the ticket is on the screen.
	carla.text("This is what I ordered", media=[("order.png", picture)])
	shown = page.frame_locator("iframe[srcdoc*='what I ordered']").locator("img")
	expect(shown).to_be_visible(timeout=LIVE_MS)
	assert shown.evaluate("picture => picture.naturalWidth") == 160

	# The agent answers in the ordinary reply box, which says that it sends a text.
	box = write_reply(page, "Hi Carla, it is on its way and arrives tomorrow.")
	expect(box.get_by_test_id("helpdesk-route")).to_have_text("Goes out by SMS")
	expect(box.get_by_test_id("helpdesk-count")).to_contain_text("1 segment")
	expect(box.get_by_role("button", name=CC)).to_be_hidden()
	page.screenshot(path=shots("helpdesk-reply-box"))
	box.get_by_role("button", name="Send").click()
	eventually(lambda: "arrives tomorrow" in "".join(text.body for text in carla.inbox()))
	expect(entry(page, "arrives tomorrow")).to_contain_text("Delivered", timeout=LIVE_MS)
	# Helpdesk's own badge says nothing else.
	expect(entry(page, "arrives tomorrow").get_by_text("Sent", exact=True)).to_have_count(0)

	# And in the composer, with a picture.
	area.get_by_test_id("helpdesk-write").click()
	composer = area.locator("twilio-sms-composer")
	composer.get_by_test_id("body").fill("This is the parcel:")
	parcel = tmp_path / "parcel.png"
	parcel.write_bytes(picture)
	composer.get_by_test_id("file-input").set_input_files(parcel)
	expect(composer.get_by_test_id("picture")).to_be_visible()
	page.wait_for_timeout(500)
	page.screenshot(path=shots("helpdesk-composer"))
	composer.get_by_test_id("send").click()
	expect(area.locator("twilio-sms-composer")).to_have_count(0)
	expect(entry(page, "This is the parcel")).to_contain_text("Delivered", timeout=LIVE_MS)
	assert [len(text.media) for text in carla.inbox()] == [0, 1]
	expect(page.frame_locator("iframe[srcdoc*='This is the parcel']").locator("img")).to_be_visible()

	# Over to e-mail: Helpdesk's own reply box is back, and knows the address.
	address = f"c{carla.number[1:]}@example.com"
	area.get_by_test_id("add-address").click()
	area.get_by_test_id("email").fill(address)
	area.get_by_test_id("use-address").click()
	expect(area.get_by_test_id("channel")).to_contain_text(address)
	expect(area.get_by_test_id("helpdesk-write")).to_have_count(0)
	box = write_reply(page, "Here is your invoice.")
	expect(box.locator(".border-y")).to_contain_text(address)
	expect(box.get_by_role("button", name=CC)).to_be_visible()
	expect(box.get_by_test_id("helpdesk-route")).to_have_count(0)
	expect(box.get_by_test_id("helpdesk-medium")).to_have_text("Goes out by e-mail")
	page.screenshot(path=shots("helpdesk-email"))
	box.get_by_role("button", name="Send").click()
	expect(entry(page, "Here is your invoice")).to_be_visible(timeout=LIVE_MS)
	queued = {"reference_doctype": "HD Ticket", "reference_name": str(ticket.name)}
	eventually(
		lambda: frappe.db.exists(
			"Email Queue Recipient",
			{"parent": ("in", frappe.get_all("Email Queue", queued, pluck="name")), "recipient": address},
		)
	)
	assert len(carla.inbox()) == 2

	# And back to texts.
	area.get_by_test_id("switch").click()
	box = write_reply(page, "Texts again.")
	expect(box.get_by_test_id("helpdesk-route")).to_have_text("Goes out by SMS")
	box.get_by_role("button", name="Send").click()
	expect(entry(page, "Texts again.")).to_contain_text("Delivered", timeout=LIVE_MS)

	# The customer wants no more of them: the box says so at once.
	carla.text("STOP", wait=False)
	expect(area.get_by_test_id("helpdesk-why-not")).to_contain_text("opted out", timeout=LIVE_MS)
	expect(area.get_by_test_id("helpdesk-why-not")).to_be_visible()
	page.screenshot(path=shots("helpdesk-opted-out-strip"))
	box = write_reply(page, "Just one more")
	expect(box.get_by_test_id("helpdesk-why")).to_contain_text("opted out", timeout=LIVE_MS)
	expect(area.get_by_test_id("helpdesk-why-not")).to_be_hidden()
	page.screenshot(path=shots("helpdesk-opted-out"))
	box.get_by_role("button", name="Send").press("Enter")
	expect(page.get_by_text("opted out").last).to_be_visible()
	expect(box.locator(".ProseMirror")).to_contain_text("Just one more")
	assert len(carla.inbox()) == 3


def test_a_text_that_did_not_arrive_is_sent_as_an_email_from_the_feed(page, real, shots, carla):
	ticket = ticket_of(carla.text("When will you deliver?"))
	sent = ticket.reply_by_text("Tomorrow between 9 and 12.")
	frappe.db.after_commit.reset()
	failed = {"status": "Undelivered", "error_code": "30006", "error_message": "Landline", "sent_by": AGENT}
	frappe.db.set_value(MESSAGE, sent.name, failed)
	frappe.db.commit()
	open_ticket(page, real.web, ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	inside = page.frame_locator("iframe[srcdoc*='between 9 and 12']").first
	expect(inside.get_by_role("link", name="Send as E-mail")).to_be_visible()
	page.screenshot(path=shots("helpdesk-not-delivered"))
	inside.get_by_role("link", name="Send as E-mail").click()
	# Nobody knows an address of theirs yet.
	strip = page.locator(".comm-area")
	expect(strip.get_by_test_id("email")).to_be_focused()
	page.screenshot(path=shots("helpdesk-add-address"))
	page.keyboard.type(f"c{carla.number[1:]}@example.com")
	strip.get_by_test_id("use-address").click()
	eventually(lambda: frappe.db.get_value(MESSAGE, sent.name, "sent_as_email"))
	assert len(page.context.pages) == 1


def test_a_saved_reply_stands_apart_from_what_was_written(context, real, shots, carla):
	# Helpdesk's own dialog of saved replies raises an error on v1.28.
	page, errors = page_and_errors(context)
	source = "HD Saved Reply" if frappe.db.exists("DocType", "HD Saved Reply") else "HD Canned Response"
	title = f"Delay {carla.number[-6:]}"
	saved = {"doctype": source, "title": title, "message": "<p>Sorry for the delay.</p>"}
	frappe.get_doc({**saved, **({"scope": "Global"} if source == "HD Saved Reply" else {})}).insert()
	frappe.db.commit()
	ticket = ticket_of(carla.text("Still waiting"))
	# Otherwise the user's own ones are listed.
	page.add_init_script("localStorage.setItem('saved-replies-filter', 'Global')")
	open_ticket(page, real.web, ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	box = write_reply(page, "Hi Carla")
	box.locator(".overflow-x-auto.items-center button").nth(1).click()
	page.get_by_role("dialog").get_by_text(title).click()
	expect(box.locator(".ProseMirror")).to_contain_text("Sorry for the delay.")
	page.wait_for_timeout(700)
	page.screenshot(path=shots("helpdesk-saved-reply"))
	print("with a saved reply:", box.locator(".ProseMirror").inner_html())
	box.get_by_role("button", name="Send").click()
	sent = eventually(lambda: [text.body for text in carla.inbox()])
	# Before v1.19 Helpdesk puts it in the place of what was written.
	assert sent[0].split("\n") in (["Sorry for the delay.", "Hi Carla"], ["Sorry for the delay."])
	page.close()
	assert not [error for error in errors if "twilio" in error.lower()]


def test_an_email_ticket_is_left_alone(page, real):
	ticket = make_email_ticket()
	open_ticket(page, real.web, ticket.name)
	page.wait_for_function("window.twilio_sms_screen")
	page.evaluate("window.twilio_sms_screen.then(screen => screen && 1)")
	page.wait_for_timeout(500)
	box = write_reply(page, "Hello Ann")
	expect(box.get_by_role("button", name=CC)).to_be_visible()
	expect(page.locator("[class*=twilio-sms], twilio-sms-channel")).to_have_count(0)


def test_the_customer_of_an_email_ticket_is_texted(page, real, shots, carla):
	contact = frappe.db.get_value("Contact Phone", {"phone": carla.number}, "parent")
	ticket = make_email_ticket(contact=contact)
	open_ticket(page, real.web, ticket.name)
	page.get_by_test_id("helpdesk-start").click()
	drawer = page.get_by_test_id("helpdesk-drawer")
	drawer.get_by_test_id("from").select_option(real.number)
	drawer.get_by_test_id("body").fill("We have just sent you an e-mail with the papers.")
	expect(drawer.get_by_test_id("send")).to_be_enabled()
	page.screenshot(path=shots("helpdesk-start"))
	drawer.get_by_test_id("send").click()
	expect(drawer).to_have_count(0)
	expect(page.locator(".comm-area").get_by_test_id("channel")).to_contain_text("SMS ·")
	expect(entry(page, "with the papers")).to_contain_text("Delivered", timeout=LIVE_MS)
	assert len(carla.inbox()) == 1


def test_earlier_conversations_and_the_drawer(page, real, shots, carla):
	earlier = ticket_of(carla.text("About my last order", to=real.other_number))
	ticket = ticket_of(carla.text("And about the new one"))
	open_ticket(page, real.web, ticket.name)
	page.get_by_role("button", name="SMS Conversation").click()
	drawer = page.get_by_test_id("helpdesk-drawer")
	expect(drawer.get_by_test_id("thread")).to_contain_text("And about the new one")
	expect(drawer).to_contain_text("Earlier conversations with this customer: 1")
	page.screenshot(path=shots("helpdesk-drawer"))
	page.keyboard.press("Escape")
	expect(drawer).to_have_count(0)
	page.get_by_test_id("helpdesk-earlier").click()
	drawer.get_by_text("About my last order").click()
	expect(page).to_have_url(re.compile(f"/helpdesk/tickets/{earlier.name}$"))
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	expect(drawer).to_have_count(0)
	page.go_back()
	expect(page).to_have_url(re.compile(f"/helpdesk/tickets/{ticket.name}$"))
	expect(page.get_by_test_id("helpdesk-write")).to_have_count(1)
