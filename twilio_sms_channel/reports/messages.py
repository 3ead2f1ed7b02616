"""Messages and their teams as the beginning of a query, with nothing in it that the session user may not read."""

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce
from pypika import Case
from pypika.queries import QueryBuilder
from pypika.terms import Criterion, LiteralValue, Term, ValueWrapper

from twilio_sms_channel.desks.base import Desk
from twilio_sms_channel.desks.registry import desks
from twilio_sms_channel.permissions import queries
from twilio_sms_channel.reports.asked import Asked

MESSAGE, COMMUNICATION, NUMBER = "Twilio SMS Message", "Communication", "Twilio SMS Number"


class _Written(LiteralValue, Criterion):
	"""A condition that is SQL already."""


def of(asked: Asked) -> QueryBuilder:
	"""Messages of the period, account, number and team, nothing selected yet; their table is `DocType(MESSAGE)`.

	A message counts on the day it was stored here. The team's column is `team()`, once `with_team` has joined it.
	"""
	Message = DocType(MESSAGE)
	first, after = asked.days
	query = frappe.qb.from_(Message).where((Message.creation >= first) & (Message.creation < after))
	for field in ("account", "number"):
		if value := getattr(asked, field):
			query = query.where(Message[field] == value)
	if condition := queries.message_query():
		query = query.where(_Written(f"({condition})".replace("%", "%%")))
	if asked.team or asked.group_by == "Team":
		query = with_team(query, Message.communication)
	return query.where(team() == asked.team) if asked.team else query


def with_team(query: QueryBuilder, communication: Term) -> QueryBuilder:
	"""Join the ticket that a message is in now.

	:param communication: the column with the name of its Communication
	"""
	if not (with_teams := _with_teams()):
		return query
	Communication = DocType(COMMUNICATION)
	query = query.left_join(Communication).on(Communication.name == communication)
	for desk in with_teams:
		is_its = Communication.reference_doctype == desk.doctype
		query = desk.join_ticket(query, Case().when(is_its, Communication.reference_name))
	return query


def team() -> Term:
	"""The team of the joined ticket; nothing where no ticket system has teams."""
	columns = [desk.team_column() for desk in _with_teams()]
	if not columns:
		return ValueWrapper("")
	# A message is in one ticket, so in all but one of them there is nothing.
	return columns[0] if len(columns) == 1 else Coalesce(*columns)


def _with_teams() -> list[Desk]:
	return [desk for desk in desks() if desk.team_doctype]
