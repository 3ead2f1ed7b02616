"""An agent texts first, from Desk: from a contact, the list, and an e-mail ticket; and finds tickets by a number."""

import re

import frappe
import pytest
from playwright.sync_api import expect
from support import desks
from support.people import make_agent, make_user
from support.stack import eventually, ticket_of

from browser.conftest import DESKTOP, PHONE
from browser.screens import axe_script, violations
from browser.test_composer import told_of, with_actions
from browser.test_desk import desk, log_in
from twilio_sms_channel.people import phone

CONVERSATION = "Twilio SMS Conversation"


@pytest.fixture
def user(admin):
	roles = [role for role in ("Agent", "Desk User") if frappe.db.exists("Role", role)]
	return make_user(make_agent("tsms-desk@example.com"), [*roles, *desks.default().contact_roles])


@pytest.fixture
def ann(customer, sim):
	sim.add_handset(customer.number, "Ann Lee")
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "Ann",
			"last_name": f"Lee {customer.number[-4:]}",
			"phone_nos": [{"phone": phone.display(customer.number), "is_primary_mobile_no": 1}],
		}
	).insert()
	frappe.db.commit()
	customer.contact = contact.name
	return customer


def serious_violations(config, page) -> list[str]:
	"""What axe-core finds in the form of a new message that keeps somebody from using it."""
	axe = axe_script(config, or_skip=False)
	return violations(page, axe, "twilio-sms-start") if axe else []


def test_from_a_contact_into_a_new_ticket(request, page, stack, ann, user, shots, picture):
	off = stack.add_number(description="Old line", enabled=0)
	frappe.db.set_value("Twilio SMS Number", stack.number, "description", "Support US")
	frappe.db.commit()
	log_in(page, stack, user)
	page.goto(desk(stack, f"contact/{ann.contact}"))
	page.get_by_role("button", name="Send SMS").click()
	start = page.locator("twilio-sms-start")
	expect(start.get_by_test_id("to")).to_have_value(phone.display(ann.number))
	start.get_by_test_id("off").locator("summary").click()
	expect(start.get_by_test_id("off")).to_contain_text(f"{phone.display(off)} is switched off")
	start.get_by_test_id("off").locator("summary").click()
	start.get_by_test_id("from").select_option(stack.number)
	expect(start.get_by_test_id("send")).to_be_disabled()
	start.get_by_test_id("subject").fill("Boiler inspection")
	start.get_by_test_id("body").fill(
		"Hello Ann, your boiler is due for its inspection. Does Tuesday suit you?"
	)
	expect(start.get_by_test_id("count")).to_have_text("1 segment")
	picture = {"name": "boiler.png", "mimeType": "image/png", "buffer": picture}
	start.get_by_test_id("file-input").set_input_files(picture)
	expect(start.get_by_test_id("files")).to_contain_text("boiler.png")
	page.screenshot(path=shots("start-desk"))
	page.set_viewport_size(PHONE)
	page.wait_for_timeout(500)
	page.screenshot(path=shots("start-desk-phone"))
	page.evaluate("document.documentElement.setAttribute('data-theme', 'dark')")
	page.screenshot(path=shots("start-desk-phone-dark"))
	assert serious_violations(request.config, page) == []
	start.get_by_test_id("to").fill("+1 415")
	expect(start.get_by_test_id("doubt")).to_contain_text("is not a phone number")
	start.get_by_test_id("to").fill(ann.number)
	expect(start.get_by_test_id("doubt")).to_be_hidden()
	uploads, answers = [], []
	page.route("**/upload_file", lambda route: uploads.append(route))
	start.get_by_test_id("file-input").set_input_files({**picture, "name": "valve.png"})
	start.get_by_test_id("send").click()
	eventually(lambda: page.wait_for_timeout(50) or uploads)
	page.route("**/*ticket.start", lambda route: answers.append(route.fetch()) or route.abort(), times=1)
	uploads[0].continue_()
	expect(start.get_by_test_id("problem")).to_contain_text("cannot be reached")
	assert answers[0].ok
	start.get_by_test_id("send").click()
	ticket = eventually(lambda: frappe.db.get_value(CONVERSATION, {"customer_number": ann.number}, "ticket"))
	page.wait_for_url(f"**/{desks.default().route}/{ticket}")
	assert frappe.db.get_value(desks.default().doctype, ticket, ["subject", "contact"]) == (
		"Boiler inspection",
		ann.contact,
	)
	eventually(lambda: [len(m.media) for m in ann.inbox()] == [2])


