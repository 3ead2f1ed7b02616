"""ERPNext's Issue in Desk: the composer in the place of the e-mail dialog, and where a conversation starts."""

import frappe
import pytest
from playwright.sync_api import expect
from support import desks
from support.stack import Customer, eventually, ticket_of
from support.tickets import written_in
from support.users import make_user

from browser.conftest import log_in
from browser.test_desk import desk

pytestmark = pytest.mark.erpnext
ERPNEXT = desks.SYSTEMS["erpnext"]


@pytest.fixture(autouse=True)
def opens_issues(stack):
	ERPNEXT.take(stack.number, stack.other_number)
	yield
	desks.default().take(stack.number, stack.other_number)


@pytest.fixture
def support_user(page, stack, admin):
	user = ERPNEXT.make_agent("tsms-issue-desk@example.com", "Katherine", "Johnson")
	log_in(page, stack, user)
	return user


def issue_of(customer):
	return ticket_of(customer.text("My order 4711 is late"))


def test_the_composer_is_in_the_place_of_the_email_dialog(page, stack, sim, support_user, customer, shots):
	issue = issue_of(customer)
	page.goto(desk(stack, f"issue/{issue.name}"))
	panel = page.locator("twilio-sms-panel")
	expect(panel.get_by_test_id("text").first).to_have_text("My order 4711 is late")
	button = page.locator(".timeline-actions .action-btn", has_text="Write an SMS")
	button.click()
	expect(page.locator(".modal.show")).to_have_count(0)
	expect(panel.get_by_test_id("body")).to_be_focused()
	page.keyboard.type("It comes today")
	panel.get_by_test_id("send").click()
	expect(panel.get_by_test_id("fate")).to_have_text("Delivered", timeout=30_000)
	eventually(lambda: [message.body for message in customer.inbox()] == ["It comes today"])
	# The reply icon beside a message, too.
	page.locator(".timeline-item[data-doctype=Communication] .action-btn.reply").first.click()
	expect(page.locator(".modal.show")).to_have_count(0)
	page.screenshot(path=shots("issue-desk"))


def test_the_dialog_of_the_menu_says_where_it_goes_and_sends_a_text(page, stack, sim, support_user, customer):
	# Without one, the dialog asks for Email Accounts, which this role may not read.
	frappe.db.set_value("User", support_user, "email_signature", "<p>Katherine</p>")
	frappe.db.commit()
	frappe.clear_cache(user=support_user)
	issue, address = issue_of(customer), f"c{customer.number[1:]}@example.com"
	frappe.db.set_value("Issue", issue.name, "raised_by", address)
	frappe.db.commit()
	page.goto(desk(stack, f"issue/{issue.name}"))
	expect(page.locator("twilio-sms-panel").get_by_test_id("body")).to_be_visible()
	page.evaluate("cur_frm.email_doc()")
	expect(page.locator(".alert-message", has_text="goes as an SMS")).to_be_visible()
	dialog = page.locator(".modal.show")
	# Frappe's own takes a print along, which no message can.
	expect(dialog.locator("input[data-fieldname=attach_document_print]")).not_to_be_checked()
	dialog.locator(".ql-editor[contenteditable=true]").click()
	page.keyboard.press("Control+Home")
	page.keyboard.type("By the dialog")
	dialog.get_by_role("button", name="Send", exact=True).click()
	eventually(lambda: [message.body for message in written_in(issue)] == ["By the dialog"])


def test_after_the_switch_the_email_dialog_is_back(page, stack, support_user, customer):
	issue = issue_of(customer)
	page.goto(desk(stack, f"issue/{issue.name}"))
	panel = page.locator("twilio-sms-panel")
	panel.get_by_test_id("add-address").click()
	panel.get_by_test_id("email").fill(f"c{customer.number[1:]}@example.com")
	panel.get_by_test_id("use-address").click()
	expect(panel.get_by_test_id("channel")).to_contain_text("E-mail · c")
	page.locator(".timeline-actions .action-btn", has_text="New Email").click()
	expect(page.locator(".modal.show")).to_contain_text("New Email")


