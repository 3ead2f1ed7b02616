"""Who may read messages: exactly those who may read their ticket.

Frappe lets everybody with read on Communication list all whose medium is not e-mail. Without these conditions, messages of
another team's tickets would show in lists, counts and searches.
"""

import frappe
from frappe.model.db_query import DatabaseQuery

from twilio_sms_channel.desks.base import Desk
from twilio_sms_channel.desks.registry import desks, known_doctypes, ticket_doctypes
from twilio_sms_channel.infra.compat import NO_OPINION

COMMUNICATION, CONVERSATION, MESSAGE = (
	"Communication",
	"Twilio SMS Conversation",
	"Twilio SMS Message",
)
NOTHING = "1 = 0"


def communication_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabCommunication`: messages only of tickets that the user may read."""
	visible, table = _visible(user), "`tabCommunication`"
	if not visible or (_sees_everything(user) and not any(visible.values())):
		return ""
	readable = _in_ticket(f"{table}.reference_doctype", f"{table}.reference_name", visible)
	return f"(ifnull({table}.communication_medium, '') != 'SMS' or {_elsewhere(table)} or {readable})"


def conversation_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTwilio SMS Conversation`."""
	if _sees_everything(user):
		return ""
	table = "`tabTwilio SMS Conversation`"
	# It keeps the name of a ticket that was deleted.
	those_there = {
		doctype: tickets or f"select cast(name as binary) from `tab{doctype}`"
		for doctype, tickets in _visible(user).items()
	}
	return _in_ticket(f"{table}.ticket_doctype", f"{table}.ticket", those_there)


def message_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTwilio SMS Message`: by the ticket that its Communication is in now."""
	if _sees_everything(user):
		return ""
	readable = _in_ticket("reference_doctype", "reference_name", _visible(user))
	return (
		"`tabTwilio SMS Message`.communication in (select name from `tabCommunication` where"
		f" communication_medium = 'SMS' and {readable})"
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
	if _sees_everything(user) or not (visible := _visible(user)):
		return ""
	readable = _in_ticket("text.reference_doctype", "text.reference_name", visible)
	return (
		"not (ifnull(`tabFile`.attached_to_doctype, '') = 'Communication' and exists (select 1 from `tabCommunication` text"
		" where text.name = `tabFile`.attached_to_name and text.communication_medium = 'SMS'"
		f" and not {_elsewhere('text')} and not ifnull({readable}, 0)))"
	)


def about_ticket_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on what a ticket system keeps beside a ticket: of one with messages it tells what they say.

	Frappe v15 lets a list show the fields of what its rows link to, whoever may read that.
	"""
	about = [desk for desk in desks() if doctype in desk.with_words]
	return " and ".join(filter(None, (_about_tickets(desk, doctype, user) for desk in about)))


def _about_tickets(desk: Desk, doctype: str, user: str | None) -> str:
	if not (visible := _visible_of(desk.doctype, user)):
		return ""
	ticket = f"cast(`tab{doctype}`.{desk.with_words[doctype]} as binary)"
	return (
		f"({ticket} in ({visible}) or not exists (select 1 from `tab{desk.doctype}` ticket"
		f" where cast(ticket.name as binary) = {ticket} and ifnull(ticket.twilio_sms_conversation, '') != ''))"
	)


def tag_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTag Link`, which everybody may list, with the titles of what is tagged."""
	if _sees_everything(user) or not any((visible := _visible(user)).values()):
		return ""
	judged = _listed((COMMUNICATION, CONVERSATION, MESSAGE, *known_doctypes()))
	readable = _in_ticket("`tabTag Link`.document_type", "`tabTag Link`.document_name", visible)
	return f"(`tabTag Link`.document_type not in ({judged}) or {readable})"


def _in_ticket(doctype_column: str, name_column: str, visible: dict[str, str]) -> str:
	"""SQL condition on a row that names a ticket: it is one of these. Of a ticket system that was uninstalled there are
	none, for nobody can say who might read its tickets.

	:param visible: see `_visible`
	"""
	conditions = []
	for doctype, tickets in visible.items():
		of_these = (
			f"cast({name_column} as binary) in ({tickets})" if tickets else f"ifnull({name_column}, '') != ''"
		)
		conditions.append(f"({doctype_column} = {frappe.db.escape(doctype)} and {of_these})")
	return f"({' or '.join(conditions) or NOTHING})"


def _elsewhere(text: str) -> str:
	"""SQL condition on a message's Communication: it belongs to something else than a ticket, which is not ours to judge.

	One that belongs to nothing was in a ticket that was deleted.
	"""
	return (
		f"(ifnull({text}.reference_name, '') != ''"
		f" and ifnull({text}.reference_doctype, '') not in ('', {_listed(known_doctypes())}))"
	)


def _listed(doctypes: tuple[str, ...]) -> str:
	return ", ".join(frappe.db.escape(doctype) for doctype in doctypes)


def may_read_communication(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	"""has_permission hook of Communication: messages by their ticket, everything else is not ours to judge."""
	if doc.communication_medium != "SMS" or not ticket_doctypes():
		return NO_OPINION
	if doc.reference_name and doc.reference_doctype and doc.reference_doctype not in known_doctypes():
		return NO_OPINION
	return NO_OPINION if _may(doc.reference_doctype, doc.reference_name, user) else False


def may_read_conversation(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""has_permission hook of Twilio SMS Conversation."""
	return _sees_everything(user) or _may(doc.ticket_doctype, doc.ticket, user)


def may_read_message(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""has_permission hook of Twilio SMS Message."""
	reference = (
		frappe.db.get_value(COMMUNICATION, doc.communication, ["reference_doctype", "reference_name"])
		if doc.communication
		else None
	)
	return _sees_everything(user) or _may(*(reference or (None, None)), user)


def _may(doctype: str | None, ticket: str | None, user: str | None) -> bool:
	"""Whether a user may read a ticket. Of one that is gone, alone or with its ticket system, only system managers see
	what was in it."""
	if not ticket or doctype not in ticket_doctypes() or not frappe.db.exists(doctype, ticket):
		return _sees_everything(user)
	return bool(frappe.has_permission(doctype, "read", doc=str(ticket), user=user or frappe.session.user))


def _sees_everything(user: str | None) -> bool:
	"""System managers set the channel up and look after messages that never reached a ticket."""
	user = user or frappe.session.user
	return user == "Administrator" or "System Manager" in frappe.get_roles(user)


def _visible(user: str | None) -> dict[str, str]:
	"""For each DocType of tickets of this site: SQL that selects the names of those the user may read, "" for all of them."""
	return {doctype: _visible_of(doctype, user) for doctype in ticket_doctypes()}


def _visible_of(doctype: str, user: str | None) -> str:
	condition = _readable(doctype, user or frappe.session.user)
	# Ticket names are numbers in the database before v16, references to them are text, and the collation of a
	# number cast to text is the connection's: bytes compare in any case.
	return (
		f"select cast(`tab{doctype}`.name as binary) from `tab{doctype}` where ({condition})"
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
