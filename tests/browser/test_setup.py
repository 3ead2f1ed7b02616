"""An admin connects Twilio: from an empty site to the first ticket, and the forms of account and number."""

import re
import secrets

import frappe
import pytest
from playwright.sync_api import expect
from support import desks
from support.empty_site import empty_site
from support.people import make_agent, make_system_manager
from support.stack import INBOUND, Customer
from support.twilio_accounts import ACCOUNT, NUMBER, at_twilio, new_number

from browser.conftest import DESKTOP, PHONE, log_in
from browser.screens import axe_script, violations
from browser.test_desk import choose, desk
from twilio_sms_channel.people import phone

MOST_CLICKS, MOST_FIELDS = 12, 3
PLACES = ("Oslo", "Porto", "Ghent", "Turin", "Basel", "Leeds", "Cork", "Vienna", "Lisbon", "Malaga")
OTHER = "https://other.example.com/hook"
# Tells of what a person does: events that a script makes are not trusted.
COUNTER = """
	document.addEventListener("click", (event) => event.isTrusted && window.count_click(), true);
	document.addEventListener("input", (event) => {
		const { name, dataset, type } = event.target;
		if (event.isTrusted && type !== "checkbox") window.count_field(dataset.fieldname || name || "field");
	}, true);
"""


class Effort:
	"""What a person did on a page, counted by the browser itself."""

	def __init__(self, page):
		self.clicks, self.fields = 0, set()
		page.expose_function("count_click", self._click)
		page.expose_function("count_field", lambda name: self.fields.add(name))
		page.add_init_script(COUNTER)

	def _click(self):
		self.clicks += 1


@pytest.fixture
def manager(stack, page):
	# As in a small shop: the admin answers customers as well.
	user = make_agent(make_system_manager("tsms-owner@example.com"))
	log_in(page, stack, user)
	return user


@pytest.fixture
def manager_and_agent(stack, manager, page):
	"""Somebody who sets up and answers customers as well."""
	user = make_agent("tsms-admin-agent@example.com")
	frappe.get_doc("User", user).add_roles("System Manager")
	frappe.db.commit()
	log_in(page, stack, user)
	return user


@pytest.fixture
def empty(stack):
	"""The site as it is right after the app was installed."""
	stack.wait_until_idle()
	with empty_site():
		yield


@pytest.fixture
def shop(stack, sim):
	"""What an admin has at Twilio: a number that is new, one that another system has, and a toll-free one."""
	names = (f"Example Shop {place}" for place in (*PLACES, secrets.token_hex(3)))
	name = next(name for name in names if not frappe.db.exists(ACCOUNT, name))
	there = at_twilio(sim, friendly_name=name, type="Trial")
	demo = "https://demo.twilio.com/welcome/sms/reply"
	there.new = sim.add_number(there.sid, new_number(415), friendly_name="Support US", sms_url=demo)
	there.taken = sim.add_number(there.sid, new_number(212), friendly_name="Sales", sms_url=OTHER)
	there.free = sim.add_number(there.sid, new_number(888), kind="toll-free", mms=False)
	yield there
	# What the check found here is no concern of the tests after this.
	frappe.db.rollback()
	frappe.db.set_value(ACCOUNT, {"account_sid": there.sid}, "enabled", 0)
	frappe.db.delete("Twilio SMS Finding")
	frappe.db.commit()


def looks(page, shots, name: str) -> None:
	"""Pictures: light, dark and on a phone."""
	for theme in ("light", "dark"):
		page.evaluate("theme => document.documentElement.setAttribute('data-theme', theme)", theme)
		page.wait_for_timeout(100)
		page.screenshot(path=shots(name if theme == "light" else f"{name}-{theme}"), full_page=True)
	page.set_viewport_size(PHONE)
	page.wait_for_timeout(200)
	page.screenshot(path=shots(f"{name}-phone"), full_page=True)
	page.evaluate("document.documentElement.setAttribute('data-theme', 'light')")
	page.set_viewport_size(DESKTOP)
	page.wait_for_timeout(100)


def close_message(page) -> None:
	"""Only once it has faded away the next one stays."""
	page.locator(".modal.show .btn-modal-close").click()
	expect(page.locator(".modal:visible")).to_have_count(0)


