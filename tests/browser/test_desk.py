"""The story in a browser: the customer on the simulator's handset, the agent in Desk."""

import re

import frappe
from playwright.sync_api import TimeoutError, expect
from support import desks
from support.people import make_agent, make_user
from support.stack import Customer, eventually, ticket_of

from browser.conftest import DESKTOP, PHONE, log_in
from browser.screens import axe_script, violations

MENU_STAYS_MS = 2000


def desk(stack, path: str) -> str:
	"""A page of Desk: it lives at /app, from v16 on at /desk."""
	root = "desk" if int(frappe.__version__.split(".")[0]) >= 16 else "app"
	return f"{stack.web}/{root}/{path}"


def choose(page, menu: str, item: str) -> None:
	"""One of a form's buttons that are in a menu."""
	group = page.locator(".inner-group-button:visible").filter(
		has=page.get_by_role("button", name=menu, exact=True)
	)

	def chosen() -> bool:
		# A form draws its menus anew when it is refreshed, which closes one that is open.
		group.get_by_role("button", name=menu, exact=True).click()
		try:
			group.locator(".dropdown-item", has_text=item).click(timeout=MENU_STAYS_MS)
		except TimeoutError:
			return False
		return True

	eventually(chosen)


def test_an_agent_answers_in_desk_and_sees_delivered(page, chromium, stack, sim, shots):
	user = make_user(
		make_agent("tsms-desk@example.com"),
		["Agent", "Desk User"] if frappe.db.exists("Role", "Desk User") else ["Agent"],
	)
	carla = Customer(stack)
	sim.add_handset(carla.number, "Carla Diaz")
	frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": "Carla",
			"last_name": "Diaz",
			"phone_nos": [{"phone": carla.number}],
		}
	).insert()
	frappe.db.commit()

	handset_context = chromium.new_context(viewport=DESKTOP)
	handset = handset_context.new_page()
	handset.goto(stack.simulator.base_url)
	handset.get_by_test_id(f"handset-{carla.number}").click()
	handset.get_by_test_id("our-number-select").select_option(stack.number)
	handset.get_by_test_id("compose-body").fill("Hello, my order 4711 has not arrived. Can you help?")
	handset.get_by_test_id("compose-send").click()

	conversation = eventually(
		lambda: frappe.db.get_value(
			"Twilio SMS Conversation", {"customer_number": carla.number, "ticket": ("is", "set")}, "ticket"
		)
	)
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{conversation}"))
	panel = page.locator("twilio-sms-panel")
	expect(panel.get_by_test_id("inbound").get_by_test_id("text")).to_have_text(
		"Hello, my order 4711 has not arrived. Can you help?"
	)
	expect(panel.get_by_test_id("channel")).to_contain_text("Carla Diaz")
	# The timeline gives the customer's text the customer's initials, not the picture of whoever looks.
	theirs = page.locator(".timeline-item").filter(has_text="has not arrived").locator(".avatar").first
	expect(theirs).to_have_text("CD")
	expect(theirs).to_have_attribute("title", "Carla Diaz")

	panel.get_by_test_id("body").fill("Hi Carla, it is on its way and arrives tomorrow 🚚")
	expect(panel.get_by_test_id("chip")).to_contain_text("delivery truck")
	panel.get_by_test_id("send").click()
	expect(panel.get_by_test_id("fate")).to_have_text("Delivered", timeout=30_000)
	page.screenshot(path=shots("ticket-desk"))
	page.evaluate("document.documentElement.setAttribute('data-theme', 'dark')")
	page.screenshot(path=shots("ticket-desk-dark"))
	page.evaluate("document.documentElement.setAttribute('data-theme', 'light')")

	bubble = handset.get_by_test_id("bubble").filter(has_text="arrives tomorrow")
	expect(bubble).to_be_visible()
	expect(bubble).to_have_attribute("data-status", "delivered")
	handset.screenshot(path=shots("simulator"))
	handset.set_viewport_size(PHONE)
	handset.screenshot(path=shots("simulator-phone"))
	handset_context.close()

	page.set_viewport_size(PHONE)
	panel.scroll_into_view_if_needed()
	# Desk's sidebar slides out of the picture.
	page.wait_for_timeout(1000)
	page.screenshot(path=shots("ticket-desk-phone"))


