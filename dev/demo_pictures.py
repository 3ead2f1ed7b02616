"""Those of the documentation's pictures that show the demo's sites: `make screenshots`.

Run by the bench's Python while `make demo`, or `make site ARGS=--empty`, serves its site:
`demo_pictures.py month|empty FOLDER WEB_URL SIMULATOR_URL`.
"""

from __future__ import annotations

import os
import shutil
import sys
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from browser import Browser
from cast import ADMIN, BOB, DIEGO, LENA, LUCIA, MEI, NUMBERS, ORDERS, PASSWORD, TOM, WORKSHOP
from layout import ADMIN_PASSWORD
from playwright.sync_api import Locator, Page, expect, sync_playwright

from twilio_sms_channel.practice import rcs_sender_of

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, TALL, PHONE = (1280, 860), (1280, 2500), (390, 844)
# Charts are drawn with a movement, and lists and messages a moment after their page.
STEADY_AFTER_MS = 1500
CONVERSATION, MESSAGE = "Twilio SMS Conversation", "Twilio SMS Message"
FROM_BOB = "Do I have to bring the key of the lock?"
ANSWER = "Yes please, Bob. See you tomorrow at 9!"


class Camera:
	"""A window on the demo's site, in which one person after the other works."""

	def __init__(self, page: Page, folder: Path, web: str, simulator: str):
		self.page, self.folder, self.web, self.simulator = page, folder, web, simulator
		self.admin = Browser(web)

	def log_in(self, user: str, password: str = PASSWORD) -> None:
		self.page.context.clear_cookies()
		answer = self.page.request.post(f"{self.web}/api/method/login", form={"usr": user, "pwd": password})
		assert answer.ok, f"{user} cannot log in: {answer.status}"

	def open(self, path: str, size: tuple[int, int] = DESKTOP) -> Page:
		self.page.set_viewport_size({"width": size[0], "height": size[1]})
		# What is only another place of the same page would not be loaded anew.
		self.page.goto("about:blank")
		self.page.goto(path if path.startswith("http") else self.web + path)
		return self.page

	def take(self, name: str) -> None:
		self.page.wait_for_timeout(STEADY_AFTER_MS)
		self.page.screenshot(path=self.folder / f"{name}.png")
		print(f"✓ {name}", flush=True)

	def of(self, doctype: str, field: str, **filters: str) -> str:
		"""The newest document's field."""
		rows = self.admin.call(
			"frappe.client.get_list",
			doctype=doctype,
			filters=filters,
			fields=[field],
			order_by="creation desc",
			limit_page_length=1,
		)
		return rows[0][field]

	def ticket_of(self, number: str, team: str) -> str:
		return self.of(CONVERSATION, "ticket", customer_number=number, number=NUMBERS[team])

	def open_ticket(self, number: str, team: str, size: tuple[int, int] = DESKTOP) -> Locator:
		self.open(f"/app/hd-ticket/{self.ticket_of(number, team)}", size)
		panel = self.page.locator("twilio-sms-panel")
		expect(panel.get_by_test_id("text").first).to_be_visible()
		return panel


def month(camera: Camera) -> None:
	camera.admin.log_in(ADMIN.email, PASSWORD)
	_as_agents(camera)
	_as_admin(camera)
	_phones(camera)


def _as_agents(camera: Camera) -> None:
	page = camera.page
	camera.log_in(LUCIA.email)
	text = {"from": BOB.number, "to": NUMBERS[WORKSHOP], "body": FROM_BOB, "media": []}
	Browser(camera.web).post(f"{camera.simulator}/simulator/api/texts", text)
	panel = camera.open_ticket(BOB.number, WORKSHOP)
	expect(panel.get_by_test_id("text").last).to_have_text(FROM_BOB)
	panel.get_by_test_id("body").fill(ANSWER)
	panel.get_by_test_id("send").click()
	expect(panel.get_by_test_id("text").last).to_have_text(ANSWER)
	expect(panel.get_by_test_id("fate").last).to_have_text("Delivered")
	camera.take("ticket-desk")
	camera.open_ticket(BOB.number, WORKSHOP, PHONE)
	camera.take("ticket-desk-phone")

	camera.log_in(TOM.email)
	camera.open_ticket(MEI.number, ORDERS)
	camera.take("opted-out")
	camera.open_ticket(LENA.number, ORDERS)
	camera.take("not-delivered")
	panel = camera.open_ticket(DIEGO.number, ORDERS)
	camera.take("wish-to-stop")
	panel.get_by_test_id("add-address").click()
	panel.get_by_test_id("email").fill("diego.alvarez@example.com")
	camera.take("switch-to-email")

	camera.open("/app/hd-ticket")
	page.get_by_role("button", name="Find by Phone Number").click()
	page.locator(".modal.show input[data-fieldname=query]").fill("(212) 555-0187")
	page.locator(".modal.show").get_by_role("button", name="Find", exact=True).click()
	expect(page.locator(".filter-selector", has_text="1")).to_be_visible()
	expect(page.locator(".list-row")).to_have_count(4)
	camera.take("found-in-list")

	camera.log_in(ADMIN.email)
	camera.open(
		f"/app/contact/{urllib.parse.quote(camera.of('Contact', 'name', first_name=LENA.first_name))}"
	)
	page.get_by_role("button", name="Send SMS").click()
	start = page.locator("twilio-sms-start")
	expect(start.get_by_test_id("goes-into")).to_be_visible()
	start.get_by_test_id("body").fill("Hello Lena, your parcel is still here. Shall we send it to you?")
	expect(start.get_by_test_id("count")).to_contain_text("1 segment")
	camera.take("start-desk")


