"""Saved replies: everybody's, a team's or one agent's (v1.25.1)."""

import frappe
from frappe.model.document import Document

from helpdesk.utils import get_agents_team


class HDSavedReply(Document):
	pass


def has_permission(doc, user: str | None = None) -> bool:
	user = user or frappe.session.user
	if doc.owner == user or _is_manager(user):
		return True
	if doc.scope == "Global":
		return not _setting("disable_saved_replies_global_scope")
	if doc.scope == "Team":
		return not _setting("restrict_tickets_by_agent_group") or bool(
			_own_teams() & {row.team for row in doc.teams}
		)
	return False


def permission_query(user: str | None) -> str:
	user = user or frappe.session.user
	table = "`tabHD Saved Reply`"
	own = f"({table}.scope = 'Personal' and {table}.owner = {frappe.db.escape(user)})"
	if _is_manager(user):
		return f"({table}.scope != 'Personal' or {own})"
	visible = [own]
	if not _setting("disable_saved_replies_global_scope"):
		visible.append(f"{table}.scope = 'Global'")
	if not _setting("restrict_tickets_by_agent_group"):
		visible.append(f"{table}.scope = 'Team'")
	elif teams := _own_teams():
		teams = ", ".join(frappe.db.escape(team) for team in teams)
		visible.append(
			f"({table}.scope = 'Team' and {table}.name in"
			f" (select parent from `tabHD Saved Reply Team` where team in ({teams})))"
		)
	return f"({' or '.join(visible)})"


def _is_manager(user: str) -> bool:
	return bool({"System Manager", "Agent Manager"} & set(frappe.get_roles(user)))


def _setting(field: str) -> bool:
	return bool(frappe.db.get_single_value("HD Settings", field))


def _own_teams() -> set[str]:
	return {team.team_name for team in get_agents_team()}
