"""Fields that carry rights are changed by this app's code alone, whatever a role may write.

Whose conversation a ticket answers, who opted out, what became of a message: whoever could write these would read and
send other people's messages. A form that shows them read-only keeps nobody from writing them over the API.
"""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.desks.base import Desk
from twilio_sms_channel.desks.registry import desk_or_none_of, known_doctypes, ticket_doctypes
from twilio_sms_channel.infra import own_writes
from twilio_sms_channel.messaging.conversation import ticket_marks

CONVERSATION = "twilio_sms_conversation"
TICKET_FIELDS = (CONVERSATION, "twilio_sms_reply_channel")


def keep(doc, fields: tuple[str, ...]) -> None:
	"""Refuse a document in which somebody else has changed one of these fields.

	:raises frappe.PermissionError: naming the field
	"""
	if own_writes.is_ours(doc):
		return
	for field in fields:
		if doc.meta.has_field(field) and _is_changed(doc, field):
			_refuse(doc, field)


def restore(doc, fields: tuple[str, ...]) -> None:
	"""Put back what somebody else has changed in these fields, where a form can be older than what the app wrote."""
	if not own_writes.is_ours(doc) and not doc.is_new():
		before = doc.get_doc_before_save() or _stored(doc)
		doc.update({field: before.get(field) for field in fields})


def keep_all(doc, but: tuple[str, ...] = ()) -> None:
	"""The same for all fields that the DocType came with, and for new documents."""
	if own_writes.is_ours(doc):
		return
	if doc.is_new():
		# No request can say this of its document, but a web form of a site's own does.
		if not doc.flags.ignore_permissions or frappe.flags.in_web_form:
			_refuse(doc)
		return
	keep(
		doc,
		tuple(
			df.fieldname
			for df in doc.meta.fields
			if not df.get("is_custom_field") and df.fieldname not in but
		),
	)


def before_ticket_insert(doc, method: str | None = None) -> None:
	"""A new ticket brings no conversation along, except one that an agent splits off."""
	desk = desk_or_none_of(doc.doctype)
	# A DocType of another app can have a ticket's name.
	if not desk or own_writes.is_ours(doc) or not doc.get(CONVERSATION):
		return
	source = desk.split_from(doc)
	same = source and frappe.db.get_value(doc.doctype, source, CONVERSATION) == doc.get(CONVERSATION)
	if not (same and desk.may_write(source)):
		doc.update(dict.fromkeys(TICKET_FIELDS))


def before_ticket_validate(doc, method: str | None = None) -> None:
	"""Keep a ticket's conversation, and the tickets that it is tied to when one of them has messages."""
	desk = desk_or_none_of(doc.doctype)
	if not desk:
		return
	# A form may be older than what the customer has said since: these are put back, not refused.
	ticket_marks.put(doc)
	if own_writes.is_ours(doc):
		return
	if not doc.is_new():
		keep(doc, TICKET_FIELDS)
		_keep_customer(doc, desk)
	before = None if doc.is_new() else doc.get_doc_before_save() or _stored(doc)
	for field in desk.tying_fields:
		other = doc.get(field)
		if not other or (before and str(before.get(field)) == str(other)):
			continue
		if not (doc.get(CONVERSATION) or frappe.db.get_value(doc.doctype, other, CONVERSATION)):
			continue
		# Whoever ties a ticket to another one has its messages go there, and reads fields of that one in lists.
		if not frappe.has_permission(doc.doctype, "write", doc=str(other)):
			_refuse(doc, field)


def _keep_customer(doc, desk: Desk) -> None:
	"""Who a ticket is from, agents say: it is whom they are offered to text."""
	changed = [field for field in desk.customer_fields if _is_changed(doc, field)]
	if changed and not desk.is_agent():
		before = doc.get_doc_before_save() or _stored(doc)
		for field in changed:
			# What was empty the ticket system itself fills in.
			if before.get(field):
				_refuse(doc, field)


