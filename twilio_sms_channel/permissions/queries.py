"""Who may read messages: exactly those who may read their ticket.

Frappe lets everybody with read on Communication list all whose medium is not e-mail. Without these conditions, messages of
another team's tickets would show in lists, counts and searches.
"""

import frappe
from frappe.core.doctype.server_script.server_script_utils import get_server_script_map
from frappe.model.db_query import DatabaseQuery
from frappe.model.naming import is_autoincremented
from frappe.permissions import get_role_permissions
from frappe.share import get_shared

from twilio_sms_channel.desks.base import Desk
from twilio_sms_channel.desks.registry import desks, known_doctypes, ticket_doctypes
from twilio_sms_channel.infra.compat import NO_OPINION

COMMUNICATION, CONVERSATION, MESSAGE = (
	"Communication",
	"Twilio SMS Conversation",
	"Twilio SMS Message",
)
ALL, NOTHING = "1 = 1", "1 = 0"


def communication_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabCommunication`: messages only of tickets that the user may read."""
	visible, table = _visible(user), "`tabCommunication`"
	seen = [
		f"ifnull({table}.communication_medium, '') != 'SMS'",
		_elsewhere(table),
		_in_ticket(f"{table}.reference_doctype", f"{table}.reference_name", visible),
	]
	if _sees_everything(user):
		if not any(visible.values()):
			return ""
		seen.append(_left_over(table, visible))
	return f"({' or '.join(seen)})"


def conversation_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTwilio SMS Conversation`."""
	if _sees_everything(user):
		return ""
	table = "`tabTwilio SMS Conversation`"
	# It keeps the name of a ticket that was deleted.
	those_there = {doctype: condition or ALL for doctype, condition in _visible(user).items()}
	return _in_ticket(f"{table}.ticket_doctype", f"{table}.ticket", those_there)


def message_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTwilio SMS Message`: by the ticket that its Communication is in now."""
	if _sees_everything(user):
		return ""
	readable = _in_ticket("text.reference_doctype", "text.reference_name", _visible(user))
	return (
		"`tabTwilio SMS Message`.communication in (select text.name from `tabCommunication` text where"
		f" text.communication_medium = 'SMS' and {readable})"
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
	if _sees_everything(user):
		return ""
	readable = _in_ticket("text.reference_doctype", "text.reference_name", _visible(user))
	return (
		"not (ifnull(`tabFile`.attached_to_doctype, '') = 'Communication' and exists (select 1 from `tabCommunication` text"
		" where text.name = `tabFile`.attached_to_name and text.communication_medium = 'SMS'"
		f" and not {_elsewhere('text')} and not ifnull({readable}, 0)))"
	)


def about_ticket_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on what a ticket system keeps beside a ticket: of one with messages it tells what they say.

	Frappe v15 lets a list show the fields of what its rows link to, whoever may read that.
	"""
	about = [_about_tickets(desk, doctype, user) for desk in desks() if doctype in desk.with_words]
	return " and ".join(condition for condition in about if condition)


def _about_tickets(desk: Desk, doctype: str, user: str | None) -> str:
	if not (condition := _readable(desk.doctype, user or frappe.session.user)):
		return ""
	hidden = f"ifnull(`tab{desk.doctype}`.twilio_sms_conversation, '') != '' and not ifnull({condition}, 0)"
	return f"not {_is_there(desk.doctype, f'`tab{doctype}`.{desk.with_words[doctype]}', hidden)}"


def tag_query(user: str | None = None, doctype: str | None = None) -> str:
	"""SQL condition on `tabTag Link`, which everybody may list, with the titles of what is tagged."""
	if _sees_everything(user):
		return ""
	judged = _listed((COMMUNICATION, CONVERSATION, MESSAGE, *known_doctypes()))
	readable = _in_ticket("`tabTag Link`.document_type", "`tabTag Link`.document_name", _visible(user))
	return f"(`tabTag Link`.document_type not in ({judged}) or {readable})"


def _in_ticket(doctype_column: str, name_column: str, visible: dict[str, str]) -> str:
	"""SQL condition on a row that names a ticket: it is one of these. Of a ticket system that was uninstalled there are
	none, for nobody can say who might read its tickets.

	:param visible: see `_visible`
	"""
	conditions = []
	for doctype, condition in visible.items():
		of_these = (
			_is_there(doctype, name_column, condition) if condition else f"ifnull({name_column}, '') != ''"
		)
		conditions.append(f"({doctype_column} = {frappe.db.escape(doctype)} and {of_these})")
	return f"({' or '.join(conditions) or NOTHING})"


def _is_there(doctype: str, name_column: str, condition: str) -> str:
	"""SQL condition on a row that names a ticket of this DocType: it exists and meets the condition.

	It is found by its primary key. A list that gathers the readable tickets instead compares each message with each of them.
	"""
	# Names are numbers in the database before v16, references to them are text.
	name = f"cast({name_column} as unsigned)" if is_autoincremented(doctype) else name_column
	return f"exists (select 1 from `tab{doctype}` where `tab{doctype}`.name = {name} and ({condition}))"


def _elsewhere(text: str) -> str:
	"""SQL condition on a message's Communication: it belongs to something else than a ticket, which is not ours to judge.

	One that belongs to nothing was in a ticket that was deleted.
	"""
	return (
		f"(ifnull({text}.reference_name, '') != ''"
		f" and ifnull({text}.reference_doctype, '') not in ('', {_listed(known_doctypes())}))"
	)


def _left_over(text: str, visible: dict[str, str]) -> str:
	"""SQL condition on a message's Communication: its ticket was deleted, or went with its ticket system."""
	return (
		f"(ifnull({text}.reference_name, '') = ''"
		f" or ifnull({text}.reference_doctype, '') not in ('', {_listed(tuple(visible))}))"
		if visible
		else ALL
	)


def _listed(doctypes: tuple[str, ...]) -> str:
	return ", ".join(frappe.db.escape(doctype) for doctype in doctypes)


def may_read_communication(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	"""has_permission hook of Communication: messages by their ticket, everything else is not ours to judge."""
	if doc.communication_medium != "SMS":
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
	"""For each DocType of tickets of this site: SQL condition on its table, met by those the user may read, "" for all."""
	return {doctype: _readable(doctype, user or frappe.session.user) for doctype in ticket_doctypes()}


def _readable(doctype: str, user: str) -> str:
	"""SQL condition that Frappe puts into lists of a DocType: roles, User Permissions, shares, and hooks of apps."""
	if not frappe.has_permission(doctype, "read", user=user):
		return NOTHING
	if not get_role_permissions(doctype, user=user).get("read"):
		# Frappe's own condition is empty for those who have a User Permission for one, too.
		return _shared(doctype, user)
	query = _InParentheses(doctype, user=user)
	try:
		found = query.build_match_conditions()
	except frappe.PermissionError:
		frappe.clear_last_message()
		return NOTHING
	conditions = [f"({condition})" for condition in (found, *query.conditions) if condition]
	return f"({' and '.join(conditions)})" if conditions else ""


def _shared(doctype: str, user: str) -> str:
	"""SQL condition for whoever may read nothing of a DocType but what is shared with them."""
	names = ", ".join(frappe.db.escape(str(name)) for name in get_shared(doctype, user))
	return f"`tab{doctype}`.name in ({names})" if names else NOTHING


class _InParentheses(DatabaseQuery):
	"""Frappe joins User Permissions and the conditions of apps with "and" as they are: behind an "or" of an app's nothing
	else counted."""

	def get_permission_query_conditions(self) -> str:
		hooks = frappe.get_hooks("permission_query_conditions", {})
		found = [
			frappe.call(frappe.get_attr(method), self.user, doctype=self.doctype)
			for method in (*hooks.get(self.doctype, []), *hooks.get("*", []))
		]
		if script := get_server_script_map().get("permission_query", {}).get(self.doctype):
			found.append(frappe.get_doc("Server Script", script).get_permission_query_conditions(self.user))
		return " and ".join(f"({condition})" for condition in found if condition)
