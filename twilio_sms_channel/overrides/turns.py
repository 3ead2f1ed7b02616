"""Merging and splitting tickets, one at a time for each ticket.

Ticket systems copy and move Communications without holding the ticket.
"""

from collections.abc import Callable
from typing import TypeVar

import frappe
from frappe import _

from twilio_sms_channel.infra import locks
from twilio_sms_channel.messaging.conversation import conversations

Answer = TypeVar("Answer")
WAIT_S = 15


class Busy(frappe.ValidationError):
	"""Somebody else goes on merging or splitting the ticket; the message says so."""


def one_at_a_time(ticket_doctype: str, tickets: list[str], work: Callable[[], Answer], title: str) -> Answer:
	"""Do something while nobody else merges or splits these tickets; commits. Only for the beginning of a request."""
	# Whoever takes in a message of theirs, or answers them, waits: the ticket would have been saved by somebody else.
	names: set[str] = set()
	held: set[str] = set()

	def from_the_beginning() -> Answer:
		# Reads from here on see what the one before has committed.
		frappe.db.rollback()
		answer = work()
		# Before the locks are released: the next one sees what this one did.
		frappe.db.commit()  # nosemgrep
		return answer

	try:
		# Whoever had a lock may have brought another customer's messages into the ticket.
		while held == names and (more := _locks_of(ticket_doctype, tickets) - names):
			locks.release(held)
			names |= more
			held = locks.take(sorted(names), wait_s=WAIT_S)
		if held != names:
			frappe.throw(
				_("Somebody else is merging or splitting this ticket. Try again in a moment."),
				Busy,
				title=title,
			)
		return locks.again(from_the_beginning)
	finally:
		locks.release(held)


def _locks_of(ticket_doctype: str, tickets: list[str]) -> set[str]:
	frappe.db.rollback()
	return {f"merge {ticket}" for ticket in tickets} | set(conversations.locks_of(ticket_doctype, tickets))