@pytest.fixture
def reader(page, stack, admin):
	"""Somebody who reads and mails Issues, and changes none."""
	user = make_user("tsms-reader@example.com", ["Blogger"], user_type="System User")
	frappe.permissions.add_permission("Issue", "Blogger")
	frappe.permissions.update_permission_property("Issue", "Blogger", 0, "email", 1)
	frappe.db.commit()
	log_in(page, stack, user)
	yield user
	frappe.db.rollback()
	frappe.permissions.reset_perms("Issue")
	frappe.db.commit()


def test_who_only_reads_an_issue_keeps_the_email_dialog(page, stack, reader, customer):
	issue = issue_of(customer)
	page.goto(desk(stack, f"issue/{issue.name}"))
	page.locator(".timeline-actions .action-btn", has_text="New Email").click()
	expect(page.locator(".modal.show", has_text="New Email")).to_be_visible()


def test_a_customer_is_texted_from_their_form(page, stack, admin):
	customer = Customer(stack)
	# Who may see customers besides Issues.
	user = ERPNEXT.make_agent("tsms-issue-sales@example.com", "Annie", "Easley")
	frappe.get_doc("User", user).add_roles("Sales User", "System Manager")
	shop = frappe.get_doc({"doctype": "Customer", "customer_name": f"Shop {customer.number[1:]}"}).insert()
	contact = frappe.get_doc({"doctype": "Contact", "first_name": f"Ann {customer.number}"})
	contact.append("phone_nos", {"phone": customer.number, "is_primary_mobile_no": 1})
	contact.append("links", {"link_doctype": "Customer", "link_name": shop.name})
	contact.insert()
	frappe.db.commit()
	log_in(page, stack, user)
	page.goto(desk(stack, f"customer/{shop.name}"))
	page.get_by_role("button", name="Send SMS").click()
	start = page.locator("twilio-sms-start")
	expect(start.get_by_test_id("to")).not_to_have_value("")
	start.get_by_test_id("body").fill("Your order is here")
	start.get_by_test_id("send").click()
	eventually(lambda: [message.body for message in customer.inbox()] == ["Your order is here"])
	issue = frappe.get_last_doc("Issue", {"contact": contact.name})
	assert issue.customer == shop.name


def test_names_of_a_customers_people_are_text(page, stack, admin):
	one, other = Customer(stack), Customer(stack)
	user = ERPNEXT.make_agent("tsms-issue-sales@example.com", "Annie", "Easley")
	frappe.get_doc("User", user).add_roles("Sales User", "System Manager")
	shop = frappe.get_doc({"doctype": "Customer", "customer_name": f"Shop {one.number[1:]}"}).insert()
	markup = "<img src=x onerror=planted()>"
	for person in (one, other):
		contact = frappe.get_doc({"doctype": "Contact", "first_name": f"Ann {person.number}"})
		contact.append("phone_nos", {"phone": person.number, "is_primary_mobile_no": 1})
		contact.append("links", {"link_doctype": "Customer", "link_name": shop.name})
		contact.insert()
		frappe.db.set_value("Contact", contact.name, "full_name", f"{markup} {person.number}")
	frappe.db.commit()
	alive = []
	page.expose_binding("planted", lambda _source: alive.append(1))
	log_in(page, stack, user)
	page.goto(desk(stack, f"customer/{shop.name}"))
	page.get_by_role("button", name="Send SMS").click()
	people = page.locator(".modal.show select[data-fieldname=contact]")
	expect(people.locator("option", has_text=markup)).to_have_count(2)
	assert alive == []


def test_the_list_finds_issues_by_a_phone_number(page, stack, support_user, customer):
	issue = issue_of(customer)
	page.goto(desk(stack, "issue"))
	page.get_by_role("button", name="Find by Phone Number").click()
	page.locator(".modal.show input[data-fieldname=query]").fill(customer.number)
	page.locator(".modal.show").get_by_role("button", name="Find", exact=True).click()
	expect(page).to_have_url(desk(stack, f"issue/{issue.name}"))
