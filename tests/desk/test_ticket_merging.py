"""Tickets that are merged: texts move with their fate, and the customers are reached in the one that goes on."""

import frappe
import pytest
import requests
from support.stack import Customer, eventually, ticket_of
from support.tickets import (
	API,
	CONVERSATION,
	HELPDESK,
	MESSAGE,
	email_ticket,
	feed,
	mails_to,
	merge,
	state,
	switch,
	told,
	written_in,
)

from twilio_sms_channel.content import media_links

pytestmark = pytest.mark.helpdesk


def test_messages_that_look_alike_all_move(agent, customer, ticket, stack, picture):
	"""Out of Twilio's list, times have no parts of a second."""
	sent = [customer.text("", media=[(f"{n}.png", picture + bytes([n]))], wait=False) for n in range(3)]
	messages = [customer.arrived(one) for one in sent]
	stack.wait_until_idle()
	at = frappe.utils.now_datetime().replace(microsecond=0)
	for message in messages:
		frappe.db.set_value("Communication", message.communication, "creation", at, update_modified=False)
	frappe.db.commit()
	target = ticket_of(Customer(stack).text("Another customer"))
	merge(agent, ticket, target)
	for message in messages:
		message.reload()
		assert ticket_of(message).name == target.name
	assert len({message.communication for message in messages}) == 3


def mail_answer(to: str, sender: str):
	"""The customer answers an e-mail, whose Message-ID is `to`. The Communication that it became."""
	from frappe.email.receive import InboundMail

	account = frappe.get_doc("Email Account", {"default_outgoing": 1})
	content = (
		f"From: {sender}\r\nTo: {account.email_id}\r\nSubject: Re: By mail\r\nIn-Reply-To: <{to}>\r\n"
		f"Message-ID: <{frappe.generate_hash()}@example.com>\r\nContent-Type: text/plain\r\n\r\nBy mail again"
	)
	communication = InboundMail(content, account).process()
	frappe.db.commit()
	return communication


def both_ways(agent, customer, ticket, address: str) -> None:
	"""The agent answers from this ticket by text and by e-mail."""
	switch(agent, ticket, "SMS")
	assert agent.reply(ticket.name, "<p>By text</p>").status_code == 200
	eventually(lambda: [m.body for m in customer.inbox()][-1:] == ["By text"])
	switch(agent, ticket, "Email")
	# Before v1.25 Helpdesk mails its notice of the merge as well.
	before = len(mails_to(address))
	assert agent.reply(ticket.name, "<p>By mail</p>", to=address).status_code == 200
	assert len(mails_to(address)) == before + 1


@pytest.mark.parametrize("goes_on", ["SMS", "Email"])
def test_a_merged_text_and_email_ticket_is_reached_in_both_ways(agent, customer, ticket, goes_on):
	by_mail = email_ticket()
	address = by_mail.raised_by
	mail_id = frappe.db.get_value("Communication", {"reference_name": str(by_mail.name)}, "message_id")
	source, target = (by_mail, ticket) if goes_on == "SMS" else (ticket, by_mail)
	merge(agent, source, target)
	assert (source.status, target.twilio_sms_reply_channel) == ("Closed", goes_on)
	both_ways(agent, customer, target, address)
	assert ticket_of(customer.text("By text again")).name == target.name
	mail = mail_answer(mail_id, address)
	assert (mail.reference_doctype, str(mail.reference_name)) == ("HD Ticket", str(target.name))
	frappe.db.rollback()
	assert frappe.db.get_value("HD Ticket", source.name, "status") == "Closed"
	assert frappe.db.get_value("HD Ticket", target.name, "status") != "Closed"