def test_the_ticket_goes_over_to_email_in_desk(page, stack, sim, shots, customer):
	user = make_user(make_agent("tsms-desk@example.com"), ["Agent"])
	ticket = ticket_of(customer.text("Please send me the invoice"))
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{ticket.name}"))
	panel = page.locator("twilio-sms-panel")
	# Desk has shortcuts of one letter.
	panel.get_by_test_id("body").press_sequentially("Which one?")
	expect(page.locator(".modal.show")).to_have_count(0)
	panel.get_by_test_id("add-address").click()
	expect(panel.get_by_test_id("email-form")).to_contain_text("has no e-mail address yet")
	panel.get_by_test_id("email").fill(f"c{customer.number[1:]}@example.com")
	page.screenshot(path=shots("switch-to-email"))
	panel.get_by_test_id("use-address").click()
	expect(panel.get_by_test_id("channel")).to_contain_text("E-mail · c")
	expect(panel.get_by_test_id("email-hint")).to_be_visible()
	expect(panel.get_by_test_id("composer")).to_be_hidden()
	panel.get_by_test_id("switch").click()
	expect(panel.get_by_test_id("composer")).to_be_visible()


def test_an_opted_out_customer_cannot_be_texted_and_the_reason_is_there(page, stack, sim, shots, customer):
	user = make_user(make_agent("tsms-desk@example.com"), ["Agent"])
	ticket = ticket_of(customer.text("Hello"))
	customer.text("STOP")
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{ticket.name}"))
	panel = page.locator("twilio-sms-panel")
	expect(panel.get_by_test_id("why-not")).to_contain_text("opted out")
	expect(panel.get_by_test_id("composer")).to_be_hidden()
	page.screenshot(path=shots("opted-out"))
	other = ticket_of(Customer(stack).text("Another customer"))
	page.evaluate("(ticket) => frappe.set_route('Form', ...ticket)", [other.doctype, str(other.name)])
	expect(panel.get_by_test_id("text")).to_have_text(["Another customer"])
	expect(panel.get_by_test_id("composer")).to_be_visible()


def test_a_hostile_text_is_shown_as_text(page, stack, sim, customer):
	user = make_user(make_agent("tsms-desk@example.com"), ["Agent"])
	body = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{ 7*7 }}'
	message = customer.text(body)
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{ticket_of(message).name}"))
	expect(page.locator("twilio-sms-panel").get_by_test_id("text")).to_have_text(body)
	page.goto(desk(stack, f"twilio-sms-message/{message.name}"))
	expect(page.locator("[data-fieldname=body]").first).to_contain_text("onerror")
	assert page.evaluate("window.hacked") is None


def test_a_manager_sets_up_the_number_in_desk(page, stack, sim, shots):
	from support.people import make_system_manager

	number = stack.add_number(description="Support US")
	log_in(page, stack, make_system_manager("tsms-admin@example.com"))
	page.goto(desk(stack, f"twilio-sms-number/{number}"))
	choose(page, "Twilio", "Set Webhook")
	expect(page.locator(".desk-alert").filter(has_text="Twilio now posts messages")).to_be_visible()
	page.wait_for_timeout(500)
	page.screenshot(path=shots("number-form"))
	page.goto(desk(stack, f"twilio-sms-account/{stack.account}"))
	choose(page, "Twilio", "Check Credentials")
	expect(page.locator(".desk-alert").filter(has_text="accepts these credentials")).to_be_visible()
	page.wait_for_timeout(500)
	page.screenshot(path=shots("account-form"))
	page.goto(desk(stack, "twilio-sms-message"))
	page.wait_for_selector(".list-row")
	expect(page.locator(".list-row .list-row-col", has_text=re.compile("[←→] .*\\w")).first).to_be_visible()
	page.screenshot(path=shots("message-list"))


def test_a_wish_to_stop_is_shown_and_the_agent_can_note_it(page, stack, sim, shots, picture, customer):
	user = make_user(make_agent("tsms-desk@example.com"), ["Agent"])
	number = stack.add_number(accept_attachments=0)
	ticket = ticket_of(customer.text("Please stop texting me", media=[("a.png", picture)], to=number))
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{ticket.name}"))
	panel = page.locator("twilio-sms-panel")
	expect(panel.get_by_test_id("wish")).to_contain_text("may want no more text messages")
	expect(panel.get_by_test_id("remark")).to_contain_text("does not accept files")
	page.screenshot(path=shots("wish-to-stop"))
	# The agent is asked before the next text goes out.
	panel.get_by_test_id("body").fill("Shall we stop?")
	panel.get_by_test_id("send").click()
	expect(panel.get_by_test_id("problem")).to_contain_text("Keep Texting")
	panel.get_by_test_id("keep-texting").click()
	expect(panel.get_by_test_id("wish")).to_be_hidden()
	# It was decided: what refused the text says no more.
	expect(panel.get_by_test_id("problem")).to_be_empty()
	panel.get_by_test_id("send").click()
	eventually(lambda: [text.body for text in customer.inbox()] == ["Shall we stop?"])
	# Customers say it on the phone as well: the button is always there.
	panel.get_by_test_id("opt-out").click()
	expect(panel.get_by_test_id("wish")).to_contain_text("Only they can lift this")
	panel.get_by_test_id("opt-out-yes").click()
	expect(panel.get_by_test_id("why-not")).to_contain_text("opted out")
	expect(panel.get_by_test_id("wish")).to_be_hidden()
	expect(panel.get_by_test_id("opt-out")).to_be_hidden()


