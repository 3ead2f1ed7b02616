"""An agent turns to e-mail: with a text that did not arrive, or for the whole ticket."""

import json
import secrets
import threading

import frappe
import pytest
from support.agent_actions import API, MESSAGE, emails_in, failed, shown, written
from support.stack import content_of, eventually

from twilio_sms_channel.messaging.outbound import message_actions


@pytest.fixture
def address(ticket, customer):
	"""The customer's e-mail address, known to the contact."""
	contact = frappe.get_doc("Contact", ticket.contact)
	contact.add_email(f"c{customer.number[1:]}@example.com", is_primary=True)
	contact.save()
	frappe.db.commit()
	return contact.email_id


# --- as e-mail -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Undelivered", "Failed", "Blocked", "Canceled"])
def test_a_text_that_did_not_arrive_goes_as_an_email(agent, stack, ticket, address, status):
	message = failed(ticket, "Your order\n<b>is ready</b>", status=status)
	assert shown(agent, ticket, message)["can_email"]
	answer = agent.call(f"{API}send_as_email", message=message)
	assert answer.status_code == 200, answer.text
	(email,) = emails_in(ticket)
	assert (email.recipients, email.cc or "", email.bcc or "") == (address, "", "")
	assert "&lt;b&gt;is ready" in email.content
	row = shown(agent, ticket, message)
	assert (row["status"], row["can_email"], row["can_retry"]) == (status, False, False)
	assert row["fate"].endswith("(sent as e-mail)")
	# The reply box goes on texting.
	assert agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]["channel"] == "SMS"
	eventually(
		lambda: frappe.db.exists(
			"Email Queue", {"reference_doctype": ticket.doctype, "reference_name": str(ticket.name)}
		)
	)


def test_it_goes_to_the_address_that_the_agent_types(agent, ticket):
	message = failed(ticket, "Your order is ready")
	assert not ticket.customer_email()
	refused = agent.call(f"{API}send_as_email", message=message, email="ann@")
	assert (refused.status_code, emails_in(ticket)) == (417, [])
	email = f"ann{frappe.generate_hash(length=8)}@example.com"
	answer = agent.call(f"{API}send_as_email", message=message, email=email)
	assert answer.status_code == 200, answer.text
	(sent,) = emails_in(ticket)
	assert sent.recipients == email
	ticket.reload()
	assert (ticket.customer_email(), ticket.twilio_sms_reply_channel) == (email, "SMS")


def test_its_files_come_along_and_stay_with_the_text(agent, ticket, address, picture):
	upload = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": "answer.png",
			"content": picture,
			"is_private": 1,
			"attached_to_doctype": ticket.doctype,
			"attached_to_name": ticket.name,
		}
	).insert()
	message = failed(ticket, "See", files=[upload.name])
	assert agent.call(f"{API}send_as_email", message=message).status_code == 200
	(email,) = emails_in(ticket)
	text = frappe.db.get_value(MESSAGE, message, "communication")
	for communication in (email.name, text):
		(file,) = frappe.get_all(
			"File", {"attached_to_doctype": "Communication", "attached_to_name": communication}, pluck="name"
		)
		assert content_of(file) == picture
		assert frappe.db.get_value("File", file, "is_private")


def test_it_is_sent_as_an_email_once(agent, ticket, address):
	message = failed(ticket)
	assert agent.call(f"{API}send_as_email", message=message).status_code == 200
	again = agent.call(f"{API}send_as_email", message=message)
	assert again.status_code == 417
	assert "as an e-mail already" in again.text
	assert len(emails_in(ticket)) == 1


def test_two_agents_who_press_at_once_send_one_email(agent, ticket, address):
	message = failed(ticket)
	answers = []
	presses = [
		threading.Thread(
			target=lambda: answers.append(agent.call(f"{API}send_as_email", message=message).status_code)
		)
		for _ in range(3)
	]
	for press in presses:
		press.start()
	for press in presses:
		press.join()
	assert sorted(answers) == [200, 417, 417]
	assert len(emails_in(ticket)) == 1


def test_whoever_looked_before_a_colleague_sent_the_email_sends_no_second_one(agent, ticket, address):
	message = failed(ticket)
	# From its first read on, a transaction sees the rows as they are now.
	assert not frappe.db.get_value(MESSAGE, message, "sent_as_email")
	mine = frappe.get_doc(ticket.doctype, ticket.name)
	assert agent.call(f"{API}send_as_email", message=message).status_code == 200
	with pytest.raises(message_actions.CannotSendAsEmail, match="as an e-mail already"):
		message_actions.as_email(message, mine)
	assert len(emails_in(ticket)) == 1


