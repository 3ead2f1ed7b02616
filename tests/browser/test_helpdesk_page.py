"""The page of a ticket on a whole Helpdesk: what stays in sight, on a phone, in the dark; and Desk's timeline.

Run as `test_helpdesk_story.py` says.
"""

import re

import frappe
import pytest
from playwright.sync_api import expect
from support.people import make_agent, make_user
from support.stack import MESSAGE, Customer, ticket_of

from browser.conftest import PHONE
from browser.helpdesk_pages import (
	AGENT,
	LIVE_MS,
	entry,
	in_sight,
	logged_in,
	open_ticket,
	seen,
	watched_page,
	write_reply,
)

pytestmark = pytest.mark.helpdesk

# Of the layout shift that a page may have to count as steady (web.dev's bound of "good").
STEADY = 0.1


@pytest.fixture(scope="module")
def context(chromium, real):
	context = logged_in(chromium, real.web, make_agent(AGENT, "Grace", "Hopper"))
	yield context
	context.close()


@pytest.fixture
def page(context):
	with watched_page(context) as page:
		yield page


def test_the_newest_text_stays_in_sight_unless_somebody_reads_further_up(page, real, shots):
	somebody = Customer(real)
	ticket = ticket_of(somebody.text("First line"))
	for n in range(12):
		somebody.text(f"Line {n}\nof several\nlines")
	open_ticket(page, real.web, ticket.name)
	assert seen(page, "Line 11")
	page.screenshot(path=shots("helpdesk-number"))
	page.get_by_test_id("helpdesk-write").click()
	expect(page.locator(".comm-area twilio-sms-composer").get_by_test_id("body")).to_be_visible()
	page.wait_for_timeout(700)
	assert in_sight(page, "Line 11")
	page.screenshot(path=shots("helpdesk-composer-open"))
	somebody.text("While you write")
	assert seen(page, "While you write")
	entry(page, "Line 11").hover()
	page.mouse.wheel(0, -700)
	page.wait_for_timeout(500)
	assert not in_sight(page, "While you write")
	somebody.text("And one more")
	expect(entry(page, "And one more")).to_be_attached(timeout=LIVE_MS)
	page.wait_for_timeout(1500)
	assert not in_sight(page, "And one more")


def test_a_long_conversation_shows_its_newest_texts_and_the_drawer_all(page, real, shots):
	somebody = Customer(real)
	ticket = ticket_of(somebody.text("Where it began"))
	many_texts(ticket, 230)
	open_ticket(page, real.web, ticket.name)
	assert seen(page, "Line 229")
	assert page.locator(".activities iframe").count() == 50
	page.screenshot(path=shots("helpdesk-long-end"))
	inside = page.frame_locator("iframe[srcdoc*='Line 180']").first
	inside.get_by_role("link", name="181 earlier text messages").click()
	drawer = page.get_by_test_id("helpdesk-drawer")
	expect(drawer.get_by_text("Line 100", exact=True)).to_be_attached()
	page.screenshot(path=shots("helpdesk-long-drawer"))
	drawer.get_by_test_id("show-earlier").click()
	expect(drawer.get_by_text("Where it began")).to_be_attached()
	expect(drawer.get_by_test_id("show-earlier")).to_have_count(0)


def test_desks_timeline_shows_the_status_as_it_changes(chromium, real, shots, carla):
	agent = make_agent("tsms-timeline@example.com", "Alan", "Turing")
	make_user(agent, ["Agent", "Desk User"] if frappe.db.exists("Role", "Desk User") else ["Agent"])
	ticket = ticket_of(carla.text("Where is my order?"))
	context = logged_in(chromium, real.web, agent)
	page = context.new_page()
	root = "desk" if int(frappe.__version__.split(".")[0]) >= 16 else "app"
	page.goto(f"{real.web}/{root}/hd-ticket/{ticket.name}")
	theirs = page.locator(".timeline-item").filter(has_text="Where is my order")
	expect(theirs.locator(".avatar").first).to_have_text(re.compile("^C"), timeout=LIVE_MS)
	panel = page.locator("twilio-sms-panel")
	panel.get_by_test_id("body").fill("It comes tomorrow.")
	panel.get_by_test_id("send").click()
	ours = page.locator(".timeline-item").filter(has_text="It comes tomorrow")
	expect(ours.locator(".indicator-pill")).to_have_text("Sent", timeout=LIVE_MS)
	ours.scroll_into_view_if_needed()
	page.screenshot(path=shots("desk-timeline"))
	context.close()


