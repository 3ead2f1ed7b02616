"""Who may read messages: exactly those who may read their ticket.

Frappe lets everybody with read on Communication list all whose medium is not e-mail. Without these conditions, messages of
another team's tickets would show in lists, counts and searches.
"""

import frappe
from frappe.model.db_query import DatabaseQuery

from twilio_sms_channel.desks.registry import desk_or_none
from twilio_sms_channel.infra.compat import NO_OPINION

COMMUNICATION, CONVERSATION, MESSAGE = (
	"Communication",
	"Twilio SMS Conversation",
	"Twilio SMS Message",
)
NOTHING = "1 = 0"


def communication_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabCommunication`: messages only of tickets that the user may read."""
	if not (visible := _visible(user)):
		nothing_hidden = _sees_everything(user) or not desk_or_none()
		return "" if nothing_hidden else f"not {_left_over('`tabCommunication`')}"
	return (
		f"(ifnull(`tabCommunication`.communication_medium, '') != 'SMS' or {_elsewhere('`tabCommunication`')}"
		f" or cast(`tabCommunication`.reference_name as binary) in ({visible}))"
	)


def conversation_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTwilio SMS Conversation`."""
	if _sees_everything(user):
		return ""
	if not (desk := desk_or_none()):
		return NOTHING
	tickets = _visible(user) or f"select cast(name as binary) from `tab{desk.doctype}`"
	return f"cast(`tabTwilio SMS Conversation`.ticket as binary) in ({tickets})"


def message_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTwilio SMS Message`: by the ticket that its Communication is in now."""
	if _sees_everything(user):
		return ""
	if not desk_or_none():
		return NOTHING
	visible = _visible(user)
	in_ticket = (
		f"cast(reference_name as binary) in ({visible})" if visible else "ifnull(reference_name, '') != ''"
	)
	return (
		"`tabTwilio SMS Message`.communication in (select name from `tabCommunication` where"
		f" communication_medium = 'SMS' and {in_ticket})"
	)


def media_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTwilio SMS Media`: Frappe asks of a child table's rows only who may read the parent's DocType."""
	condition = message_query(user)
	return (
		f"`tabTwilio SMS Media`.parent in (select name from `tabTwilio SMS Message` where {condition})"
		if condition
		else ""
	)


def file_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabFile`: names of files of messages tell what was sent, too. All other files are not ours to judge."""
	if _sees_everything(user) or not desk_or_none():
		return ""
	if not (visible := _visible(user)):
		return (
			"not (ifnull(`tabFile`.attached_to_doctype, '') = 'Communication' and exists (select 1 from"
			f" `tabCommunication` text where text.name = `tabFile`.attached_to_name and {_left_over('text')}))"
		)
	return (
		"not (ifnull(`tabFile`.attached_to_doctype, '') = 'Communication' and exists (select 1 from `tabCommunication` text"
		" where text.name = `tabFile`.attached_to_name and text.communication_medium = 'SMS'"
		f" and not {_elsewhere('text')}"
		f" and ifnull(cast(text.reference_name as binary), '') not in ({visible})))"
	)


def about_ticket_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on what the ticket system keeps beside a ticket: of one with messages it tells what they say.

	Frappe v15 lets a list show the fields of what its rows link to, whoever may read that.
	"""
	desk = desk_or_none()
	if not desk or doctype not in desk.with_words or not (visible := _visible(user)):
		return ""
	ticket = f"cast(`tab{doctype}`.{desk.with_words[doctype]} as binary)"
	return (
		f"({ticket} in ({visible}) or not exists (select 1 from `tab{desk.doctype}` ticket"
		f" where cast(ticket.name as binary) = {ticket} and ifnull(ticket.twilio_sms_conversation, '') != ''))"
	)


