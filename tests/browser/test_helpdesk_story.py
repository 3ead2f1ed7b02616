"""The story on a whole Helpdesk: its own screen, web server, worker and socket.io server, all of which have to run.

`pytest tests/browser/test_helpdesk_story.py --bench PATH --site NAME --url http://127.0.0.1:8000`
"""

import random
import re

import frappe
import pytest
from playwright.sync_api import expect
from support.people import make_agent, make_user
from support.stack import MESSAGE, Customer, Stack, eventually, ticket_of

from browser.conftest import PHONE, make_email_ticket
from browser.helpdesk_pages import logged_in, open_ticket, page_and_errors, watched_page

AGENT = "tsms-helpdesk@example.com"
SURNAMES = (
	"Diaz Keller Rossi Moreau Tanaka Novak Silva Larsen Nguyen Costa Weber Sato Murphy Dubois Haddad".split()
)
LIVE_MS = 30_000
CC = re.compile("^cc$", re.IGNORECASE)
# Of the layout shift that a page may have to count as steady (web.dev's bound of "good").
STEADY = 0.1


@pytest.fixture(scope="session")
def real(site, request):
	"""The bench's own servers, with the simulator as their Twilio."""
	url = request.config.getoption("--url")
	if not url:
		pytest.skip("wants --url: the address of a bench that runs, with the real Helpdesk")
	with Stack(request.config.bench, site, url=url.rstrip("/")) as running:
		yield running


@pytest.fixture(scope="module")
def context(chromium, real):
	context = logged_in(chromium, real.web, make_agent(AGENT, "Grace", "Hopper"))
	yield context
	context.close()


@pytest.fixture
def page(context):
	with watched_page(context) as page:
		yield page


@pytest.fixture
def carla(real):
	"""A customer with a name."""
	carla = Customer(real)
	unused = [name for name in SURNAMES if not frappe.db.exists("Contact", f"Carla {name}")]
	frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "Carla",
			"last_name": random.choice(unused or SURNAMES),
			"phone_nos": [{"phone": carla.number, "is_primary_mobile_no": 1}],
		}
	).insert()
	frappe.db.commit()
	return carla


def entry(page, text):
	"""The entry of the feed that says this: Helpdesk draws each in a page of its own."""
	return page.locator(".activity").filter(has=page.locator(f"iframe[srcdoc*='{text}']"))


def reply_box(page):
	return page.locator(".comm-area > div:has(.border-y)").first


def write_reply(page, words):
	box = reply_box(page)
	if not box.is_visible():
		page.locator(".comm-area").get_by_role("button", name="Reply", exact=True).click()
	box.locator(".ProseMirror").click()
	page.keyboard.type(words)
	return box


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
	expect(box.get_by_test_id("helpdesk-route")).to_have_text("Goes out by text")
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
	expect(box.get_by_test_id("helpdesk-route")).to_have_text("Goes out by text")
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


def in_sight(page, text) -> bool:
	"""Whether the end of the entry that says this is not below what the page shows of the feed."""
	return page.evaluate(
		"""text => {
			const bottom = document.querySelector(`iframe[srcdoc*="${text}"]`)?.getBoundingClientRect().bottom;
			return bottom <= document.querySelector(".comm-area").getBoundingClientRect().top + 1;
		}""",
		text,
	)


def seen(page, text) -> bool:
	expect(entry(page, text)).to_be_visible(timeout=LIVE_MS)
	return eventually(lambda: in_sight(page, text), timeout_s=8)


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
	inside.get_by_role("link", name="181 earlier texts").click()
	drawer = page.get_by_test_id("helpdesk-drawer")
	expect(drawer.get_by_text("Line 100", exact=True)).to_be_attached()
	page.screenshot(path=shots("helpdesk-long-drawer"))
	drawer.get_by_test_id("show-earlier").click()
	expect(drawer.get_by_text("Where it began")).to_be_attached()
	expect(drawer.get_by_test_id("show-earlier")).to_have_count(0)


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
	page.get_by_role("button", name="Text Conversation").click()
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