def many_texts(ticket, count: int) -> None:
	"""Texts that were sent long ago; no worker has them."""
	from twilio_sms_channel.messaging.outbound import outbox

	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	names = [outbox.write(conversation, f"Line {n}").name for n in range(count)]
	frappe.db.after_commit.reset()
	frappe.db.set_value(MESSAGE, {"name": ("in", names)}, "status", "Delivered")
	frappe.db.commit()


def test_on_a_phone(page, real, shots, carla):
	ticket = ticket_of(carla.text("Hello from my way home"))
	page.set_viewport_size(PHONE)
	open_ticket(page, real.web, ticket.name)
	page.get_by_role("tab", name="Activity").click()
	box = write_reply(page, "Hi Carla")
	expect(box.get_by_test_id("helpdesk-count")).to_contain_text("1 segment")
	width = page.evaluate("document.documentElement.scrollWidth")
	assert width <= PHONE["width"]
	page.screenshot(path=shots("helpdesk-phone"))
	page.get_by_test_id("helpdesk-write").click()
	expect(page.locator(".comm-area twilio-sms-composer").get_by_test_id("body")).to_be_visible()
	page.wait_for_timeout(500)
	page.screenshot(path=shots("helpdesk-phone-composer"))
	# What was typed in the reply box is still there: later versions close it at a click elsewhere.
	expect(write_reply(page, ", good evening").locator(".ProseMirror")).to_contain_text("Hi Carla")
	expect(page.locator(".comm-area twilio-sms-composer")).to_have_count(0)


def test_without_a_socketio_server_texts_appear_all_the_same(page, real, carla):
	ticket = ticket_of(carla.text("Is anybody there?"))
	page.route("**/socket.io/**", lambda route: route.abort())
	open_ticket(page, real.web, ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	carla.text("I can wait")
	expect(entry(page, "I can wait")).to_be_visible(timeout=LIVE_MS)


def test_in_the_dark(page, real, shots, carla):
	ticket = ticket_of(carla.text("Hello from the night shift"))
	open_ticket(page, real.web, ticket.name)
	if not page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--surface-base')"):
		pytest.skip("this version of Helpdesk has no dark theme")
	page.evaluate("document.documentElement.setAttribute('data-theme', 'dark')")
	page.get_by_test_id("helpdesk-write").click()
	body = page.locator(".comm-area twilio-sms-composer").get_by_test_id("body")
	body.fill("Good night “Carla”")
	page.wait_for_timeout(700)
	page.screenshot(path=shots("helpdesk-dark"))
	body.fill("")
	write_reply(page, "Good night")
	expect(page.get_by_test_id("helpdesk-count")).to_contain_text("1 segment")
	page.wait_for_timeout(700)
	page.screenshot(path=shots("helpdesk-dark-reply-box"))


def test_the_page_stays_steady(page, real, carla):
	"""Helpdesk's page itself shifts while it loads; what this app adds hardly does."""
	ticket = ticket_of(carla.text("Hello"))
	page.add_init_script(
		"""window.shifted = 0;
		new PerformanceObserver((list) => {
			for (const shift of list.getEntries())
				if (shift.sources.some(({ node }) => node?.closest?.(".comm-area") || node?.querySelector?.(".twilio-sms-strip")))
					window.shifted += shift.value;
		}).observe({ type: "layout-shift", buffered: true });"""
	)
	open_ticket(page, real.web, ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	page.wait_for_timeout(1000)
	shifted = page.evaluate("window.shifted")
	print("layout shift:", shifted)
	assert shifted < STEADY
