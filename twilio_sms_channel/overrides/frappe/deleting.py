"""What is deleted stays in *Deleted Document*, whole. Of messages the words do not: whoever deletes them wants that."""

import frappe
from frappe import _
from frappe.core.doctype.comment.comment import get_comments_from_parent, update_comments_in_parent

from twilio_sms_channel.desks.registry import desk_or_none_of

# What a field that must not be empty says instead, so that the document can be restored.
PLACEHOLDER = "SMS"


def forget_words(doc, method: str | None = None) -> None:
	"""Take the words out of a document that was just deleted (hook `after_delete`), before Frappe keeps a copy of it."""
	if doc.doctype == "Communication":
		if doc.communication_medium == "SMS":
			_drop_comments(doc.reference_doctype, doc.reference_name, {doc.name})
			doc.update({"subject": PLACEHOLDER, "content": "", "text_content": ""})
	elif (desk := desk_or_none_of(doc.doctype)) and doc.get("twilio_sms_conversation"):
		doc.update({"subject": _("Text message"), **dict.fromkeys(desk.word_fields, "")})


def forget_moved(doctype: str, ticket: str) -> None:
	"""Take out of a ticket what Frappe keeps in it (`_comments`) of entries that were moved to another one."""
	names = [entry.get("name") for entry in _comments(doctype, ticket)]
	elsewhere = {"name": ("in", names), "reference_name": ("!=", ticket)}
	if names and (moved := frappe.get_all("Communication", elsewhere, pluck="name")):
		_drop_comments(doctype, ticket, set(moved))


def _comments(doctype: str | None, name: str | None) -> list[dict]:
	"""The beginnings of a document's entries, which Frappe keeps in the document as well."""
	if not (doctype and name):
		return []
	return get_comments_from_parent(frappe._dict(reference_doctype=doctype, reference_name=name))


def _drop_comments(doctype: str | None, name: str | None, entries: set[str]) -> None:
	kept = _comments(doctype, name)
	left = [entry for entry in kept if entry.get("name") not in entries]
	if len(left) < len(kept):
		update_comments_in_parent(doctype, name, left)
