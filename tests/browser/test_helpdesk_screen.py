"""Text conversations in Helpdesk's own screen of a ticket, on the page that stands in for it.

`test_helpdesk_story.py` tells the story on the real one, `test_helpdesk_page.py` looks at its page.
"""

import frappe
import helpdesk
import pytest
from playwright.sync_api import expect
from support.people import make_agent
from support.stack import Customer, eventually, ticket_of
from support.tickets import many_written

from browser.conftest import make_email_ticket
from browser.helpdesk_pages import logged_in, open_ticket, page_and_errors, watched_page
from browser.screens import axe_script, violations
from twilio_sms_channel.messaging.outbound import outbox

pytestmark = pytest.mark.helpdesk


@pytest.fixture(scope="module")
def context(chromium, stack):
	if not helpdesk.__version__.endswith("+standin"):
		pytest.skip("on the stand-in's page only; test_helpdesk_story.py is for the real one")
	context = logged_in(chromium, stack.web, make_agent("tsms-screen@example.com", "Grace", "Hopper"))
	yield context
	context.close()


@pytest.fixture
def page(context):
	with watched_page(context) as page:
		yield page


@pytest.fixture
def text_ticket(stack, sim):
	"""A ticket with one text from its customer."""
	return ticket_of(Customer(stack).text("Hello, where is my order?"))


def unsent(ticket, body, **facts) -> str:
	"""A text of ours that no worker takes on; its name."""
	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	name = outbox.write(conversation, body).name
	frappe.db.after_commit.reset()
	frappe.db.set_value("Twilio SMS Message", name, {"status": "Canceled", **facts})
	frappe.db.commit()
	return name


def loaded(page):
	"""Until this app's part of the screen knows the ticket."""
	page.wait_for_function("window.twilio_sms_screen")
	page.evaluate("window.twilio_sms_screen.then(screen => screen && 1)")


def test_the_reply_box_says_that_it_sends_a_text_and_sends_one(request, page, stack, text_ticket):
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.locator("twilio-sms-channel")).to_be_attached()
	page.get_by_role("button", name="Reply").click()
	expect(page.get_by_test_id("helpdesk-route")).to_have_text("Goes out by SMS")
	# Who texts whom stands above, and nowhere else.
	expect(page.locator(".comm-area").get_by_text("SMS · +1")).to_have_count(1)
	if axe := axe_script(request.config, or_skip=False):
		assert violations(page, axe, ".twilio-sms-line") == []
	for gone in ("CC", "BCC", "Bold"):
		expect(page.get_by_role("button", name=gone, exact=True)).to_be_hidden()
	page.get_by_label("Reply", exact=True).click()
	page.keyboard.type("It arrives tomorrow “early”.")
	expect(page.get_by_test_id("helpdesk-count")).to_have_text("42 left · 1 segment")
	expect(page.get_by_test_id("helpdesk-unicode")).to_have_text(
		"“ ” force Unicode (70 characters per segment)"
	)
	page.get_by_role("button", name="Send", exact=True).click()
	eventually(
		lambda: frappe.db.exists(
			"Twilio SMS Message",
			{"conversation": text_ticket.twilio_sms_conversation, "direction": "Outbound"},
		)
	)
	expect(page.get_by_test_id("helpdesk-count")).to_have_text("")


def test_a_refused_reply_keeps_what_was_typed(page, stack, text_ticket):
	conversation = frappe.get_doc("Twilio SMS Conversation", text_ticket.twilio_sms_conversation)
	conversation.db_set("opted_out", 1)
	frappe.db.commit()
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.get_by_test_id("helpdesk-why-not")).to_contain_text("opted out")
	page.get_by_role("button", name="Reply").click()
	expect(page.get_by_test_id("helpdesk-why")).to_contain_text("opted out")
	expect(page.get_by_test_id("helpdesk-why-not")).to_be_hidden()
	page.get_by_label("Reply", exact=True).click()
	page.keyboard.type("Are you there?")
	# With the keyboard the button can still be reached: the server refuses.
	page.get_by_role("button", name="Send", exact=True).press("Enter")
	expect(page.locator("#toasts")).to_contain_text("opted out")
	expect(page.get_by_label("Reply", exact=True)).to_have_text("Are you there?")


def test_above_the_reply_box_stands_why_the_next_text_may_not_arrive(page, stack, text_ticket, shots):
	mark = {"unreachable_since": frappe.utils.now_datetime(), "unreachable_code": "30003"}
	frappe.db.set_value("Twilio SMS Conversation", text_ticket.twilio_sms_conversation, mark)
	frappe.db.commit()
	open_ticket(page, stack.web, text_ticket.name)
	notice = page.locator(".comm-area").get_by_test_id("unreachable")
	expect(notice).to_contain_text("the phone was off or out of reach")
	page.screenshot(path=shots("helpdesk-unreachable"))
	notice.get_by_test_id("look-up").click()
	expect(notice.get_by_test_id("line")).to_contain_text("mobile")


