"""What this app adds to a ticket's class in every ticket system: `desks.base.TextTicket`, as far as it is the same."""

from typing import Any

import frappe

from twilio_sms_channel.content import text
from twilio_sms_channel.infra import fetched_fields
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.outbound import outbox, pasted_images
from twilio_sms_channel.people import contacts

# A reply box does not say what its screen showed. A message that is this young was hardly read.
READING_TIME_S = 6


class TextTicketMixin:
	@property
	def is_text_ticket(self) -> bool:
		return bool(self.get("twilio_sms_conversation"))

	@property
	def replies_by_text(self) -> bool:
		return self.is_text_ticket and self.get("twilio_sms_reply_channel") == "SMS"

	def reply_by_text(self, body: str, files: list[str] | None = None, **how: Any):
		"""Queue a message to the customer. Returns the Twilio SMS Message; see `outbox.write`."""
		conversation = frappe.get_doc("Twilio SMS Conversation", self.twilio_sms_conversation)
		conversation.ticket_doctype, conversation.ticket = self.doctype, str(self._where_it_goes_on().name)
		# Repeated after a merge, a request is about the ticket that it was about before.
		return outbox.write(conversation, body, files=files, about=(self.doctype, str(self.name)), **how)

	def reply_from_box(self, message: str, files: list[str]):
		"""Queue what an agent wrote in the ticket system's own reply box. Returns the Twilio SMS Message.

		Only at the beginning of a request.

		:param message: HTML
		:param files: names of File documents
		"""
		body = text.from_html(message)

		def write():
			self.reload()
			return self._send_message(message, body, files, seen_up_to_s=READING_TIME_S)

		# Agents who press Send at the same moment take turns, and the second one sees what the first one wrote.
		return conversations.serialize(self.twilio_sms_conversation, write)

	def _send_message(self, message: str, body: str, files: list[str], **how: Any):
		pasted = pasted_images.files_in(message, self, besides=files)
		return self.reply_by_text(body, [*files, *pasted], **how)

	@property
	def customer_contact(self) -> str | None:
		"""The contact, unless the ticket system has filled in somebody else than the customer."""
		return self.contact

	def customer_email(self) -> str:
		"""The customer's valid e-mail address, "" without one."""
		return contacts.mailable(self.raised_by) or contacts.email_of(self.contact)

	def before_validate(self) -> None:
		if self.flags.ignore_links:
			# What sites have fetched; and Helpdesk has a status's category fetched, and goes by the category.
			fetched_fields.fetch(self)
		self._go_on("before_validate")

	def after_insert(self) -> None:
		# At once: other apps' hooks on tickets may commit, and fail after that.
		if self.is_text_ticket and self.flags.opened_by_message:
			conversations.follow(self.twilio_sms_conversation, self.doctype, self.name)
		self._go_on("after_insert")

	def on_update(self) -> None:
		self._go_on("on_update")
		if self.is_text_ticket and self.contact and self.has_value_changed("contact"):
			conversations.set_contact(self.twilio_sms_conversation, self.doctype, self.name, self.contact)

	def _go_on(self, event: str, *about: Any) -> None:
		"""What the ticket system itself does, where it does something."""
		if method := getattr(super(), event, None):
			method(*about)

	def _where_it_goes_on(self):
		"""The ticket that replies go to: another one where this one was merged into it."""
		return self
