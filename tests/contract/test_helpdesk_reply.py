"""`reply_via_agent`: the reply box, and what else Helpdesk sends through it."""

import inspect

import frappe
import pytest
from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import HDTicket
from helpdesk_records import make_ticket, read_ticket
from helpdesk_versions import (
	REPLY_CAN_OPEN,
	REPLY_NEEDS_RECIPIENT,
	REPLY_REFUSES_CUSTOMERS,
	REPLY_TAKES_SENDER,
)
from records import acting_as, communications_of, make_communication, make_file

pytestmark = pytest.mark.usefixtures("settings")

CUSTOMER = "ada@example.com"


@pytest.fixture
def ticket():
	"""A ticket with a text in it."""
	ticket = make_ticket(raised_by=CUSTOMER)
	make_communication(ticket)
	return read_ticket(ticket.name)


def queued_for(communication: str) -> list[str]:
	"""Who gets the mail of a Communication."""
	queues = frappe.get_all("Email Queue", filters={"communication": communication}, pluck="name")
	return (
		frappe.get_all("Email Queue Recipient", filters={"parent": ("in", queues)}, pluck="recipient")
		if queues
		else []
	)


def test_signature():
	parameters = list(inspect.signature(HDTicket.reply_via_agent).parameters)
	assert parameters[:2] == ["self", "message"]
	rest = ["to", "cc", "bcc", "attachments"]
	assert parameters[2:] == (["from_email", *rest] if REPLY_TAKES_SENDER else rest)


def test_the_screen_may_call_it_as_document_method(ticket):
	ticket.is_whitelisted("reply_via_agent")


@pytest.mark.usefixtures("outgoing_account")
def test_it_writes_a_sent_communication(ticket, grace):
	with acting_as(grace):
		ticket.reply_via_agent(message="<p>On our way</p>", to=CUSTOMER, cc="", bcc="")
	(reply,) = communications_of(ticket, sent_or_received="Sent")
	assert reply.communication_type == "Communication"
	assert reply.communication_medium == "Email"
	assert reply.recipients == CUSTOMER
	assert reply.sender == reply.user == grace
	assert reply.subject == "Re: No water"
	assert "On our way" in reply.content


@pytest.mark.usefixtures("outgoing_account")
def test_it_mails_the_reply(ticket):
	ticket.reply_via_agent(message="<p>On our way</p>", to=CUSTOMER)
	(reply,) = communications_of(ticket, sent_or_received="Sent")
	assert queued_for(reply.name) == [CUSTOMER]


@pytest.mark.usefixtures("outgoing_account")
def test_without_to_it_is_mailed_to_nobody_or_to_raised_by(ticket):
	ticket.reply_via_agent(message="<p>Merged</p>")
	(reply,) = communications_of(ticket, sent_or_received="Sent")
	assert (reply.recipients or None) == (None if REPLY_NEEDS_RECIPIENT else CUSTOMER)
	assert queued_for(reply.name) == ([] if REPLY_NEEDS_RECIPIENT else [CUSTOMER])


@pytest.mark.usefixtures("outgoing_account")
def test_it_takes_names_of_files_for_the_communication_and_the_ticket(ticket):
	file = make_file()
	ticket.reply_via_agent(message="<p>See there</p>", to=CUSTOMER, attachments=[file.name])
	(reply,) = communications_of(ticket, sent_or_received="Sent")
	for doctype, name in (("Communication", reply.name), ("HD Ticket", str(ticket.name))):
		assert frappe.db.exists(
			"File", {"attached_to_doctype": doctype, "attached_to_name": name, "file_url": file.file_url}
		), doctype


@pytest.mark.usefixtures("no_outgoing_account")
def test_without_an_outgoing_account_it_throws(ticket):
	with pytest.raises(frappe.ValidationError):
		ticket.reply_via_agent(message="<p>On our way</p>", to=CUSTOMER)


@pytest.mark.usefixtures("no_outgoing_account")
def test_without_an_email_workflow_it_needs_no_account(ticket, settings):
	settings(skip_email_workflow=1)
	ticket.reply_via_agent(message="<p>On our way</p>", to=CUSTOMER)
	(reply,) = communications_of(ticket, sent_or_received="Sent")
	assert not reply.communication_medium


@pytest.mark.usefixtures("outgoing_account")
def test_a_ticket_without_communications_takes_no_reply_by_mail_before_v1_28():
	ticket = make_ticket(raised_by=CUSTOMER)
	if REPLY_CAN_OPEN:
		ticket.reply_via_agent(message="<p>Hello</p>", to=CUSTOMER)
	else:
		with pytest.raises(Exception):
			ticket.reply_via_agent(message="<p>Hello</p>", to=CUSTOMER)


def test_a_portal_customer_passes_the_gate_of_document_methods(carol):
	"""Frappe's `run_doc_method` asks for nothing but read and the whitelist."""
	ticket = make_ticket(raised_by=carol)
	with acting_as(carol):
		ticket = read_ticket(ticket.name)
		assert ticket.has_permission("read")
		ticket.is_whitelisted("reply_via_agent")


@pytest.mark.usefixtures("outgoing_account")
def test_a_portal_customer_can_reply_as_an_agent_before_v1_22_2(carol):
	ticket = make_ticket(raised_by=carol)
	make_communication(ticket)
	ticket = read_ticket(ticket.name)
	with acting_as(carol):
		if REPLY_REFUSES_CUSTOMERS:
			with pytest.raises(frappe.PermissionError):
				ticket.reply_via_agent(message="<p>I am the agent</p>", to=carol)
		else:
			ticket.reply_via_agent(message="<p>I am the agent</p>", to=carol)
			assert communications_of(ticket, sent_or_received="Sent")