def barriers(page, axe: str, within: str = ".twilio-setup") -> list[str]:
	"""What axe-core finds in our part of the page; but how Frappe colours its primary buttons is not ours."""
	if not axe:
		return []
	readable = page.add_style_tag(
		content=".btn-primary { background: #000 !important; color: #fff !important }"
	)
	found = violations(page, axe, within)
	readable.evaluate("style => style.remove()")
	return found


def test_from_an_empty_site_to_the_first_ticket(
	request, page, stack, sim, empty, manager_and_agent, shop, shots
):
	axe = axe_script(request.config, or_skip=False)
	effort = Effort(page)
	page.goto(desk(stack, "twilio-sms-account"))
	empty = page.locator(".no-result:visible").first
	# Early releases of v15 do not show a DocType's own words.
	expect(empty).to_contain_text(
		re.compile("Connect your Twilio account|haven't created a Twilio SMS Account")
	)
	page.screenshot(path=shots("setup-empty"))
	empty.locator(".btn-new-doc:visible").click()

	# 1: the account
	setup = page.locator(".twilio-setup")
	expect(setup.get_by_role("button", name="Connect", exact=True)).to_be_visible()
	expect(setup.locator("input[name=account_sid]")).to_be_focused()
	looks(page, shots, "setup-account")
	assert barriers(page, axe) == []
	setup.locator("input[name=account_sid]").focus()
	page.keyboard.insert_text(f" {shop.sid} ")
	page.keyboard.press("Tab")
	page.keyboard.insert_text(shop.auth_token)
	setup.get_by_role("button", name="Connect", exact=True).click()

	# 2: the numbers
	expect(setup.locator(".offer")).to_have_count(3)
	expect(setup.locator(".note")).to_contain_text("A trial account")
	taken = setup.locator(".offer").filter(has_text=phone.display(shop.taken.phone_number))
	expect(taken).to_contain_text(f"Messages go to another system: {OTHER}")
	expect(taken.get_by_label("Post them here instead")).not_to_be_checked()
	looks(page, shots, "setup-numbers")
	assert barriers(page, axe) == []
	taken.get_by_label("Post them here instead").check()
	setup.get_by_role("button", name="Import 3 Numbers").click()

	# 3: webhooks are set, 4: checked, and the first text comes
	expect(setup.locator(".results .good")).to_have_count(3)
	expect(setup.locator(".waiting")).to_be_visible()
	expect(setup.locator(".check .again")).to_be_visible(timeout=60_000)
	# These numbers are not registered: what is broken leaves its step without a tick.
	expect(setup.locator(".check .indicator-pill", has_text="Broken").first).to_be_visible()
	expect(setup.locator(".steps li").nth(2)).to_have_class("broken")
	expect(setup.locator(".steps li.past")).to_have_count(2)
	looks(page, shots, "setup-waiting")
	customer = Customer(stack)
	customer.text("Hello, is anybody there?", to=shop.new.phone_number)
	expect(setup.locator(".first")).to_contain_text("It works")
	looks(page, shots, "setup-done")
	assert barriers(page, axe) == []
	setup.get_by_role("button", name="Open the Ticket").click()
	page.wait_for_url(f"**/{desks.default().route}/*")
	expect(page.locator("twilio-sms-panel").get_by_test_id("inbound").first).to_contain_text(
		"is anybody there?"
	)

	assert 0 < effort.clicks <= MOST_CLICKS, effort.clicks
	assert effort.fields == {"account_sid", "auth_token"} and len(effort.fields) <= MOST_FIELDS
	print(f"clicks: {effort.clicks}, typed fields: {len(effort.fields)}")
	frappe.db.rollback()
	assert frappe.db.count(NUMBER, {"account": shop.friendly_name}) == 3
	assert {n.sms_url.partition("#")[0] for n in (shop.new, shop.taken, shop.free)} == {stack.web + INBOUND}


def unreachable(route) -> None:
	answer = route.fetch()
	said = answer.json()
	said["message"]["trouble"] = "Twilio cannot reach this site at http://localhost."
	route.fulfill(response=answer, json=said)


