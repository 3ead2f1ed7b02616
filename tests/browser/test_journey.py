"""A newcomer's way through the demo: from what `make demo` printed to a message that was typed on a phone and answered.

`make journey` runs it on the demo that `make demo` left running: `--printed FILE` has what that printed. Without it the
way is walked on the tests' own site, with the demo's web server, start page and live updates.
"""

import secrets
import time
from pathlib import Path

import frappe
import pytest
import requests
from frappe.installer import update_site_config
from frappe.utils.password import update_password
from playwright.sync_api import expect
from support.people import make_agent
from support.stack import Customer, eventually, free_port, ticket_of

from browser.conftest import DESKTOP
from browser.film import Film
from browser.helpdesk_pages import entry
from browser.newcomer import Newcomer, leads_to, links, logins, settle, watch

DEV = Path(__file__).parents[2] / "dev"
MOST_CLICKS = 4
LIVE_MS = 2000
ARRIVES_MS = 15_000


class OnHelpdesk:
	sends_by = "Control+Enter"

	def __init__(self, page):
		self.page = page

	def message(self, words: str):
		return entry(self.page, words)

	def fate(self, words: str):
		return entry(self.page, words)

	def begin_to_write(self, newcomer: Newcomer) -> None:
		newcomer.click(
			self.page.locator(".comm-area").get_by_role("button", name="Reply", exact=True), "Reply"
		)
		expect(self.page.get_by_test_id("helpdesk-route")).to_have_text("Goes out by SMS")
		expect(self.page.locator(".ProseMirror")).to_be_focused()


class OnIssue(OnHelpdesk):
	@property
	def panel(self):
		return self.page.locator("twilio-sms-panel")

	def message(self, words: str):
		return self.panel.get_by_test_id("text").filter(has_text=words)

	def fate(self, words: str):
		return self.panel.get_by_test_id("outbound").filter(has_text=words).get_by_test_id("fate")

	def begin_to_write(self, newcomer: Newcomer) -> None:
		newcomer.click(self.panel.get_by_test_id("body"), "the message box")


SCREENS = {"Ann's ticket": OnHelpdesk, "Ann's issue": OnIssue}


@pytest.fixture
def printed(request) -> str:
	file = request.config.getoption("--printed")
	return Path(file).read_text() if file else request.getfixturevalue("served")


@pytest.fixture
def context(chromium):
	context = chromium.new_context(viewport=DESKTOP, device_scale_factor=1)
	context.set_default_timeout(ARRIVES_MS)
	yield context
	context.close()


@pytest.fixture
def problems(context):
	"""What goes wrong in the browser: nothing may."""
	problems = watch(context)
	yield problems
	assert problems == []


@pytest.fixture
def served(request, monkeypatch, stack, sim, admin, tmp_path):
	"""The demo's web server for the tests' site, where Ann wrote once; what `make demo` would print of it."""
	monkeypatch.syspath_prepend(str(DEV))
	cast, guides, layout = (pytest.importorskip(name) for name in ("cast", "guides", "layout"))
	if request.config.bench != layout.BENCH:
		pytest.skip("only on a bench of dev/: it has the parts of the demo")
	update_password(make_agent(cast.TOM.email, cast.TOM.first_name, cast.TOM.last_name), cast.PASSWORD)
	frappe.db.commit()
	ann = Customer(stack)
	ann.number = cast.ANN.number
	sim.add_handset(ann.number, cast.ANN.name)
	ticket = ticket_of(ann.text("Hello, my order 4711 has not arrived."))
	port, start_page = free_port(), tmp_path / "start.html"
	web = f"http://127.0.0.1:{port}"
	guide = guides.to_demo(stack.site, web, sim.base_url, str(ticket.name))
	guide.write(start_page)
	update_site_config("live_updates", 1)
	settings = (
		"--bind",
		f"127.0.0.1:{port}",
		"--pythonpath",
		str(DEV),
		"--worker-class",
		"gthread",
		"--threads=20",
	)
	env = {"THROWAWAY_SITE": stack.site, "THROWAWAY_START_PAGE": str(start_page)}
	redis = {"FRAPPE_REDIS_QUEUE": frappe.conf.redis_queue}
	stack.start("demo-web", "gunicorn", *settings, "wsgi:application", **env, **redis)
	eventually(lambda: is_there(f"{web}/api/method/ping"))
	yield "\n".join(guide.lines(f"{web}/"))
	stack.stop("demo-web")
	update_site_config("live_updates", "None")


def is_there(url: str) -> bool:
	try:
		return requests.get(url, timeout=5).ok
	except requests.RequestException:
		return False


