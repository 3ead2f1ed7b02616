"""A restored copy says so on the settings' form, and an admin has it take over there."""

import pytest
from playwright.sync_api import expect
from support.copies import as_copy, waiting
from support.stack import status_of

from browser.conftest import log_in
from browser.test_desk import desk
from twilio_sms_channel.infra import site_identity


@pytest.fixture
def copy(stack, sim):
	with as_copy():
		yield


def test_an_admin_takes_over_on_the_settings_form(page, stack, admin, copy, shots):
	text = waiting(stack)
	log_in(page, stack, admin.user)
	page.goto(desk(stack, "twilio-sms-settings"))
	expect(page.get_by_text("restored from a backup of live.example.com")).to_be_visible()
	page.get_by_role("button", name="Take Over").click()
	dialog = page.locator(".modal.show")
	expect(dialog.get_by_text("The original site may have sent them")).to_be_visible()
	expect(dialog).to_have_css("opacity", "1")
	page.screenshot(path=shots("take-over"))
	dialog.get_by_role("button", name="Take Over").click()
	expect(page.get_by_text("This site sends messages now. Canceled")).to_be_visible()
	expect(page.get_by_text("restored from a backup")).to_be_hidden()
	assert status_of(text.name) == "Canceled"
	assert not site_identity.is_copy()
