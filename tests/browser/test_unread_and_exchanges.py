"""In Desk: webhooks that could not be read, read again by a button; what Twilio said, found from the message."""

import frappe
import pytest
from playwright.sync_api import expect
from support.replies import conversation
from support.stack import INBOUND, eventually
from support.webhooks import signed, stored, text
from werkzeug.datastructures import MultiDict

from browser.conftest import log_in
from browser.test_desk import desk
from twilio_sms_channel.messaging.inbound import unread_webhooks
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.twilio_gateway import payloads

UNREAD, EXCHANGE, MESSAGE = "Twilio SMS Unread Webhook", "Twilio SMS Exchange", "Twilio SMS Message"


@pytest.fixture
def unread(stack):
	"""One that this version reads, and one that it does not: their names."""
	frappe.db.delete(UNREAD)
	frappe.db.commit()
	readable = text(stack, From="+14155550187", Body="Where is my parcel?", ButtonText="Track it")
	problem = payloads.MalformedWebhook("MessageSid is missing or malformed")
	unread_webhooks.keep(stack.account, MultiDict(readable), problem, is_report=False)
	(first,) = frappe.get_all(UNREAD, pluck="name")
	signed(stack, INBOUND, text(stack, From="Amazon.de", Body="Your code is 1234", MessageSid="?"))
	frappe.db.rollback()
	(second,) = frappe.get_all(UNREAD, {"name": ("!=", first)}, pluck="name")
	yield first, second, readable["MessageSid"]
	frappe.db.rollback()
	frappe.db.delete(UNREAD)
	frappe.db.commit()


def test_a_system_manager_has_webhooks_read_again(page, stack, admin, shots, unread):
	readable, broken, message_sid = unread
	log_in(page, stack, admin.user)
	page.goto(desk(stack, "twilio-sms-unread-webhook"))
	expect(page.locator(".list-row", has_text="Amazon.de")).to_be_visible()
	page.screenshot(path=shots("unread-webhooks"))
	page.evaluate("([d, n]) => frappe.set_route('Form', d, n)", [UNREAD, broken])
	again = page.get_by_role("button", name="Read Again").locator("visible=true")
	expect(page.locator("[data-fieldname=parameters]:visible")).to_contain_text("Your code is 1234")
	page.screenshot(path=shots("unread-webhook"), full_page=True)
	again.click()
	expect(page.get_by_text("It still cannot be read.")).to_be_visible()
	page.evaluate("([d, n]) => frappe.set_route('Form', d, n)", [UNREAD, readable])
	expect(page.locator("[data-fieldname=parameters]:visible")).to_contain_text("Where is my parcel?")
	again.click()
	expect(page.get_by_text("It was read.")).to_be_visible()
	assert stored(message_sid)


def test_support_sees_what_twilio_said(page, stack, sim, admin, shots):
	account = sim.world.accounts[stack.account_sid]
	before, account.geo_permissions = account.geo_permissions, set()
	try:
		name = outbox.write(conversation(stack, stack.number), "We are on it").name
		frappe.db.commit()
		exchange = eventually(lambda: frappe.db.get_value(EXCHANGE, {"message": name}))
	finally:
		account.geo_permissions = before
	log_in(page, stack, admin.user)
	page.goto(desk(stack, f"twilio-sms-message/{name}"))
	page.get_by_role("button", name="Go To").locator("visible=true").click()
	page.get_by_text("Exchanges With Twilio").locator("visible=true").click()
	expect(page.locator(".list-row .indicator-pill:visible", has_text="Rejected")).to_be_visible()
	expect(page.locator(".list-row:visible")).to_have_count(1)
	page.screenshot(path=shots("exchanges"))
	page.evaluate("([d, n]) => frappe.set_route('Form', d, n)", [EXCHANGE, exchange])
	expect(page.locator("[data-fieldname=request]:visible")).to_contain_text("Body: We are on it")
	expect(page.locator("[data-fieldname=response]:visible")).to_contain_text("21408")
	page.screenshot(path=shots("exchange"), full_page=True)
