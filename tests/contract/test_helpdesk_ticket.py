"""HD Ticket: what it wants, what it fills in by itself, what it refuses."""

import frappe
import pytest
from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import HDTicket
from helpdesk_records import make_ticket, read_ticket
from helpdesk_versions import STATUSES_ARE_DOCUMENTS, link_to_customer, set_statuses, ticket_names_are_numbers
from records import CUSTOMER_NUMBER, acting_as, communications_of, make_contact
from support.people import Person

pytestmark = pytest.mark.usefixtures("settings")


class QuietTicket(HDTicket):
	"""What the channel does for people without e-mail address."""

	def set_raised_by(self):
		pass


def test_only_the_subject_is_mandatory():
	assert [field.fieldname for field in frappe.get_meta("HD Ticket").fields if field.reqd] == ["subject"]
	assert make_ticket().name


def test_an_agent_makes_a_ticket_by_hand(stack, grace):
	made = Person(stack, grace).session.post(
		f"{stack.web}/api/resource/HD Ticket", json={"subject": "Made by hand"}, timeout=30
	)
	assert made.status_code == 200, made.text
	assert made.json()["data"]["subject"] == "Made by hand"


def test_a_ticket_is_found_by_its_name_as_text():
	ticket = make_ticket()
	assert isinstance(ticket.name, int) is ticket_names_are_numbers()
	assert str(frappe.db.get_value("HD Ticket", str(ticket.name))) == str(ticket.name)
	assert read_ticket(ticket.name).subject == ticket.subject


def test_fields_that_the_channel_reads_and_writes_exist():
	meta = frappe.get_meta("HD Ticket")
	for fieldname, fieldtype, options in (
		("subject", "Data", None),
		("raised_by", "Data", "Email"),
		("contact", "Link", "Contact"),
		("customer", "Link", "HD Customer"),
		("agent_group", "Link", "HD Team"),
		("ticket_type", "Link", "HD Ticket Type"),
		("priority", "Link", "HD Ticket Priority"),
		("resolution_date", "Datetime", None),
		("is_merged", "Check", None),
		("merged_with", "Link", "HD Ticket"),
		("ticket_split_from", "Link", "HD Ticket"),
		("via_customer_portal", "Check", None),
	):
		field = meta.get_field(fieldname)
		assert (field.fieldtype, field.options or None) == (fieldtype, options), fieldname
	status = meta.get_field("status")
	if STATUSES_ARE_DOCUMENTS:
		assert status.options == "HD Ticket Status"
		assert meta.has_field("status_category")
	else:
		assert status.options.split() == ["Open", "Replied", "Resolved", "Closed"]


def test_methods_that_the_channel_overrides_exist():
	for method in (
		"set_raised_by",
		"send_acknowledgement_email",
		"handle_email_feedback",
		"on_communication_update",
		"reply_via_agent",
	):
		assert callable(getattr(HDTicket, method)), method


def test_blank_raised_by_becomes_the_session_user(grace):
	with acting_as(grace):
		assert make_ticket().raised_by == grace


def test_raised_by_is_filled_at_every_save(grace):
	with acting_as(grace):
		ticket = read_ticket(make_ticket().name)
		ticket.raised_by = None
		ticket.save()
	assert ticket.raised_by == grace


def test_a_class_whose_set_raised_by_does_nothing_keeps_it_empty():
	new = QuietTicket({"doctype": "HD Ticket", "subject": "No water"}).insert()
	ticket = QuietTicket("HD Ticket", str(new.name))
	ticket.status = "Resolved"
	ticket.save()
	assert not frappe.db.get_value("HD Ticket", ticket.name, "raised_by")


def test_a_phone_number_in_raised_by_is_refused():
	with pytest.raises(frappe.InvalidEmailAddressError):
		make_ticket(raised_by=CUSTOMER_NUMBER)


def test_a_subject_over_140_characters_is_refused():
	assert make_ticket(subject="x" * 140)
	with pytest.raises(frappe.ValidationError):
		make_ticket(subject="x" * 141)


def test_tags_in_a_subject_are_changed():
	assert make_ticket(subject="<b>loud").subject != "<b>loud"