def converse(newcomer: Newcomer, phone, screen, asked: str, answer: str) -> None:
	"""Text from the phone whose page has the cursor in it, answer in the ticket on the screen."""
	ticket = screen.page
	ticket.evaluate("window.not_reloaded = true")
	newcomer.look(1)
	newcomer.type(phone, asked)
	begun = time.monotonic()
	newcomer.press(phone, "Enter")
	expect(screen.message(asked)).to_be_visible(timeout=LIVE_MS)
	print(f"\nin the ticket after {time.monotonic() - begun:.1f} s", end=", ")
	newcomer.look(1.5)

	screen.begin_to_write(newcomer)
	newcomer.look()
	newcomer.type(ticket, answer)
	begun = time.monotonic()
	newcomer.press(ticket, screen.sends_by)
	answered = phone.get_by_test_id("bubble").filter(has_text=answer)
	expect(answered).to_be_visible()
	print(f"on the phone after {time.monotonic() - begun:.1f} s")
	newcomer.look()
	expect(answered).to_have_attribute("data-status", "delivered", timeout=ARRIVES_MS)
	expect(screen.fate(answer)).to_contain_text("Delivered", timeout=ARRIVES_MS)
	assert ticket.evaluate("window.not_reloaded")
	newcomer.look(3)


def test_a_newcomer_texts_and_is_answered(printed, context, problems):
	there, newcomer = links(printed), Newcomer(context)
	title = next(title for title in there if title in SCREENS)
	order = secrets.randbelow(9000) + 1000

	start = newcomer.open("Start here", there["Start here"])
	phone = newcomer.click(start.get_by_role("link", name="Handsets"), "Handsets", opens_page=True)
	expect(phone.locator("#phone-title")).to_have_text("Ann Miller’s phone")
	newcomer.click(start.get_by_role("button", name=title), title)
	start.wait_for_url(leads_to(there[title]))
	expect(start.get_by_test_id("channel").first).to_contain_text("SMS ·")
	asked, answer = f"And order {order}, is it on its way too?", f"Yes, Ann. Order {order} arrives on Friday."
	converse(newcomer, phone, SCREENS[title](start), asked, answer)

	print(f"{len(newcomer.clicks)} clicks: {', '.join(newcomer.clicks)}; keys: {', '.join(newcomer.keys)}")
	assert len(newcomer.clicks) <= MOST_CLICKS


def test_film(request, printed, context, problems):
	"""The README's animated picture: a customer whom the shop knows."""
	file = request.config.getoption("--film")
	if not file:
		pytest.skip("wants --film FILE: make journey ARGS=--film")
	there, film = links(printed), Film(Path(file))
	newcomer = Newcomer(context, film)
	start = newcomer.open("Start here", there["Start here"])
	phone = newcomer.click(start.get_by_role("link", name="Handsets"), "Handsets", opens_page=True)
	newcomer.click(phone.get_by_role("button", name="Priya Shah"), "Priya Shah")
	newcomer.click(start.get_by_role("button", name="Tickets"), "Tickets")
	newcomer.click(start.get_by_role("link", name="Do you have the big pannier"), "her ticket")
	expect(start.get_by_test_id("channel").first).to_contain_text("Priya Shah")
	film.set_up(phone.locator("#device"), start)
	asked, answer = "Can you send me another one?", "I am sorry, Priya. A new one leaves today."
	converse(newcomer, phone, OnHelpdesk(start), asked, answer)
	film.save()


def test_the_printed_link_of_the_ticket_asks_for_the_printed_login(printed, context, problems):
	there = links(printed)
	title = next(title for title in there if title in SCREENS)
	user, password = next((user, word) for user, word in logins(printed).items() if user.startswith("tom@"))
	page = context.new_page()
	page.goto(there[title])
	page.locator("#login_email").fill(user)
	page.locator("#login_password").fill(password)
	page.keyboard.press("Enter")
	page.wait_for_url(leads_to(there[title]))
	expect(page.get_by_test_id("channel").first).to_contain_text("SMS ·")


def test_every_printed_page_opens(request, printed, chromium, context, problems):
	"""By its printed link, for somebody who is not logged in, and by the start page's button."""
	if not request.config.getoption("--printed"):
		pytest.skip("wants the people of the demo: make journey")
	there = links(printed)
	assert len(there) >= 8
	for title, url in there.items():
		page = context.new_page()
		settle(page, lambda page=page, url=url: page.goto(url))
		print(f"{title}: {url}")
		page.close()
	for title, url in list(there.items())[1:]:
		start = context.new_page()
		start.goto(there["Start here"])
		page = start
		if (link := start.get_by_role("link", name=title, exact=True)).count():
			with context.expect_page() as opened:
				link.click()
			page = opened.value
		else:
			start.get_by_role("button", name=title, exact=True).click()
		settle(page, lambda page=page, url=url: page.wait_for_url(f"{leads_to(url).rstrip('/')}**"))
		page.close()
		start.close()
