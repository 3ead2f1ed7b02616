"""What Helpdesk does with an e-mail ticket it does with a text ticket: bulk reply, SLA, assignment, notes, splitting."""

import frappe
import pytest
from support.stack import Customer, eventually, lifted, ticket_of
from support.tickets import (
	CONVERSATION,
	HELPDESK,
	email_ticket,
	feed_of,
	mails_to,
	received,
	state,
	told,
	written_in,
)

from twilio_sms_channel.messaging.outbound import outbox

pytestmark = pytest.mark.helpdesk
BULK_REPLY = "helpdesk.api.ticket.bulk_reply"


def test_a_bulk_reply_goes_out_by_each_tickets_channel_and_says_what_did_not(agent, stack, sim, picture):
	ticket_api = pytest.importorskip("helpdesk.api.ticket")
	if not hasattr(ticket_api, "bulk_reply"):
		pytest.skip("Helpdesk before v1.26 has no bulk reply")
	customers = [Customer(stack) for _ in range(3)]
	tickets = [ticket_of(one.text("Hello")) for one in customers]
	customers[1].text("STOP")
	by_mail = email_ticket()
	upload = frappe.get_doc(
		{"doctype": "File", "file_name": "map.png", "content": picture + b"map", "is_private": 1}
	).insert()
	frappe.db.set_value("File", upload.name, "owner", agent.user)
	frappe.db.commit()
	names = [str(ticket.name) for ticket in (*tickets, by_mail)]
	answer = agent.call(BULK_REPLY, ticket_ids=names, message="<p>We moved</p>", attachments=[upload.name])
	assert answer.status_code == 200, answer.text
	assert "opted out" in told(answer)
	for customer in (customers[0], customers[2]):
		eventually(lambda customer=customer: [m.body for m in customer.inbox()] == ["We moved"])
		eventually(lambda customer=customer: len(customer.inbox()[0].media) == 1)
	assert customers[1].inbox() == []
	assert len(mails_to(by_mail.raised_by)) == 1
	notes = frappe.get_all("HD Ticket Comment", {"reference_ticket": names[1]}, pluck="content")
	assert len(notes) == 1 and "opted out" in notes[0] and "We moved" in notes[0]
	assert not frappe.get_all("HD Ticket Comment", {"reference_ticket": names[0]})
	assert written_in(tickets[1]) == []


def facts(ticket, *fields) -> list:
	frappe.db.rollback()
	row = frappe.db.get_value("HD Ticket", ticket.name, fields, as_dict=True)
	return [row[field] for field in fields]


def test_an_agents_text_is_the_first_response_and_an_automatic_text_is_none(agent, customer, ticket):
	assert facts(ticket, "first_responded_on") == [None]
	conversation = frappe.get_doc(CONVERSATION, ticket.twilio_sms_conversation)
	outbox.write_automatic(conversation, "You will get no more messages")
	frappe.db.commit()
	assert facts(ticket, "first_responded_on") == [None]
	assert agent.reply(ticket.name, "<p>Hi</p>").status_code == 200
	(first,) = facts(ticket, "first_responded_on")
	assert first
	assert agent.reply(ticket.name, "<p>Are you there?</p>").status_code == 200
	assert facts(ticket, "first_responded_on") == [first]


CLOCKS = (
	"first_responded_on",
	"resolution_date",
	"on_hold_since",
	"last_agent_response",
	"last_customer_response",
)


def test_the_clocks_of_a_text_ticket_run_as_those_of_an_email_ticket(agent, customer, ticket):
	"""Reply, wait for the customer, the customer answers, solved, the customer answers again."""
	by_mail = email_ticket()
	present = [field for field in CLOCKS if frappe.get_meta("HD Ticket").has_field(field)]

	def both(by_text, by_email):
		by_text(), by_email()
		told_apart = []
		for each in (ticket, by_mail):
			status, agreement, *clocks = facts(each, "status", "agreement_status", *present)
			told_apart.append((status, agreement, [bool(clock) for clock in clocks]))
		assert told_apart[0] == told_apart[1]
		return told_apart[0][0]

	def set_status(each, status):
		each.reload()
		each.status = status
		each.save()
		frappe.db.commit()

	both(
		lambda: agent.reply(ticket.name, "<p>Hi</p>"),
		lambda: agent.reply(by_mail.name, "<p>Hi</p>", to=by_mail.raised_by),
	)
	waiting = both(lambda: set_status(ticket, "Replied"), lambda: set_status(by_mail, "Replied"))
	assert waiting == "Replied"
	reopened = both(lambda: customer.text("No"), lambda: received(by_mail, "No"))
	assert reopened == "Open"
	both(lambda: set_status(ticket, "Resolved"), lambda: set_status(by_mail, "Resolved"))
	assert both(lambda: customer.text("Broken again"), lambda: received(by_mail, "Broken again")) == "Open"
	assert facts(ticket, "resolution_date") == facts(by_mail, "resolution_date") == [None]


def test_a_text_ticket_is_assigned_and_noted_without_a_text(agent, bob, customer, ticket):
	for method, args in (
		("assign_agent", {"agent": bob.user}),
		("new_comment", {"content": "<p>He is angry</p>"}),
	):
		answer = agent.call("run_doc_method", dt="HD Ticket", dn=str(ticket.name), method=method, args=args)
		assert answer.status_code == 200, answer.text
	ticket.reload()
	assert bob.user in frappe.parse_json(facts(ticket, "_assign")[0])
	assert [note["content"] for note in feed_of(agent, ticket)["comments"]] == ["<p>He is angry</p>"]
	assert written_in(ticket) == [] == customer.inbox()
	customer.text("Hello?")
	frappe.db.rollback()
	about = {"document_type": "HD Ticket", "document_name": str(ticket.name), "for_user": bob.user}
	assert frappe.db.exists("Notification Log", {**about, "type": "Alert"})


def test_splitting_moves_the_texts_with_their_state_and_lines(agent, customer, ticket):
	other = customer.text("Another matter")
	customer.text("STOP")
	customer.text_after_stop()
	lifted(ticket)
	assert agent.reply(ticket.name, "<p>About the other matter</p>").status_code == 200
	eventually(lambda: written_in(ticket)[0].status == "Delivered")
	answer = agent.call(f"{HELPDESK}split_ticket", subject="Other", communication_id=other.communication)
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	new = frappe.get_doc("HD Ticket", str(answer.json()["message"]))
	shown = state(agent, new)
	assert [row["body"] for row in shown["messages"]] == [
		"Another matter",
		"STOP",
		"START",
		"About the other matter",
	]
	assert shown["messages"][-1]["fate"] == "Delivered"
	assert (shown["channel"], shown["can_text"]) == ("SMS", True)
	assert [line["what"].split(" opted ")[1] for line in shown["events"]] == [
		"out of text messages",
		"in to text messages again",
	]
	assert [row["body"] for row in state(agent, ticket)["messages"]] == ["Hello"]
	assert agent.reply(new.name, "<p>More</p>").status_code == 200
	eventually(lambda: [m.body for m in customer.inbox()][-1] == "More")
	assert frappe.db.get_value("HD Ticket", new.name, "first_responded_on")