def test_type_priority_and_status_come_from_the_settings(settings):
	frappe.get_doc({"doctype": "HD Ticket Type", "name": "Leak", "__newname": "Leak"}).insert()
	settings(default_ticket_type="Leak", default_priority="High")
	set_statuses(new="Open", reopened="Open")
	ticket = make_ticket()
	assert (ticket.ticket_type, ticket.priority, ticket.status) == ("Leak", "High", "Open")


def test_what_the_number_routes_to_is_kept(plumbers):
	ticket = make_ticket(agent_group=plumbers, ticket_type="Unspecified", priority="Urgent")
	ticket = read_ticket(ticket.name)
	assert (ticket.agent_group, ticket.ticket_type, ticket.priority) == (plumbers, "Unspecified", "Urgent")


def test_there_is_no_default_team():
	assert not make_ticket().agent_group


def test_a_contact_is_found_by_its_email_address():
	contact = make_contact(email_ids=[{"email_id": "ada@example.com", "is_primary": 1}])
	assert make_ticket(raised_by="ada@example.com").contact == contact.name
	assert make_ticket(raised_by="Ada <ada@example.com>").contact == contact.name


def test_a_contact_needs_no_email_address():
	contact = make_contact()
	ticket = make_ticket(contact=contact.name)
	assert read_ticket(ticket.name).contact == contact.name


def test_the_customer_comes_from_the_contact(settings):
	# Up to v1.27 always; the switch came with v1.28.
	settings(auto_set_customer_from_contact=1)
	named = f"Analytical Engines {frappe.generate_hash(length=6)}"
	customer = frappe.get_doc({"doctype": "HD Customer", "customer_name": named}).insert()
	contact = make_contact()
	link_to_customer(contact.name, customer.name)
	assert make_ticket(contact=contact.name).customer == customer.name


def test_a_description_becomes_an_email_of_the_session_user():
	ticket = make_ticket(description="<p>It drips</p>")
	(communication,) = communications_of(ticket)
	assert communication.communication_medium == "Email"
	assert communication.sent_or_received == "Received"
	assert communication.sender == frappe.db.get_value("User", "Administrator", "email")
	assert "It drips" in communication.content


def test_without_a_description_there_is_no_communication():
	assert communications_of(make_ticket()) == []


@pytest.mark.usefixtures("no_outgoing_account")
def test_an_acknowledgement_that_cannot_be_sent_aborts_the_ticket(settings):
	settings(send_acknowledgement_email=1)
	with pytest.raises(Exception):
		make_ticket(raised_by="ada@example.com")


@pytest.mark.usefixtures("no_outgoing_account")
def test_tickets_of_the_portal_are_not_acknowledged(settings):
	settings(send_acknowledgement_email=1)
	assert make_ticket(via_customer_portal=1).name


@pytest.mark.usefixtures("no_outgoing_account")
def test_a_question_for_feedback_that_cannot_be_sent_aborts_the_change_of_status(settings):
	settings(enable_email_ticket_feedback=1, send_email_feedback_on_status="Closed")
	ticket = read_ticket(make_ticket(raised_by="ada@example.com").name)
	ticket.status = "Closed"
	with pytest.raises(Exception):
		ticket.save()


def test_a_new_ticket_is_read_again_before_it_is_saved_again():
	"""Its `key` is a UUID in memory and text in the database, and may not change."""
	ticket = make_ticket()
	with pytest.raises(frappe.CannotChangeConstantError):
		ticket.save()
	read_ticket(ticket.name).save()


def test_resolving_notes_when():
	ticket = read_ticket(make_ticket().name)
	ticket.status = "Resolved"
	ticket.save()
	assert frappe.db.get_value("HD Ticket", ticket.name, "resolution_date")


# --- what names somebody who is gone --------------------------------------------------------------------------------


def test_a_ticket_whose_team_is_gone_is_saved_only_when_links_are_ignored():
	ticket = make_ticket()
	ticket.db_set("agent_group", "No Such Team")
	again = read_ticket(ticket.name)
	with pytest.raises(frappe.LinkValidationError):
		again.save()
	again = read_ticket(ticket.name)
	again.flags.ignore_links = True
	again.save()


def test_a_notification_to_somebody_who_is_gone_is_refused(grace):
	ticket = make_ticket(raised_by="ada@example.com")
	with pytest.raises(frappe.LinkValidationError):
		read_ticket(ticket.name).notify_agent("nobody@example.com", "Reaction")
