"""The composer, with the site's real endpoints behind it."""

import gzip
import io
import re

import frappe
import pytest
import requests
from playwright.sync_api import expect
from support import desks
from support.people import make_agent
from support.stack import eventually, ticket_of

from browser.conftest import DESKTOP, PHONE
from browser.screens import at, axe_script, drop, violations

MESSAGE = "Twilio SMS Message"
COMPOSER, PANEL = "twilio-sms-composer", "twilio-sms-panel"
REPLY = "twilio_sms_channel.api.ticket.reply"
MAX_BUNDLE_BYTES = 60_000


@pytest.fixture
def ticket(customer, sim):
	return ticket_of(customer.text("Hello, my order 4711 has not arrived. Can you help?"))


@pytest.fixture
def composer(screen, ticket):
	shown = screen.show(COMPOSER, ticket.name)
	expect(at(shown, "body")).to_be_visible()
	return shown


@pytest.fixture(scope="module")
def colleague(stack, agent):
	return stack.login(make_agent("tsms-colleague@example.com", "Alan", "Turing"))


def texts_of(ticket) -> list:
	"""The outbound texts of a ticket, oldest first."""
	frappe.db.rollback()
	return frappe.get_all(
		MESSAGE,
		{"conversation": ticket.twilio_sms_conversation, "direction": "Outbound"},
		["name", "body", "status"],
		order_by="creation",
	)


def test_the_bundle_stays_small(screen, stack):
	script = requests.get(stack.web + screen.script, timeout=30).content
	assert len(gzip.compress(script, 9)) < MAX_BUNDLE_BYTES


def test_what_was_written_outlives_a_reload_and_is_sent_with_the_keyboard(
	screen, composer, ticket, customer, picture
):
	at(composer, "body").fill("It is on its way")
	drop(at(composer, "composer"), ("parcel.png", "image/png", picture))
	expect(at(composer, "picture")).to_be_visible()
	expect(composer.locator("progress")).to_have_count(0)
	screen.page.reload()
	expect(at(composer, "body")).to_have_value("It is on its way")
	expect(at(composer, "file")).to_contain_text("parcel.png")
	at(composer, "body").press("Control+Enter")
	expect(at(composer, "body")).to_have_value("")
	expect(at(composer, "body")).to_be_focused()
	eventually(lambda: [m.body for m in customer.inbox()] == ["It is on its way"])
	assert len(customer.inbox()[0].media_urls) == 1
	screen.page.reload()
	expect(at(composer, "body")).to_have_value("")
	expect(at(composer, "file")).to_have_count(0)


def test_pressing_twice_or_a_lost_answer_sends_once(screen, composer, ticket):
	lost = []

	def lose_the_first(route):
		route.fetch() if not lost else None
		if lost:
			return route.continue_()
		lost.append(1)
		return route.abort()

	screen.page.route("**/*ticket.reply", lose_the_first)
	at(composer, "body").fill("Only once")
	at(composer, "send").dblclick()
	expect(at(composer, "problem")).to_contain_text("cannot be reached")
	expect(at(composer, "body")).to_have_value("Only once")
	screen.page.reload()
	at(composer, "send").dblclick()
	expect(at(composer, "body")).to_have_value("")
	assert [text.body for text in texts_of(ticket)] == ["Only once"]


def test_what_is_on_its_way_stays_as_it_is(screen, composer, ticket, customer, picture):
	held = []
	screen.page.route("**/*ticket.reply", lambda route: held.append(route))
	at(composer, "body").fill("It is on its way")
	drop(at(composer, "composer"), ("parcel.png", "image/png", picture))
	at(composer, "send").click()
	expect(at(composer, "send")).to_have_text("Sending…")
	for name in ("attach", "remove", "emoji", "saved-replies"):
		expect(at(composer, name)).to_be_disabled()
	late = ("late.png", "image/png", picture)
	drop(at(composer, "composer"), late)
	drop(at(composer, "body"), late, type="paste")
	eventually(lambda: screen.page.wait_for_timeout(50) or held)
	expect(at(composer, "file")).to_have_count(1)
	held[0].continue_()
	expect(at(composer, "body")).to_have_value("")
	expect(at(composer, "attach")).to_be_enabled()
	eventually(lambda: [len(m.media_urls) for m in customer.inbox()] == [1])


