"""Which rows the conditions on lists leave, with two ticket systems on one site: each agent sees their own one's messages.

It needs neither Frappe nor a site: what Frappe says of a user's rights is given, and SQLite filters the rows. That the
conditions are MariaDB's, and what Frappe makes of them, the tests in `tests/permissions` show.
"""

import importlib.util
import sqlite3
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

QUERIES = Path(__file__).parents[2] / "twilio_sms_channel" / "permissions" / "queries.py"
COMMUNICATION, MESSAGE, CONVERSATION = "Communication", "Twilio SMS Message", "Twilio SMS Conversation"
# Of both systems there is a ticket 1. "gone" was deleted, "lead" is no ticket, "old" is of a system that was uninstalled.
ROWS = """
create table `tabHD Ticket` (name, team);
insert into `tabHD Ticket` values ('1', 'north'), ('2', 'south');
create table `tabParcel` (name, team);
insert into `tabParcel` values ('1', 'south'), ('9', 'north');
create table `tabCommunication` (name, communication_medium, reference_doctype, reference_name);
insert into `tabCommunication` values
	('hd-1', 'SMS', 'HD Ticket', '1'), ('hd-2', 'SMS', 'HD Ticket', '2'),
	('parcel-1', 'SMS', 'Parcel', '1'), ('parcel-9', 'SMS', 'Parcel', '9'),
	('old', 'SMS', 'Old Ticket', '1'), ('gone', 'SMS', null, null), ('emptied', 'SMS', '', ''),
	('lead', 'SMS', 'Lead', '1'), ('mail', 'Email', 'HD Ticket', '2'), ('nothing', null, null, null);
create table `tabTwilio SMS Message` (name, communication);
insert into `tabTwilio SMS Message` select name, name from `tabCommunication` where communication_medium = 'SMS';
insert into `tabTwilio SMS Message` values ('unthreaded', null);
create table `tabTwilio SMS Conversation` (name, ticket_doctype, ticket);
insert into `tabTwilio SMS Conversation`
	select name, reference_doctype, reference_name from `tabCommunication` where communication_medium = 'SMS';
insert into `tabTwilio SMS Conversation` values ('deleted', 'HD Ticket', '77');
create table `tabFile` (name, attached_to_doctype, attached_to_name);
insert into `tabFile` select name, 'Communication', name from `tabCommunication`;
insert into `tabFile` values ('logo', null, null);
create table `tabTag Link` (name, document_type, document_name);
insert into `tabTag Link` select name, reference_doctype, reference_name from `tabCommunication`
	where communication_medium = 'SMS' and reference_name != '';
insert into `tabTag Link` values ('text', 'Communication', 'hd-1');
"""
NOTHING, NORTH, ALL = "1 = 0", "team = 'north'", ""
NOT_OURS = {"lead", "mail", "nothing"}
IN_TICKETS = {"hd-1", "hd-2", "parcel-1", "parcel-9"}
TEXTS = IN_TICKETS | {"old", "gone", "emptied", "lead"}


@pytest.fixture
def queries(monkeypatch):
	"""The module for a user whose rights `give` says: for each DocType of the site's tickets the condition on its list."""
	frappe = ModuleType("frappe")
	frappe.db, frappe.session = SimpleNamespace(escape="'{}'".format), SimpleNamespace(user="ann")
	frappe.get_roles = lambda user: ["System Manager"] if user == "manager" else []
	registry = SimpleNamespace(
		desks=list, ticket_doctypes=tuple, known_doctypes=lambda: ("HD Ticket", "Parcel", "Old Ticket")
	)
	stubs = {
		"frappe": frappe,
		"frappe.model": ModuleType("frappe.model"),
		"frappe.model.db_query": SimpleNamespace(DatabaseQuery=object),
		"twilio_sms_channel.desks.base": SimpleNamespace(Desk=object),
		"twilio_sms_channel.desks.registry": registry,
		"twilio_sms_channel.infra.compat": SimpleNamespace(NO_OPINION=None),
	}
	for name, stub in stubs.items():
		monkeypatch.setitem(sys.modules, name, stub)
	spec = importlib.util.spec_from_file_location("queries_of_two_systems", QUERIES)
	module = importlib.util.module_from_spec(spec)
	spec.loader.exec_module(module)

	def give(**rights: str) -> None:
		conditions = {doctype.replace("_", " "): condition for doctype, condition in rights.items()}
		module.ticket_doctypes = lambda: tuple(conditions)
		module._readable = lambda doctype, user: conditions[doctype]

	module.give = give
	return module


def listed(doctype: str, condition: str) -> set[str]:
	database = sqlite3.connect(":memory:")
	database.executescript(ROWS)
	# SQLite's names of types are others; texts are compared byte by byte there as well.
	where = f"where {condition}".replace("as binary", "as text") if condition else ""
	return {name for (name,) in database.execute(f"select name from `tab{doctype}` {where}")}


@pytest.mark.parametrize(
	("helpdesk", "parcels", "readable"),
	[
		(NORTH, NOTHING, {"hd-1"}),
		(NOTHING, NORTH, {"parcel-9"}),
		(NORTH, NORTH, {"hd-1", "parcel-9"}),
		(ALL, NOTHING, {"hd-1", "hd-2"}),
		(NORTH, ALL, {"hd-1", "parcel-1", "parcel-9"}),
		(ALL, ALL, IN_TICKETS),
		(NOTHING, NOTHING, set()),
	],
)
def test_messages_are_listed_for_those_who_read_their_ticket(queries, helpdesk, parcels, readable):
	queries.give(HD_Ticket=helpdesk, Parcel=parcels)
	assert listed(COMMUNICATION, queries.communication_query()) == readable | NOT_OURS
	assert listed(MESSAGE, queries.message_query()) == readable
	assert listed(CONVERSATION, queries.conversation_query()) == readable
	assert listed("File", queries.file_query()) == readable | NOT_OURS | {"logo"}
	if (helpdesk, parcels) != (ALL, ALL):
		assert listed("Tag Link", queries.tag_query()) == readable | {"lead"}


def test_of_one_system_alone_nothing_of_the_other_is_listed(queries):
	queries.give(HD_Ticket=ALL)
	here = {"hd-1", "hd-2"}
	assert listed(COMMUNICATION, queries.communication_query()) == here | NOT_OURS
	assert (
		listed(MESSAGE, queries.message_query()) == listed(CONVERSATION, queries.conversation_query()) == here
	)
	assert listed("File", queries.file_query()) == here | NOT_OURS | {"logo"}


def test_system_managers_see_what_is_in_no_ticket_any_more(queries):
	queries.give(HD_Ticket=ALL, Parcel=ALL)
	assert listed(COMMUNICATION, queries.communication_query("manager")) == TEXTS | NOT_OURS
	for rights in ({"HD_Ticket": NORTH, "Parcel": NOTHING}, {}):
		queries.give(**rights)
		assert listed(MESSAGE, queries.message_query("manager")) == TEXTS | {"unthreaded"}
		assert listed(CONVERSATION, queries.conversation_query("manager")) == TEXTS | {"deleted"}


def test_without_a_ticket_system_nobody_else_sees_messages(queries):
	queries.give()
	assert (
		listed(MESSAGE, queries.message_query())
		== listed(CONVERSATION, queries.conversation_query())
		== set()
	)
	# Frappe's own rules are left to themselves.
	assert queries.communication_query() == queries.file_query() == queries.tag_query() == ""
