"""Issue whose replies are messages.

ERPNext's own methods are replaced only where an Issue without e-mail address would get somebody else's, and where one is
split.
"""

import frappe
from frappe import _

from twilio_sms_channel.desks.erpnext import TICKET
from twilio_sms_channel.desks.registry import desk_of, ticket_doctypes
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.overrides.erpnext import splitting
from twilio_sms_channel.overrides.text_ticket import TextTicketMixin
from twilio_sms_channel.people import contacts

SERIES = "twilio_sms_naming_series"


def leave(issue, method: str | None = None) -> None:
	"""Have no conversation name an Issue that is deleted, and the next one not get its name (hook `on_trash`).

	Frappe gives back the number of the latest one, and a worker unlinks some time later whatever names the deleted one: the
	messages of the next one, too.
	"""
	if issue.doctype in ticket_doctypes():
		conversations.forget(issue.doctype, issue.name)
		issue.flags[SERIES], issue.naming_series = issue.get("naming_series"), None


def keep_series(issue, method: str | None = None) -> None:
	"""The copy that Frappe keeps of a deleted Issue says its series all the same (hook `after_delete`)."""
	if SERIES in issue.flags:
		issue.naming_series = issue.flags.pop(SERIES)


class IssueMixin(TextTicketMixin):
	"""What this app adds to ERPNext's Issue. Before Frappe v16 see `issue_v15`."""

	def validate(self) -> None:
		# From v16 on Frappe adds this class to whichever DocType is named so: another app's has other fields.
		had_address = bool(self.get("raised_by"))
		self._go_on("validate")
		if not self.is_text_ticket:
			return
		if not had_address:
			# ERPNext fills in the session user, and e-mail replies would go to the agent.
			self.raised_by = ""
		if not self.company:
			# ERPNext looks for it where there is an address.
			self.company = frappe.db.get_default("Company")

	def set_lead_contact(self, email_id: str | None) -> None:
		# Of somebody who texts: `IssueDesk.about_customer`.
		if not self.is_text_ticket or email_id != frappe.session.user:
			super().set_lead_contact(email_id)

	def notify_communication(self, communication) -> None:
		"""Frappe calls this for each Communication, and after it ERPNext saves the Issue: its service level agreement counts."""
		if communication.communication_medium == "SMS":
			# Whoever texts fills in no fields, and does not mind what was deleted.
			self.flags.ignore_mandatory = self.flags.ignore_links = True
		self._go_on("notify_communication", communication)

	@property
	def customer_contact(self) -> str | None:
		# Who is texted was chosen by an agent.
		if self.is_text_ticket or not self._is_made_by_agent:
			return self.contact
		return None if self.owner.lower() in contacts.emails_of(self.contact or "") else self.contact

	def customer_email(self) -> str:
		if self._is_made_by_agent:
			return contacts.email_of(self.customer_contact)
		return super().customer_email()

	@property
	def _is_made_by_agent(self) -> bool:
		"""Whether an agent made it, for a customer: ERPNext fills in the agent's own address, and the contact that has it."""
		return bool(self.raised_by) and self.raised_by == self.owner and desk_of(TICKET).is_agent(self.owner)

	def reply_by_email(self, message: str, to: str, files: list[str]) -> None:
		"""Mail an agent's reply as Desk's e-mail dialog does, whatever the Issue's reply channel is.

		:param message: HTML
		:param files: names of File documents, which Frappe attaches to the e-mail's Communication as well
		"""
		from frappe.core.doctype.communication import email

		email.make(
			doctype=self.doctype,
			name=self.name,
			content=message,
			subject=_("Re: {0}").format(self.subject),
			recipients=to,
			send_email=True,
			attachments=frappe.as_json(files),
		)

	@frappe.whitelist(methods=["POST"])
	def split_issue(self, subject: str, communication_id: str) -> str:
		"""Move a Communication and all that came after it to a new Issue (ERPNext: `Issue.split_issue`).

		:return: name of the new Issue
		:raises turns.Busy: somebody else goes on splitting it
		:raises frappe.PermissionError: the caller may not write it
		"""

		def as_erpnext_does() -> str:
			# A request can bring the whole document along, with another conversation in it.
			stored = frappe.get_doc(self.doctype, self.name)
			return super(IssueMixin, stored).split_issue(subject, communication_id)

		return splitting.split(self.name, communication_id, as_erpnext_does)