def test_what_a_text_takes_is_counted_and_made_less_with_one_click(screen, composer):
	body = at(composer, "body")
	body.fill("It is on its way")
	expect(at(composer, "count")).to_have_text("144 left · 1 segment")
	body.fill("“It’s” on its way, and arrives tomorrow between 9 and 12 at your front door ő")
	expect(at(composer, "count")).to_contain_text("2 segments")
	expect(at(composer, "chip")).to_have_count(4)
	expect(at(composer, "chip").first).to_contain_text("left double quotation mark")
	at(composer, "chip").filter(has_text="right single").click()
	expect(body).to_have_value(
		"“It's” on its way, and arrives tomorrow between 9 and 12 at your front door ő"
	)
	body.fill("“It’s” on its way, and arrives tomorrow between 9 and 12 at your front door")
	expect(at(composer, "plain")).to_have_text("Use plain characters (1 segment)")
	expect(at(composer, "announced")).to_have_text(re.compile("2 segments"))
	at(composer, "plain").click()
	expect(body).to_have_value('"It\'s" on its way, and arrives tomorrow between 9 and 12 at your front door')
	expect(at(composer, "count")).to_contain_text("1 segment")
	expect(at(composer, "room")).to_have_count(0)
	body.fill("x" * 1601)
	expect(at(composer, "count")).to_have_text("1 characters too many")
	expect(at(composer, "send")).to_be_disabled()


def test_files_are_checked_before_they_are_uploaded(screen, composer, ticket, picture):
	uploads = []
	screen.page.on(
		"request", lambda request: uploads.append(request.url) if "upload_file" in request.url else None
	)
	form = at(composer, "composer")
	drop(form, ("a.zip", "application/zip", b"PK"))
	expect(at(composer, "refused")).to_contain_text("a.zip cannot be sent by text message")
	drop(form, ("film.mp4", "video/mp4", b"x" * (5 * 1024 * 1024 + 1)))
	expect(at(composer, "refused")).to_contain_text("film.mp4 (5.0 MB) is too large")
	assert uploads == []
	drop(at(composer, "body"), ("screenshot.png", "image/png", picture), type="paste")
	expect(at(composer, "file")).to_have_count(1)
	at(composer, "file-input").set_input_files(
		[{"name": f"{n}.png", "mimeType": "image/png", "buffer": picture} for n in range(10)]
	)
	expect(at(composer, "refused")).to_contain_text(
		"9.png was not attached: a message takes at most 10 files"
	)
	expect(at(composer, "file")).to_have_count(10)
	expect(composer.locator("progress")).to_have_count(0, timeout=60_000)
	composer.get_by_role("button", name="Remove screenshot.png").click()
	expect(at(composer, "file")).to_have_count(9)
	attached = {"attached_to_doctype": ticket.doctype, "attached_to_name": str(ticket.name)}
	eventually(lambda: frappe.db.count("File", attached) == 9)


def test_a_drag_over_the_page_shows_where_to_let_go(composer):
	drop(composer, ("a.png", "image/png", b"x"), type="dragover")
	expect(at(composer, "drop")).to_be_visible()
	drop(composer, type="dragend")
	expect(at(composer, "drop")).to_be_hidden()


