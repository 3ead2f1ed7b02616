"""A message that Twilio holds, in the ticket and on its form."""

import frappe
import pytest
from playwright.sync_api import expect
from support import desks
from support.agent_actions import API, MESSAGE
from support.people import make_agent, make_user
from support.stack import eventually, status_of, ticket_of

from browser.test_desk import desk, log_in


@pytest.fixture
def held(sim, agent, customer):
	"""A message that Twilio holds, and its ticket."""
	ticket = ticket_of(customer.text("Is my order ready?"))
	sim.faults.always("compliance_hold")
	sent = agent.call(f"{API}reply", ticket=ticket.name, message="It is. Come by tomorrow.").json()["message"]
	eventually(lambda: frappe.db.get_value(MESSAGE, sent["message"], "twilio_status") == "scheduled")
	yield ticket, sent["message"]
	sim.faults.off("compliance_hold")


def test_a_held_text_says_so_and_is_canceled(page, stack, shots, held):
	ticket, name = held
	log_in(page, stack, make_user(make_agent("tsms-desk@example.com"), ["Agent"]))
	page.goto(desk(stack, f"twilio-sms-message/{name}"))
	intro = page.locator(".form-message")
	expect(intro).to_contain_text("Held by Twilio until the quiet hours")
	expect(page.get_by_role("button", name="Cancel Message")).to_be_visible()
	page.screenshot(path=shots("held-form"))
	page.goto(desk(stack, f"{desks.default().route}/{ticket.name}"))
	text = page.locator("twilio-sms-panel").get_by_test_id("outbound")
	expect(text.get_by_test_id("fate")).to_contain_text("Held by Twilio until the quiet hours")
	text.scroll_into_view_if_needed()
	page.screenshot(path=shots("held"))
	text.get_by_role("button", name="Cancel").click()
	expect(text.get_by_test_id("fate")).to_have_text("Canceled")
	assert status_of(name) == "Canceled"
