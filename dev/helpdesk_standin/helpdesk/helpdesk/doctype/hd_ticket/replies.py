"""Replies of agents, and what customers write on the portal."""

import frappe
from bs4 import BeautifulSoup
from frappe import _
from frappe.model.document import Document

from helpdesk.helpdesk.doctype.hd_ticket.settings import setting
from helpdesk.utils import is_agent

REPLY_TO_PORTAL = (
	"<p>An answer in your <a href='{{ ticket_url }}'>ticket {{ doc.name }}</a>:</p>{{ message }}"
)


class TicketReplies:
	@frappe.whitelist()
	def reply_via_agent(
		self,
		message: str,
		from_email: dict | None = None,
		to: str | None = None,
		cc: str | None = None,
		bcc: str | None = None,
		attachments: list[str] | None = None,
	):
		"""Add an agent's reply to the ticket and mail it. The reply box calls this as `run_doc_method`.

		:param message: HTML
		:param from_email: `{email_account, email_id}` to write from
		:param attachments: names of Files; they move to the Communication, the ticket gets copies
		:raises frappe.PermissionError: the user is no agent
		:raises frappe.ValidationError: no account to send from; the Communication is written by then, and goes
		        with the rolled back request
		"""
		if not is_agent():
			frappe.throw(_("Only agents reply here."), frappe.PermissionError)
		account = None if self.skip_email_workflow() else self._sending_account(from_email)
		previous = self.get_last_communication()
		communication = self._write_reply(
			content=message,
			communication_medium="" if self.skip_email_workflow() else "Email",
			sender=(from_email or {}).get("email_id") or frappe.session.user,
			recipients=_mailable(to),
			cc=cc,
			bcc=bcc,
			email_account=account and account.name,
			in_reply_to=previous.name if previous and previous.message_id else None,
		)
		files = [self._move_file(file, communication) for file in attachments or []]
		if self.skip_email_workflow() or not setting("enable_reply_email_via_agent"):
			return
		if not account:
			frappe.throw(_("No outgoing e-mail account is set up."))
		self._mail_reply(communication, account, files, previous)

	def _write_reply(self, **fields) -> Document:
		return frappe.get_doc(
			{
				"doctype": "Communication",
				"communication_type": "Communication",
				"sent_or_received": "Sent",
				"status": "Linked",
				"email_status": "Open",
				"subject": f"Re: {self.subject}",
				**self._reference(),
				**fields,
			}
		).insert(ignore_permissions=True)

	def _move_file(self, file: str, communication: Document) -> dict:
		file = frappe.get_doc("File", file)
		file.update({"attached_to_doctype": communication.doctype, "attached_to_name": communication.name})
		file.save(ignore_permissions=True)
		self.attach_file_with_doc(self.doctype, self.name, file.file_url)
		return {"file_url": file.file_url}

	def _mail_reply(self, communication: Document, account, files: list[dict], previous: Document | None):
		message = self.parse_content(communication.content)
		if self.via_customer_portal:
			message = self._render(
				"reply_via_agent_email_content", REPLY_TO_PORTAL, message=message, ticket_url=self.portal_uri
			)
		at_once = self.instantly_send_email()
		try:
			self._mail(
				recipients=communication.recipients,
				cc=communication.cc,
				bcc=communication.bcc,
				subject=communication.subject,
				message=message,
				as_markdown=True,
				attachments=files,
				communication=communication.name,
				sender=account.email_id,
				reply_to=account.email_id,
				expose_recipients="header",
				# As in Helpdesk before v1.28: the first Communication of a ticket cannot be such a reply.
				in_reply_to=previous.name or None,
				delayed=not at_once,
				now=at_once,
			)
		except Exception as e:
			frappe.throw(str(e))

	@frappe.whitelist()
	def create_communication_via_contact(
		self, message: str, attachments: list[dict] | None = None, new_ticket: bool = False
	):
		"""Add what the session user wrote as a received e-mail.

		:param new_ticket: `message` is the description of a ticket being inserted: nobody is told
		"""
		if not new_ticket:
			if setting("enable_reply_email_to_agent"):
				self.send_reply_email_to_agent(message)
			self.status = self.ticket_reopen_status
			self.save(ignore_permissions=True)
		communication = frappe.new_doc("Communication")
		communication.update(
			{
				"communication_type": "Communication",
				"communication_medium": "Email",
				"sent_or_received": "Received",
				"status": "Linked",
				"email_status": "Open",
				"subject": f"Re: {self.subject}",
				"sender": frappe.session.user,
				"content": message,
				**self._reference(),
			}
		)
		communication.save(ignore_permissions=True)
		for attachment in self.get("attachments") or attachments or []:
			self._move_file(attachment["name"], communication)

	@frappe.whitelist()
	def get_last_communication(self) -> Document | None:
		try:
			return frappe.get_last_doc("Communication", filters=self._reference())
		except frappe.DoesNotExistError:
			return None

	def attach_file_with_doc(self, doctype: str, docname: str, file_url: str):
		frappe.get_doc(
			{
				"doctype": "File",
				"attached_to_doctype": doctype,
				"attached_to_name": docname,
				"file_url": file_url,
				# Later Frappe knows by itself; that of the throwaway site would make the copy public.
				"is_private": int(file_url.startswith("/private/")),
			}
		).save(ignore_permissions=True)

	def parse_content(self, content: str | None) -> str:
		"""Have Frappe embed pictures in the mail: it takes those with an `embed` attribute."""
		soup = BeautifulSoup(content or "", "html.parser")
		for tag in soup.find_all(["img", "video"]):
			tag["embed"] = tag.get("src")
		return str(soup)


def _mailable(recipients: str | None) -> str | None:
	return frappe.db.get_value("User", recipients, "email") if recipients == "Administrator" else recipients
