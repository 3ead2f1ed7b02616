"""What the roles that answer Issues may read of this app: what its DocTypes, reports and workspace give Helpdesk's agents.

ERPNext has no role for that: a site gives Issue to whichever roles it likes. Which messages these then read, their Issues
decide.
"""

import json

import frappe
from frappe.permissions import add_permission, rights

from twilio_sms_channel.desks.erpnext import TICKET

APP = "erpnext"
DOCTYPES = ("Twilio SMS Conversation", "Twilio SMS Message", "Twilio SMS Number")
LISTS = (
	("Report", "Twilio SMS Delivery Failures"),
	("Report", "Twilio SMS Response Time"),
	("Report", "Twilio SMS Traffic"),
	("Workspace", "Twilio SMS"),
)
# Default of the site: what was added here. Nothing else is taken away again: a site makes rules of its own.
GIVEN = "twilio_sms_given_to_roles_of_issue"
RULE = "Custom DocPerm"
GIVEN_RIGHTS = ("read", "report")
Given = tuple[str, str, str]
"""RULE, DocType and role; or what has a list of roles (`LISTS`), its name and role"""
# They read everything of this app by its own rules.
NOT_OURS_TO_GIVE = {"Administrator", "System Manager", "Agent", "Agent Manager", "All", "Guest", "Desk User"}


def give() -> None:
	"""Give the roles that answer Issues what they need, and take it from those that no longer do."""
	roles, before = _roles_of_issue(), given()
	# Where the site has reset a DocType's rules, all are gone at once.
	there = {one for one in before if one[0] != RULE or frappe.db.exists(RULE, {"parent": one[1]})}
	now = {one for one in there if one[2] in roles}
	_take(there - now)
	for role in roles:
		now |= _give(role, now)
	if not now == there == before:
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
	_take(given())
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


def given() -> set[Given]:
	"""What was added."""
	return {tuple(one) for one in json.loads(frappe.db.get_default(GIVEN) or "[]")}


def _roles_of_issue() -> list[str]:
	custom = frappe.db.exists(RULE, {"parent": TICKET})
	# Whoever may only change what they made themselves answers no customers.
	both = {"parent": TICKET, "permlevel": 0, "read": 1, "write": 1, "if_owner": 0}
	roles = frappe.get_all(RULE if custom else "DocPerm", both, pluck="role", distinct=True)
	# Nor do customers, whose roles have no part in Desk.
	in_desk = {"name": ("in", roles), "desk_access": 1, "disabled": 0}
	return [role for role in frappe.get_all("Role", in_desk, pluck="name") if role not in NOT_OURS_TO_GIVE]


def _give(role: str, before: set[Given]) -> set[Given]:
	"""What of it was added, and not there before.

	:param before: what was given before. A rule of these that is gone the site has taken away, and does not get back. A
		report or workspace does get it back: an update of the app that replaces one takes it away as well
	"""
	added = set()
	for doctype in DOCTYPES:
		if (RULE, doctype, role) in before:
			continue
		table = RULE if frappe.db.exists(RULE, {"parent": doctype}) else "DocPerm"
		if not frappe.db.exists(table, {"parent": doctype, "role": role, "permlevel": 0}):
			add_permission(doctype, role)
			# Frappe gives it exporting, sharing and more besides.
			has = {right: int(right in GIVEN_RIGHTS) for right in _rights_of(RULE)}
			frappe.db.set_value(RULE, {"parent": doctype, "role": role, "permlevel": 0}, has)
			added.add((RULE, doctype, role))
	for doctype, name in LISTS:
		row = _row(doctype, name, role)
		if frappe.db.exists(doctype, name) and not frappe.db.exists("Has Role", row):
			# Saving it would write the app's own file on a developer's site.
			frappe.get_doc({"doctype": "Has Role", **row}).db_insert()
			added.add((doctype, name, role))
	return added


def _take(away: set[Given]) -> None:
	for kind, name, role in away:
		if kind == RULE:
			frappe.db.delete(RULE, {"parent": name, "role": role, "permlevel": 0, "if_owner": 0})
		else:
			frappe.db.delete("Has Role", _row(kind, name, role))
	for doctype in {name for kind, name, _role in away if kind == RULE}:
		# Frappe copied the app's own rules when the first one was added: they count again as they are.
		if _rules(RULE, doctype) == _rules("DocPerm", doctype):
			frappe.db.delete(RULE, {"parent": doctype})


def _row(doctype: str, name: str, role: str) -> dict[str, str]:
	return {"parenttype": doctype, "parent": name, "parentfield": "roles", "role": role}


def _rules(table: str, doctype: str) -> set[tuple]:
	fields = ["role", "permlevel", "if_owner", *_rights_of(table)]
	return {tuple(row) for row in frappe.get_all(table, {"parent": doctype}, fields, as_list=True)}


def _rights_of(table: str) -> list[str]:
	return [right for right in rights if frappe.get_meta(table).has_field(right)]
