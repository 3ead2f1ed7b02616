"""How a message travelled, who reads along, and RCS senders in the guided page: what people see of them."""

import frappe
import pytest
from playwright.sync_api import expect
from support.rcs import Phone, make_service
from support.stack import INBOUND, MESSAGE, Customer, eventually, ticket_of
from support.twilio_accounts import ACCOUNT
from support.webhooks import STATUS, sid, signed, text

from browser.conftest import DESKTOP, PHONE
from browser.screens import at, axe_script, violations
from browser.test_composer import PANEL, take
from browser.test_desk import desk
from browser.test_setup import looks, manager, shop  # noqa: F401 (fixtures)

REPLY = "twilio_sms_channel.api.ticket.reply"


def reply(agent, ticket, body: str) -> str:
	answer = agent.call(REPLY, ticket=ticket.name, message=body)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]["message"]


def told(stack, name: str, status: str, sender: str) -> None:
	frappe.db.rollback()
	twilio_sid = frappe.db.get_value(MESSAGE, name, "twilio_sid")
	params = {
		"MessageSid": twilio_sid,
		"AccountSid": stack.account_sid,
		"MessageStatus": status,
		"From": sender,
	}
	assert signed(stack, f"{STATUS}?message={name}", params).status_code == 204


@pytest.fixture
def by_rcs(stack, sim, agent):
	"""A ticket in which messages went by RCS, by SMS because RCS was not available, and came by RCS and SMS."""
	service = make_service(stack, numbers=1)
	phone = Phone(service)
	ticket = ticket_of(phone.rcs("Is my bike ready?"))
	read = reply(agent, ticket, "Yes, you can pick it up today.")
	eventually(lambda: frappe.db.rollback() or frappe.db.get_value(MESSAGE, read, "status") == "Delivered")
	told(stack, read, "read", service.agent)
	phone.rcs("", ButtonText="See you at five", ButtonPayload="pick-up-17")
	phone.sms("I am on the road now", service.numbers[0])
	sim.add_handset(phone.number, rcs=False)
	fallen = reply(agent, ticket, "Drive safely!")
	eventually(lambda: frappe.db.rollback() or frappe.db.get_value(MESSAGE, fallen, "way") == "SMS")
	eventually(lambda: frappe.db.rollback() or frappe.db.get_value(MESSAGE, fallen, "status") == "Delivered")
	return ticket


def test_each_message_shows_how_it_travelled(screen, by_rcs, shots, request):
	axe = axe_script(request.config, or_skip=False)
	for name, theme, size in (
		("rcs", "light", DESKTOP),
		("rcs-dark", "dark", DESKTOP),
		("rcs-phone", "light", PHONE),
	):
		screen.page.set_viewport_size(size)
		panel = screen.show(PANEL, by_rcs.name, theme=theme, height=0)
		expect(at(panel, "way")).to_have_text(["RCS", "RCS", "RCS", "SMS", "SMS, RCS was not available"])
		expect(at(panel, "fate")).to_have_text(["Read", "Delivered"])
		expect(at(panel, "along")).to_have_text(["The customer tapped a button: See you at five"])
		take(panel, shots(name))
		if axe:
			assert violations(screen.page, axe) == [], name


def test_the_composer_says_who_reads_along(screen, stack, sim, shots, request):
	axe = axe_script(request.config, or_skip=False)
	members = [Customer(stack) for _n in range(3)]
	tickets = []
	for member in members[:2]:
		others = [other.number for other in members if other is not member]
		named = {f"OtherRecipients{place}": number for place, number in enumerate(others)}
		params = text(stack, From=member.number, Body="We are all late", MessageSid=sid("MM"), **named)
		assert signed(stack, INBOUND, params).status_code == 200
		tickets.append(ticket_of(Phone.arrived(params["MessageSid"])))
	for name, theme, size in (
		("group", "light", DESKTOP),
		("group-dark", "dark", DESKTOP),
		("group-phone", "light", PHONE),
	):
		screen.page.set_viewport_size(size)
		panel = screen.show(PANEL, tickets[0].name, theme=theme, height=0)
		notice = at(panel, "group-notice")
		expect(notice).to_contain_text("Your answer goes to the sender alone.")
		expect(notice).to_contain_text(f"(ticket {tickets[1].name})")
		expect(at(panel, "way")).to_have_text(["MMS"])
		take(panel, shots(name))
		if axe:
			assert violations(screen.page, axe) == [], name


def test_the_guided_page_shows_rcs_senders(page, stack, sim, manager, shop, shots):  # noqa: F811
	service = sim.add_service(shop.sid, friendly_name="Support", inbound_url=stack.web + INBOUND)
	ready, waiting = (f"rcs:acme_{shop.sid[-6:]}_{n}_agent" for n in range(2))
	sim.add_rcs_sender(shop.sid, ready, service_sid=service.sid, friendly_name="Acme Bikes")
	sim.add_rcs_sender(shop.sid, waiting, friendly_name="Acme Parts", status="TWILIO_REVIEW")
	frappe.get_doc(
		{
			"doctype": ACCOUNT,
			"account_name": shop.friendly_name,
			"account_sid": shop.sid,
			"auth_token": shop.auth_token,
		}
	).insert()
	frappe.db.commit()
	page.goto(desk(stack, f"twilio-sms-setup/{shop.friendly_name}"))
	setup = page.locator(".twilio-setup")
	senders = setup.get_by_test_id("rcs-sender")
	expect(senders).to_have_count(2)
	expect(senders.nth(0)).to_contain_text("It is reached through the Messaging Service Support.")
	expect(senders.nth(0)).to_contain_text("ONLINE")
	expect(senders.nth(1)).to_contain_text("It is in no Messaging Service")
	expect(senders.locator("input")).to_have_count(0)
	# Nothing else is reached by RCS, so the service is ticked as well.
	expect(setup.get_by_role("button", name="Import 4 Numbers")).to_be_visible()
	looks(page, shots, "setup-rcs")


def test_the_form_and_the_list_of_messages_show_the_way(page, stack, sim, manager, by_rcs, shots):  # noqa: F811
	frappe.db.rollback()
	name = frappe.db.get_value(MESSAGE, {"body": "Drive safely!", "way": "SMS", "rcs_first": 1})
	page.goto(desk(stack, f"twilio-sms-message/{name}"))
	expect(page.locator(".frappe-control[data-fieldname=way]")).to_contain_text("SMS")
	page.screenshot(path=shots("rcs-form"), full_page=True)
	page.goto(desk(stack, "twilio-sms-message"))
	expect(page.locator(".list-row-container").first).to_contain_text("→ SMS Drive safely!")
	page.screenshot(path=shots("rcs-list"))
