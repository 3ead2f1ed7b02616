"""Tickets that are split: each of the two answers the customer whose texts it holds."""

import frappe
import pytest
from support.people import make_customer
from support.stack import MESSAGE, Customer, eventually, ticket_of
from support.tickets import (
	HELPDESK,
	asked,
	email_ticket,
	merge,
	portal_user_of,
	received,
	switch,
	told,
	written_in,
)

pytestmark = pytest.mark.helpdesk


def split(agent, entry: str):
	answer = asked(agent, "split_ticket", subject="Split off", communication_id=entry)
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	return frappe.get_doc("HD Ticket", answer.json()["message"])


def entry_of(message) -> str:
	return frappe.db.get_value(MESSAGE, message.name, "communication")


def reaches(agent, ticket, customer) -> bool:
	"""Whether what an agent replies in a ticket arrives at this customer's phone."""
	words = frappe.generate_hash()
	assert agent.reply(ticket.name, f"<p>{words}</p>").status_code == 200
	eventually(lambda: written_in(ticket)[-1].status == "Delivered")
	return words in [text.body for text in customer.inbox()]


def test_a_customer_who_is_split_off_again_is_the_one_who_is_answered(agent, customer, ticket, stack):
	"""Two customers were merged by mistake."""
	other = Customer(stack)
	theirs = other.text("Another customer")
	wrong = ticket_of(theirs)
	merge(agent, wrong, ticket)
	right = split(agent, entry_of(theirs))
	assert (right.contact, right.raised_by) == (wrong.contact, wrong.raised_by)
	assert [note for note in told_in(right) if "from now on" in note]
	assert reaches(agent, right, other) and reaches(agent, ticket, customer)
	assert ticket_of(other.text("And now?")).name == right.name
	assert ticket_of(customer.text("And mine?")).name == ticket.name


def test_another_customers_messages_stay_although_they_are_younger(agent, customer, ticket, stack):
	other = Customer(stack)
	mine = customer.text("A second one")
	theirs = other.text("Another customer")
	merge(agent, ticket_of(theirs), ticket)
	moved = split(agent, entry_of(mine))
	assert reaches(agent, moved, customer)
	theirs.reload()
	assert ticket_of(theirs).name == ticket.name
	(note,) = [row for row in told_in(moved) if f"stay in ticket {ticket.name}" in row]
	assert frappe.utils.escape_html(other.number[-4:]) in note
	assert [row for row in told_in(ticket) if "replies from here go to" in row]
	assert ticket_of(other.text("And now?")).name == ticket.name
	assert ticket_of(customer.text("And mine?")).name == moved.name


def test_whoever_is_split_off_reads_nothing_of_the_other_customer(agent, customer, ticket, stack):
	"""They were merged by mistake and wrote first, so that Helpdesk moves all of the other one's messages."""
	wrong = Customer(stack)
	theirs = wrong.text("I am here by mistake")
	secret = frappe.generate_hash()
	target = ticket_of(customer.text(secret, to=stack.other_number))
	merge(agent, ticket_of(theirs), target)
	new = split(agent, entry_of(theirs))
	shown = portal_user_of(new, stack).call(
		f"{HELPDESK}get_one", http="GET", name=str(new.name), is_customer_portal=1
	)
	assert shown.status_code == 200 and secret not in shown.text
	assert reaches(agent, new, wrong) and reaches(agent, target, customer)
	assert ticket_of(customer.text("Again", to=stack.other_number)).name == target.name


def test_each_of_our_numbers_goes_with_its_own_texts_when_a_ticket_is_split(agent, customer, ticket, stack):
	second = customer.text("By the other number", to=stack.other_number)
	merge(agent, ticket_of(second), ticket)
	new = split(agent, entry_of(second))
	assert ticket_of(customer.text("Again", to=stack.other_number)).name == new.name
	assert ticket_of(customer.text("And here")).name == ticket.name
	assert agent.reply(new.name, "<p>Yes?</p>").status_code == 200
	eventually(lambda: len(customer.inbox()) == 1)
	assert customer.inbox()[0].from_ == stack.other_number