def test_the_composer_opens_in_place_and_makes_room(request, page, stack, text_ticket):
	open_ticket(page, stack.web, text_ticket.name)
	page.get_by_role("button", name="Reply").click()
	page.get_by_test_id("helpdesk-write").click()
	expect(page.get_by_test_id("helpdesk-composer").locator("twilio-sms-composer")).to_be_visible()
	expect(page.get_by_label("Reply", exact=True)).to_be_hidden()
	expect(page.locator(".comm-area").get_by_text("SMS · +1")).to_have_count(1)
	if axe := axe_script(request.config, or_skip=False):
		assert violations(page, axe, ".comm-area") == []
	page.get_by_test_id("helpdesk-write").click()
	expect(page.get_by_test_id("helpdesk-composer")).to_have_count(0)


def test_a_text_ticket_that_replies_by_email_says_so_in_its_box_and_offers_no_composer(
	page, stack, text_ticket
):
	email = f"e{frappe.generate_hash(length=8)}@example.com"
	open_ticket(page, stack.web, text_ticket.name)
	page.get_by_test_id("helpdesk-write").click()
	page.get_by_test_id("add-address").click()
	page.get_by_test_id("email").fill(email)
	page.get_by_test_id("use-address").click()
	# What would show nothing is not offered; the switch back is.
	expect(page.get_by_test_id("helpdesk-write")).to_have_count(0)
	expect(page.get_by_test_id("helpdesk-composer")).to_have_count(0)
	page.get_by_role("button", name="Reply").click()
	expect(page.get_by_test_id("helpdesk-medium")).to_have_text("Goes out by e-mail")
	expect(page.get_by_test_id("helpdesk-email-hint")).to_have_text(email)
	page.get_by_test_id("switch").click()
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	expect(page.get_by_test_id("helpdesk-route")).to_have_text("Goes out by SMS")
	expect(page.get_by_test_id("helpdesk-medium")).to_have_count(0)


def test_the_newest_text_stays_in_sight_unless_somebody_reads_further_up(page, stack, text_ticket):
	below = """() => {
		const list = document.querySelector(".activities");
		return Math.round(list.scrollHeight - list.clientHeight - list.scrollTop);
	}"""
	for n in range(14):
		unsent(text_ticket, f"Line {n}<br>Two<br>Three")
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.locator(".activity")).to_have_count(15)
	page.wait_for_function(f"({below})() <= 2")
	page.get_by_test_id("helpdesk-write").click()
	expect(page.get_by_test_id("helpdesk-composer")).to_be_visible()
	page.wait_for_function(f"({below})() <= 2")
	page.locator(".activities").evaluate("list => (list.scrollTop = 100)")
	unsent(text_ticket, "Meanwhile")
	page.evaluate("refetch()")
	expect(page.locator(".activity")).to_have_count(16)
	page.wait_for_timeout(300)
	assert page.locator(".activities").evaluate("list => list.scrollTop") == 100


def test_an_avatar_of_a_number_is_a_telephone(page, stack, text_ticket):
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	drawn = "class='flex uppercase rounded-full'"
	page.evaluate(
		f"""document.body.insertAdjacentHTML("beforeend", "<p id=avatars><b {drawn}> + </b><b {drawn}>C</b></p>")"""
	)
	expect(page.locator("#avatars b").first).to_have_attribute("data-twilio-sms-phone", "")
	expect(page.locator("#avatars [data-twilio-sms-phone]")).to_have_count(1)


def test_an_email_ticket_keeps_helpdesks_own_reply_box(page, stack):
	open_ticket(page, stack.web, make_email_ticket().name)
	loaded(page)
	page.get_by_role("button", name="Reply").click()
	expect(page.get_by_role("button", name="CC", exact=True)).to_be_visible()
	expect(page.get_by_role("button", name="Bold")).to_be_visible()
	expect(page.locator("[class*=twilio-sms], twilio-sms-channel")).to_have_count(0)


def test_a_customer_with_a_phone_number_can_be_texted_from_an_email_ticket(page, stack, sim):
	ann = Customer(stack)
	contact = frappe.get_doc(
		{"doctype": "Contact", "first_name": f"Ann {ann.number[-4:]}", "phone_nos": [{"phone": ann.number}]}
	).insert()
	open_ticket(page, stack.web, make_email_ticket(contact=contact.name).name)
	page.get_by_role("button", name="Text This Customer").click()
	expect(page.get_by_test_id("helpdesk-drawer").locator("twilio-sms-start")).to_be_attached()
	page.keyboard.press("Escape")
	expect(page.get_by_test_id("helpdesk-drawer")).to_have_count(0)


def test_going_from_ticket_to_ticket_takes_everything_along_or_away(page, stack, text_ticket):
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	email_ticket = make_email_ticket()
	go = "name => window.twilio_sms_screen.then(screen => screen.host.open_ticket(name))"
	page.evaluate(go, str(email_ticket.name))
	expect(page.get_by_role("heading", name="By e-mail")).to_be_visible()
	expect(page.locator("[class*=twilio-sms], twilio-sms-channel")).to_have_count(0)
	page.go_back()
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	for _again in range(3):
		page.evaluate("refetch()")
	expect(page.get_by_test_id("helpdesk-write")).to_have_count(1)
	expect(page.locator("twilio-sms-channel")).to_have_count(1)
	page.get_by_role("button", name="SMS Conversation").click()
	expect(page.get_by_test_id("helpdesk-drawer").locator("twilio-sms-panel")).to_be_attached()