def test_from_the_list_into_the_open_ticket_which_a_number_finds(page, stack, ann, user, shots):
	ticket = ticket_of(ann.text("Is anybody there?"))
	log_in(page, stack, user)
	page.goto(desk(stack, desks.default().route))
	find(page, ann.number[-7:])
	page.wait_for_url(f"**/{desks.default().route}/{ticket.name}")

	page.goto(desk(stack, desks.default().route))
	page.get_by_role("button", name="New SMS Conversation").click()
	start = page.locator("twilio-sms-start")
	start.get_by_test_id("to").fill(ann.number)
	expect(start.get_by_test_id("goes-into")).to_contain_text(f"Goes into ticket {ticket.name}")
	start.get_by_test_id("body").fill("Yes, we are")
	start.get_by_test_id("send").click()
	page.wait_for_url(f"**/{desks.default().route}/{ticket.name}")
	eventually(lambda: [m.body for m in ann.inbox()] == ["Yes, we are"])

	other = ticket_of(ann.text("And here?", to=stack.other_number))
	page.goto(desk(stack, desks.default().route))
	find(page, ann.number)
	rows = page.locator(".list-row .list-subject")
	expect(rows).to_have_count(2)
	expect(rows.filter(has_text=other.subject)).to_have_count(1)
	page.screenshot(path=shots("found-in-list"))


def test_a_contact_is_found_by_name_and_saved_reply_and_emoji_are_put_in(
	request, page, stack, ann, user, shots
):
	title = f"Boiler {ann.number[-4:]}"
	desks.default().saved_reply(title, "<p>Your boiler is due. {{ full_name }}</p>")
	desks.default().saved_reply(f"{title} ticket", "<p>About {{ subject }}</p>")
	frappe.db.commit()
	log_in(page, stack, user)
	page.goto(desk(stack, desks.default().route))
	page.get_by_role("button", name="New SMS Conversation").click()
	start = page.locator("twilio-sms-start")
	start.get_by_test_id("to").fill("Nobody Of This Name")
	expect(start.get_by_test_id("nobody")).to_contain_text("No contact with a phone number")
	# Whoever leaves the field before there is an answer finds it when it comes.
	start.get_by_test_id("to").fill("Nobody Of That Name")
	start.get_by_test_id("to").blur()
	expect(start.get_by_test_id("nobody")).to_be_visible()
	start.get_by_test_id("to").fill(f"lee {ann.number[-4:]}")
	expect(start.get_by_test_id("person-found")).to_have_text(
		f"Ann Lee {ann.number[-4:]} {phone.display(ann.number)}"
	)
	expect(start.get_by_test_id("send")).to_be_disabled()
	page.screenshot(path=shots("start-by-name"))
	assert serious_violations(request.config, page) == []
	page.keyboard.press("Enter")
	expect(start.get_by_test_id("to")).to_have_value(phone.display(ann.number))
	expect(start.get_by_test_id("person")).to_contain_text("Ann Lee")
	# A national number is read as in the sender's country.
	start.get_by_test_id("from").select_option(stack.number)
	start.get_by_test_id("to").fill(ann.number.removeprefix("+1"))
	expect(start.get_by_test_id("read-as")).to_contain_text(phone.display(ann.number))
	expect(start.get_by_test_id("person")).to_have_count(0)
	start.get_by_test_id("to").fill(f"lee {ann.number[-4:]}")
	start.get_by_test_id("person-found").click()

	start.get_by_test_id("saved-replies").click()
	picker = start.get_by_test_id("picker")
	picker.get_by_test_id("search").fill(title)
	expect(picker.get_by_test_id("option")).to_have_count(2)
	picker.get_by_test_id("option").nth(1).click()
	expect(picker.get_by_test_id("foot")).to_contain_text("names fields of a ticket, and there is none yet")
	page.screenshot(path=shots("start-saved-reply-refused"))
	applied = []
	page.route("**/*ticket.saved_reply?*", with_actions)
	page.route("**/*apply_saved_reply_actions", told_of(applied))
	picker.get_by_test_id("option").first.click()
	expect(start.get_by_test_id("body")).to_have_value(re.compile("Your boiler is due"))
	start.get_by_test_id("emoji").click()
	picker.get_by_test_id("search").fill("thumbs up")
	page.keyboard.press("Enter")
	expect(start.get_by_test_id("body")).to_have_value(re.compile("\N{THUMBS UP SIGN}"))
	for name, theme, size in (("", "light", DESKTOP), ("-dark", "dark", DESKTOP), ("-phone", "light", PHONE)):
		page.set_viewport_size(size)
		page.evaluate("theme => document.documentElement.setAttribute('data-theme', theme)", theme)
		page.wait_for_timeout(300)
		page.screenshot(path=shots(f"start-filled{name}"))
	page.set_viewport_size(DESKTOP)
	start.get_by_test_id("send").click()
	ticket = eventually(lambda: frappe.db.get_value(CONVERSATION, {"customer_number": ann.number}, "ticket"))
	page.wait_for_url(f"**/{desks.default().route}/{ticket}")
	assert frappe.db.get_value(desks.default().doctype, ticket, "contact") == ann.contact
	eventually(lambda: page.wait_for_timeout(50) or applied)
	assert applied[0]["ticket_id"] == str(ticket)