def test_a_manager_rotates_the_token_and_compares_with_twilio(page, stack, sim, shots, customer):
	from support.people import make_system_manager

	log_in(page, stack, make_system_manager("tsms-admin@example.com"))
	account = frappe.get_doc("Twilio SMS Account", stack.account)
	account.next_auth_token = "0" * 32
	account.save()
	frappe.db.commit()
	try:
		page.goto(desk(stack, f"twilio-sms-account/{stack.account}"))
		expect(page.get_by_role("button", name="Promote Next Token")).to_be_visible()
		expect(page.locator(".form-message")).to_contain_text("signed with either token are accepted")
		page.screenshot(path=shots("account-rotation"))
	finally:
		account.reload()
		account.next_auth_token = ""
		account.save()
		frappe.db.commit()

	sim.faults.always("webhook_lost")
	sent = customer.text("Nobody told you of this text", wait=False)
	sim.faults.off()
	page.goto(desk(stack, f"twilio-sms-number/{stack.number}"))
	choose(page, "Twilio", "Compare With Twilio")
	page.wait_for_timeout(500)
	page.screenshot(path=shots("compare-with-twilio"))
	page.locator(".modal.show").get_by_role("button", name="Compare").click()
	eventually(lambda: frappe.db.exists("Twilio SMS Message", {"twilio_sid": sent.sid, "status": "Threaded"}))
	eventually(lambda: frappe.db.get_value("Twilio SMS Number", stack.number, "backfill_result"))
	page.reload()
	expect(page.locator("[data-fieldname=backfill_result]").first).to_contain_text("taken in")
	page.screenshot(path=shots("number-compared"), full_page=True)


def test_a_failed_text_is_tried_again_from_its_form(page, stack, sim, customer):
	from support.people import make_system_manager

	message = customer.text("Hello")
	frappe.db.set_value(
		"Twilio SMS Message",
		message.name,
		{"status": "Failed", "error_message": "For the test", "communication": None},
	)
	frappe.db.commit()
	log_in(page, stack, make_system_manager("tsms-admin@example.com"))
	page.goto(desk(stack, f"twilio-sms-message/{message.name}"))
	page.get_by_role("button", name="Try Again").click()
	eventually(lambda: frappe.db.get_value("Twilio SMS Message", message.name, "status") == "Threaded")


def text_with(ticket, body, **facts) -> str:
	"""An outbound text of the ticket with the given fate; no worker has it. Its name."""
	from twilio_sms_channel.messaging.outbound import outbox

	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	name = outbox.write(conversation, body).name
	frappe.db.after_commit.reset()
	frappe.db.set_value("Twilio SMS Message", name, facts)
	frappe.db.commit()
	return name


