"""What tickets show of their conversation, in fields of their own: lists of tickets are filtered by these."""

from collections.abc import Iterable

import frappe
from frappe.query_builder.functions import IfNull

from twilio_sms_channel.desks.registry import ticket_doctypes
from twilio_sms_channel.desks.ticket_fields import OPTED_OUT, REGION

CONVERSATION = "Twilio SMS Conversation"


def put(ticket) -> None:
	"""Have a ticket that is about to be saved say what its conversation says, whatever somebody else wrote there.

	:param ticket: its document
	"""
	name = ticket.get("twilio_sms_conversation")
	found = frappe.db.get_value(CONVERSATION, name, ["opted_out", "region"], as_dict=True) if name else None
	marks = found or frappe._dict()
	ticket.update({OPTED_OUT: marks.opted_out or 0, REGION: marks.region})


def follow(conversations: Iterable[str] | None = None) -> None:
	"""Bring the tickets of these conversations, by their names, into step; of all when left out."""
	for doctype in ticket_doctypes():
		for row in _behind(doctype, conversations):
			marks = {OPTED_OUT: row.opted_out or 0, REGION: row.region}
			# A form that is open does not have to be read again for it, and `put` keeps it from writing the old ones.
			frappe.db.set_value(doctype, row.name, marks, update_modified=False)


def _behind(doctype: str, conversations: Iterable[str] | None) -> list:
	Ticket, Conversation = frappe.qb.DocType(doctype), frappe.qb.DocType(CONVERSATION)
	query = (
		frappe.qb.from_(Conversation)
		.join(Ticket)
		.on(Ticket.twilio_sms_conversation == Conversation.name)
		.select(Ticket.name, Conversation.opted_out, Conversation.region)
		.where(
			(IfNull(Ticket[OPTED_OUT], 0) != IfNull(Conversation.opted_out, 0))
			| (IfNull(Ticket[REGION], "") != IfNull(Conversation.region, ""))
		)
	)
	if conversations is not None:
		query = query.where(Conversation.name.isin(list(conversations)))
	return query.run(as_dict=True)
