"""Lines of history, several tickets at once, and what is there when a merged ticket is saved."""

import frappe
import pytest
from frappe.model.document import get_controller
from helpdesk.helpdesk.doctype.hd_ticket.api import merge_ticket
from helpdesk.helpdesk.doctype.hd_ticket_activity.hd_ticket_activity import log_ticket_activity
from helpdesk_records import make_ticket
from helpdesk_versions import HAS_BULK_REPLY, feed
from records import acting_as, communications_of, make_communication

pytestmark = pytest.mark.usefixtures("settings", "outgoing_account")


def test_a_line_of_history_shows_who_did_what_when(grace):
	ticket = make_ticket(raised_by="ada@example.com")
	with acting_as(grace):
		log_ticket_activity(str(ticket.name), "opted out of text messages")
	row = next(row for row in feed(ticket.name)["history"] if "opted out" in row["action"])
	assert row["action"] == "opted out of text messages"
	assert row["user"]["name"] == "Grace Hopper"
	assert row["creation"]


def test_customers_get_no_history(carol):
	ticket = make_ticket(raised_by=carol)
	log_ticket_activity(str(ticket.name), "opted out of text messages")
	with acting_as(carol):
		assert feed(ticket.name)["history"] == []


def test_a_merged_ticket_is_saved_after_its_communications_were_copied(monkeypatch):
	source, target = make_ticket(subject="A"), make_ticket(subject="B")
	original = make_communication(source, content="one")
	seen = []
	on_update = get_controller("HD Ticket").on_update

	def look(ticket):
		if ticket.is_merged:
			seen.extend(communications_of(target))
		return on_update(ticket)

	monkeypatch.setattr(get_controller("HD Ticket"), "on_update", look)
	monkeypatch.setattr(get_controller("HD Ticket"), "reply_via_agent", lambda *args, **kwargs: None)
	merge_ticket(source.name, target.name)
	assert [(row.content, row.sent_or_received) for row in seen] == [("one", "Received")]
	assert str(seen[0].creation) == str(frappe.db.get_value("Communication", original.name, "creation"))


def test_a_bulk_reply_goes_on_when_one_ticket_refuses(monkeypatch):
	if not HAS_BULK_REPLY:
		pytest.skip("Helpdesk before v1.26 has no bulk reply")
	from helpdesk.api.ticket import bulk_reply

	frappe.clear_messages()
	tickets = [make_ticket(raised_by="ada@example.com") for _ in range(2)]
	asked = []

	def refuse(ticket, message, **kwargs):
		asked.append((str(ticket.name), message, kwargs["to"]))
		frappe.throw("Opted out")

	monkeypatch.setattr(get_controller("HD Ticket"), "reply_via_agent", refuse)
	bulk_reply([str(ticket.name) for ticket in tickets], "<p>Hi</p>")
	assert sorted(asked) == sorted((str(ticket.name), "<p>Hi</p>", "ada@example.com") for ticket in tickets)
	# The agent's screen shows these although the request went well.
	assert str(frappe.local.message_log).count("Opted out") == 2
	frappe.clear_messages()