def test_without_an_address_it_is_refused_with_the_reason(agent, ticket):
	message = failed(ticket)
	answer = agent.call(f"{API}send_as_email", message=message)
	assert answer.status_code == 417
	assert "no valid e-mail address" in answer.text
	frappe.db.set_value("Contact", ticket.contact, "first_name", "<img src=x> & Co")
	frappe.db.commit()
	for endpoint, args in (
		("send_as_email", {"message": message}),
		("switch_channel", {"ticket": ticket.name, "channel": "Email"}),
	):
		(told,) = json.loads(agent.call(f"{API}{endpoint}", **args).json()["_server_messages"])
		assert json.loads(told)["message"].startswith("img src=x Co has no valid e-mail address")
	assert emails_in(ticket) == []
	assert shown(agent, ticket, message)["can_email"], "it can be done once there is an address"


@pytest.mark.parametrize("status", ["Queued", "Sending", "Unconfirmed", "Accepted", "Sent", "Delivered"])
def test_a_text_that_may_still_arrive_is_no_email(agent, ticket, address, status):
	message = written(ticket, status=status)
	answer = agent.call(f"{API}send_as_email", message=message)
	assert answer.status_code == 417
	assert f"status of this one is {status}" in answer.text
	assert emails_in(ticket) == []
	frappe.db.set_value(MESSAGE, message, "status", "Canceled")
	frappe.db.commit()


# --- switching to e-mail --------------------------------------------------------------------------------------------


def switched(agent, ticket, email=""):
	answer = agent.call(f"{API}switch_channel", ticket=ticket.name, channel="Email", email=email)
	frappe.db.rollback()
	ticket.reload()
	return answer


def test_the_helpdesks_own_address_is_no_customers(agent, ticket):
	ours = frappe.db.get_value("Email Account", {"default_outgoing": 1}, "email_id")
	refused = switched(agent, ticket, ours.upper())
	assert refused.status_code == 417, refused.text
	assert ours.upper() in refused.text
	assert (ticket.twilio_sms_reply_channel, ticket.raised_by or "") == ("SMS", "")
	contact = frappe.get_doc("Contact", ticket.contact)
	assert contact.email_ids == []
	# Nor when it stands on the contact, as somebody typed it.
	contact.add_email(ours, is_primary=True)
	contact.save()
	frappe.db.commit()
	assert switched(agent, ticket).status_code == 417
	assert ticket.customer_email() == ""


@pytest.mark.parametrize(
	("typed", "says"),
	[
		("{ours} ,c@example.org", "not a single e-mail address"),
		("a@example.org, b@example.org", "not a single e-mail address"),
		("a@example.org;b@example.org", "not a single e-mail address"),
		("a@example.org\r\nBcc: b@example.org", "not a single e-mail address"),
		("Ann a@example.org", "not a single e-mail address"),
		("<script>@example.org", "script @example.org is not a single e-mail address"),
		("Ann <{ours}>", "address of this help desk"),
		("x" * 300 + "@example.org", "at most 140"),
		("x" * 129 + "@example.org", "at most 140"),
	],
)
def test_exactly_one_address_of_the_customers_is_taken(agent, ticket, typed, says):
	typed = typed.format(ours=frappe.db.get_value("Email Account", {"default_outgoing": 1}, "email_id"))
	message = failed(ticket)
	for answer in (
		switched(agent, ticket, typed),
		agent.call(f"{API}send_as_email", message=message, email=typed),
	):
		assert (answer.status_code, answer.json()["exc_type"]) == (417, "InvalidEmailAddressError"), (
			answer.text
		)
		(told,) = json.loads(answer.json()["_server_messages"])
		assert says in json.loads(told)["message"]
	assert (ticket.twilio_sms_reply_channel, ticket.raised_by or "") == ("SMS", "")
	assert frappe.get_doc("Contact", ticket.contact).email_ids == []
	assert emails_in(ticket) == []


def test_a_name_before_the_address_is_left_out(agent, ticket):
	address = f"{secrets.token_hex(4)}@example.org"
	answer = switched(agent, ticket, f'"Ann, Lee" <{address}>')
	assert answer.status_code == 200, answer.text
	assert (ticket.raised_by, answer.json()["message"]["email"]) == (address, address)
	assert [row.email_id for row in frappe.get_doc("Contact", ticket.contact).email_ids] == [address]


def test_a_given_address_is_the_one_that_is_mailed(agent, ticket, address):
	other = f"other-{address}"
	answer = switched(agent, ticket, other)
	assert answer.status_code == 200, answer.text
	assert (answer.json()["message"]["email"], ticket.raised_by) == (other, other)
	contact = frappe.get_doc("Contact", ticket.contact)
	assert [row.email_id for row in contact.email_ids] == [address, other]
	assert contact.email_id == address
	assert switched(agent, ticket).json()["message"]["email"] == other
