"""Frappe Helpdesk. Its field names and functions are known here, in `overrides/` and nowhere else.

Written against Helpdesk v1.14 to v1.28; where releases differ, the one capability that tells is asked.
"""

import inspect
import json
from collections.abc import Callable
from typing import ClassVar

import frappe
from frappe import _
from frappe.model.naming import is_autoincremented
from frappe.query_builder.functions import Cast
from helpdesk import __version__ as helpdesk_version
from packaging.version import parse
from pypika.queries import QueryBuilder
from pypika.terms import Term

from twilio_sms_channel.content import text
from twilio_sms_channel.desks.base import Desk, Logged, Ticket
from twilio_sms_channel.desks.helpdesk import TICKET, saved_replies
from twilio_sms_channel.infra import conditional_update, own_writes
from twilio_sms_channel.infra.courtesies import courtesy, is_for_lack
from twilio_sms_channel.people import contacts, phone

AGENT_ROLES = {"Agent", "Agent Manager"}
MAX_SUBJECT_CHARACTERS = 140
SETTLED = ("Resolved", "Closed")
MAX_MERGES = 20
NOTICES_SAY_THEIR_TEXT_SINCE = parse("1.19.1")


class HelpdeskDesk(Desk):
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
	living: ClassVar = {"is_merged": 0}
	routing_fields = {
		"team": "agent_group",
		"ticket_type": "ticket_type",
		"priority": "priority",
		"ticket_template": "template",
	}

	def open_ticket(self, conversation, body: str, subject: str = "") -> Ticket:
		subject = subject_of(subject or body, conversation.customer_number)
		if left := self._left_empty(conversation):
			frappe.db.set_value(TICKET, left, "subject", subject)
			return Ticket(TICKET, left, subject)
		number = frappe.get_cached_doc("Twilio SMS Number", conversation.number)
		ticket = frappe.new_doc(TICKET)
		ticket.update(
			{
				"subject": subject,
				"contact": conversation.contact,
				# No description: Helpdesk would make a Communication of its own from it, of medium E-mail.
				"raised_by": self.raised_by(conversation.contact),
				"twilio_sms_conversation": conversation.name,
				"twilio_sms_reply_channel": "SMS",
			}
		)
		for field, ticket_field in self.routing_fields.items():
			value = number.get(field)
			if value and frappe.db.exists(ticket.meta.get_options(ticket_field), value):
				ticket.set(ticket_field, value)
		ticket.flags.opened_by_message = True
		_insert(own_writes.ours(ticket))
		conditional_update.require(TICKET, ticket.name)
		name = str(ticket.name)
		if not conversation.contact and (sharing := contacts.sharing(conversation.customer_number)):
			self.note(name, _whose_number(conversation.customer_number, sharing))
		elif entered := contacts.entered_by_themselves(conversation.customer_number):
			self.note(name, _who_says_so(conversation.customer_number, entered))
		return Ticket(TICKET, name, ticket.subject)

	def raised_by(self, contact: str | None) -> str:
		"""The customer's address. Helpdesk lets whoever raised a ticket read it: for an agent their teams decide."""
		email = contacts.email_of(contact)
		return "" if email and _has_agents_rights(email) else email

	def _left_empty(self, conversation) -> str | None:
		"""The conversation's ticket, if an attempt that failed left it without a word: other apps' code has committed it."""
		is_here = conversation.ticket and conversation.ticket_doctype == TICKET
		ticket = self.resolve_ticket(conversation.ticket) if is_here else None
		if not ticket or ticket.resolved_at or not self.may_write(ticket.name):
			return None
		if frappe.db.get_value(TICKET, ticket.name, "twilio_sms_conversation") != conversation.name:
			return None
		words = {"reference_doctype": TICKET, "reference_name": ticket.name}
		return None if frappe.db.exists("Communication", words) else ticket.name

	def call_by(self, ticket: str, body: str, customer_number: str) -> None:
		if frappe.db.get_value(TICKET, ticket, "subject") == subject_of("", customer_number):
			frappe.db.set_value(TICKET, ticket, "subject", subject_of(body, customer_number))

	def attach(self, conversation, ticket: str, is_of_customer: Callable[[str], bool]) -> Ticket:
		doc = frappe.get_doc(TICKET, ticket, for_update=True)
		if doc.get("is_merged") and doc.get("merged_with"):
			# What was asked about this ticket, such as who reads it on the portal, was not asked about the other one.
			frappe.throw(
				_("Ticket {0} was just merged into ticket {1}. Try again from there.").format(
					doc.name, doc.merged_with
				)
			)
		if is_of_customer(doc.twilio_sms_conversation or conversation.name):
			changes = {
				"twilio_sms_conversation": doc.twilio_sms_conversation or conversation.name,
				"twilio_sms_reply_channel": "SMS",
				"contact": doc.contact or conversation.contact,
			}
			if any(doc.get(field) != value for field, value in changes.items()):
				doc.flags.ignore_mandatory = doc.flags.ignore_links = True
				own_writes.ours(doc.update(changes)).save()
		return Ticket(TICKET, str(doc.name), doc.subject)

	def resolve_ticket(self, ticket: str) -> Ticket | None:
		# Since v1.23 every status belongs to a category; before, statuses were fixed.
		state = "status_category" if frappe.get_meta(TICKET).has_field("status_category") else "status"
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
					resolved_at=(row.resolution_date or row.modified) if row.state in SETTLED else None,
					assigned=json.loads(row._assign or "[]"),
					team=row.agent_group or "",
				)
			ticket = row.merged_with
		return None

	def call_by_first(self, ticket: str, first, later: list, customer_number: str) -> None:
		now = frappe.db.get_value(TICKET, ticket, ["subject", "description"], as_dict=True)
		subject, changes = subject_of(first.body, customer_number), {}
		if now.subject != subject and now.subject in [
			subject_of(message.body, customer_number) for message in later
		]:
			changes["subject"] = subject
		if now.description != first.content and now.description in [message.content for message in later]:
			changes["description"] = first.content
		if changes:
			frappe.db.set_value(TICKET, ticket, changes)
			self.refresh(ticket)

	def readers_on_portal(self, ticket) -> list[str]:
		tied = {str(ticket.get(field)) for field in ("owner", "raised_by", "contact") if ticket.get(field)}
		customers = {"name": ("in", list(tied)), "user_type": "Website User", "enabled": 1}
		return frappe.get_all("User", customers, pluck="name")

	def split_from(self, ticket) -> str:
		return str(ticket.get("ticket_split_from") or "")

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

	def saved_reply(self, ticket, name: str) -> str:
		return saved_replies.rendered(ticket, name)

	@courtesy("Open screens of a ticket were not told to read it again", writes=False)
	def refresh(self, ticket: str) -> None:
		frappe.publish_realtime(
			"twilio_sms_update",
			{"ticket_doctype": TICKET, "ticket": ticket},
			doctype=TICKET,
			docname=ticket,
			after_commit=True,
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


def _has_agents_rights(user: str) -> bool:
	"""Whether a user is an agent. Helpdesk's own answer is yes for everybody while Administrator asks, as jobs do."""
	return bool(AGENT_ROLES & set(frappe.get_roles(user)) or frappe.db.exists("HD Agent", {"user": user}))


def _insert(ticket) -> None:
	"""Insert a ticket, whatever a site asks people to fill in, and whoever it was to be assigned to was deleted."""
	with courtesy("A ticket could not be made as usual", but=lambda error: not is_for_lack(error)) as usual:
		conditional_update.insert(ticket, ignore_permissions=True, ignore_mandatory=True, ignore_links=True)
	if usual.failed and not _is_committed(ticket):
		# Its name was given back as well.
		ticket.set_new_name(force=True)
		ticket.db_insert()
		with courtesy("What Helpdesk does with a new ticket was left out"):
			ticket.run_method("after_insert")


def _is_committed(ticket) -> bool:
	"""Whether a ticket that could not be inserted is there all the same: other apps' code has committed it before."""
	whose = {"twilio_sms_conversation": ticket.twilio_sms_conversation, "name": ticket.name}
	return bool(ticket.name and frappe.db.exists(TICKET, whose))


def _who_says_so(customer_number: str, contacts_that_say_so: list[str]) -> str:
	return _(
		"{0} is a number that {1} entered in their own profile, which proves nothing. If they wrote, choose them as the contact of this ticket."
	).format(phone.display(customer_number), _names(contacts_that_say_so))


def _names(of_contacts: list[str]) -> str:
	return ", ".join(frappe.utils.escape_html(contacts.full_name(c) or c) for c in of_contacts)


def _whose_number(customer_number: str, contacts_with_it: list[str]) -> str:
	return _(
		"{0} is the number of several contacts: {1}. Choose who wrote as the contact of this ticket."
	).format(phone.display(customer_number), _names(contacts_with_it))


def subject_of(body: str | None, customer_number: str) -> str:
	"""A ticket's subject from its first message: one line with all of its words, no markup, at most 140 characters."""
	if not (line := text.first_line(body).replace("<", "‹").replace(">", "›")):
		return _("SMS from {0}").format(phone.display(customer_number))
	return line if len(line) <= MAX_SUBJECT_CHARACTERS else line[: MAX_SUBJECT_CHARACTERS - 1].rstrip() + "…"