def test_a_wrong_token_is_said_so_and_a_second_import_marks_what_was_released(
	page, stack, sim, manager, shop, shots
):
	page.goto(desk(stack, "twilio-sms-setup"))
	setup = page.locator(".twilio-setup")
	sid, token = (setup.locator(f"input[name={name}]") for name in ("account_sid", "auth_token"))
	connect = setup.get_by_role("button", name="Connect", exact=True)
	connect.click()
	expect(setup.locator(".has-error .problem")).to_have_text(
		["Enter the Account SID.", "Enter the Auth Token."]
	)
	expect(sid).to_be_focused()
	sid.fill("SK" + "0" * 32)
	token.fill("0" * 32)
	connect.click()
	expect(setup.locator(".has-error .problem")).to_contain_text(
		["Account SID: this is the SID of an API key"]
	)
	sid.fill(shop.sid)
	connect.click()
	wrong = setup.locator(".has-error")
	expect(wrong).to_contain_text("Auth Token: Twilio rejected it for this Account SID")
	expect(token).to_have_attribute("aria-invalid", "true")
	expect(token).to_be_focused()
	# Said once, where it is to be mended.
	said = page.locator(".modal.show")
	expect(said).to_have_count(0)
	looks(page, shots, "setup-wrong-token")
	token.fill(shop.auth_token)
	# With practice mode every address will do: the page hears what a site that nobody can reach would tell it.
	page.route("**/*.available_numbers", unreachable, times=1)
	page.keyboard.press("Enter")
	expect(setup.locator(".address")).to_contain_text("Twilio cannot reach this site")
	expect(setup.get_by_role("button", name="Import 3 Numbers")).to_be_disabled()
	page.screenshot(path=shots("setup-address"))
	setup.get_by_label("Public Base URL").fill("help.example.com")
	setup.get_by_role("button", name="Save Address").click()
	expect(said).to_contain_text("Public Base URL: scheme and host only")
	close_message(page)
	setup.get_by_label("Public Base URL").fill(stack.web)
	setup.get_by_role("button", name="Save Address").click()
	setup.get_by_role("button", name="Import 3 Numbers").click()
	expect(setup.locator(".results .wait")).to_contain_text(OTHER)
	assert shop.taken.sms_url == OTHER

	sim.release_number(shop.free.phone_number)
	page.goto(desk(stack, f"twilio-sms-account/{shop.friendly_name}"))
	page.get_by_role("button", name="Import Numbers").click()
	expect(setup.locator(".badge").filter(has_text="Here already")).to_have_count(2)
	setup.get_by_role("button", name="Import 2 Numbers").click()
	expect(setup.locator(".results .bad")).to_contain_text("marked as released")
	page.screenshot(path=shots("setup-released"))


def test_an_account_of_another_region(page, stack, sim, empty, manager, shop, shots):
	page.goto(desk(stack, "twilio-sms-setup"))
	form = page.locator(".twilio-setup form")
	form.get_by_text("Name, region and API key (optional)").click()
	region = form.get_by_label("Region")
	expect(region).to_have_value("US1")
	region.select_option("IE1")
	form.get_by_label("Account SID").fill(shop.sid)
	form.get_by_label("Auth Token").fill("0" * 32)
	form.get_by_role("button", name="Connect").click()
	expect(form).to_contain_text("asked in the region IE1")
	page.screenshot(path=shots("setup-region"), full_page=True)
	form.get_by_label("Auth Token").fill(shop.auth_token)
	form.get_by_role("button", name="Connect").click()
	page.wait_for_url(re.compile("twilio-sms-setup/.+"))
	frappe.db.rollback()
	account = frappe.db.get_value(ACCOUNT, {"account_sid": shop.sid}, ["name", "region"])
	assert account[1] == "IE1"
	page.goto(desk(stack, f"twilio-sms-account/{account[0]}"))
	expect(page.locator("[data-fieldname=region]:visible").first).to_be_visible()
	page.screenshot(path=shots("account-form-region"), full_page=True)


def test_the_plain_form_asks_before_it_saves(page, stack, sim, manager, shop, shots):
	page.goto(desk(stack, "twilio-sms-account/new"))
	form = page.locator(".form-page:visible")
	name = f"By hand {secrets.token_hex(3)}"
	form.locator("input[data-fieldname=account_name]").fill(name)
	form.locator("input[data-fieldname=account_sid]").fill("SK" + "0" * 32)
	form.locator("input[data-fieldname=auth_token]").fill("0" * 32)
	page.keyboard.press("Control+s")
	said = page.locator(".modal.show")
	expect(said).to_contain_text("Account SID: this is the SID of an API key")
	close_message(page)
	form.locator("input[data-fieldname=account_sid]").fill(shop.sid)
	page.keyboard.press("Control+s")
	expect(said).to_contain_text("Auth Token: Twilio rejected it")
	page.wait_for_timeout(400)
	page.screenshot(path=shots("account-form-refused"))
	close_message(page)
	assert not frappe.db.exists(ACCOUNT, name)
	form.locator("input[data-fieldname=auth_token]").fill(shop.auth_token)
	page.keyboard.press("Control+s")
	page.wait_for_url(re.compile("twilio-sms-account/By"))
	expect(page.get_by_role("button", name="Import Numbers")).to_be_visible()
	frappe.db.rollback()
	assert frappe.db.get_value(ACCOUNT, name, ["status", "account_type"]) == ("Active", "Trial")