def tag_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTag Link`, which everybody may list, with the titles of what is tagged."""
	if _sees_everything(user) or not (visible := _visible(user)):
		return ""
	ticket = frappe.db.escape(desk_or_none().doctype)
	texts = ", ".join(frappe.db.escape(doctype) for doctype in (COMMUNICATION, CONVERSATION, MESSAGE))
	return (
		f"(`tabTag Link`.document_type not in ({texts}, {ticket}) or (`tabTag Link`.document_type = {ticket}"
		f" and cast(`tabTag Link`.document_name as binary) in ({visible})))"
	)


def _left_over(text: str) -> str:
	"""SQL condition on a message's Communication: the ticket that it was in is gone."""
	return f"(ifnull({text}.communication_medium, '') = 'SMS' and ifnull({text}.reference_name, '') = '')"


def _elsewhere(text: str) -> str:
	"""SQL condition on a message's Communication: it belongs to something else than a ticket, which is not ours to judge.

	One that belongs to nothing was in a ticket that was deleted.
	"""
	desk = desk_or_none()
	return (
		f"(ifnull({text}.reference_name, '') != ''"
		f" and ifnull({text}.reference_doctype, '') not in ('', {frappe.db.escape(desk.doctype)}))"
	)


def may_read_communication(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	"""has_permission hook of Communication: messages by their ticket, everything else is not ours to judge."""
	desk = desk_or_none()
	if doc.communication_medium != "SMS" or not desk:
		return NO_OPINION
	if doc.reference_name and doc.reference_doctype and doc.reference_doctype != desk.doctype:
		return NO_OPINION
	return NO_OPINION if _may_read_ticket(doc.reference_name, user) else False


def may_read_conversation(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""has_permission hook of Twilio SMS Conversation."""
	return _may(doc.ticket_doctype, doc.ticket, user)


def may_read_message(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""has_permission hook of Twilio SMS Message."""
	reference = (
		frappe.db.get_value(COMMUNICATION, doc.communication, ["reference_doctype", "reference_name"])
		if doc.communication
		else None
	)
	return _may(*(reference or (None, None)), user)


def _may(doctype: str | None, ticket: str | None, user: str | None) -> bool:
	if _sees_everything(user):
		return True
	desk = desk_or_none()
	return bool(desk and doctype == desk.doctype and _may_read_ticket(ticket, user))


def _may_read_ticket(ticket: str | None, user: str | None) -> bool:
	"""Of a ticket that is gone only system managers see what was in it."""
	doctype = desk_or_none().doctype
	if not ticket or not frappe.db.exists(doctype, ticket):
		return _sees_everything(user)
	return bool(frappe.has_permission(doctype, "read", doc=str(ticket), user=user or frappe.session.user))


def _sees_everything(user: str | None) -> bool:
	"""System managers set the channel up and look after messages that never reached a ticket."""
	user = user or frappe.session.user
	return user == "Administrator" or "System Manager" in frappe.get_roles(user)


def _visible(user: str | None) -> str:
	"""SQL that selects the names of tickets the user may read, "" for all of them."""
	desk = desk_or_none()
	if not desk:
		return ""
	condition = _readable(desk.doctype, user or frappe.session.user)
	# Ticket names are numbers in the database before v16, references to them are text, and the collation of a
	# number cast to text is the connection's: bytes compare in any case.
	return (
		f"select cast(`tab{desk.doctype}`.name as binary) from `tab{desk.doctype}` where ({condition})"
		if condition
		else ""
	)


def _readable(doctype: str, user: str) -> str:
	"""SQL condition that Frappe puts into lists of a DocType: roles, User Permissions, shares, and hooks of apps."""
	if not frappe.has_permission(doctype, "read", user=user):
		return NOTHING
	query = DatabaseQuery(doctype, user=user)
	try:
		found = query.build_match_conditions()
	except frappe.PermissionError:
		frappe.clear_last_message()
		return NOTHING
	# Whoever may read nothing of it but what is shared with them: Frappe keeps that apart.
	return " and ".join(f"({condition})" for condition in (found, *query.conditions) if condition)