def test_an_email_that_is_split_off_leaves_the_texts_where_they_are(agent, customer, ticket):
	address = f"{frappe.generate_hash(length=8)}@example.com"
	switch(agent, ticket, "Email", email=address)
	assert agent.reply(ticket.name, "<p>By mail</p>", to=address).status_code == 200
	frappe.db.rollback()
	mail = {"reference_name": str(ticket.name), "communication_medium": "Email"}
	split(agent, frappe.db.get_value("Communication", mail))
	assert ticket_of(customer.text("By text")).name == ticket.name


def told_in(ticket) -> list[str]:
	return frappe.get_all("HD Ticket Comment", {"reference_ticket": str(ticket.name)}, pluck="content")


def login_of(ticket) -> str:
	"""A portal user whose address the ticket's contact has."""
	user = make_customer(f"portal{frappe.generate_hash(length=8)}@example.com")
	contact = frappe.get_doc("Contact", ticket.contact)
	contact.append("email_ids", {"email_id": user, "is_primary": 1})
	contact.save()
	frappe.db.commit()
	return user


def seen_on_portal(user, ticket, stack) -> str:
	shown = stack.login(user).call(
		f"{HELPDESK}get_one", http="GET", name=str(ticket.name), is_customer_portal=1
	)
	return shown.text


def test_the_customer_whose_ticket_it_is_is_not_split_off_from_another_ones_messages(
	agent, customer, ticket, stack
):
	"""The ticket would be handed over with its subject, its description and older e-mails."""
	first = customer.text("Mine", to=stack.other_number)
	target = ticket_of(first)
	theirs = Customer(stack).text("Another customer")
	merge(agent, ticket_of(theirs), target)
	refused = asked(agent, "split_ticket", subject="Split off", communication_id=entry_of(first))
	assert refused.status_code == 417 and "Split these off instead" in told(refused), refused.text
	theirs.reload()
	assert ticket_of(theirs).name == target.name
	split(agent, entry_of(theirs))


def test_whoever_is_split_off_reads_no_emails_of_the_other_customer(agent, customer, ticket, stack):
	theirs = Customer(stack).text("I am here by mistake")
	wrong = ticket_of(theirs)
	login, secret = login_of(wrong), frappe.generate_hash()
	target = ticket_of(customer.text("Hello", to=stack.other_number))
	mail = received(target, secret)
	merge(agent, wrong, target)
	new = split(agent, entry_of(theirs))
	assert new.raised_by == login
	assert secret not in seen_on_portal(login, new, stack)
	assert str(frappe.db.get_value("Communication", mail.name, "reference_name")) == str(target.name)


def test_an_email_that_is_split_off_stays_with_whoever_wrote_it(agent, customer, ticket, stack):
	"""Somebody else's younger message does not decide whose the new ticket is."""
	switch(agent, ticket, "Email", email=f"{frappe.generate_hash(length=8)}@example.com")
	stack.wait_until_idle()
	frappe.db.rollback()
	secret = frappe.generate_hash()
	ticket.reload()
	mail = received(ticket, secret)
	theirs = Customer(stack).text("Another customer")
	wrong = ticket_of(theirs)
	login = login_of(wrong)
	merge(agent, wrong, ticket)
	new = split(agent, mail.name)
	assert new.twilio_sms_conversation == ticket.twilio_sms_conversation and new.raised_by != login
	theirs.reload()
	assert ticket_of(theirs).name == ticket.name
	assert secret not in seen_on_portal(login, new, stack)


def test_whoever_was_merged_into_an_email_ticket_is_split_off_from_it(agent, customer, ticket, stack):
	"""Else the e-mail ticket's customer reads the messages in the copy that Helpdesk makes of it."""
	mine = customer.text("Mine", to=stack.other_number)
	by_mail = email_ticket()
	frappe.db.commit()
	merge(agent, ticket_of(mine), by_mail)
	new = split(agent, entry_of(mine))
	assert new.contact == ticket.contact and new.raised_by != by_mail.raised_by
	assert ticket_of(customer.text("Again", to=stack.other_number)).name == new.name
	by_mail.reload()
	assert (by_mail.twilio_sms_conversation, by_mail.twilio_sms_reply_channel) == (None, "Email")