def test_large_pictures_are_announced_to_be_made_smaller(composer):
	drop(
		at(composer, "composer"), ("large.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"x" * (6 * 1024 * 1024))
	)
	expect(at(composer, "scaled")).to_contain_text("at most 5.0 MB")


def test_emoji_and_saved_replies_with_the_keyboard_alone(screen, composer, ticket, customer):
	title = f"Delay {customer.number[-6:]}"
	desks.default().saved_reply(title, "<p>Sorry for the delay.</p>")
	frappe.db.commit()
	keyboard = screen.page.keyboard
	at(composer, "body").focus()
	keyboard.type("Hello ")
	for _ in range(2):
		keyboard.press("Tab")
	expect(at(composer, "emoji")).to_be_focused()
	keyboard.press("Enter")
	picker = at(composer, "picker")
	expect(at(picker, "search")).to_be_focused()
	keyboard.press("Escape")
	expect(picker).to_have_count(0)
	expect(at(composer, "emoji")).to_be_focused()
	keyboard.press("Enter")
	keyboard.type("truck")
	expect(at(picker, "option")).to_have_count(1)
	keyboard.press("Enter")
	expect(at(composer, "body")).to_have_value("Hello 🚚")
	expect(at(composer, "body")).to_be_focused()
	keyboard.press("Home")
	for _ in range(3):
		keyboard.press("Tab")
	expect(at(composer, "saved-replies")).to_be_focused()
	keyboard.press("Enter")
	keyboard.type(title)
	expect(at(picker, "option")).to_have_text([title])
	keyboard.press("Enter")
	expect(at(composer, "body")).to_have_value("Sorry for the delay.\nHello 🚚")
	keyboard.press("Control+Enter")
	expect(at(composer, "body")).to_have_value("")
	eventually(lambda: [m.body for m in customer.inbox()] == ["Sorry for the delay.\nHello 🚚"])


def with_actions(route) -> None:
	"""A Helpdesk whose saved replies have actions, as its versions after 1.28 do."""
	answer = route.fetch()
	said = answer.json()
	said["message"]["actions"] = [{"action_type": "Set Status", "value": "Replied", "label": "Replied"}]
	route.fulfill(response=answer, json=said)


def told_of(requests: list):
	"""Answers a request, and keeps what it said."""
	return lambda route: requests.append(route.request.post_data_json) or route.fulfill(json={"message": {}})


def test_what_a_saved_reply_does_to_its_ticket_is_said_before_and_done_after(
	screen, composer, ticket, customer
):
	title, applied = f"Done {customer.number[-6:]}", []
	desks.default().saved_reply(title, "<p>It is on its way.</p>")
	frappe.db.commit()
	page = screen.page
	page.route("**/*ticket.saved_reply?*", with_actions)
	page.route("**/*apply_saved_reply_actions", told_of(applied))

	def choose() -> None:
		at(composer, "saved-replies").click()
		at(at(composer, "picker"), "search").fill(title)
		at(at(composer, "picker"), "option").filter(has_text=title).click()
		expect(at(composer, "actions")).to_contain_text("When it is sent: Set Status: Replied")

	choose()
	at(composer, "no-actions").click()
	expect(at(composer, "actions")).to_have_count(0)
	choose()
	page.reload()
	expect(at(composer, "actions")).to_contain_text("When it is sent: Set Status: Replied")
	at(composer, "send").click()
	expect(at(composer, "body")).to_have_value("")
	eventually(lambda: page.wait_for_timeout(50) or applied)
	assert applied[0]["ticket_id"] == str(ticket.name) and "Set Status" in applied[0]["actions"]
	expect(at(composer, "actions")).to_have_count(0)


def test_who_opted_out_cannot_be_written_to_and_nothing_typed_is_lost(screen, composer, ticket, customer):
	at(composer, "body").fill("Half a sente")
	customer.text("STOP")
	screen.refresh(ticket.name)
	expect(at(composer, "why-not")).to_contain_text("opted out")
	expect(at(composer, "body")).to_be_disabled()
	expect(at(composer, "body")).to_have_value("Half a sente")
	expect(at(composer, "send")).to_be_disabled()


def test_a_number_without_mms_says_why_nothing_can_be_attached(screen, stack, customer, sim, picture):
	ticket = ticket_of(customer.text("Hi", to=stack.add_number(mms_enabled=0, unsendable_files="Refuse")))
	composer = screen.show(COMPOSER, ticket.name)
	expect(at(composer, "attach")).to_be_disabled()
	expect(at(composer, "attach")).to_have_attribute("title", re.compile("cannot send files"))
	drop(at(composer, "body"), ("a.png", "image/png", picture), type="paste")
	expect(at(composer, "refused")).to_contain_text("cannot send files")


def test_a_refusal_of_the_server_stands_in_the_composer(screen, composer, ticket, stack, customer):
	at(composer, "body").fill("Are you still there?")
	customer.text("STOP")
	at(composer, "send").click()
	expect(at(composer, "problem")).to_contain_text("opted out by texting STOP")
	expect(at(composer, "body")).to_have_value("Are you still there?")


def test_a_colleague_who_answers_meanwhile_is_noticed(screen, composer, ticket, colleague):
	at(composer, "body").fill("I am looking into it")
	assert colleague.call(REPLY, ticket=str(ticket.name), message="It was sent today").ok
	screen.refresh(ticket.name)
	expect(at(composer, "meanwhile")).to_contain_text("has just answered: It was sent today")
	at(composer, "meanwhile-close").click()
	expect(at(composer, "meanwhile")).to_be_empty()
	expect(at(composer, "body")).to_be_focused()


def test_a_colleague_who_was_faster_is_read_before_anything_is_sent(screen, composer, ticket, colleague):
	at(composer, "body").fill("I am looking into it")
	assert colleague.call(REPLY, ticket=str(ticket.name), message="It was sent today").ok
	at(composer, "send").click()
	expect(at(composer, "meanwhile")).to_contain_text("It was sent today")
	expect(at(composer, "body")).to_have_value("I am looking into it")
	at(composer, "send-anyway").click()
	expect(at(composer, "body")).to_have_value("")
	assert [text.body for text in texts_of(ticket)] == ["It was sent today", "I am looking into it"]


@pytest.fixture
def told(ticket, customer, agent):
	"""The ticket after a picture came and an answer went out, of a customer with a name."""
	contact = frappe.get_doc("Contact", ticket.contact)
	contact.first_name, contact.last_name = "Ann", "Lee"
	contact.save()
	frappe.db.commit()
	sent = customer.text("This is what came instead.", media=[("parcel.png", parcel())])
	eventually(lambda: frappe.db.get_value("Twilio SMS Media", {"parent": sent.name}, "status") == "Fetched")
	assert agent.call(REPLY, ticket=str(ticket.name), message="Oh no! We will send the right one today.").ok
	text = texts_of(ticket)[0].name
	eventually(lambda: frappe.db.get_value(MESSAGE, text, "status") == "Delivered")
	about = {"conversation": ticket.twilio_sms_conversation}
	frappe.db.set_value(MESSAGE, {**about, "name": text}, {"price": 0.0158, "price_unit": "USD"})
	frappe.db.commit()
	return ticket


def parcel() -> bytes:
	from PIL import Image, ImageDraw

	image = Image.new("RGB", (240, 170), "#dfe7ee")
	draw = ImageDraw.Draw(image)
	draw.rectangle((50, 50, 190, 140), fill="#c08b52")
	draw.polygon(((50, 50), (75, 28), (215, 28), (190, 50)), fill="#d8a66d")
	draw.polygon(((190, 50), (215, 28), (215, 115), (190, 140)), fill="#9d6d3b")
	draw.rectangle((110, 50, 130, 140), fill="#ead7b8")
	data = io.BytesIO()
	image.save(data, "PNG")
	return data.getvalue()


def test_everybody_can_use_it(request, screen, shots, told):
	axe = axe_script(request.config)
	for name, theme, size, rtl in (
		("composer-light", "light", DESKTOP, False),
		("composer-dark", "dark", DESKTOP, False),
		("composer-phone", "light", PHONE, False),
		("composer-rtl", "dark", PHONE, True),
	):
		look = {"theme": theme, "rtl": rtl, "lang": "ar" if rtl else "en", "height": 0}
		assert_usable(screen, told, axe, size, look, shots, name)


def assert_usable(screen, ticket, axe, size, look, shots, name) -> None:
	page = screen.page
	page.set_viewport_size(size)
	panel = screen.show(PANEL, ticket.name, **look)
	expect(at(panel, "fate")).to_be_visible()
	at(panel, "body").fill("“Hi Ann”, it’s on its way, and arrives tomorrow between 9 and 12 at your door 🚚")
	expect(at(panel, "chip").first).to_be_visible()
	expect(at(panel, "cost")).to_have_text("$0.0158 so far")
	at(panel, "message-file").locator("img").evaluate("(picture) => picture.decode()")
	take(panel, shots(name))
	assert violations(page, axe) == [], name
	drop(
		at(panel, "composer"),
		("label.png", "image/png", parcel()),
		("slip.pdf", "application/pdf", b"%PDF-1.4\n%%EOF"),
	)
	expect(at(panel, "file")).to_have_count(2)
	expect(panel.locator("progress")).to_have_count(0)
	expect(at(panel, "count")).to_contain_text("with files (MMS)")
	at(panel, "emoji").click()
	expect(at(panel, "option").first).to_be_visible()
	take(panel, shots(f"{name}-emoji"))
	assert violations(page, axe) == [], name
	assert page.evaluate("document.documentElement.scrollWidth") == size["width"], name
	page.evaluate("localStorage.clear()")


def take(element, path: str) -> None:
	"""A picture of an element and a little around it."""
	box = element.bounding_box()
	clip = {"x": box["x"] - 16, "y": 0, "width": box["width"] + 32, "height": box["y"] + box["height"] + 16}
	element.page.screenshot(path=path, clip=clip)
