"""The activity feed, and what else the agent screen reads of a ticket."""

import frappe
import pytest
from helpdesk.helpdesk.doctype.hd_ticket import api
from helpdesk_records import make_ticket, read_ticket
from helpdesk_versions import FEED_IS_SEPARATE, feed
from records import CUSTOMER_NUMBER, acting_as, make_communication, make_contact, make_file

pytestmark = pytest.mark.usefixtures("settings")


@pytest.fixture
def ticket():
	return make_ticket(raised_by="ada@example.com")


def entries(ticket) -> list[dict]:
	return feed(ticket.name)["communications"]


def test_get_one_can_be_called_by_the_screen():
	assert api.get_one in frappe.whitelisted
	if FEED_IS_SEPARATE:
		assert api.get_ticket_activities in frappe.whitelisted


def test_parts_of_the_feed(ticket):
	assert {"comments", "communications", "history", "views"} <= set(feed(ticket.name))


@pytest.mark.parametrize("medium", ["SMS", "Email", "Phone", "Other", ""])
def test_communications_of_every_medium_show(ticket, medium):
	communication = make_communication(ticket, communication_medium=medium, sender="ada@example.com")
	assert [entry["name"] for entry in entries(ticket)] == [communication.name]


def test_an_entry_has_what_the_channel_changes(ticket):
	communication = make_communication(ticket, "Sent", delivery_status="Sending", sender=None)
	(entry,) = entries(ticket)
	assert {
		"attachments",
		"communication_date",
		"content",
		"creation",
		"delivery_status",
		"name",
		"recipients",
		"sender",
		"subject",
		"user",
	} <= set(entry)
	assert entry["delivery_status"] == "Sending"
	assert entry["content"] == communication.content
	assert str(entry["creation"]) == str(communication.creation)


def test_the_user_of_an_entry_is_the_senders(ticket, grace):
	make_communication(ticket, "Sent", sender=grace)
	(entry,) = entries(ticket)
	assert set(entry["user"]) == {"name", "email", "image"}
	if entry.get("sent_or_received") == "Received" or not FEED_IS_SEPARATE:
		assert entry["user"]["email"] == grace


def test_an_agents_answer_is_labelled_with_the_agent(ticket, grace):
	with acting_as(grace):
		make_communication(ticket, "Sent", sender=grace)
	(entry,) = entries(ticket)
	assert entry["user"]["name"] == "Grace Hopper"
	assert entry["user"]["email"] == grace


def test_a_text_without_sender_has_nobody_as_user(ticket):
	make_communication(ticket, sender=None, sender_full_name="Ada Lovelace", phone_no=CUSTOMER_NUMBER)
	(entry,) = entries(ticket)
	assert not (entry["user"] or {}).get("name")


def test_entries_are_in_order_of_creation(ticket):
	names = [make_communication(ticket, content=text).name for text in ("one", "two", "three")]
	for minute, name in enumerate(reversed(names)):
		frappe.db.set_value(
			"Communication", name, "creation", f"2024-01-01 10:0{minute}:00", update_modified=False
		)
	assert [entry["name"] for entry in entries(ticket)] == names[::-1]


def test_files_of_the_communication_are_its_attachments(ticket):
	communication = make_communication(ticket)
	file = make_file(attached_to_doctype="Communication", attached_to_name=communication.name)
	(entry,) = entries(ticket)
	(attachment,) = entry["attachments"]
	assert {"name", "file_url", "file_name"} <= set(attachment)
	assert attachment["file_url"] == file.file_url


def test_attachments_that_come_after_the_first_look_are_not_seen(ticket):
	communication = make_communication(ticket)
	assert entries(ticket)[0]["attachments"] == []
	make_file(attached_to_doctype="Communication", attached_to_name=communication.name)
	assert entries(ticket)[0]["attachments"] == []


def test_the_feed_is_refused_to_strangers(ticket, stranger):
	with acting_as(stranger), pytest.raises(frappe.PermissionError):
		feed(ticket.name)


def test_a_ticket_with_neither_contact_nor_raised_by_breaks_the_screen(ticket):
	ticket.db_set({"raised_by": None, "contact": None})
	with pytest.raises(AttributeError):
		api.get_one(str(ticket.name))


def test_a_contact_is_enough_for_the_screen(ticket):
	ticket.db_set({"raised_by": None, "contact": make_contact().name})
	shown = api.get_one(str(ticket.name))
	assert shown["contact"]["name"] == ticket.contact
	assert shown["contact"]["mobile_no"] == CUSTOMER_NUMBER
	assert shown["name"] == read_ticket(ticket.name).name
	assert {"_form_script", "template", "fields", "tags"} <= set(shown)


def test_custom_fields_of_the_ticket_come_along(ticket):
	ticket.db_set("resolution_details", "any column of the table")
	assert api.get_one(str(ticket.name))["resolution_details"] == "any column of the table"
