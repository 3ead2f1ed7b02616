"""About what a message will cost, as far as earlier ones tell."""

import frappe
import pytest
from support.people import make_agent, make_customer
from support.reply_box import CUSTOMER, conversation_with, our_number
from support.tickets import API

from twilio_sms_channel.messaging.outbound import cost_estimate, cost_preview

MESSAGE = "Twilio SMS Message"
UK, CANADA = "+447911123456", "+16135550123"


@pytest.fixture(autouse=True)
def nothing_kept(stack):
	frappe.set_user("Administrator")
	frappe.cache().delete_keys("twilio_sms_rates")
	yield
	frappe.db.rollback()
	frappe.cache().delete_keys("twilio_sms_rates")


def sent(number: str, price: float | None, segments: int = 1, to: str = CUSTOMER, files: int = 0, **fields):
	"""A message that went from a number before."""
	message = frappe.get_doc(
		{
			"doctype": MESSAGE,
			"direction": "Outbound",
			"status": "Delivered",
			"number": number,
			"customer_number": to,
			"segments": segments,
			"price": price,
			"price_unit": "USD" if price else "",
			"media": [{"status": "Attached", "file_name": "a.png"}] * files,
			**fields,
		}
	)
	message.insert(ignore_permissions=True, ignore_mandatory=True)
	if at := fields.get("creation"):
		frappe.db.set_value(MESSAGE, message.name, "creation", at, update_modified=False)


def estimate(number: str, to: str = CUSTOMER, segments: int = 1, **how):
	frappe.cache().delete_keys("twilio_sms_rates")
	found = cost_estimate.of(number, to, segments, **how)
	return found and found["amount"]


def test_nothing_is_said_without_a_past(stack):
	number = our_number(stack)
	assert estimate(number) is None
	sent(number, None)
	assert estimate(number) is None
	sent(number, 0.0079, creation=frappe.utils.add_days(frappe.utils.now(), -200))
	assert estimate(number) is None


def test_the_price_of_a_segment_times_segments(stack):
	number, other = our_number(stack), our_number(stack)
	for segments in (1, 2, 3):
		sent(number, 0.01 * segments, segments)
	# One that was free of charge, or cost a fortune, does not decide.
	sent(number, 1, 1)
	assert estimate(number, segments=2) == 0.02
	assert estimate(other) is None


def test_by_country(stack):
	number = our_number(stack)
	sent(number, 0.0079)
	assert estimate(number, UK) is None and estimate(number, CANADA) is None
	sent(number, 0.04, to=UK)
	sent(number, 0.0075, to=CANADA)
	assert [estimate(number, to) for to in (CUSTOMER, UK, CANADA)] == [0.0079, 0.04, 0.0075]


def test_messages_with_files_have_one_price(stack):
	number = our_number(stack)
	sent(number, 0.0079, 1)
	assert estimate(number, with_files=True) is None
	sent(number, 0.02, 1, files=1)
	assert estimate(number, segments=5, with_files=True) == 0.02
	assert estimate(number, segments=5) == 0.0395


def test_in_the_currency_of_the_newest(stack):
	number = our_number(stack)
	sent(number, 0.0079, creation=frappe.utils.add_days(frappe.utils.now(), -5))
	sent(number, 0.007, price_unit="EUR")
	frappe.cache().delete_keys("twilio_sms_rates")
	found = cost_estimate.of(number, CUSTOMER, 1)
	assert (found["amount"], found["currency"]) == (0.007, "EUR") and "0.007" in found["text"]


def test_what_an_agent_writes(stack):
	conversation = conversation_with(stack)
	ticket = frappe.get_doc(conversation.ticket_doctype, conversation.ticket)
	way = cost_preview.from_ticket(ticket)
	assert cost_preview.of("Hello", False, way)["cost"] is None
	sent(conversation.number, 0.0079)
	frappe.cache().delete_keys("twilio_sms_rates")
	assert cost_preview.of("Hello", False, way)["cost"]["amount"] == 0.0079
	assert cost_preview.of("x" * 200, False, way)["cost"]["amount"] == 0.0158
	assert cost_preview.of("Hello", False, way)["cost_with_files"] is None
	assert cost_preview.of("Hello", False, cost_preview.from_ticket(None))["cost"] is None


def test_before_a_conversation_begins_agents_alone_are_told(stack):
	number = stack.add_number()
	sent(number, 0.0079)
	frappe.db.commit()
	args = {"message": "Hello", "number": number, "to": "(415) 555-0132"}
	agent = stack.login(make_agent("tsms-agent@example.com"))
	answer = agent.call(f"{API}preview", **args)
	assert answer.json()["message"]["cost"]["amount"] == 0.0079, answer.text
	customer = stack.login(make_customer("tsms-cost@example.com"))
	assert customer.call(f"{API}preview", **args).status_code == 403
	for nonsense in ({"to": "nobody"}, {"number": "+15550000000"}, {"to": ""}):
		answer = agent.call(f"{API}preview", **{**args, **nonsense})
		assert answer.ok and answer.json()["message"]["cost"] is None
	frappe.db.delete(MESSAGE, {"number": number})
	frappe.db.commit()
