"""What Communications do to their ticket, and what Frappe accepts as a Communication."""

import frappe
import pytest
from frappe.desk.form import assign_to
from helpdesk_records import make_ticket, read_ticket
from helpdesk_versions import (
	KEEPS_RESPONSE_TIMES,
	STATUSES_ARE_DOCUMENTS,
	expected_reopen_status,
	set_statuses,
)
from records import CUSTOMER_NUMBER, acting_as, communications_of, make_communication

pytestmark = pytest.mark.usefixtures("settings")

NOT_AN_ADDRESS = (CUSTOMER_NUMBER, f"SMS {CUSTOMER_NUMBER}")


@pytest.fixture
def ticket():
	return make_ticket()


def resolve(ticket) -> None:
	ticket = read_ticket(ticket.name)
	ticket.status = "Resolved"
	ticket.save()


def notified_about(ticket) -> list[str]:
	"""Who got a notification that a ticket was reopened."""
	return frappe.get_all(
		"HD Notification",
		filters={"reference_ticket": ticket.name, "notification_type": "Reaction"},
		pluck="user_to",
	)


def test_a_received_text_reopens_the_ticket(ticket):
	set_statuses(new="Open", reopened="Replied")
	resolve(ticket)
	make_communication(ticket)
	assert read_ticket(ticket.name).status == "Open"


def test_after_an_answer_it_reopens_with_the_reopening_status(ticket):
	set_statuses(new="Open", reopened="Replied")
	make_communication(ticket, "Sent")
	resolve(ticket)
	make_communication(ticket)
	assert read_ticket(ticket.name).status == expected_reopen_status("Replied")


def test_an_automatic_message_counts_as_an_answer_there(ticket):
	set_statuses(new="Open", reopened="Replied")
	make_communication(ticket, "Sent", communication_type="Automated Message")
	resolve(ticket)
	make_communication(ticket)
	assert read_ticket(ticket.name).status == expected_reopen_status("Replied")
	if STATUSES_ARE_DOCUMENTS:
		assert read_ticket(ticket.name).has_agent_replied


def test_received_texts_are_timed(ticket):
	make_communication(ticket)
	ticket = read_ticket(ticket.name)
	assert not ticket.first_responded_on
	if KEEPS_RESPONSE_TIMES:
		assert ticket.last_customer_response
		assert not ticket.last_agent_response


def test_answers_are_timed(ticket):
	make_communication(ticket, "Sent")
	ticket = read_ticket(ticket.name)
	assert ticket.first_responded_on
	if KEEPS_RESPONSE_TIMES:
		assert ticket.last_agent_response
		assert not ticket.last_customer_response


def test_automatic_messages_are_no_answers(ticket):
	before = read_ticket(ticket.name).modified
	make_communication(ticket, "Sent", communication_type="Automated Message")
	ticket = read_ticket(ticket.name)
	if KEEPS_RESPONSE_TIMES:
		assert not ticket.first_responded_on
		assert not ticket.last_agent_response
		assert ticket.modified == before
	else:
		assert ticket.first_responded_on


def test_an_answer_changes_the_status_only_where_the_settings_say_so(ticket, settings):
	make_communication(ticket, "Sent")
	assert read_ticket(ticket.name).status == "Open"
	settings(auto_update_status=1, update_status_to="Replied")
	make_communication(ticket, "Sent")
	assert read_ticket(ticket.name).status == "Replied"


def test_every_save_of_a_communication_tells_the_ticket_again(ticket):
	communication = make_communication(ticket)
	resolve(ticket)
	frappe.get_doc("Communication", communication.name).save()
	assert read_ticket(ticket.name).status == "Open"


def test_a_communication_in_hand_cannot_be_saved_after_another_change_of_its_ticket(ticket):
	"""Frappe keeps the ticket in the Communication that it was inserted with. For texts this app reads it again."""
	communication = make_communication(ticket, communication_medium="Chat")
	resolve(ticket)
	with pytest.raises(frappe.TimestampMismatchError):
		communication.save()


def test_db_set_on_a_communication_does_not(ticket):
	communication = make_communication(ticket)
	resolve(ticket)
	communication.db_set("delivery_status", "Sent")
	frappe.db.set_value("Communication", communication.name, "delivery_status", "Read")
	assert read_ticket(ticket.name).status == "Resolved"


