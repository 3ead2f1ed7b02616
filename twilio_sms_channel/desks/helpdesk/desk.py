"""Frappe Helpdesk. Its field names and functions are known here, in `overrides/` and nowhere else.

Written against Helpdesk v1.14 to v1.28; where releases differ, the one capability that tells is asked.
"""

import inspect
import json
from typing import Any, ClassVar

import frappe
from frappe import _
from frappe.model.naming import is_autoincremented
from frappe.query_builder.functions import Cast
from helpdesk import __version__ as helpdesk_version
from packaging.version import parse
from pypika.queries import QueryBuilder
from pypika.terms import Term

from twilio_sms_channel.desks.base import Logged, Ticket
from twilio_sms_channel.desks.helpdesk import TICKET, saved_replies
from twilio_sms_channel.desks.standard import StandardDesk
from twilio_sms_channel.desks.templates import SavedReply
from twilio_sms_channel.infra.courtesies import courtesy
from twilio_sms_channel.people import contacts

AGENT_ROLES = {"Agent", "Agent Manager"}
RESOLVED = ("Resolved", "Closed")
MAX_MERGES = 20
NOTICES_SAY_THEIR_TEXT_SINCE = parse("1.19.1")


class HelpdeskDesk(StandardDesk):
	doctype = TICKET
	team_doctype = "HD Team"
	with_words = {
		"HD Notification": "reference_ticket",
		"HD Ticket Activity": "ticket",
		"HD Ticket Comment": "reference_ticket",
	}
	word_fields = ("description",)
	customer_fields = ("contact", "raised_by")
	tying_fields = ("merged_with", "ticket_split_from")
	split_field = "ticket_split_from"
	portal_fields = ("owner", "raised_by", "contact")
	living: ClassVar = {"is_merged": 0}
	routing_fields = {
		"team": "agent_group",
		"ticket_type": "ticket_type",
		"priority": "priority",
		"ticket_template": "template",
	}
	team_fields = ("team",)

	def about_customer(self, contact: str | None) -> dict[str, str | None]:
		email = contacts.email_of(contact)
		# Helpdesk lets whoever raised a ticket read it: for an agent their teams decide.
		return {"raised_by": "" if email and _has_agents_rights(email) else email, "customer": None}

	def require_attachable(self, ticket) -> None:
		if ticket.get("is_merged") and ticket.get("merged_with"):
			# What was asked about this ticket, such as who reads it on the portal, was not asked about the other one.
			frappe.throw(
				_("Ticket {0} was just merged into ticket {1}. Try again from there.").format(
					ticket.name, ticket.merged_with
				)
			)

	def resolve_ticket(self, ticket: str) -> Ticket | None:
		state = _state_field()
		Row = frappe.qb.DocType(TICKET)
		fields = ("name", "subject", "resolution_date", "modified", "_assign", "agent_group")
		query = frappe.qb.from_(Row).select(*fields, Row[state].as_("state"), Row.is_merged, Row.merged_with)
		for _merge in range(MAX_MERGES):
			found = query.where(Row.name == ticket).run(as_dict=True)
			if not found:
				return None
			row = found[0]
			if not row.is_merged or not row.merged_with:
				return Ticket(
					doctype=TICKET,
					name=str(row.name),
					subject=row.subject,
					resolved_at=(row.resolution_date or row.modified) if row.state in RESOLVED else None,
					assigned=json.loads(row._assign or "[]"),
					team=row.agent_group or "",
				)
			ticket = row.merged_with
		return None

	def open_tickets(self) -> dict[str, Any]:
		return {_state_field(): ("not in", RESOLVED), **self.living}

	def reopen(self, ticket: str) -> None:
		# Since v1.23 a site says which status that is, and every status belongs to a category.
		status = getattr(frappe.get_doc(TICKET, ticket), "ticket_reopen_status", None) or "Open"
		values = {"status": status}
		if frappe.get_meta(TICKET).has_field("status_category"):
			values["status_category"] = frappe.db.get_value("HD Ticket Status", status, "category")
		frappe.db.set_value(TICKET, ticket, values)

	def teams_of(self, user: str) -> list[str]:
		return frappe.get_all(
			"HD Team Member", filters={"user": user, "parenttype": "HD Team"}, pluck="parent", distinct=True
		)

	def team_members(self, team: str) -> list[str]:
		Member, Agent = frappe.qb.DocType("HD Team Member"), frappe.qb.DocType("HD Agent")
		return (
			frappe.qb.from_(Member)
			.join(Agent)
			.on(Agent.user == Member.user)
			.select(Member.user)
			.distinct()
			.where((Member.parent == team) & (Agent.is_active == 1))
		).run(pluck=True)

	@courtesy("Helpdesk's notification could not be written")
	def push_notification(self, user: str, ticket: str, what: str) -> None:
		# Of Helpdesk's kinds of notification only this one sends no e-mail; older releases would show another text.
		if parse(helpdesk_version) < NOTICES_SAY_THEIR_TEXT_SINCE:
			return
		frappe.get_doc(
			{
				"doctype": "HD Notification",
				"user_from": "Administrator",
				"user_to": user,
				"notification_type": "Reaction",
				"reference_ticket": ticket,
				"message": what,
			}
		).insert(ignore_permissions=True, ignore_mandatory=True)

	@courtesy("A note could not be written into a ticket")
	def note(self, ticket: str, content: str) -> None:
		frappe.get_doc(
			{
				"doctype": "HD Ticket Comment",
				"reference_ticket": ticket,
				"commented_by": "Administrator",
				"content": content,
			}
		).insert(ignore_permissions=True, ignore_mandatory=True)

	@courtesy("A line could not be written into a ticket's history")
	def log(self, ticket: str, what: str) -> None:
		from helpdesk.helpdesk.doctype.hd_ticket_activity.hd_ticket_activity import log_ticket_activity

		log_ticket_activity(ticket, what)

	def logged(self, ticket: str, lines: list[str]) -> list[Logged]:
		return [
			Logged(row.creation, row.action, row.owner)
			for row in frappe.get_all(
				"HD Ticket Activity",
				filters={"ticket": ticket, "action": ("in", lines)},
				fields=["creation", "action", "owner"],
				order_by="creation",
			)
		]

	def is_agent(self, user: str | None = None) -> bool:
		from helpdesk.utils import is_agent

		return bool(is_agent(user or frappe.session.user))

	def join_ticket(self, query: QueryBuilder, ticket: Term) -> QueryBuilder:
		Ticket = frappe.qb.DocType(TICKET)
		# Names are numbers in the database before v16; one compared with a text is not found by its index.
		name = Cast(ticket, "unsigned") if is_autoincremented(TICKET) else ticket
		return query.left_join(Ticket).on(Ticket.name == name)

	def team_column(self) -> Term:
		return frappe.qb.DocType(TICKET).agent_group

	def saved_replies(self, query: str) -> list[dict[str, str]]:
		return saved_replies.find(query)

	def saved_reply(self, ticket, name: str) -> SavedReply:
		return saved_replies.rendered(ticket, name)

	def refresh(self, ticket: str) -> None:
		super().refresh(ticket)
		self._refresh_own_screen(ticket)

	@courtesy("Open screens of a ticket were not told to read it again", writes=False)
	def _refresh_own_screen(self, ticket: str) -> None:
		from helpdesk.utils import publish_event

		# Since v1.20 events go to the ticket's room and carry an object; before, to everybody and the bare number.
		if "room" in inspect.signature(publish_event).parameters:
			from helpdesk.utils import get_doc_room

			publish_event(
				"helpdesk:ticket-update", room=get_doc_room(TICKET, ticket), data={"ticket_id": ticket}
			)
		else:
			publish_event("helpdesk:ticket-update", int(ticket))


def _state_field() -> str:
	# Since v1.23 every status belongs to a category; before, statuses were fixed.
	return "status_category" if frappe.get_meta(TICKET).has_field("status_category") else "status"


def _has_agents_rights(user: str) -> bool:
	"""Whether a user is an agent. Helpdesk's own answer is yes for everybody while Administrator asks, as jobs do."""
	return bool(AGENT_ROLES & set(frappe.get_roles(user)) or frappe.db.exists("HD Agent", {"user": user}))
