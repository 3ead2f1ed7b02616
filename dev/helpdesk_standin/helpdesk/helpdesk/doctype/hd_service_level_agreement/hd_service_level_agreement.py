"""Targets for answers and solutions: Helpdesk's without conditions, working hours, holidays and hold time."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_to_date, get_datetime, now_datetime, time_diff_in_seconds


class HDServiceLevelAgreement(Document):
	def validate(self):
		default = next((row.priority for row in self.priorities if row.default_priority), None)
		if not default:
			frappe.throw(_("One priority must be the default."))
		self.default_priority = default

	def apply(self, ticket: Document) -> None:
		"""Set a ticket's targets, what was reached when, and where it stands. Called at every save."""
		if ticket.is_new():
			ticket.service_level_agreement_creation = now_datetime()
			ticket.priority = ticket.priority or self.default_priority
		elif ticket.has_value_changed("status"):
			self._note_status(ticket)
		self._set_targets(ticket)
		ticket.agreement_status = self._standing(ticket)

	def _note_status(self, ticket: Document) -> None:
		since = ticket.service_level_agreement_creation
		ticket.on_hold_since = (
			(ticket.on_hold_since or now_datetime()) if ticket.status_category == "Paused" else None
		)
		if ticket.first_responded_on and not ticket.first_response_time:
			ticket.first_response_time = time_diff_in_seconds(ticket.first_responded_on, since)
		if ticket.status_category != "Resolved":
			ticket.resolution_date = ticket.resolution_time = None
		elif not ticket.resolution_date:
			ticket.resolution_date = now_datetime()
			ticket.resolution_time = time_diff_in_seconds(ticket.resolution_date, since)

	def _set_targets(self, ticket: Document) -> None:
		target = next((row for row in self.priorities if row.priority == ticket.priority), None)
		if not target:
			return
		since = ticket.service_level_agreement_creation
		ticket.response_by = add_to_date(since, seconds=target.response_time, as_datetime=True)
		ticket.resolution_by = (
			add_to_date(since, seconds=target.resolution_time, as_datetime=True)
			if target.resolution_time
			else None
		)

	def _standing(self, ticket: Document) -> str:
		if _missed(ticket.response_by, ticket.first_responded_on):
			return "Failed"
		if self.apply_sla_for_resolution and _missed(ticket.resolution_by, ticket.resolution_date):
			return "Failed"
		if ticket.on_hold_since:
			return "Paused"
		if not ticket.first_responded_on:
			return "First Response Due"
		if self.apply_sla_for_resolution and not ticket.resolution_date:
			return "Resolution Due"
		return "Fulfilled"


def _missed(target, reached) -> bool:
	return bool(target) and get_datetime(target) < get_datetime(reached or now_datetime())
