"""Who may read and write which ticket."""

import json

import frappe

from helpdesk.helpdesk.doctype.hd_ticket.settings import setting
from helpdesk.utils import get_agents_team, get_customer, is_admin, is_agent


def has_permission(doc, user: str | None = None) -> bool:
	user = user or frappe.session.user
	if user in (doc.contact, doc.raised_by, doc.owner) or is_admin(user):
		return True
	if doc.customer and doc.customer in get_customer(user):
		return True
	if not is_agent(user):
		return False
	if not setting("restrict_tickets_by_agent_group"):
		return True
	if not doc.agent_group and setting("do_not_restrict_tickets_without_an_agent_group"):
		return True
	if user in json.loads(doc.get("_assign") or "[]"):
		return True
	# As in Helpdesk, these are the session user's teams, whoever is asked about.
	teams = get_agents_team()
	return any(team.ignore_restrictions for team in teams) or doc.agent_group in [t.team_name for t in teams]


def permission_query(user: str | None) -> str | None:
	"""SQL condition on `tabHD Ticket`, None for all tickets. Bring your own parentheses: it is a chain of ORs."""
	user = user or frappe.session.user
	if is_admin(user):
		return None
	me = frappe.db.escape(user)
	ways = [f"`tabHD Ticket`.{field} = {me}" for field in ("owner", "contact", "raised_by")]
	ways += [f"`tabHD Ticket`.customer = {frappe.db.escape(customer)}" for customer in get_customer(user)]
	if not is_agent(user):
		return " or ".join(ways)
	if not setting("restrict_tickets_by_agent_group"):
		return None
	if setting("do_not_restrict_tickets_without_an_agent_group"):
		ways.append("ifnull(`tabHD Ticket`.agent_group, '') = ''")
	ways.append(f"json_search(`tabHD Ticket`._assign, 'all', {me}) is not null")
	teams = get_agents_team()
	if any(team.ignore_restrictions for team in teams):
		ways.append("1 = 1")
	elif teams:
		names = ", ".join(frappe.db.escape(team.team_name) for team in teams)
		ways.append(f"`tabHD Ticket`.agent_group in ({names})")
	return " or ".join(ways)