def test_a_failed_text_says_what_to_do_and_goes_as_an_email(request, page, stack, sim, shots, customer):
	user = make_user(make_agent("tsms-desk@example.com"), ["Agent"])
	ticket = ticket_of(customer.text("When will you deliver?"))
	text_with(
		ticket,
		"Tomorrow between 9 and 12.",
		status="Undelivered",
		error_code="30006",
		error_message="Landline",
		sent_by=user,
	)
	text_with(
		ticket,
		"Is somebody at home then?",
		status="Failed",
		error_code="21606",
		error_message="Not ours",
		sent_by=user,
	)
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{ticket.name}"))
	landline, sender = (page.locator("twilio-sms-panel").get_by_test_id("outbound").nth(n) for n in range(2))
	expect(landline.get_by_test_id("fate")).to_have_text(
		"Not delivered: The customer's number is a landline and cannot receive SMS."
	)
	expect(landline.get_by_test_id("do")).to_have_text("Use e-mail or call.")
	expect(landline.get_by_test_id("error-page")).to_have_attribute("href", re.compile("errors/30006$"))
	expect(landline.get_by_role("button")).to_have_text(["Send as E-mail"])
	expect(sender.get_by_test_id("who")).to_have_text("An admin can fix it")
	expect(sender.get_by_role("button")).to_have_text(
		["Send Again", "Send as E-mail", "Open Number's Settings"]
	)
	page.screenshot(path=shots("not-delivered"))
	axe = axe_script(request.config, or_skip=False)
	for theme in ("dark", "light") if axe else ():
		page.evaluate("(theme) => document.documentElement.setAttribute('data-theme', theme)", theme)
		assert violations(page, axe, "twilio-sms-panel") == [], theme
	page.set_viewport_size(PHONE)
	landline.scroll_into_view_if_needed()
	page.wait_for_timeout(1000)
	page.screenshot(path=shots("not-delivered-phone"))
	page.set_viewport_size(DESKTOP)

	landline.get_by_role("button", name="Send as E-mail").click()
	# Nobody knows an address of theirs yet.
	expect(landline.get_by_test_id("email")).to_be_focused()
	expect(landline.get_by_test_id("email-form")).to_contain_text("This message will go to:")
	page.keyboard.type("c@")
	page.keyboard.press("Enter")
	expect(landline.get_by_test_id("address-problem")).to_contain_text("Enter an e-mail address")
	landline.get_by_test_id("email").fill(f"c{customer.number[1:]}@example.com")
	page.keyboard.press("Enter")
	expect(landline.get_by_test_id("fate")).to_contain_text("(sent as e-mail)")
	expect(landline.get_by_role("button")).to_have_count(0)
	eventually(lambda: frappe.db.exists("Email Queue", {"reference_name": str(ticket.name)}))
	sender.get_by_role("button", name="Open Number's Settings").click()
	expect(page).to_have_url(re.compile("twilio-sms-number"))


def test_a_waiting_text_says_why_and_is_canceled(page, stack, sim, shots, customer):
	user = make_user(make_agent("tsms-desk@example.com"), ["Agent"])
	ticket = ticket_of(customer.text("When will you deliver?"))
	name = text_with(
		ticket,
		"Tomorrow between 9 and 12.",
		error_code="20429",
		error_message="Twilio is receiving too many requests at the moment. The app tries again automatically.",
		next_attempt=frappe.utils.add_to_date(None, hours=1),
		sent_by=user,
	)
	log_in(page, stack, user)
	page.goto(desk(stack, f"{desks.default().route}/{ticket.name}"))
	waiting = page.locator("twilio-sms-panel").get_by_test_id("outbound")
	expect(waiting.get_by_test_id("fate")).to_contain_text("Waiting: Twilio is receiving too many requests")
	page.screenshot(path=shots("waiting"))
	waiting.get_by_role("button", name="Cancel").click()
	expect(waiting.get_by_test_id("fate")).to_have_text("Canceled")
	expect(waiting.get_by_role("button")).to_have_text(["Send as E-mail"])
	page.screenshot(path=shots("canceled"))
	eventually(lambda: frappe.db.get_value("Twilio SMS Message", name, "status") == "Canceled")


def test_the_form_of_a_failed_text_says_what_to_do(page, stack, sim, shots, customer):
	from support.people import make_system_manager

	ticket = ticket_of(customer.text("When will you deliver?"))
	name = text_with(
		ticket,
		"Tomorrow between 9 and 12.",
		status="Failed",
		error_code="21606",
		error_message="The 'From' phone number is not a valid message-capable Twilio phone number.",
	)
	log_in(page, stack, make_system_manager("tsms-admin@example.com"))
	page.goto(desk(stack, f"twilio-sms-message/{name}"))
	intro = page.locator(".form-message")
	expect(intro).to_contain_text("does not belong to this Twilio account or cannot send SMS.")
	expect(intro).to_contain_text("Who can fix it: Admin")
	expect(intro.get_by_role("link")).to_have_attribute("href", re.compile("errors/21606$"))
	for label in ("Send Again", "Send as E-mail"):
		expect(page.get_by_role("button", name=label)).to_be_visible()
	page.locator(".inner-group-button:visible").get_by_role("button", name="Go To").click()
	for label in ("Number's Settings", "Ticket"):
		expect(page.locator(".inner-group-button:visible .dropdown-item", has_text=label)).to_be_visible()
	page.screenshot(path=shots("message-form-failed"))