def find(page, number: str) -> None:
	page.get_by_role("button", name="Find by Phone Number").click()
	page.locator("input[data-fieldname=query]").fill(number)
	page.get_by_role("button", name="Find", exact=True).click()


def test_an_email_ticket_texts_its_customer_and_whoever_opted_out_is_left_alone(
	page, stack, ann, user, sim, shots
):
	earlier = ticket_of(ann.text("Hello", to=stack.other_number))
	ticket = desks.default().make_ticket(
		subject="Where is my invoice?", raised_by="ann@example.com", contact=ann.contact
	)
	frappe.db.commit()
	ann.text("STOP", to=stack.other_number)
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{ticket.name}"))
	page.get_by_role("button", name="Text This Customer").click()
	start = page.locator("twilio-sms-start")
	expect(start.get_by_test_id("barred")).to_contain_text("opted out")
	start.get_by_test_id("from").select_option(stack.number)
	start.get_by_test_id("body").fill("Your invoice is in the post")
	expect(start.get_by_test_id("goes-into")).to_contain_text("replies by SMS from then on")
	page.screenshot(path=shots("start-email-ticket"))
	start.get_by_test_id("send").click()
	eventually(
		lambda: frappe.db.get_value(desks.default().doctype, ticket.name, "twilio_sms_reply_channel") == "SMS"
	)
	expect(page.locator("twilio-sms-start")).to_have_count(0)
	expect(page.get_by_role("button", name="Text This Customer")).to_have_count(0)

	history = page.evaluate_handle(
		"ticket => twilio_sms.mount(document.querySelector('.form-page'), 'twilio-sms-history', { ticket })",
		str(ticket.name),
	)
	expect(page.get_by_test_id("earlier")).to_contain_text(earlier.subject)
	expect(page.get_by_test_id("earlier")).to_contain_text(f"#{earlier.name}")
	history.as_element().scroll_into_view_if_needed()
	page.screenshot(path=shots("history"))
	page.get_by_test_id("earlier").click()
	page.wait_for_url(f"**/{desks.default().route}/{earlier.name}")


