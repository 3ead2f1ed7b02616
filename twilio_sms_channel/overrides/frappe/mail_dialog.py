"""Desk's e-mail dialog on a ticket that agents answer in Desk's form, and which replies by SMS: it sends a message."""

from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, cstr, split_emails, strip_html

from twilio_sms_channel.content import dialog_text
from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.people import contacts, phone


@frappe.whitelist()
def make(**args: Any) -> dict[str, str]:
	"""Make a Communication and, with `send_email`, send it (Frappe: `frappe.core.doctype.communication.email.make`).

	What goes to somebody else than the customer stays an e-mail. So does what is written by anybody else than an agent who
	may write the ticket: Frappe says whether they may send it.

	:return: `{"name": of the Communication, "emails_not_sent_to"}`
	:raises outbox.CannotText: the message may not or cannot be sent
	"""
	from frappe.core.doctype.communication import email

	args.pop("cmd", None)
	if _looks_like_a_message(args):
		outbox.refuse(_("Send messages in the box under SMS Conversation."))
	ticket = _answered_by_text(args)
	if not ticket:
		return frappe.call(email.make, **args)
	_refuse_what_only_emails_can(args)
	content = dialog_text.own_words(
		args.get("content") or "", _signatures(), introduction=_("On {0}, {1} wrote:")
	)
	sent = ticket.reply_from_box(content, _attachments(args.get("attachments")))
	frappe.msgprint(_("Sent as SMS to {0}.").format(phone.display(sent.customer_number)), alert=True)
	return {"name": sent.communication, "emails_not_sent_to": ""}


def _looks_like_a_message(dialog: dict[str, Any]) -> bool:
	"""Whether it would look like a message of a ticket that came or went out, however it is spelled: Frappe trims values,
	and the database finds a DocType in other spellings as well."""
	if cstr(dialog.get("communication_medium")).strip().upper() != "SMS":
		return False
	named = cstr(dialog.get("doctype")).strip()
	return not named or bool(desk_or_none_of(frappe.db.get_value("DocType", named)))


def _answered_by_text(dialog: dict[str, Any]):
	"""The document of the ticket that the dialog answers the customer of by a message; None for an e-mail."""
	desk = desk_or_none_of(dialog.get("doctype"))
	if not desk or not desk.replies_in_form or not dialog.get("name") or not cint(dialog.get("send_email")):
		return None
	if (
		dialog.get("communication_medium", "Email") != "Email"
		or dialog.get("sent_or_received", "Sent") != "Sent"
	):
		return None
	# First of all: what comes of the request would tell the customer's addresses.
	if not desk.may_write(str(dialog["name"])):
		return None
	ticket = frappe.get_doc(desk.doctype, dialog["name"])
	return ticket if ticket.replies_by_text and not _others(ticket, dialog) else None


def _attachments(value: Any) -> list:
	try:
		listed = frappe.parse_json(value) or []
	except (ValueError, RecursionError):
		listed = None
	if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
		outbox.refuse(_("The attachments are not a list of files. Attach them again."))
	return listed


def _others(ticket, dialog: dict[str, Any]) -> set[str]:
	"""Addresses that are not the customer's."""
	given = {
		address.strip().lower()
		for field in ("recipients", "cc", "bcc")
		for address in _listed(dialog.get(field))
		if "@" in address
	}
	own = {ticket.customer_email(), ticket.raised_by, *contacts.emails_of(ticket.contact or "")}
	return given - {contacts.one_address(address or "").lower() for address in own}


def _listed(value: Any) -> list[str]:
	addresses = value if isinstance(value, list) else split_emails(value or "")
	return [contacts.one_address(address) or address for address in addresses]


def _refuse_what_only_emails_can(dialog: dict[str, Any]) -> None:
	if dialog.get("send_after"):
		outbox.refuse(_("A message cannot be sent later. Clear Schedule Send At, or switch to e-mail."))
	if cint(dialog.get("send_me_a_copy")):
		outbox.refuse(
			_(
				"A message has no copy by e-mail: it is in the ticket. Clear Send me a copy, or switch to e-mail."
			)
		)
	if cint(dialog.get("read_receipt")):
		outbox.refuse(_("A message has no read receipt. Clear Send Read Receipt, or switch to e-mail."))
	if dialog.get("print_html") or dialog.get("print_format"):
		outbox.refuse(
			_(
				"A printed document cannot go along with a message. Clear Attach Document Print, or switch to e-mail."
			)
		)


def _signatures() -> list[str]:
	"""What the dialog may have written below the agent's words."""
	own = frappe.db.get_value("User", frappe.session.user, "email_signature")
	ours = frappe.get_all("Email Account", {"add_signature": 1}, pluck="signature")
	return [signature for signature in (own, *ours) if strip_html(signature or "").strip()]
