"""Who is who, and live events (`helpdesk.utils`, v1.25.1)."""

import functools
from collections.abc import Callable

import frappe
from frappe import _
from frappe.realtime import get_website_room

AGENT_ROLES = {"Agent", "Agent Manager"}


def is_admin(user: str | None = None) -> bool:
	return (user or frappe.session.user) == "Administrator"


def is_agent(user: str | None = None) -> bool:
	"""Whether `user` answers customers: by role, or by an HD Agent record of any state.

	As in Helpdesk, everybody counts as an agent while Administrator is the one who asks.
	"""
	user = user or frappe.session.user
	return (
		is_admin()
		or bool(AGENT_ROLES & set(frappe.get_roles(user)))
		or bool(frappe.db.exists("HD Agent", user))
	)


def agent_only(function: Callable) -> Callable:
	"""Refuse a call to everybody but agents."""

	@functools.wraps(function)
	def guarded(*args, **kwargs):
		if not is_agent():
			frappe.throw(_("Only agents may do this."), frappe.PermissionError)
		return function(*args, **kwargs)

	return guarded


def publish_event(
	event: str, room: str | None = None, data: dict | None = None, user: str | None = None
) -> None:
	"""Send a live event after the commit; without a room, to all open screens."""
	frappe.publish_realtime(
		event,
		message=data,
		room=room or get_website_room(),
		user=user or frappe.session.user,
		after_commit=True,
	)


def get_doc_room(doctype: str, name: str) -> str:
	"""The room of those who have the document open."""
	return f"open_doc:{doctype}/{name}"


def get_customer(contact: str | None) -> list[str]:
	"""HD Customers of a contact, given by its name or its e-mail address."""
	if not contact:
		return []
	Link, Contact = frappe.qb.DocType("Dynamic Link"), frappe.qb.DocType("Contact")
	links = (
		frappe.qb.from_(Link)
		.join(Contact)
		.on(Contact.name == Link.parent)
		.select(Link.link_name)
		.where((Link.parenttype == "Contact") & (Link.link_doctype == "HD Customer"))
		.where((Contact.name == contact) | (Contact.email_id == contact))
	)
	return [customer for (customer,) in links.run()]


def get_agents_team() -> list[dict]:
	"""The session user's teams: `team_name`, `ignore_restrictions`."""
	Team, Member = frappe.qb.DocType("HD Team"), frappe.qb.DocType("HD Team Member")
	return (
		frappe.qb.from_(Member)
		.join(Team)
		.on(Team.name == Member.parent)
		.select(Team.team_name, Team.ignore_restrictions)
		.where(Member.user == frappe.session.user)
		.run(as_dict=True)
	)