def _as_admin(camera: Camera) -> None:
	page = camera.page
	camera.log_in(ADMIN.email)
	camera.open("/app/twilio-sms", TALL)
	expect(page.locator(".number-widget-box .number")).to_have_count(8)
	expect(page.locator(".frappe-chart")).to_have_count(9)
	camera.take("workspace")
	camera.open("/app/twilio-sms-message")
	expect(page.locator(".list-row").first).to_be_visible()
	camera.take("message-list")
	camera.open("/app/query-report/Twilio SMS Traffic?group_by=Number&figure=Cost")
	expect(page.locator(".datatable:visible .dt-row").nth(1)).to_be_visible()
	camera.take("report-traffic-by-number")

	undelivered = camera.of(MESSAGE, "name", status="Undelivered", customer_number=LENA.number)
	camera.open(f"/app/twilio-sms-message/{undelivered}")
	page.get_by_role("button", name="Go To").click()
	camera.take("message-form-failed")

	form = f"/app/twilio-sms-number/{urllib.parse.quote(NUMBERS[ORDERS])}"
	camera.open(form)
	expect(page.get_by_role("button", name="Check Everything")).to_be_visible()
	camera.take("number-form")
	page.locator(".inner-group-button:visible").filter(has_text="Twilio").get_by_role("button").first.click()
	page.get_by_role("link", name="Compare With Twilio").locator("visible=true").first.click()
	expect(page.locator(".modal.show")).to_be_visible()
	camera.take("compare-with-twilio")


def _phones(camera: Camera) -> None:
	for name, size in (("simulator", DESKTOP), ("simulator-phone", PHONE)):
		page = camera.open(camera.simulator, size)
		if size == PHONE:
			page.get_by_role("button", name="Customers").click()
		page.get_by_test_id(f"handset-{BOB.number}").click()
		expect(page.get_by_test_id("bubble").last).to_have_attribute("data-status", "delivered")
		camera.take(name)
	_by_rcs(camera)


def _by_rcs(camera: Camera) -> None:
	page = camera.open(camera.simulator)
	page.get_by_test_id(f"handset-{LENA.number}").click()
	sender = rcs_sender_of(NUMBERS[ORDERS])
	page.get_by_test_id("our-number-select").select_option(sender)
	page.get_by_test_id(f"card-{sender}").click()
	page.get_by_role("button", name="Tomorrow", exact=True).click()
	expect(page.get_by_test_id("bubble").last).to_contain_text("Reached the helpdesk")
	camera.take("simulator-rcs")


def empty(camera: Camera) -> None:
	"""An empty site, until its first message is waited for."""
	page = camera.page
	(account,) = camera.admin.get(f"{camera.simulator}/simulator/api/state")["accounts"]
	camera.log_in("Administrator", ADMIN_PASSWORD)
	camera.open("/app/twilio-sms-account")
	page.wait_for_function("window.cur_list?.doctype === 'Twilio SMS Account'")
	# The pages of documentation are about Twilio itself.
	page.evaluate("frappe.boot.twilio_sms.practice_url = ''")
	page.evaluate("frappe.set_route('twilio-sms-setup')")
	expect(page.get_by_label("Account SID")).to_be_visible()
	camera.take("setup-account")
	page.get_by_label("Account SID").fill(account["sid"])
	page.get_by_label("Auth Token").fill(account["auth_token"])
	page.get_by_role("button", name="Connect", exact=True).click()
	expect(page.locator(".twilio-setup .offer").first).to_be_visible()
	page.locator(".twilio-setup .go").click()
	expect(page.locator(".twilio-doctor .again")).to_be_visible(timeout=60_000)
	camera.take("setup-waiting")
	name = urllib.parse.quote(urllib.parse.unquote(page.url.rsplit("/", 1)[-1]))
	camera.open(f"/app/twilio-sms-account/{name}")
	expect(page.get_by_role("button", name="Check Everything")).to_be_visible()
	camera.take("account-form")


def main(what: Callable[[Camera], None], folder: Path, web: str, simulator: str) -> None:
	folder.mkdir(parents=True, exist_ok=True)
	expect.set_options(timeout=20_000)
	path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
	with sync_playwright() as playwright:
		chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
		context = chromium.new_context(reduced_motion="reduce", timezone_id="Etc/UTC")
		page = context.new_page()
		page.set_default_timeout(20_000)
		what(Camera(page, folder, web, simulator))
		chromium.close()


if __name__ == "__main__":
	kind, taken, *urls = sys.argv[1:]
	main({"month": month, "empty": empty}[kind], Path(taken), *urls)
