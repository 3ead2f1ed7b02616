"""Frappe Helpdesk. Its field names and functions are known here, in `overrides/` and nowhere else.

Written against Helpdesk v1.14 to v1.28; where releases differ, the one capability that tells is asked.
"""

import inspect
import re
from datetime import datetime

import frappe
from frappe import _

from twilio_sms_channel.desks.base import Desk
from twilio_sms_channel.messaging import contacts, phone

TICKET = "HD Ticket"
MAX_SUBJECT_CHARACTERS = 140
SETTLED = ("Resolved", "Closed")
MAX_MERGES = 20


class HelpdeskDesk(Desk):
	doctype = TICKET
	routing_fields = {"team": "agent_group", "ticket_type": "ticket_type", "priority": "priority"}

	def open_ticket(self, conversation, message) -> str:
		number = frappe.get_cached_doc("Twilio SMS Number", conversation.number)
		ticket = frappe.new_doc(TICKET)
		ticket.update(
			{
				"subject": subject(message.body, conversation.customer_number),
				"contact": conversation.contact,
				# No description: Helpdesk would make a Communication of its own from it, of medium E-mail.
				"raised_by": contacts.email_of(conversation.contact),
				"twilio_sms_conversation": conversation.name,
				"twilio_sms_reply_channel": "SMS",
			}
		)
		for field, ticket_field in self.routing_fields.items():
			if value := number.get(field):
				ticket.set(ticket_field, value)
		return str(ticket.insert(ignore_permissions=True).name)

	def living_ticket(self, ticket: str) -> str | None:
		for _merge in range(MAX_MERGES):
			row = frappe.db.get_value(TICKET, ticket, ["name", "is_merged", "merged_with"], as_dict=True)
			if not row:
				return None
			if not row.is_merged or not row.merged_with:
				return str(row.name)
			ticket = row.merged_with
		return None

	def settled_on(self, ticket: str) -> datetime | None:
		# Since v1.23 every status belongs to a category; before, statuses were fixed.
		meta = frappe.get_meta(TICKET)
		state = "status_category" if meta.has_field("status_category") else "status"
		row = frappe.db.get_value(TICKET, ticket, [state, "resolution_date", "modified"], as_dict=True)
		return (row.resolution_date or row.modified) if row[state] in SETTLED else None

	def is_agent(self, user: str | None = None) -> bool:
		from helpdesk.utils import is_agent

		return bool(is_agent(user or frappe.session.user))

	def visible_tickets(self, user: str) -> str:
		from helpdesk.helpdesk.doctype.hd_ticket.hd_ticket import permission_query

		return permission_query(user) or ""

	def refresh(self, ticket: str) -> None:
		frappe.publish_realtime(
			"twilio_sms_update", {"ticket": ticket}, doctype=TICKET, docname=ticket, after_commit=True
		)
		from helpdesk.utils import publish_event

		# Since v1.20 events go to the ticket's room and carry an object; before, to everybody and the bare number.
		if "room" in inspect.signature(publish_event).parameters:
			from helpdesk.utils import get_doc_room

			publish_event(
				"helpdesk:ticket-update", room=get_doc_room(TICKET, ticket), data={"ticket_id": ticket}
			)
		else:
			publish_event("helpdesk:ticket-update", int(ticket))


def subject(body: str | None, customer_number: str) -> str:
	"""A ticket's subject from its first text: one line, no markup, at most 140 characters."""
	line = next((line.strip() for line in (body or "").splitlines() if line.strip()), "")
	line = re.sub(r"<[^>]*>", "", line).replace("<", "‹").replace(">", "›").strip()
	if not line:
		return _("Text from {0}").format(phone.display(customer_number))
	return line if len(line) <= MAX_SUBJECT_CHARACTERS else line[: MAX_SUBJECT_CHARACTERS - 1].rstrip() + "…"
