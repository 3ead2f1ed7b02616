"""What a ticket gets without being asked."""

from email.utils import parseaddr

import frappe
from frappe.utils import get_url, now_datetime

from helpdesk.helpdesk.doctype.hd_ticket.settings import setting
from helpdesk.utils import get_customer

SLA = "HD Service Level Agreement"


class TicketDefaults:
	@property
	def default_open_status(self) -> str:
		return self._status_of_sla("default_ticket_status")

	@property
	def ticket_reopen_status(self) -> str:
		return self._status_of_sla("ticket_reopen_status")

	@property
	def has_agent_replied(self) -> bool:
		"""Whether anything was sent from here, automatic messages included."""
		return bool(frappe.db.exists("Communication", {**self._reference(), "sent_or_received": "Sent"}))

	@property
	def portal_uri(self) -> str:
		return get_url(f"/helpdesk/my-tickets/{self.name}")

	def set_ticket_type(self):
		self.ticket_type = self.ticket_type or setting("default_ticket_type") or ""

	def set_raised_by(self):
		self.raised_by = self.raised_by or frappe.session.user

	def set_priority(self):
		if self.priority:
			return
		of_type = self.ticket_type and frappe.db.get_value("HD Ticket Type", self.ticket_type, "priority")
		self.priority = of_type or setting("default_priority")

	def set_default_status(self):
		if self.is_new():
			self.status = self.default_open_status

	def set_status_category(self):
		self.status_category = self.status_category or frappe.db.get_value(
			"HD Ticket Status", self.status, "category"
		)

	def set_first_responded_on(self):
		before = self.get_doc_before_save()
		if self.is_new() or self.first_responded_on or not before:
			return
		solved_at_once = before.status_category == "Open" and self.status_category == "Resolved"
		if solved_at_once or self.status_category == "Paused":
			self.first_responded_on = now_datetime()

	def set_sla(self):
		self.sla = frappe.db.get_value(SLA, {"enabled": 1, "default_sla": 1}) or self.sla

	def apply_sla(self):
		if self.sla:
			frappe.get_doc(SLA, self.sla).apply(self)

	def set_contact(self):
		address = parseaddr(self.raised_by)[1]
		if address and not self.contact:
			self.contact = frappe.db.get_value("Contact", {"email_id": address})

	def set_customer(self):
		if self.customer or not self.contact:
			return
		customers = get_customer(self.contact)
		# With several, an agent decides.
		if len(customers) == 1:
			self.customer = customers[0]

	def _status_of_sla(self, field: str) -> str:
		return (self.sla and frappe.db.get_value(SLA, self.sla, field)) or setting(field)