def test_the_form_of_a_number_shows_replaces_and_puts_back(page, stack, sim, manager, shots):
	number = stack.add_number(description="Support US")
	there = sim.world.numbers[number]
	there.sms_url = OTHER
	page.goto(desk(stack, f"twilio-sms-number/{number}"))
	choose(page, "Twilio", "Set Webhook")
	asked = page.locator(".modal.show")
	expect(asked).to_contain_text(f"Messages go to another system: {OTHER}")
	page.wait_for_timeout(400)
	page.screenshot(path=shots("number-replace"))
	asked.get_by_role("button", name="Yes").click()
	expect(page.locator(".desk-alert").filter(has_text="Twilio now posts messages")).to_be_visible()
	assert there.sms_url.startswith(stack.web + INBOUND)
	choose(page, "Twilio", "Webhook at Twilio")
	dialog = page.locator(".modal.show")
	expect(dialog).to_contain_text("Before this site took over")
	page.wait_for_timeout(400)
	page.screenshot(path=shots("number-webhook"))
	dialog.get_by_role("button", name="Put Back What Was There Before").click()
	expect(page.locator(".desk-alert").filter(has_text="another system")).to_be_visible()
	assert there.sms_url == OTHER


def test_a_number_that_was_imported_by_mistake_is_disconnected_and_deleted(page, stack, sim, manager, shots):
	number = stack.add_number(description="By mistake")
	sim.world.numbers[number].sms_url = stack.web + INBOUND
	page.goto(desk(stack, f"twilio-sms-number/{number}"))
	choose(page, "Twilio", "Disconnect")
	asked = page.locator(".modal.show")
	expect(asked).to_contain_text("Twilio no longer posts messages to this site.")
	page.wait_for_timeout(400)
	looks(page, shots, "number-disconnect")
	asked.get_by_label("Delete it here").check()
	asked.get_by_role("button", name="Disconnect").click()
	expect(page.locator(".desk-alert").filter(has_text="Disconnected and deleted.")).to_be_visible()
	frappe.db.rollback()
	assert not frappe.db.exists(NUMBER, number) and sim.world.numbers[number].sms_url == ""


def test_a_number_with_conversations_is_disconnected_and_stays(page, stack, sim, manager, shots):
	number = stack.add_number(description="Old line")
	Customer(stack).text("Is anybody there?", to=number)
	page.goto(desk(stack, f"twilio-sms-number/{number}"))
	choose(page, "Twilio", "Disconnect")
	asked = page.locator(".modal.show")
	expect(asked).to_contain_text("Conversations stay in their tickets: 1.")
	expect(asked.get_by_label("Delete it here")).to_be_hidden()
	page.wait_for_timeout(400)
	page.screenshot(path=shots("number-disconnect-asks"))
	asked.get_by_role("button", name="Disconnect").click()
	expect(page.locator(".form-message:visible")).to_contain_text("This number is disconnected.")
	page.wait_for_timeout(500)
	page.screenshot(path=shots("number-disconnected"))
	frappe.db.rollback()
	assert not frappe.db.get_value(NUMBER, number, "enabled")


def test_an_empty_workspace_begins_with_connect_twilio(page, stack, sim, empty, manager, shots):
	onboarding = frappe.db.get_single_value("System Settings", "enable_onboarding")
	frappe.db.set_single_value("System Settings", "enable_onboarding", 0)
	frappe.db.commit()
	try:
		page.goto(desk(stack, "twilio-sms"))
		expect(page.locator(".number-widget-box .number")).to_have_count(8)
		expect(page.locator(".ce-block").first).to_contain_text("Connect Twilio")
		page.wait_for_timeout(1000)
		looks(page, shots, "workspace-empty")
		page.locator(".shortcut-widget-box", has_text="Connect Twilio").click()
		expect(page.locator(".twilio-setup input[name=account_sid]")).to_be_visible()
	finally:
		frappe.db.set_single_value("System Settings", "enable_onboarding", onboarding)
		frappe.db.commit()
