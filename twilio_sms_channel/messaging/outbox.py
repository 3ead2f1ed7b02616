"""An agent's reply, written down as Queued together with its Communication, in one transaction."""

import frappe
from frappe import _

from twilio_sms_channel.messaging import (
	contacts,
	conversations,
	dispatch,
	media,
	pace,
	phone,
	segments,
	text,
)

MAX_FILES = 10


class CannotText(frappe.ValidationError):
	"""The text may not or cannot be sent; the message says why and what to do."""


def write(conversation, body: str, *, files: list[str] | None = None):
	"""Queue a text to the customer and show it in the ticket. Returns the Twilio SMS Message.

	Nothing is sent before the caller's transaction is committed.

	:param conversation: Twilio SMS Conversation document
	:param body: plain text, at most 1,600 characters
	:param files: names of File documents to send as MMS
	:raises CannotText: empty, too long, opted out, number off, not answerable …
	"""
	files = files or []
	if reason := why_not(conversation, body, files):
		frappe.throw(reason, CannotText, title=_("The text was not sent"))
	communication = _communication(conversation, body).insert(ignore_permissions=True)
	attached = [_attached(file, communication.name) for file in files]
	conversations.answered_from(conversation)
	return _queue(conversation, body, communication.name, sent_by=frappe.session.user, media=attached)


def write_automatic(conversation, body: str):
	"""Queue the confirmation of STOP, START or HELP. Returns the Twilio SMS Message.

	It goes to a customer who opted out as well, and is no agent's reply: the ticket keeps its status and its clocks.
	"""
	communication = _communication(conversation, body)
	communication.update(
		{"communication_type": "Automated Message", "sender": None, "sender_full_name": _("Automatic")}
	)
	# Without the hooks, by which Helpdesk up to v1.19 would take it for a reply.
	communication.db_insert()
	return _queue(conversation, body, communication.name, automatic=1)


def _queue(conversation, body: str, communication: str, **facts):
	number = frappe.get_cached_doc("Twilio SMS Number", conversation.number)
	count = segments.count(body)
	message = frappe.get_doc(
		{
			"doctype": "Twilio SMS Message",
			"direction": "Outbound",
			"status": "Queued",
			"account": number.account,
			"number": number.name,
			"customer_number": conversation.customer_number,
			"conversation": conversation.name,
			"communication": communication,
			"body": body,
			"encoding": count.encoding,
			"segments": count.segments,
			"turn": pace.turn_for(number.name, conversation.name, by=facts.get("sent_by") or ""),
			**facts,
		}
	).insert(ignore_permissions=True)
	dispatch.wake()
	return message


def why_not(conversation, body: str | None = None, files: list[str] | None = None) -> str:
	"""The reason why a text cannot be sent in this conversation, "" when it can.

	:param body: leave out to ask about the conversation alone
	"""
	number = frappe.get_cached_doc("Twilio SMS Number", conversation.number)
	customer = phone.display(conversation.customer_number)
	if conversation.opted_out:
		return _(
			"{0} opted out by texting STOP. They have to text START before they can be texted again."
		).format(customer)
	if not phone.is_answerable(conversation.customer_number):
		return _("{0} is not a phone number: texts from it cannot be answered.").format(customer)
	if not number.enabled or not number.sms_enabled:
		return _("Our number {0} is switched off. An admin can switch it on.").format(
			phone.display(number.name)
		)
	if not frappe.db.get_value("Twilio SMS Account", number.account, "enabled"):
		return _("The Twilio account {0} is switched off. An admin can switch it on.").format(number.account)
	if body is None:
		return ""
	if not body.strip() and not files:
		return _("The text is empty. Write something or attach a file.")
	if len(body) > segments.MAX_CHARACTERS:
		return _(
			"The text has {0} characters; Twilio sends at most {1}. Shorten it, or send it as e-mail."
		).format(len(body), segments.MAX_CHARACTERS)
	if files and not number.mms_enabled:
		return _("Our number {0} cannot send files. Remove them, or send this as e-mail.").format(
			phone.display(number.name)
		)
	if files and len(files) > MAX_FILES:
		return _("A text takes at most {0} files, not {1}.").format(MAX_FILES, len(files))
	return ""


def _communication(conversation, body: str):
	subject = frappe.db.get_value(conversation.ticket_doctype, conversation.ticket, "subject")
	communication = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"communication_medium": "SMS",
			"sent_or_received": "Sent",
			"status": "Linked",
			"delivery_status": "Sending",
			"sender": frappe.db.get_value("User", frappe.session.user, "email"),
			"recipients": conversation.customer_number,
			"phone_no": conversation.customer_number,
			"subject": subject,
			"content": text.to_html(body),
			"reference_doctype": conversation.ticket_doctype,
			"reference_name": conversation.ticket,
		}
	)
	# An e-mail signature has no place in a text.
	communication.flags.skip_add_signature = True
	return communication


def _attached(file: str, communication: str) -> dict:
	"""Attach a File to the Communication, as a row of its own: the same upload may go into several replies.

	Frappe keeps equal contents on disk once.
	"""
	source = frappe.get_doc("File", file)
	source.check_permission("read")
	# Its address alone will not do: from v16 on Frappe would read a picture as text and write it anew.
	content = media.content_of(source)
	copy = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": source.file_name,
			"content": content,
			"is_private": source.is_private,
			"attached_to_doctype": "Communication",
			"attached_to_name": communication,
		}
	).insert(ignore_permissions=True)
	return {
		"file": copy.name,
		"file_name": source.file_name,
		"content_type": media.kind_of(content)[0],
		"size": source.file_size,
		"status": "Attached",
	}


def customer_of(conversation) -> str:
	"""How the customer is shown: name, otherwise number."""
	return contacts.full_name(conversation.contact) or phone.display(conversation.customer_number)