def test_texts_move_into_the_ticket_that_goes_on_with_their_fate_and_files(
	agent, customer, ticket, stack, picture
):
	message = customer.text("Look", media=[("a.png", picture + b"merge")])
	file = eventually(lambda: frappe.db.get_value("Twilio SMS Media", {"parent": message.name}, "file"))
	upload = frappe.get_doc(
		{"doctype": "File", "file_name": "b.png", "content": picture, "is_private": 1}
	).insert()
	frappe.db.set_value("File", upload.name, "owner", agent.user)
	frappe.db.commit()
	agent.reply(ticket.name, "<p>Nice</p>", attachments=[upload.name])
	eventually(lambda: written_in(ticket)[0].status == "Delivered")
	target = ticket_of(customer.text("Other number", to=stack.other_number))
	sent = frappe.db.get_value("Twilio SMS Media", {"parent": written_in(ticket)[0].name}, "file")
	link = media_links.for_customer(sent)
	merge(agent, ticket, target)
	shown = state(agent, target)["messages"]
	assert [row["body"] for row in shown] == ["Hello", "Look", "Nice", "Other number"]
	assert shown[2]["fate"] == "Delivered"
	entries = feed(agent, target)
	assert "<img " in entries[1]["content"] and entries[1]["attachments"] == []
	assert entries[2]["recipients"].endswith("Delivered")
	left = feed(agent, ticket)
	assert left[0]["user"]["email"] == customer.number
	# Whoever reads the ticket reads the files; links that were sent go on working.
	url = frappe.db.get_value("File", file, "file_url")
	attached = {
		"attached_to_doctype": "Communication",
		"attached_to_name": entries[1]["name"],
		"file_url": url,
	}
	assert frappe.db.exists("File", attached)
	assert requests.get(link, timeout=30).status_code == 200


def test_a_text_to_another_customer_in_a_merged_ticket_is_sent_again(agent, stack, customer, ticket, sim):
	"""The ticket's own customer may want no more texts; this one still does."""
	other = Customer(stack)
	source = ticket_of(other.text("Hello"))
	assert agent.reply(source.name, "<p>Hi</p>").status_code == 200
	eventually(lambda: written_in(source)[0].status == "Delivered")
	sim.wait_idle(10)
	(sent,) = written_in(source)
	merge(agent, source, ticket)
	frappe.db.set_value(MESSAGE, sent.name, {"status": "Failed", "twilio_sid": None})
	frappe.db.set_value(CONVERSATION, ticket.twilio_sms_conversation, "may_want_to_stop", 1)
	frappe.db.commit()
	answer = agent.call(f"{API}retry", message=sent.name)
	assert answer.status_code == 200, answer.text


def test_a_text_on_its_way_while_tickets_merge_shows_its_fate_in_the_one_that_goes_on(
	agent, customer, ticket, stack
):
	target = ticket_of(customer.text("Other number", to=stack.other_number))
	with stack.without_worker():
		agent.reply(ticket.name, "<p>Nice</p>")
		merge(agent, ticket, target)
	eventually(lambda: written_in(ticket)[0].status == "Delivered")
	entry = next(entry for entry in feed(agent, target) if "Nice" in entry["content"])
	assert entry["recipients"].endswith("Delivered")
	assert entry["delivery_status"] == ""


def test_merging_two_customers_says_who_is_answered(agent, customer, ticket, stack):
	other = Customer(stack)
	target = ticket_of(other.text("Another customer"))
	merge(agent, ticket, target)
	notes = frappe.get_all("HD Ticket Comment", {"reference_ticket": str(target.name)}, pluck="content")
	assert [note for note in notes if "replies from here go to" in note]
	assert ticket_of(customer.text("And now?")).name == target.name
	assert agent.reply(target.name, "<p>Hi</p>").status_code == 200
	eventually(lambda: [m.body for m in other.inbox()] == ["Hi"])
	assert customer.inbox() == []


def test_pressing_reply_on_another_customers_text_does_not_answer_the_tickets_customer(
	agent, customer, ticket
):
	refused = agent.reply(ticket.name, "<p>Your code is 1234</p>", to="+15035550123")
	assert refused.status_code == 417
	assert "+1 503-555-0123" in told(refused)
	assert written_in(ticket) == []
	assert agent.reply(ticket.name, "<p>Hi</p>", to=customer.number).status_code == 200


@pytest.mark.parametrize("direction", ["Received", "Sent"])
def test_a_text_that_is_written_during_a_merge_is_in_the_ticket_that_goes_on(
	agent, customer, ticket, stack, direction
):
	target = ticket_of(Customer(stack).text("Another customer"))
	# From here on this transaction sees the tickets as they are now.
	assert not frappe.get_doc("HD Ticket", ticket.name).is_merged
	merged = {"source": str(ticket.name), "target": str(target.name)}
	assert agent.call(f"{HELPDESK}merge_ticket", **merged).status_code == 200
	entry = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_medium": "SMS",
			"sent_or_received": direction,
			"subject": "Late",
			"content": "Late",
			"reference_doctype": "HD Ticket",
			"reference_name": ticket.name,
			"phone_no": customer.number,
		}
	).insert(ignore_permissions=True)
	frappe.db.commit()
	where = frappe.db.get_value("Communication", entry.name, "reference_name")
	assert str(where) == str(target.name)