def test_the_ticket_is_saved_with_the_permissions_of_the_user(ticket, stranger):
	"""Why texts are put into tickets as Administrator; what fails for a text holds it up no more."""
	for user in (stranger, "Guest"):
		with acting_as(user), pytest.raises(frappe.PermissionError):
			make_communication(ticket, communication_medium="Chat")


def test_a_ticket_in_hand_is_stale_after_a_communication(ticket):
	ticket = read_ticket(ticket.name)
	make_communication(ticket, "Sent")
	with pytest.raises(frappe.TimestampMismatchError):
		ticket.save()
	ticket.db_set("resolution_details", "still possible")


def test_nobody_is_notified_of_a_text_in_an_open_ticket(plumbers, grace):
	"""Why the channel tells the assigned agent itself."""
	ticket = make_ticket(agent_group=plumbers)
	assert grace in frappe.db.get_value("HD Ticket", ticket.name, "_assign")
	make_communication(ticket)
	assert notified_about(ticket) == []


def test_the_assigned_agent_is_notified_of_a_text_that_reopens(plumbers, grace):
	set_statuses(new="Open", reopened="Open")
	ticket = make_ticket(agent_group=plumbers)
	resolve(ticket)
	# Assignment rules may have let go of the resolved ticket.
	assign_to.add({"assign_to": [grace], "doctype": "HD Ticket", "name": str(ticket.name)})
	make_communication(ticket)
	assert notified_about(ticket) == [grace]


def test_an_answer_in_the_portal_is_an_email_and_reopens(ticket, carol):
	ticket.db_set("raised_by", carol)
	resolve(ticket)
	with acting_as(carol):
		read_ticket(ticket.name).create_communication_via_contact("<p>Still drips</p>")
	(communication,) = communications_of(ticket)
	assert communication.communication_medium == "Email"
	assert communication.sent_or_received == "Received"
	assert communication.sender == carol
	assert read_ticket(ticket.name).status == "Open"


def test_the_first_text_becomes_the_description(ticket):
	make_communication(ticket, content="It drips")
	make_communication(ticket, content="Louder now")
	assert "It drips" in read_ticket(ticket.name).description


def test_sms_is_a_medium():
	assert "SMS" in frappe.get_meta("Communication").get_field("communication_medium").options.split("\n")


@pytest.mark.parametrize("direction", ["Received", "Sent"])
def test_a_communication_needs_no_sender(ticket, direction):
	communication = make_communication(ticket, direction, sender=None)
	assert not frappe.db.get_value("Communication", communication.name, "sender")


def test_guest_is_stored_as_no_sender(ticket):
	assert not make_communication(ticket, sender="Guest").sender


@pytest.mark.parametrize("sender", NOT_AN_ADDRESS)
def test_a_phone_number_is_no_sender_of_an_answer(ticket, sender):
	with pytest.raises(frappe.InvalidEmailAddressError):
		make_communication(ticket, "Sent", sender=sender)


def test_the_senders_full_name_is_kept_without_a_sender(ticket):
	communication = make_communication(ticket, sender=None, sender_full_name="Ada Lovelace")
	assert frappe.db.get_value("Communication", communication.name, "sender_full_name") == "Ada Lovelace"


def test_a_phone_number_fits_into_phone_no(ticket):
	assert make_communication(ticket, phone_no=CUSTOMER_NUMBER).phone_no == CUSTOMER_NUMBER


def test_delivered_is_no_delivery_status(ticket):
	with pytest.raises(frappe.ValidationError):
		make_communication(ticket, "Sent", delivery_status="Delivered")


@pytest.mark.parametrize("status", ["Sending", "Sent", "Read", "Error"])
def test_delivery_statuses_that_frappe_knows(ticket, status):
	assert make_communication(ticket, "Sent", delivery_status=status).delivery_status == status


def test_pictures_survive_the_sanitizer_and_escaped_text_stays_escaped(ticket):
	content = make_communication(ticket, content='<img src="https://example.com/x.png">&lt;b&gt;').content
	assert "<img" in content
	assert "&lt;b&gt;" in content
