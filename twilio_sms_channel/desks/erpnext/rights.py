"""What the roles that answer Issues may read of this app: what its DocTypes, reports and workspace give Helpdesk's agents.

ERPNext has no role for that: a site gives Issue to whichever roles it likes. Which messages these then read, their Issues
decide.
"""

import json

import frappe
from frappe.permissions import add_permission, rights, update_permission_property

from twilio_sms_channel.desks.erpnext import TICKET

APP = "erpnext"
DOCTYPES = ("Twilio SMS Conversation", "Twilio SMS Message", "Twilio SMS Number")
LISTS = (
	("Report", "Twilio SMS Delivery Failures"),
	("Report", "Twilio SMS Response Time"),
	("Report", "Twilio SMS Traffic"),
	("Workspace", "Twilio SMS"),
)
# Default of the site: the roles that were given something here, which is taken away from no others.
GIVEN = "twilio_sms_roles_of_issue"
# They read everything of this app by its own rules.
NOT_OURS_TO_GIVE = {"Administrator", "System Manager", "Agent", "Agent Manager", "All", "Guest", "Desk User"}


def give() -> None:
	"""Give the roles that answer Issues what they need, and take it from those that no longer do."""
	now, before = set(_roles_of_issue()), set(given())
	_take(before - now)
	for role in sorted(now):
		_give(role)
	if now != before:
		frappe.db.set_default(GIVEN, json.dumps(sorted(now)))
		_read_again()


def give_again(doc, method: str | None = None) -> None:
	"""The site changed who may do what (hooks of Custom DocPerm)."""
	if doc.parent == TICKET:
		give_if_installed()


def give_if_installed() -> None:
	"""The same once a day: early releases of v15 call no hook when somebody changes a permission."""
	if APP in frappe.get_installed_apps():
		give()


def take_back() -> None:
	"""Take away all that was given."""
	_take(set(given()))
	frappe.db.delete("DefaultValue", {"defkey": GIVEN})
	_read_again()


def _read_again() -> None:
	"""Others may have read, and kept, the rules as they were until this is committed."""

	def forget() -> None:
		for doctype in DOCTYPES:
			frappe.clear_cache(doctype=doctype)
		frappe.clear_cache()

	forget()
	frappe.db.after_commit.add(forget)


def given() -> list[str]:
	"""Roles that were given something."""
	return json.loads(frappe.db.get_default(GIVEN) or "[]")


def _roles_of_issue() -> list[str]:
	custom = frappe.db.exists("Custom DocPerm", {"parent": TICKET})
	both = {"parent": TICKET, "permlevel": 0, "read": 1, "write": 1}
	roles = frappe.get_all("Custom DocPerm" if custom else "DocPerm", both, pluck="role", distinct=True)
	return [role for role in roles if role not in NOT_OURS_TO_GIVE]


def _give(role: str) -> None:
	for doctype in DOCTYPES:
		table = "Custom DocPerm" if frappe.db.exists("Custom DocPerm", {"parent": doctype}) else "DocPerm"
		if not frappe.db.exists(table, {"parent": doctype, "role": role, "permlevel": 0}):
			add_permission(doctype, role)
			update_permission_property(doctype, role, 0, "report", 1)
	for doctype, name in LISTS:
		row = {"parenttype": doctype, "parent": name, "parentfield": "roles", "role": role}
		if frappe.db.exists(doctype, name) and not frappe.db.exists("Has Role", row):
			# Saving it would write the app's own file on a developer's site.
			frappe.get_doc({"doctype": "Has Role", **row}).db_insert()


def _take(roles: set[str]) -> None:
	if not roles:
		return
	of_roles = ("in", sorted(roles))
	frappe.db.delete("Custom DocPerm", {"parent": ("in", DOCTYPES), "role": of_roles})
	for doctype, name in LISTS:
		frappe.db.delete("Has Role", {"parenttype": doctype, "parent": name, "role": of_roles})
	for doctype in DOCTYPES:
		# Frappe copied the app's own rules when the first one was added: they count again as they are.
		if _rules("Custom DocPerm", doctype) == _rules("DocPerm", doctype):
			frappe.db.delete("Custom DocPerm", {"parent": doctype})


def _rules(table: str, doctype: str) -> set[tuple]:
	fields = ["role", "permlevel", "if_owner", *(r for r in rights if frappe.get_meta(table).has_field(r))]
	return {tuple(row) for row in frappe.get_all(table, {"parent": doctype}, fields, as_list=True)}
