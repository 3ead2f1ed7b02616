"""Split Issues: messages move, and the conversation with them."""

import frappe
import pytest
from support.stack import ticket_of
from support.tickets import told

pytestmark = pytest.mark.erpnext


def split(person, issue, communication: str, subject: str = "Another matter"):
	return person.call(
		"run_doc_method",
		dt="Issue",
		dn=issue.name,
		method="split_issue",
		args={"subject": subject, "communication_id": communication},
	)


def test_the_conversation_follows(supporter, customer, issue):
	later = customer.text("Something else: I moved")
	answer = split(supporter, issue, later.communication)
	assert answer.status_code == 200, answer.text
	new = answer.json()["message"]
	assert ticket_of(later).name == new != issue.name
	made = frappe.get_doc("Issue", new)
	assert made.is_text_ticket and made.replies_by_text and made.issue_split_from == issue.name
	assert made.raised_by in ("", None)
	assert ticket_of(customer.text("To Main Street")).name == new
	assert "Something else" not in frappe.db.get_value("Issue", issue.name, "_comments")
	# What was there before can still be answered.
	assert frappe.get_doc("Issue", issue.name).is_text_ticket


def test_an_issue_that_holds_messages_and_answers_nobody_is_split(supporter, customer, issue):
	later = customer.text("Something else: I moved")
	frappe.db.set_value(
		"Issue", issue.name, {"twilio_sms_conversation": None, "twilio_sms_reply_channel": "Email"}
	)
	frappe.db.commit()
	answer = split(supporter, issue, later.communication)
	assert answer.status_code == 200, answer.text
	new = answer.json()["message"]
	assert ticket_of(later).name == new and frappe.get_doc("Issue", new).replies_by_text
	assert ticket_of(customer.text("To Main Street")).name == new
	frappe.db.rollback()
	assert not frappe.get_doc("Issue", issue.name).is_text_ticket


def test_messages_of_another_customer_stay_where_an_email_is_split_off(supporter, customer, issue):
	by_mail = frappe.get_doc({"doctype": "Issue", "subject": "By mail", "raised_by": "eve@example.com"})
	by_mail.insert()
	mail = {"communication_medium": "Email", "sent_or_received": "Received", "sender": "eve@example.com"}
	about = {"reference_doctype": "Issue", "reference_name": by_mail.name, "subject": "By mail"}
	mail = frappe.get_doc({"doctype": "Communication", "content": "Broken", **mail, **about}).insert()
	frappe.rename_doc("Issue", issue.name, by_mail.name, merge=True)
	frappe.db.commit()
	message = customer.text("Another matter")
	frappe.db.set_value("Issue", by_mail.name, "twilio_sms_conversation", None)
	frappe.db.commit()
	answer = split(supporter, by_mail, mail.name)
	assert answer.status_code == 200, answer.text
	new = answer.json()["message"]
	assert ticket_of(message).name == by_mail.name
	assert frappe.db.get_value("Communication", mail.name, "reference_name") == new
	assert not frappe.get_doc("Issue", new).is_text_ticket


def test_a_message_of_another_issue_does_not_move(stack, supporter, customer, issue):
	from support.stack import Customer

	others = Customer(stack).text("Mine")
	answer = split(supporter, issue, others.communication)
	assert answer.status_code == 417 and "moved" in told(answer)
	assert ticket_of(others).name != issue.name


def test_who_may_not_change_it_splits_nothing(stack, customer, issue):
	from support.users import make_user

	message = customer.text("More")
	clerk = stack.login(make_user("tsms-clerk@example.com", ["Blogger"], user_type="System User"))
	assert split(clerk, issue, message.communication).status_code == 403
	assert ticket_of(message).name == issue.name
