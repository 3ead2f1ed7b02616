"""E-mails that a ticket sends."""

import inspect

import frappe
from frappe import _
from frappe.utils import get_url

from helpdesk.helpdesk.doctype.hd_ticket.settings import setting

ACKNOWLEDGEMENT = "<p>We received your request “{{ doc.subject }}”. Its number is {{ doc.name }}.</p>"
FEEDBACK_REQUEST = "<p>How did we do with ticket {{ doc.name }}? <a href='{{ url }}'>Tell us</a></p>"
REPLY_TO_AGENTS = (
	"<p>The customer answered in ticket <a href='{{ ticket_url }}'>{{ doc.name }}</a>:</p>{{ message }}"
)


class TicketEmails:
	def skip_email_workflow(self) -> bool:
		return bool(setting("skip_email_workflow"))

	def instantly_send_email(self) -> bool:
		return bool(setting("instantly_send_email"))

	def sender_email(self):
		"""The account that replies go out by: the last Communication's, else the default one."""
		last = self.get_last_communication()
		if last and last.email_account:
			account = frappe.get_doc("Email Account", last.email_account)
			if account.enable_outgoing:
				return account
		default = frappe.db.get_value("Email Account", {"default_outgoing": 1})
		return frappe.get_doc("Email Account", default) if default else None

	def send_acknowledgement_email(self):
		try:
			self._mail(
				recipients=[self.raised_by],
				subject=_("Ticket {0}: we received your request").format(self.name),
				message=self._render("acknowledgement_email_content", ACKNOWLEDGEMENT),
				expose_recipients="header",
				now=True,
				email_headers={"X-Auto-Generated": "hd-acknowledgement"},
			)
		except Exception as e:
			frappe.throw(_("The acknowledgement cannot be sent: {0}").format(e))

	def send_reply_email_to_agent(self, message: str = ""):
		if agents := self.get_assigned_agents():
			ticket_url = get_url(f"/helpdesk/tickets/{self.name}")
			self._mail(
				recipients=agents,
				subject=f"Re: {self.subject} - #{self.name}",
				message=self._render(None, REPLY_TO_AGENTS, ticket_url=ticket_url, message=message),
				now=True,
			)

	def handle_email_feedback(self):
		if (
			self.is_new()
			or self.via_customer_portal
			or self.feedback_rating
			or not self.has_value_changed("status")
			or not setting("enable_email_ticket_feedback")
			or self.status != (setting("send_email_feedback_on_status") or "Closed")
		):
			return
		last = self.get_last_communication()
		url = get_url(f"/ticket-feedback/new?key={self.key}")
		try:
			self._mail(
				recipients=[self.raised_by],
				subject=f"Re: {self.subject}",
				message=self._render("feedback_email_content", FEEDBACK_REQUEST, url=url),
				in_reply_to=last and last.name,
				now=True,
				email_headers={"X-Auto-Generated": "hd-email-feedback"},
			)
		except Exception as e:
			frappe.throw(_("The question for feedback cannot be sent: {0}").format(e))

	def _sending_account(self, from_email: dict | None):
		if not (from_email or {}).get("email_account"):
			return self.sender_email()
		if not frappe.db.exists("Email Account", from_email["email_account"]):
			frappe.throw(_("There is no e-mail account for {0}.").format(from_email.get("email_id")))
		return frappe._dict(name=from_email["email_account"], email_id=from_email.get("email_id"))

	def _render(self, setting: str | None, default: str, **context) -> str:
		own = (setting and setting(setting)) or ""
		return frappe.render_template(own if own.strip() else default, {"doc": self.as_dict(), **context})

	def _mail(self, email_headers: dict | None = None, **message) -> None:
		if email_headers and "email_headers" in inspect.signature(frappe.sendmail).parameters:
			message["email_headers"] = email_headers
		frappe.sendmail(
			reference_doctype=self.doctype, reference_name=self.name, with_container=False, **message
		)