def test_without_the_built_script_the_page_stays_as_it_is(page, stack, text_ticket):
	boot = {"message": {"script": "", "desk": "/where-desk-is"}}
	page.route("**/twilio_sms_channel.api.screen.boot", lambda route: route.fulfill(json=boot))
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.get_by_role("button", name="SMS Conversation")).to_be_visible()
	with page.context.expect_page() as opened:
		page.get_by_role("button", name="SMS Conversation").click()
	assert opened.value.url.endswith(f"/where-desk-is/hd-ticket/{text_ticket.name}")
	page.get_by_role("button", name="Reply").click()
	expect(page.get_by_role("button", name="CC", exact=True)).to_be_visible()


def test_an_error_of_ours_is_reported_once_and_the_page_goes_on(context, stack, text_ticket):
	page, errors = page_and_errors(context)
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	reports = []
	page.on(
		"request", lambda request: reports.append(request.url) if "screen.report" in request.url else None
	)
	with page.expect_response("**/twilio_sms_channel.api.screen.report"):
		page.evaluate(
			"""window.twilio_sms_screen.then(screen => {
				screen.fill = () => { throw new Error("for the test"); };
				screen.soon();
			})"""
		)
	for _again in range(3):
		page.evaluate("document.body.append(document.createElement('i')), refetch()")
	page.get_by_role("button", name="Reply").click()
	expect(page.get_by_label("Reply", exact=True)).to_be_visible()
	assert len(reports) == 1
	assert not [error for error in errors if not error.startswith("Twilio SMS Channel:")]
	frappe.db.rollback()
	assert frappe.db.exists("Error Log", {"method": "Twilio SMS Channel in the browser"})
	page.close()


@pytest.mark.parametrize(
	("action", "endpoint", "args"),
	[("retry", "retry", {}), ("link", "retry", {"as_links": 1}), ("cancel", "cancel", {})],
)
def test_links_in_the_feed_act(page, stack, text_ticket, action, endpoint, args):
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	# As the server writes them into an entry.
	page.evaluate(
		"""action => {
			const frame = document.querySelector(".activities iframe");
			frame.srcdoc = `<a href="#twilio-sms-${action}=abc">Act</a>`;
		}""",
		action,
	)
	with page.expect_request(f"**/twilio_sms_channel.api.ticket.{endpoint}") as asked:
		page.frame_locator(".activities iframe").get_by_role("link").click()
	assert asked.value.post_data_json == {"message": "abc", **args}
	expect(page.locator("#toasts")).to_contain_text("not found")


def test_a_text_goes_as_an_email_to_an_address_that_is_typed_then(page, stack, text_ticket):
	name = unsent(text_ticket, "Tomorrow", status="Undelivered", error_code="30006")
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	frame = page.frame_locator(".activity:has(iframe[srcdoc*='Tomorrow']) iframe")
	frame.get_by_role("link", name="Send as E-mail").click()
	field = page.locator(".comm-area").get_by_test_id("email")
	expect(field).to_be_focused()
	field.fill(f"e{frappe.generate_hash(length=8)}@example.com")
	page.get_by_test_id("use-address").click()
	expect(field).to_have_count(0)
	eventually(lambda: frappe.db.get_value("Twilio SMS Message", name, "sent_as_email"))
	expect(page.get_by_test_id("channel")).to_contain_text("SMS ·")


def test_earlier_texts_of_a_long_ticket_are_in_the_drawer(page, stack, text_ticket):
	conversation = frappe.get_doc("Twilio SMS Conversation", text_ticket.twilio_sms_conversation)
	many_written(conversation, 210)
	open_ticket(page, stack.web, text_ticket.name)
	expect(page.get_by_test_id("helpdesk-write")).to_be_visible()
	expect(page.locator(".activity")).to_have_count(50)
	frame = page.frame_locator(".activity:first-child iframe")
	frame.get_by_role("link", name="161 earlier text messages").click()
	drawer = page.get_by_test_id("helpdesk-drawer")
	expect(drawer.get_by_text("Line 10.", exact=True)).to_be_attached()
	expect(drawer.get_by_text("Line 9.", exact=True)).to_have_count(0)
	drawer.get_by_role("button", name="Show earlier messages (11)").click()
	expect(drawer.get_by_text("Hello, where is my order?")).to_be_attached()
	expect(drawer.get_by_test_id("show-earlier")).to_have_count(0)
	# A new text moves the state's oldest one out of it, and nothing is missing.
	unsent(text_ticket, "The newest.")
	page.evaluate("ticket => twilio_sms.store(ticket).load()", str(text_ticket.name))
	expect(drawer.get_by_text("The newest.", exact=True)).to_be_attached()
	expect(drawer.get_by_test_id("outbound")).to_have_count(211)
