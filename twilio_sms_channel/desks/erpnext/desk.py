"""ERPNext's Issue. Its field names and functions are known here, in `overrides/` and nowhere else.

Written against ERPNext 15.33 to 16.0; where releases differ, the field that tells is asked for.
"""

import json
from typing import Any, ClassVar

import frappe
from frappe.permissions import get_role_permissions

from twilio_sms_channel.desks import templates
from twilio_sms_channel.desks.base import Logged, Ticket
from twilio_sms_channel.desks.erpnext import TICKET
from twilio_sms_channel.desks.standard import StandardDesk
from twilio_sms_channel.infra.courtesies import courtesy
from twilio_sms_channel.people import contacts

RESOLVED = ("Resolved", "Closed")
SAVED_REPLY = "Email Template"


class IssueDesk(StandardDesk):
	doctype = TICKET
	word_fields = ("description",)
	customer_fields = ("contact", "customer", "raised_by")
	tying_fields = ("issue_split_from",)
	split_field = "issue_split_from"
	portal_fields = ("owner", "raised_by")
	living: ClassVar = {}
	replies_in_form = True
	routing_fields = {
		"issue_type": "issue_type",
		"issue_priority": "priority",
		"project": "project",
		"company": "company",
	}
	team_fields = ("company", "project")

	def about_customer(self, contact: str | None) -> dict[str, str | None]:
		# ERPNext finds them by an e-mail address alone. That of one of our own people is no customer's.
		email = contacts.email_of(contact)
		return {
			"raised_by": "" if email and is_of_staff(email) else email,
			"customer": contacts.linked(contact, "Customer"),
			"lead": contacts.linked(contact, "Lead"),
		}

	def resolve_ticket(self, ticket: str) -> Ticket | None:
		# Without a service level agreement nothing says when an Issue was resolved.
		resolved = _resolution_field()
		Row = frappe.qb.DocType(TICKET)
		found = (
			frappe.qb.from_(Row)
			.select(
				Row.name, Row.subject, Row.status, Row[resolved].as_("resolved"), Row.modified, Row._assign
			)
			.where(Row.name == ticket)
		).run(as_dict=True)
		if not found:
			return None
		row = found[0]
		return Ticket(
			doctype=TICKET,
			name=row.name,
			subject=row.subject,
			resolved_at=(row.resolved or row.modified) if row.status in RESOLVED else None,
			assigned=json.loads(row._assign or "[]"),
		)

	def open_tickets(self) -> dict[str, Any]:
		return {"status": ("not in", RESOLVED)}

	def push_notification(self, user: str, ticket: str, what: str) -> None:
		"""Desk's bell is the only list of notifications that ERPNext has."""

	@courtesy("A note could not be written into a ticket")
	def note(self, ticket: str, content: str) -> None:
		_comment(ticket, "Comment", content, comment_by="Administrator", comment_email="Administrator")

	@courtesy("A line could not be written into a ticket's history")
	def log(self, ticket: str, what: str) -> None:
		_comment(ticket, "Info", what)

	def logged(self, ticket: str, lines: list[str]) -> list[Logged]:
		about = {"reference_doctype": TICKET, "reference_name": ticket, "comment_type": "Info"}
		rows = frappe.get_all(
			"Comment",
			filters={**about, "content": ("in", lines)},
			fields=["creation", "content", "owner"],
			order_by="creation",
		)
		return [Logged(row.creation, row.content, row.owner) for row in rows]

	def is_agent(self, user: str | None = None) -> bool:
		user = user or frappe.session.user
		if user == "Administrator":
			return True
		if not is_of_staff(user):
			return False
		rights = get_role_permissions(frappe.get_meta(TICKET), user=user)
		return bool(rights.get("read") and rights.get("write"))

	def saved_replies(self, query: str) -> list[dict[str, str]]:
		return templates.find(SAVED_REPLY, "name", query)

	def saved_reply(self, ticket, name: str) -> templates.SavedReply:
		reply = frappe.get_doc(SAVED_REPLY, name)
		reply.check_permission("read")
		html = reply.response_html if reply.use_html else reply.response
		return templates.SavedReply(name, templates.filled(html, name, ticket))


def is_of_staff(user: str) -> bool:
	"""Whether a user, by their address, works here: customers with a login have no part in Desk."""
	return bool(frappe.db.get_value("User", {"name": user, "user_type": "System User", "enabled": 1}))


def _resolution_field() -> str:
	# Renamed in 15.109.
	names = ("resolution_date", "sla_resolution_date")
	meta = frappe.get_meta(TICKET)
	return next(name for name in names if meta.has_field(name))


def _comment(ticket: str, comment_type: str, content: str, **by: str) -> None:
	frappe.get_doc(
		{
			"doctype": "Comment",
			"comment_type": comment_type,
			"reference_doctype": TICKET,
			"reference_name": ticket,
			"content": content,
			**by,
		}
	).insert(ignore_permissions=True, ignore_mandatory=True)