def test_a_request_that_is_repeated_after_a_merge_sends_nothing_twice(agent, customer, ticket, stack):
	ask = {"ticket": ticket.name, "message": "Once", "request_id": frappe.generate_hash()}
	first = agent.call(f"{API}reply", **ask).json()["message"]["message"]
	merge(agent, ticket, ticket_of(Customer(stack).text("Another customer")))
	again = agent.call(f"{API}reply", **ask)
	assert again.status_code == 200, again.text
	assert again.json()["message"]["message"] == first
	eventually(lambda: [m.body for m in customer.inbox()] == ["Once"])
	assert frappe.db.count(MESSAGE, {"customer_number": customer.number, "direction": "Outbound"}) == 1


def test_a_reply_in_a_merged_ticket_is_written_in_the_one_that_goes_on(agent, customer, ticket, stack):
	other = Customer(stack)
	target = ticket_of(other.text("Another customer"))
	merge(agent, ticket, target)
	assert agent.reply(ticket.name, "<p>By the box</p>").status_code == 200
	answer = agent.call(f"{API}reply", ticket=ticket.name, message="By the composer")
	assert answer.status_code == 200, answer.text
	eventually(lambda: [m.body for m in customer.inbox()] == ["By the box", "By the composer"])
	assert other.inbox() == []
	where = {
		str(frappe.db.get_value("Communication", row.communication, "reference_name"))
		for row in written_in(ticket)
	}
	assert where == {str(target.name)}


def test_a_merged_ticket_is_not_split(agent, customer, ticket, stack):
	second = customer.text("Another matter")
	target = ticket_of(customer.text("Other number", to=stack.other_number))
	original = second.communication
	merge(agent, ticket, target)
	refused = agent.call(f"{HELPDESK}split_ticket", subject="Other", communication_id=original)
	assert refused.status_code == 417, refused.text
	assert f"ticket {target.name}" in told(refused)
	frappe.db.rollback()
	assert not frappe.db.exists("HD Ticket", {"ticket_split_from": ticket.name})
	copy = frappe.db.get_value(MESSAGE, second.name, "communication")
	answer = agent.call(f"{HELPDESK}split_ticket", subject="Other", communication_id=copy)
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	assert str(frappe.db.get_value("Communication", copy, "reference_name")) == str(answer.json()["message"])


def test_a_report_that_comes_while_tickets_merge_shows_in_the_copy(agent, customer, ticket, stack):
	"""The copy is made before the report is written down, and the message gets it after."""
	from twilio_sms_channel.messaging.delivery import message_status
	from twilio_sms_channel.overrides.helpdesk import merging

	with stack.without_worker():
		agent.reply(ticket.name, "<p>Nice</p>")
		(row,) = written_in(ticket)
		target = frappe.get_doc(
			{"doctype": "HD Ticket", "subject": "Goes on", "contact": ticket.contact}
		).insert()
		original = frappe.get_doc("Communication", row.communication)
		copy = frappe.copy_doc(original)
		copy.update({"reference_name": str(target.name), "docstatus": 0})
		copy.db_insert()
		frappe.db.set_value("Communication", copy.name, "creation", original.creation, update_modified=False)
		message_status.transition(row.name, "Delivered")
		assert frappe.db.get_value("Communication", copy.name, "delivery_status") == "Sending"
		merging._move_messages(str(ticket.name), str(target.name))
		assert frappe.db.get_value("Communication", copy.name, "delivery_status") == ""
		frappe.db.rollback()


def test_a_report_is_shown_where_the_message_is_by_then(agent, customer, ticket, stack):
	"""A worker or a callback has looked the Communication up, and a merge has moved the message since."""
	target = ticket_of(customer.text("Other number", to=stack.other_number))
	with stack.without_worker():
		agent.reply(ticket.name, "<p>Nice</p>")
		(row,) = written_in(ticket)
		# This transaction has begun to look before the merge.
		assert frappe.db.get_value(MESSAGE, row.name, "communication") == row.communication
		answer = agent.call(f"{HELPDESK}merge_ticket", source=str(ticket.name), target=str(target.name))
		assert answer.status_code == 200, answer.text
	eventually(lambda: written_in(ticket)[0].status == "Delivered")
	moved = written_in(ticket)[0].communication
	assert moved != row.communication
	assert frappe.db.get_value("Communication", moved, "delivery_status") == ""