def test_desks_search_box_finds_a_number(page, stack, ann, user, shots):
	ticket = ticket_of(ann.text("Where is my parcel?"))
	log_in(page, stack, user)
	page.goto(desk(stack, desks.default().route))
	typed = f"{ann.number[2:5]} {ann.number[5:8]} {ann.number[8:]}"
	# A page that comes up closes the dialogs before it.
	expect(page.get_by_role("button", name="Find by Phone Number")).to_be_visible()
	if not page.evaluate("frappe.searchdialog?.search"):
		pytest.skip("Desk of v16 makes no search dialog any more")
	page.evaluate("typed => frappe.searchdialog.search.init_search(typed, 'global_search')", typed)
	found = page.locator(".search-results .result, .search-dialog .result").filter(
		has_text="Where is my parcel?"
	)
	expect(found.first).to_be_visible()
	page.screenshot(path=shots("search-desk"))
	found.first.locator("a").first.click()
	page.wait_for_url(f"**/{desks.default().route}/{ticket.name}")


def test_what_is_known_of_a_number_is_shown_before_it_is_texted(request, page, stack, ann, user, sim, shots):
	in_london = "+447400123456"
	frappe.db.delete(CONVERSATION, {"customer_number": in_london})
	frappe.db.commit()
	ticket = ticket_of(ann.text("Is anybody there?"))
	mark = {"unreachable_since": frappe.utils.now_datetime(), "unreachable_code": "30006"}
	frappe.db.set_value(CONVERSATION, ticket.twilio_sms_conversation, mark)
	frappe.db.commit()
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{ticket.name}"))
	panel = page.locator("twilio-sms-panel")
	expect(panel.get_by_test_id("unreachable")).to_contain_text("is a landline, the phone network said")
	expect(panel.get_by_test_id("unreachable")).to_contain_text("Twilio charges for each lookup")
	panel.scroll_into_view_if_needed()
	page.screenshot(path=shots("unreachable"))
	panel.get_by_test_id("look-up").click()
	expect(panel.get_by_test_id("line")).to_contain_text("mobile, Practice Mobile")
	expect(panel.get_by_test_id("look-up")).to_have_text("Look Up Again")
	page.screenshot(path=shots("unreachable-looked-up"))
	page.set_viewport_size(PHONE)
	page.evaluate("document.documentElement.setAttribute('data-theme', 'dark')")
	panel.get_by_test_id("unreachable").scroll_into_view_if_needed()
	page.screenshot(path=shots("unreachable-phone-dark"))
	page.set_viewport_size(DESKTOP)

	page.goto(desk(stack, desks.default().route))
	page.get_by_role("button", name="New SMS Conversation").click()
	start = page.locator("twilio-sms-start")
	start.get_by_test_id("to").fill(ann.number)
	expect(start.get_by_test_id("unreachable")).to_contain_text("is a landline")
	expect(start.get_by_test_id("line")).to_contain_text("mobile")
	start.get_by_test_id("to").fill(phone.display(in_london))
	start.get_by_test_id("from").select_option(stack.number)
	expect(start.get_by_test_id("note")).to_contain_text(
		"United Kingdom: networks block numbers of other countries."
	)
	expect(start.get_by_test_id("unreachable")).to_have_count(0)
	expect(start.get_by_test_id("look-up")).to_have_text("Look Up Line Type")
	page.screenshot(path=shots("start-other-country"))
	assert serious_violations(request.config, page) == []
	page.set_viewport_size(PHONE)
	page.screenshot(path=shots("start-other-country-phone"))
	start.get_by_test_id("look-up").click()
	expect(start.get_by_test_id("line")).to_contain_text("mobile")
	page.evaluate("document.documentElement.setAttribute('data-theme', 'dark')")
	page.screenshot(path=shots("start-looked-up-phone-dark"))
	page.set_viewport_size(DESKTOP)
