"""A message whose files a network did not take goes again with links to them, and numbers without MMS send links at once."""

import random
import re
from types import SimpleNamespace

import frappe
import pytest
import requests
from support import desks
from support.people import make_agent
from support.reply_box import noise, upload
from support.stack import Customer, eventually, status_of, ticket_of
from support.tickets import API, feed, state, told

from twilio_sms_channel.messaging.outbound import attachments, outbox

MESSAGE = "Twilio SMS Message"
LINK = re.compile(r"https?://\S+token=\S+")


@pytest.fixture(scope="module")
def agent(stack):
	return stack.login(make_agent("tsms-agent@example.com"))


def whose_network_takes_no_files(stack) -> Customer:
	customer = Customer(stack)
	area, exchange = random.choice((206, 212, 303, 312, 404, 503, 617, 907)), random.randint(20, 99)
	customer.number = f"+1{area}{exchange}30011"
	return customer


@pytest.fixture
def refused(ticket_system, stack, agent):
	"""An agent's message with a picture that the customer's network did not take."""
	customer = whose_network_takes_no_files(stack)
	ticket = ticket_of(customer.text("What does it look like?"))
	frappe.set_user(agent.user)
	file = upload("bike.png", noise(40, 40), attached_to_doctype=ticket.doctype, attached_to_name=ticket.name)
	frappe.set_user("Administrator")
	frappe.db.commit()
	answer = agent.call(f"{API}reply", ticket=ticket.name, message="Like this", attachments=[file])
	assert answer.ok, answer.text
	message = answer.json()["message"]["message"]
	eventually(lambda: status_of(message) == "Undelivered")
	return SimpleNamespace(name=message, ticket=ticket, customer=customer)


def test_links_go_in_place_of_files_that_a_network_refused(refused, stack, agent):
	last = state(agent, refused.ticket)["messages"][-1]
	assert last["error"]["code"] == "30011" and last["error"]["actions"] == ["link", "email"]
	answer = agent.call(f"{API}retry", message=refused.name, as_links=1)
	assert answer.ok, answer.text
	eventually(lambda: status_of(refused.name) == "Delivered")
	sent = refused.customer.inbox()[-1]
	assert sent.body.startswith("Like this\n") and not sent.media_urls
	assert requests.get(LINK.search(sent.body)[0], timeout=30).headers["Content-Type"] == "image/png"
	doc = frappe.get_doc(MESSAGE, refused.name)
	assert [file.status for file in doc.media] == ["Linked"] and doc.body == sent.body
	assert LINK.search(
		frappe.db.get_value("Communication", doc.communication, "content").replace("&amp;", "&")
	)
	assert doc.segments == sent.num_segments


def test_where_an_admin_refuses_files_no_links_are_made(refused, agent):
	"""A link opens without a login."""
	number = frappe.get_doc("Twilio SMS Number", frappe.db.get_value(MESSAGE, refused.name, "number"))
	before, number.unsendable_files = number.unsendable_files, "Refuse"
	number.save()
	frappe.db.commit()
	try:
		assert state(agent, refused.ticket)["messages"][-1]["error"]["actions"] == ["email"]
		assert agent.call(f"{API}retry", message=refused.name, as_links=1).status_code == 417
	finally:
		number.unsendable_files = before
		number.save()
		frappe.db.commit()
	assert status_of(refused.name) == "Undelivered"


def test_the_links_are_offered_in_helpdesks_feed(refused, stack, agent):
	if not desks.default().has_feed:
		pytest.skip("it has no feed of its own")
	link = f"#twilio-sms-link={refused.name}"
	assert any(link in entry["content"] for entry in feed(agent, refused.ticket))


def test_only_files_that_were_refused_are_sent_as_links(refused, stack, agent):
	assert agent.call(f"{API}retry", message=refused.name, as_links=1).ok
	eventually(lambda: status_of(refused.name) == "Delivered")
	for endpoint_args in ({"as_links": 1}, {"as_links": "1"}):
		answer = agent.call(f"{API}retry", message=refused.name, **endpoint_args)
		assert answer.status_code == 417 and "did not arrive" in told(answer)
	assert len(refused.customer.inbox()) == 2


def test_a_message_that_would_be_too_long_says_so(refused, agent):
	frappe.db.set_value(MESSAGE, refused.name, "body", "x" * 1590)
	frappe.db.commit()
	answer = agent.call(f"{API}retry", message=refused.name, as_links=1)
	assert answer.status_code == 417 and "with the links to its files" in told(answer)
	assert status_of(refused.name) == "Undelivered"


def number(**fields):
	facts = {"number_type": "Long Code", "mms_enabled": 1, "unsendable_files": "Automatic", **fields}
	return SimpleNamespace(name="+14155550100", **facts)


@pytest.mark.parametrize(
	("fields", "becomes"),
	[
		({}, "Refuse"),
		({"mms_enabled": 0}, "Send as Link"),
		({"number_type": "Alphanumeric Sender"}, "Send as Link"),
		({"mms_enabled": 0, "unsendable_files": "Refuse"}, "Refuse"),
		({"unsendable_files": "Send as Link"}, "Send as Link"),
		# Of before the field was there.
		({"mms_enabled": 0, "unsendable_files": None}, "Send as Link"),
	],
)
def test_a_sender_without_mms_sends_links_unless_an_admin_said_otherwise(fields, becomes):
	assert attachments.what_of_others(number(**fields)) == becomes


def test_a_new_number_without_mms_sends_links(ticket_system, stack, agent):
	ours, customer = stack.add_number(mms_enabled=0), Customer(stack)
	ticket = ticket_of(customer.text("Have you got a picture?", to=ours))
	limits = state(agent, ticket)["limits"]
	assert (limits["no_files"], limits["others"]) == ("", "Send as Link")
	file = upload("shop.png", noise(40, 40))
	frappe.db.commit()
	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	message = outbox.write(conversation, "Here", files=[file])
	frappe.db.commit()
	eventually(lambda: status_of(message.name) == "Delivered")
	assert LINK.search(customer.inbox()[-1].body)
