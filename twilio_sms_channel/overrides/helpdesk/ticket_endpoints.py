"""Helpdesk's endpoints that merge and split tickets, one at a time for each ticket.

Helpdesk copies and moves Communications without holding the ticket, and takes a ticket that was merged before. Two
agents, or a second click, would leave one message in two living tickets, or its only entry in a closed one.
"""

from typing import NoReturn

import frappe
from frappe import _

from twilio_sms_channel.desks.helpdesk import TICKET
from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.overrides import parting, turns


@frappe.whitelist(methods=["POST"])
def merge_ticket(source: str | int, target: str | int) -> None:
	"""Merge a ticket into another one (Helpdesk: `hd_ticket.api.merge_ticket`).

	:raises turns.Busy: somebody else goes on merging or splitting one of them
	:raises frappe.PermissionError: the caller may not write them
	:raises frappe.ValidationError: one of them was merged before, with the ticket where it goes on
	"""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	title = _("The tickets were not merged")
	_only_agents()
	names = [_named(ticket) for ticket in (source, target)]

	def merge() -> None:
		tickets = [_facts(name) for name in names]
		if any(ticket.twilio_sms_conversation for ticket in tickets):
			_may_change(*names)
			if into := _goes_on_in(tickets[0]):
				frappe.throw(
					_("Ticket {0} was already merged into ticket {1}.").format(names[0], into), title=title
				)
			if into := _goes_on_in(tickets[1]):
				frappe.throw(
					_("Ticket {0} was merged into ticket {1}. Merge into that one.").format(names[1], into),
					title=title,
				)
		api.merge_ticket(*names)

	turns.one_at_a_time(TICKET, names, merge, title)


@frappe.whitelist(methods=["POST"])
def split_ticket(subject: str, communication_id: str) -> str | int:
	"""Move a Communication and all that came after it to a new ticket (Helpdesk: `hd_ticket.api.split_ticket`).

	:return: name of the new ticket
	:raises turns.Busy: somebody else goes on merging or splitting the ticket
	:raises frappe.PermissionError: the caller may not write it
	:raises frappe.ValidationError: the ticket was merged, with the one where its messages can be split
	"""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	title = _("The ticket was not split")
	_only_agents()
	if not (name := _ticket_of(communication_id)):
		frappe.throw(_("This message is in no ticket."), frappe.DoesNotExistError, title=title)

	def split() -> str | int:
		if _ticket_of(communication_id) != name:
			frappe.throw(_("The message was just moved to another ticket. Reload the page."), title=title)
		ticket = _facts(name)
		if not ticket.twilio_sms_conversation:
			return api.split_ticket(subject, communication_id)
		_may_change(name)
		if into := _goes_on_in(ticket):
			frappe.throw(
				_(
					"Ticket {0} was merged into ticket {1}, where its messages go on. Split them there."
				).format(name, into),
				title=title,
			)
		new = api.split_ticket(subject, communication_id)
		parting.part(desk_of(TICKET), name, str(new), communication_id)
		return new

	return turns.one_at_a_time(TICKET, [name], split, title)


def _only_agents() -> None:
	if not desk_of(TICKET).is_agent():
		frappe.throw(_("Only agents can merge and split tickets."), frappe.PermissionError)


def _may_change(*tickets: str) -> None:
	for name in tickets:
		if not desk_of(TICKET).may_write(name):
			frappe.throw(_("You may not change ticket {0}.").format(name), frappe.PermissionError)


def _named(ticket: str | int) -> str:
	"""A ticket's name as it is stored. The database takes other spellings for it as well."""
	name = frappe.db.get_value(TICKET, str(ticket), "name")
	if name is None or str(name) != str(ticket):
		_no_ticket(ticket)
	return str(name)


def _no_ticket(ticket: str | int) -> NoReturn:
	frappe.throw(
		_("There is no ticket {0}.").format(frappe.utils.escape_html(str(ticket))), frappe.DoesNotExistError
	)


def _ticket_of(communication: str) -> str | None:
	there = {"name": communication, "reference_doctype": TICKET}
	return frappe.db.get_value("Communication", there, "reference_name")


def _facts(ticket: str):
	fields = ["twilio_sms_conversation", "is_merged", "merged_with"]
	return frappe.db.get_value(TICKET, ticket, fields, as_dict=True) or _no_ticket(ticket)


def _goes_on_in(ticket) -> str | None:
	"""The ticket that a merged one goes on in; None when it was not merged, or that one was deleted."""
	if not ticket.is_merged or not ticket.merged_with:
		return None
	living = desk_of(TICKET).resolve_ticket(str(ticket.merged_with))
	return living.name if living else None
