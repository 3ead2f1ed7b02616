"""What every ticket system's desk does the same way: a subclass says which fields, and adds what is its own."""

from collections.abc import Callable
from typing import ClassVar

import frappe

from twilio_sms_channel.desks import opening
from twilio_sms_channel.desks.base import Desk, Ticket
from twilio_sms_channel.infra.courtesies import courtesy


class StandardDesk(Desk):
	portal_fields: ClassVar[tuple[str, ...]] = ()
	"""Fields of a ticket with a user who reads it on the portal."""

	split_field: ClassVar[str] = ""
	"""Field of a ticket with the one that it was split off from."""

	def open_ticket(self, conversation, body: str, subject: str = "") -> Ticket:
		# No description: Helpdesk, and the portal of ERPNext, would make a Communication of medium E-mail from it.
		return opening.open_ticket(self, conversation, body, subject)

	def attach(self, conversation, ticket: str, is_of_customer: Callable[[str], bool]) -> Ticket:
		doc = frappe.get_doc(self.doctype, ticket, for_update=True)
		self.require_attachable(doc)
		return opening.attach(doc, conversation, is_of_customer)

	def require_attachable(self, ticket) -> None:
		"""
		:param ticket: its document
		:raises frappe.ValidationError: it can have no conversation any more
		"""

	def call_by(self, ticket: str, body: str, customer_number: str) -> None:
		opening.call_by(self, ticket, body, customer_number)

	def call_by_first(self, ticket: str, first, later: list, customer_number: str) -> None:
		opening.call_by_first(self, ticket, first, later, customer_number)

	def readers_on_portal(self, ticket) -> list[str]:
		return opening.readers_on_portal(ticket, self.portal_fields)

	def split_from(self, ticket) -> str:
		return str(ticket.get(self.split_field) or "")

	@courtesy("Open screens of a ticket were not told to read it again", writes=False)
	def refresh(self, ticket: str) -> None:
		frappe.publish_realtime(
			"twilio_sms_update",
			{"ticket_doctype": self.doctype, "ticket": ticket},
			doctype=self.doctype,
			docname=ticket,
			after_commit=True,
		)
