"""Desk's e-mail dialog on Issues that reply by SMS."""

import frappe
import pytest
from support.desks import MAIL
from support.stack import eventually, status_of
from support.tickets import told, written_in
from support.users import make_user

pytestmark = pytest.mark.erpnext
SIGNATURE = "<p>Katherine Johnson</p><p>Example Shop</p>"
QUOTE = (
	"<div><br></div><div>---</div><p>On November 3, 2026, null wrote:</p>"
	"<blockquote>My order 4711 is late</blockquote>"
)


def send(person, issue, content: str, **args):
	sent = {"recipients": "", "subject": "Re", "send_email": 1, "attachments": "[]", **args}
	return person.call(MAIL, doctype="Issue", name=issue.name, content=content, **sent)


@pytest.fixture
def signed(supporter):
	frappe.db.set_value("User", supporter.user, "email_signature", SIGNATURE)
	frappe.db.commit()
	yield supporter
	frappe.db.rollback()
	frappe.db.set_value("User", supporter.user, "email_signature", None)
	frappe.db.commit()


@pytest.mark.parametrize(
	"content",
	[
		"<p>It comes today</p>",
		f'<div class="ql-editor read-mode"><p>It comes today</p><p><br></p>{SIGNATURE}</div>',
		f"<p>It comes today</p><br>{SIGNATURE}{QUOTE}",
		f'<div class="ql-editor read-mode"><p>It comes today</p>{QUOTE}</div>',
	],
)
def test_it_sends_a_text_without_signature_and_quote(signed, customer, issue, content):
	answer = send(signed, issue, content)
	assert answer.status_code == 200, answer.text
	assert "SMS" in told(answer)
	(message,) = written_in(issue)
	assert (message.body, message.sent_by) == ("It comes today", signed.user)
	assert answer.json()["message"]["name"] == message.communication
	eventually(lambda: [text.body for text in customer.inbox()] == ["It comes today"])


def test_the_agents_own_line_of_dashes_stays(supporter, customer, issue):
	send(supporter, issue, "<p>First</p><p>---</p><p>Second</p>")
	assert [message.body for message in written_in(issue)] == ["First\n---\nSecond"]


def test_nothing_looks_like_a_message_that_is_none(stack, supporter, issue):
	before = len(stack.mails), frappe.db.count("Communication", {"reference_name": issue.name})
	for sends in (0, 1):
		answer = send(supporter, issue, "<p>Hi</p>", send_email=sends, communication_medium="SMS")
		assert answer.status_code == 417, answer.text
	frappe.db.rollback()
	assert (len(stack.mails), frappe.db.count("Communication", {"reference_name": issue.name})) == before


def test_to_somebody_else_it_is_an_email(stack, supporter, issue):
	before = len(stack.mails)
	answer = send(supporter, issue, "<p>Do you know?</p>", recipients="warehouse@example.com")
	assert answer.status_code == 200, answer.text
	assert written_in(issue) == []
	medium = frappe.db.get_value("Communication", answer.json()["message"]["name"], "communication_medium")
	assert medium == "Email" and len(stack.mails) >= before


def test_after_the_switch_to_email_it_is_an_email(supporter, issue):
	address = f"{frappe.generate_hash(length=8)}@example.com"
	switched = supporter.call(
		"twilio_sms_channel.api.ticket.switch_channel",
		ticket=issue.name,
		ticket_doctype="Issue",
		channel="Email",
		email=address,
	)
	assert switched.status_code == 200, switched.text
	answer = send(supporter, issue, "<p>By mail</p>", recipients=address)
	assert answer.status_code == 200, answer.text
	assert written_in(issue) == []
	assert frappe.db.get_value("Issue", issue.name, "raised_by") == address


@pytest.mark.parametrize(
	"more",
	[
		{"send_after": "2030-01-01 10:00:00"},
		{"print_html": "<p>Issue</p>"},
		{"send_me_a_copy": 1},
		{"read_receipt": 1},
	],
)
def test_what_only_an_email_can_is_refused(supporter, issue, more):
	answer = send(supporter, issue, "<p>Hi</p>", **more)
	assert answer.status_code == 417 and "e-mail" in told(answer)
	assert written_in(issue) == []


def test_who_may_not_change_the_issue_sends_nothing(stack, issue):
	clerk = stack.login(make_user("tsms-clerk@example.com", ["Blogger"], user_type="System User"))
	assert send(clerk, issue, "<p>Hi</p>").status_code == 403
	assert written_in(issue) == []


@pytest.fixture
def reader(stack):
	"""Somebody who reads and mails Issues, and changes none."""
	user = make_user("tsms-reader@example.com", ["Blogger"], user_type="System User")
	frappe.permissions.add_permission("Issue", "Blogger")
	frappe.permissions.update_permission_property("Issue", "Blogger", 0, "email", 1)
	frappe.db.commit()
	yield stack.login(user)
	frappe.db.rollback()
	frappe.permissions.reset_perms("Issue")
	frappe.db.commit()


def test_who_only_reads_the_issue_does_not_learn_the_customers_address(reader, issue):
	address = f"{frappe.generate_hash(length=8)}@example.com"
	frappe.db.set_value("Issue", issue.name, "raised_by", address)
	frappe.db.commit()
	answers = [send(reader, issue, "<p>Hi</p>", recipients=to) for to in (address, "other@example.com")]
	assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
	assert written_in(issue) == []


def test_a_text_that_did_not_arrive_goes_as_an_email(stack, supporter, customer, issue):
	sent = supporter.call(
		"twilio_sms_channel.api.ticket.reply",
		ticket=issue.name,
		ticket_doctype="Issue",
		message="Are you there?",
	).json()["message"]["message"]
	eventually(lambda: status_of(sent) == "Delivered")
	frappe.db.set_value("Twilio SMS Message", sent, "status", "Undelivered")
	frappe.db.commit()
	address = f"{frappe.generate_hash(length=8)}@example.com"
	answer = supporter.call("twilio_sms_channel.api.ticket.send_as_email", message=sent, email=address)
	assert answer.status_code == 200, answer.text
	emails = {"reference_name": issue.name, "communication_medium": "Email"}
	frappe.db.rollback()
	assert frappe.get_all("Communication", emails, pluck="recipients") == [address]


@pytest.mark.parametrize("attachments", ["[", '{"a": 1}', "1", '[{"a": 1}]', "[[1]]"])
def test_attachments_that_are_no_list_are_refused(supporter, issue, attachments):
	answer = send(supporter, issue, "<p>Hi</p>", attachments=attachments)
	assert answer.status_code == 417 and "Attach them again" in told(answer), answer.text
	assert not written_in(issue)


@pytest.mark.parametrize(
	"spelled",
	[
		{"communication_medium": "SMS "},
		{"communication_medium": "SMS\u00a0", "sent_or_received": "Received"},
		{"communication_medium": "SMS", "doctype": "ISSUE "},
		{"communication_medium": "SMS", "doctype": "", "name": ""},
	],
)
def test_no_spelling_makes_an_entry_look_like_a_message(supporter, issue, spelled):
	before = frappe.db.count("Communication")
	args = {"doctype": "Issue", "name": issue.name, "content": "Never sent", "subject": "Re", "send_email": 0}
	assert supporter.call(MAIL, **{**args, **spelled}).status_code == 417
	frappe.db.rollback()
	assert frappe.db.count("Communication") == before
