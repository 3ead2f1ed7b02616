"""An admin enters shared keys: in the form of an account, where they are folded away, and in the guided page."""

import secrets

import frappe
import pytest
from playwright.sync_api import expect
from support.leaks import secret
from support.people import make_system_manager
from support.shared_keys import NONE, save
from support.twilio_accounts import ACCOUNT, at_twilio

from browser.conftest import log_in
from browser.test_desk import desk

KEY_ID = "webhooks_sharedkey_" + "01k5h9" * 4 + "ab"


@pytest.fixture
def manager(stack, page):
	log_in(page, stack, make_system_manager("tsms-admin@example.com"))


def test_the_form_takes_a_key_as_it_was_pasted(page, stack, sim, manager, shots):
	key = secret()
	page.goto(desk(stack, f"twilio-sms-account/{stack.account}"))
	form = page.locator(".form-page:visible")
	field = form.locator("input[data-fieldname=shared_key_id]")
	heading = form.locator(".section-head", has_text="Shared Keys (Advanced)")
	expect(heading).to_be_visible()
	expect(field).to_be_hidden()
	heading.click()
	field.fill(f" {KEY_ID} ")
	form.locator("input[data-fieldname=shared_key]").fill(key)
	form.locator("input[data-fieldname=second_shared_key]").scroll_into_view_if_needed()
	page.screenshot(path=shots("account-shared-keys"))
	try:
		page.keyboard.press("Control+s")
		expect(page.locator(".indicator-pill:visible", has_text="Not Saved")).to_have_count(0)
		page.wait_for_timeout(1000)
		frappe.db.rollback()
		doc = frappe.get_doc(ACCOUNT, stack.account)
		assert (doc.shared_key_id, doc.get_password("shared_key")) == (KEY_ID, key)
		page.reload()
		# Open where there is one, and never shown again.
		expect(field).to_be_visible()
		expect(form.locator("input[data-fieldname=shared_key]")).to_have_value("*" * len(key))
		page.screenshot(path=shots("account-shared-keys-saved"))
		field.fill("AC" + "0" * 32)
		page.keyboard.press("Control+s")
		expect(page.locator(".modal.show")).to_contain_text("it starts with webhooks_sharedkey_")
		page.wait_for_timeout(400)
		page.screenshot(path=shots("account-shared-keys-refused"))
	finally:
		save(stack.account, **NONE)


def test_the_guided_page_takes_a_key(page, stack, sim, manager, shots):
	there = at_twilio(sim, friendly_name=f"Keys {secrets.token_hex(3)}")
	page.goto(desk(stack, "twilio-sms-setup"))
	setup = page.locator(".twilio-setup")
	setup.locator("input[name=account_sid]").fill(there.sid)
	setup.locator("input[name=auth_token]").fill(there.auth_token)
	expect(setup.locator("input[name=shared_key]")).to_be_hidden()
	setup.get_by_text("Shared key (advanced)").click()
	setup.locator("input[name=shared_key]").fill(secret())
	setup.get_by_role("button", name="Connect", exact=True).click()
	expect(setup).to_contain_text("Shared Key ID: it starts with webhooks_sharedkey_")
	page.screenshot(path=shots("setup-shared-key"))
	setup.locator("input[name=shared_key_id]").fill(KEY_ID)
	setup.get_by_role("button", name="Connect", exact=True).click()
	expect(setup).not_to_contain_text("Shared Key ID")
	frappe.db.rollback()
	assert frappe.db.get_value(ACCOUNT, {"account_sid": there.sid}, "shared_key_id") == KEY_ID
	frappe.db.set_value(ACCOUNT, {"account_sid": there.sid}, "enabled", 0)
	frappe.db.commit()
