"""When an answer and a solution are due, and what answers and statuses do to that
(`support.doctype.service_level_agreement`, 15.45.0). The clock runs day and night."""

from datetime import datetime
from enum import Enum
from itertools import pairwise

import frappe
from frappe import _
from frappe.core.utils import get_parent_doc
from frappe.model.document import Document
from frappe.utils import add_to_date, get_datetime, now_datetime, time_diff_in_seconds


class Phase(Enum):
	"""What a status means to an agreement."""

	OPEN, HELD, FULFILLED = range(3)


class ServiceLevelAgreement(Document):
	def validate(self):
		tracked = frappe.db.get_single_value("Support Settings", "track_service_level_agreement")
		if self.enabled and self.document_type == "Issue" and not tracked:
			frappe.throw(_("Support Settings say that service level agreements are not tracked."))
		self.default_priority = next((row.priority for row in self.priorities if row.default_priority), None)
		if not self.default_priority:
			frappe.throw(_("One of the priorities has to be the default."))

	def phase_of(self, status: str | None) -> Phase:
		if status in [row.status for row in self.pause_sla_on]:
			return Phase.HELD
		return Phase.FULFILLED if status in [row.status for row in self.sla_fulfilled_on] else Phase.OPEN

	def times_of(self, priority: str) -> Document:
		return next(row for row in self.priorities if row.priority == priority)


def apply(issue, _event: str | None = None) -> None:
	"""On validate of an issue: find its agreement, and count."""
	if frappe.flags.in_install or frappe.flags.in_migrate or frappe.flags.in_patch:
		return
	agreement = _agreement_for(issue)
	if not agreement:
		issue.update({"service_level_agreement": None, "response_by": None, "resolution_by": None})
		return
	if not issue.creation:
		issue.creation = issue.service_level_agreement_creation = now_datetime()
	issue.service_level_agreement = agreement.name
	issue.priority = issue.priority or agreement.default_priority
	_count(issue, agreement)


def on_communication_update(communication, _event: str | None = None) -> None:
	"""After Frappe set the status or the first response of an issue: count with what it was before, and save it."""
	if communication.communication_type == "Comment":
		return
	issue = get_parent_doc(communication)
	if not issue or not issue.get("service_level_agreement"):
		return
	before = issue.get_doc_before_save()
	if not before:
		return
	if (
		communication.sent_or_received == "Received"
		and issue.status == "Open"
		and before.status != issue.status
	):
		# The phase that ends is read from the database.
		frappe.db.set_value(issue.doctype, issue.name, "status", before.status, update_modified=False)
	elif (
		communication.sent_or_received == "Sent"
		and issue.first_responded_on
		and not before.first_responded_on
	):
		issue.first_responded_on = None
		issue.flags.on_first_reply = True
	else:
		return
	_count(issue, frappe.get_doc("Service Level Agreement", issue.service_level_agreement))
	issue.save(ignore_permissions=True)


def _agreement_for(issue) -> ServiceLevelAgreement | None:
	"""One that is no default first."""
	if not frappe.db.get_single_value("Support Settings", "track_service_level_agreement"):
		return None
	for default in (0, 1):
		enabled = {"document_type": issue.doctype, "enabled": 1, "default_service_level_agreement": default}
		for name in frappe.get_all("Service Level Agreement", enabled, pluck="name"):
			agreement = frappe.get_doc("Service Level Agreement", name)
			if not issue.priority or issue.priority in [row.priority for row in agreement.priorities]:
				return agreement
	return None


def _count(issue, agreement: ServiceLevelAgreement) -> None:
	_follow_status(issue, agreement)
	_set_due(issue, agreement)
	issue.agreement_status = _standing(issue, agreement)


def _follow_status(issue, agreement: ServiceLevelAgreement) -> None:
	now = now_datetime()
	was = agreement.phase_of(frappe.db.get_value(issue.doctype, issue.name, "status"))
	phase = agreement.phase_of(issue.status)
	answered = was is Phase.OPEN and phase is not Phase.OPEN
	if (answered or issue.flags.on_first_reply) and not issue.first_responded_on:
		issue.first_responded_on = now
	if phase is was:
		return
	if was is not Phase.OPEN:
		_end_hold(issue, now)
	if phase is Phase.OPEN:
		issue.update({"resolution_date": None, "resolution_time": None, "user_resolution_time": None})
	elif phase is Phase.HELD:
		issue.on_hold_since = now
		issue.response_by = issue.response_by if issue.first_responded_on else None
		issue.resolution_by = issue.resolution_by if issue.resolution_date else None
	elif was is Phase.OPEN or agreement.apply_sla_for_resolution:
		issue.resolution_date = now
		issue.resolution_time = time_diff_in_seconds(now, _begun(issue))
		issue.user_resolution_time = issue.resolution_time - _waited_for_customer(issue)


def _end_hold(issue, now: datetime) -> None:
	if since := issue.resolution_date or issue.on_hold_since:
		issue.total_hold_time = (issue.total_hold_time or 0) + time_diff_in_seconds(now, since)
	issue.on_hold_since = None


def _set_due(issue, agreement: ServiceLevelAgreement) -> None:
	times, held = agreement.times_of(issue.priority), round(issue.total_hold_time or 0)
	before_answer = 0 if issue.first_responded_on else held
	issue.response_by = add_to_date(_begun(issue), seconds=times.response_time + before_answer)
	if agreement.apply_sla_for_resolution and not issue.on_hold_since:
		issue.resolution_by = add_to_date(_begun(issue), seconds=(times.resolution_time or 0) + held)


def _standing(issue, agreement: ServiceLevelAgreement) -> str:
	if not issue.first_responded_on:
		return "First Response Due"
	if not agreement.apply_sla_for_resolution:
		in_time = get_datetime(issue.first_responded_on) <= get_datetime(issue.response_by)
	elif not issue.resolution_date:
		return "Resolution Due"
	else:
		in_time = get_datetime(issue.resolution_date) <= get_datetime(issue.resolution_by)
	return "Fulfilled" if in_time else "Failed"


def _begun(issue) -> datetime:
	return get_datetime(issue.service_level_agreement_creation or issue.creation)


def _waited_for_customer(issue) -> float:
	rows = frappe.get_all(
		"Communication",
		{"reference_doctype": issue.doctype, "reference_name": issue.name},
		["sent_or_received", "creation"],
		order_by="creation",
	)
	return sum(
		time_diff_in_seconds(answer.creation, question.creation)
		for question, answer in pairwise(rows)
		if (question.sent_or_received, answer.sent_or_received) == ("Sent", "Received")
	)
