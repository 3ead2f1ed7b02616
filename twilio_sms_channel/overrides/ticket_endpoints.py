"""Helpdesk's endpoints that merge and split tickets, one at a time for each ticket.

Helpdesk copies and moves Communications without holding the ticket, and takes a ticket that was merged before. Two
agents, or a second click, would leave one text in two living tickets, or its only entry in a closed one.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from twilio_sms_channel.desks.registry import desk_of_site
from twilio_sms_channel.infra import locks

TICKET = "HD Ticket"
WAIT_S = 15


class Busy(frappe.ValidationError):
	"""Somebody else goes on merging or splitting the ticket; the message says so."""


@frappe.whitelist()
def merge_ticket(source: str | int, target: str | int) -> None:
	"""Merge a ticket into another one (Helpdesk: `hd_ticket.api.merge_ticket`).

	:raises Busy: somebody else goes on merging or splitting one of them
	:raises frappe.ValidationError: one of them was merged before, with the ticket where it goes on
	"""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	title = _("The tickets were not merged")
	with _one_at_a_time(source, target, title=title):
		tickets = [_ticket(source), _ticket(target)]
		if any(ticket.twilio_sms_conversation for ticket in tickets):
			if into := _goes_on_in(tickets[0]):
				frappe.throw(
					_("Ticket {0} was already merged into ticket {1}.").format(source, into), title=title
				)
			if into := _goes_on_in(tickets[1]):
				frappe.throw(
					_("Ticket {0} was merged into ticket {1}. Merge into that one.").format(target, into),
					title=title,
				)
		api.merge_ticket(source, target)


@frappe.whitelist()
def split_ticket(subject: str, communication_id: str) -> str | int:
	"""Move a Communication and all that came after it to a new ticket (Helpdesk: `hd_ticket.api.split_ticket`).

	:return: name of the new ticket
	:raises Busy: somebody else goes on merging or splitting the ticket
	:raises frappe.ValidationError: the ticket was merged, with the one where its texts can be split
	"""
	from helpdesk.helpdesk.doctype.hd_ticket import api

	title = _("The ticket was not split")
	name = _ticket_of(communication_id)
	with _one_at_a_time(name, title=title):
		if _ticket_of(communication_id) != name:
			frappe.throw(_("The message was just moved to another ticket. Reload the page."), title=title)
		ticket = _ticket(name)
		if ticket.twilio_sms_conversation and (into := _goes_on_in(ticket)):
			frappe.throw(
				_(
					"Ticket {0} was merged into ticket {1}, where its messages go on. Split them there."
				).format(name, into),
				title=title,
			)
		return api.split_ticket(subject, communication_id)


@contextmanager
def _one_at_a_time(*tickets: str | int | None, title: str) -> Iterator[None]:
	"""Nobody else merges or splits these tickets; commits at the end. Only for the beginning of a request."""
	if not desk_of_site().is_agent():
		frappe.throw(_("Only agents can merge and split tickets."), frappe.PermissionError)
	names = {f"merge {ticket}" for ticket in tickets}
	held = locks.take(sorted(names), wait_s=WAIT_S)
	try:
		if held != names:
			frappe.throw(
				_("Somebody else is merging or splitting this ticket. Try again in a moment."),
				Busy,
				title=title,
			)
		# Reads from here on see what the one before has committed.
		frappe.db.rollback()
		yield
		frappe.db.commit()
	finally:
		locks.release(held)


def _ticket_of(communication: str) -> str | None:
	return frappe.db.get_value("Communication", communication, "reference_name")


def _ticket(name: str | int | None):
	fields = ["twilio_sms_conversation", "is_merged", "merged_with"]
	# Helpdesk says itself that there is no such ticket.
	return frappe.db.get_value(TICKET, str(name), fields, as_dict=True) or frappe._dict()


def _goes_on_in(ticket) -> str | None:
	"""The ticket that a merged one goes on in; None when it was not merged, or that one was deleted."""
	if not ticket.is_merged or not ticket.merged_with:
		return None
	living = desk_of_site().resolve_ticket(str(ticket.merged_with))
	return living.name if living else None