def before_assignment(todo, method: str | None = None) -> None:
	"""Whoever is assigned a ticket reads it: only those who may read it assign it (hook `validate` of ToDo).

	Frappe asks nobody who makes a ToDo, or moves one to another document, whether they may.
	"""
	if not todo.reference_name or todo.reference_type not in ticket_doctypes():
		return
	if todo.status in ("Closed", "Cancelled"):
		# Assigns nobody.
		return
	names = ("reference_type", "reference_name", "allocated_to", "status")
	if not todo.is_new() and not any(_is_changed(todo, field) for field in names):
		return
	if _is_by_rule(todo) or frappe.has_permission(todo.reference_type, "read", doc=str(todo.reference_name)):
		return
	frappe.throw(
		_("You may not read ticket {0}, so you cannot assign it.").format(
			frappe.utils.escape_html(str(todo.reference_name))
		),
		frappe.PermissionError,
		title=_("Not changed"),
	)


def _is_by_rule(todo) -> bool:
	"""Whether an assignment rule of the site gives the ticket to one of its own users, whoever saves the ticket."""
	if not todo.assignment_rule or not todo.flags.ignore_permissions or frappe.flags.in_web_form:
		return False
	rules = {"name": todo.assignment_rule, "document_type": todo.reference_type, "disabled": 0}
	rule = frappe.db.get_value("Assignment Rule", rules, ["name", "rule", "field"], as_dict=True)
	if not rule:
		return False
	if rule.rule == "Based on Field":
		return frappe.db.get_value(todo.reference_type, todo.reference_name, rule.field) == todo.allocated_to
	users = {"parent": rule.name, "parenttype": "Assignment Rule", "user": todo.allocated_to}
	return bool(frappe.db.exists("Assignment Rule User", users))


def keep_in_ticket(doc, method: str | None = None) -> None:
	"""Keep the Communication of a message in its ticket (hook `validate` of Communication)."""
	if doc.is_new():
		return
	medium, was_in = frappe.db.get_value(
		doc.doctype, doc.name, ["communication_medium", "reference_doctype"]
	) or (None, None)
	if medium == "SMS" and (ticket_doctypes() or was_in in known_doctypes()):
		keep(doc, ("communication_medium", "reference_doctype", "reference_name"))


def _is_changed(doc, field: str) -> bool:
	df, before = doc.meta.get_field(field), doc.get_doc_before_save() or _stored(doc)
	if df.fieldtype in frappe.model.table_fields:
		return _rows(doc, field) != _rows(before, field)
	if df.fieldtype in frappe.model.no_value_fields:
		return False
	return _plain(df, doc.get(field)) != _plain(df, before.get(field))


def _stored(doc):
	return frappe.get_doc(doc.doctype, doc.name)


def _rows(doc, field: str) -> list[dict]:
	columns = [
		df
		for df in frappe.get_meta(doc.meta.get_field(field).options).fields
		if df.fieldtype not in frappe.model.no_value_fields
	]
	return [
		{"name": row.name, **{df.fieldname: _plain(df, row.get(df.fieldname)) for df in columns}}
		for row in doc.get(field) or []
	]


def _plain(df, value: Any) -> Any:
	"""As it is in the database: forms and JSON bring the same value as text, and nothing in several ways."""
	if df.fieldtype in ("Check", "Int"):
		return frappe.utils.cint(value)
	if df.fieldtype in ("Float", "Currency", "Percent"):
		return frappe.utils.flt(value)
	if df.fieldtype == "Datetime" and value:
		return frappe.utils.get_datetime(value)
	return "" if value is None else str(value)


def _refuse(doc, field: str = "") -> None:
	if not field:
		said = _("{0} is written by the app itself.").format(_(doc.doctype))
	else:
		said = _(
			"{0} of {1} is changed by the app itself. If you changed something else, reload the page and do it again."
		).format(_(doc.meta.get_label(field)), _(doc.doctype))
	frappe.throw(said, frappe.PermissionError, title=_("Not changed"))
