"""A ticket's life, after Helpdesk v1.25.1. Method names are Helpdesk's: other apps override them."""

import uuid

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_to_date, now_datetime

from helpdesk.helpdesk.doctype.hd_ticket.access import has_permission, permission_query
from helpdesk.helpdesk.doctype.hd_ticket.agents import TicketAgents
from helpdesk.helpdesk.doctype.hd_ticket.defaults import TicketDefaults
from helpdesk.helpdesk.doctype.hd_ticket.emails import TicketEmails
from helpdesk.helpdesk.doctype.hd_ticket.replies import TicketReplies
from helpdesk.helpdesk.doctype.hd_ticket.settings import setting
from helpdesk.helpdesk.doctype.hd_ticket_activity.hd_ticket_activity import log_ticket_activity
from helpdesk.utils import is_agent, publish_event

# The hooks and other apps find all of them here, as in Helpdesk.
__all__ = ["HDTicket", "close_tickets_after_n_days", "has_permission", "permission_query"]


class HDTicket(TicketDefaults, TicketAgents, TicketReplies, TicketEmails, Document):
	# What Frappe calls, in this order -----------------------------------------------------------

	def before_insert(self):
		# As in Helpdesk no text: `key` may not change, so a new ticket has to be read again to be saved again.
		self.key = uuid.uuid4()

	def as_dict(self, *args, **kwargs):
		# Early v15 cannot write a UUID into its answer, and who makes a ticket by hand would get an error.
		values = super().as_dict(*args, **kwargs)
		if values.get("key"):
			values["key"] = str(values["key"])
		return values

	def before_validate(self):
		self.check_update_perms()
		self.set_ticket_type()
		self.set_raised_by()
		self.set_priority()
		self.set_first_responded_on()
		self.set_default_status()
		self.set_status_category()
		self.set_sla()
		self.set_contact()
		self.set_customer()

	def validate(self):
		self.validate_feedback()

	def before_save(self):
		self.apply_sla()
		if not self.is_new():
			self.handle_ticket_activity_update()
		self.handle_email_feedback()

	def after_insert(self):
		publish_event("helpdesk:new-ticket")
		if self.ticket_split_from:
			log_ticket_activity(self.name, f"split the ticket from #{self.ticket_split_from}")
		if self.description:
			self.create_communication_via_contact(self.description, new_ticket=True)
		if not self.via_customer_portal and setting("send_acknowledgement_email"):
			self.send_acknowledgement_email()

	def on_update(self):
		before = self.get_doc_before_save()
		if before and before.status_category != "Open" and self.status_category == "Open":
			for agent in self.get_assigned_agents():
				if agent != frappe.session.user:
					self.notify_agent(agent, "Reaction")
		self.remove_assignment_if_not_in_team()
		self.publish_update()

	def on_trash(self):
		frappe.db.delete("HD Ticket Activity", {"ticket": self.name})
		frappe.db.delete("HD Ticket Comment", {"reference_ticket": self.name})

	def on_communication_update(self, c):
		"""Frappe's Communication calls this at each of its saves; a `db_set` on it passes unnoticed.

		Saves the ticket with the session user's permissions.
		"""
		if c.sent_or_received == "Received":
			self.status = self.ticket_reopen_status if self.has_agent_replied else self.default_open_status
			self.last_customer_response = now_datetime()
		if c.sent_or_received == "Sent":
			if c.communication_type == "Automated Message":
				return
			self.last_agent_response = now_datetime()
			self.first_responded_on = self.first_responded_on or self.last_agent_response
			if setting("auto_update_status"):
				self.status = setting("update_status_to")
		self.description = self.description or c.content
		self.save()

	# What is refused ----------------------------------------------------------------------------

	def check_update_perms(self):
		if self.is_new() or is_agent() or not self.via_customer_portal:
			return
		before = self.get_doc_before_save()
		if before and (before.status == "Closed" or before.feedback_rating):
			frappe.throw(_("A closed or rated ticket is changed by agents only."), frappe.PermissionError)

	def validate_feedback(self):
		if (
			self.status_category == "Resolved"
			and not self.feedback_rating
			and not is_agent()
			and setting("is_feedback_mandatory")
			and self.has_agent_replied
		):
			frappe.throw(_("Rate the ticket to resolve it."), frappe.ValidationError)

	def _reference(self) -> dict:
		return {"reference_doctype": self.doctype, "reference_name": str(self.name)}


def close_tickets_after_n_days() -> None:
	"""Close tickets without any Communication, of whatever medium, for the number of days in HD Settings."""
	if not setting("auto_close_tickets"):
		return
	idle_since = add_to_date(now_datetime(), days=-setting("auto_close_after_days"))
	for name in frappe.get_all("HD Ticket", filters={"status": setting("auto_close_status")}, pluck="name"):
		latest = frappe.db.get_value(
			"Communication",
			{"reference_doctype": "HD Ticket", "reference_name": name},
			"communication_date",
			order_by="communication_date desc",
		)
		if latest and latest < idle_since:
			ticket = frappe.get_doc("HD Ticket", name)
			ticket.status = "Closed"
			ticket.flags.ignore_validate = True
			ticket.save(ignore_permissions=True)
