"""What each ticket system has to bring, and what a site gets and loses with it."""

import frappe
import pytest
from support.reply_box import conversation_with

from twilio_sms_channel.desks.base import Desk, TextTicket
from twilio_sms_channel.desks.registry import SYSTEMS, NoDesk, default_desk, desk_of, desks, ticket_doctypes

FIELDS_OF_A_TICKET = [name for name in TextTicket.__annotations__ if name not in ("name", "doctype")]


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.app)
def test_a_system_is_known_while_its_app_is_not_there(system):
	parts = system.added
	assert parts.FIELDS and callable(parts.join) and callable(parts.leave)
	assert all(field["fieldname"] for fields in parts.FIELDS.values() for field in fields)


def test_the_sites_desks_are_whole(stack):
	assert default_desk().doctype == ticket_doctypes()[0]
	for desk, doctype in zip(desks(), ticket_doctypes(), strict=True):
		assert isinstance(desk, Desk) and desk.doctype == doctype
		assert type(desk_of(doctype)) is type(desk)
		assert frappe.db.table_exists(desk.doctype)
		assert not desk.team_doctype or frappe.db.table_exists(desk.team_doctype)


@pytest.mark.parametrize("doctype", ["User", "", None])
def test_what_is_no_ticket_has_no_desk(stack, doctype):
	with pytest.raises(NoDesk, match=ticket_doctypes()[0]):
		desk_of(doctype)


def test_a_ticket_has_all_that_the_channel_needs_of_one(stack):
	ticket = frappe.get_doc(default_desk().doctype, conversation_with(stack).ticket)
	assert isinstance(ticket, TextTicket)
	assert not [field for field in FIELDS_OF_A_TICKET if not ticket.meta.has_field(field)]
	assert ticket.is_text_ticket and ticket.replies_by_text
