"""Users of the site, as rows: see `people` for who they are."""

import frappe
from frappe.desk.doctype.notification_settings.notification_settings import create_notification_settings

PASSWORD = "correct horse battery staple"
_with_password: set[str] = set()


def make_user(email: str, roles: list[str], **fields) -> str:
	"""A user with a password and exactly these roles. Commits."""
	if frappe.db.exists("User", email):
		user = frappe.get_doc("User", email)
		# Saving a user takes a third of a second.
		if missing := set(roles) - {row.role for row in user.roles}:
			user.add_roles(*missing)
	else:
		_insert_user(email, roles, {"first_name": email.split("@")[0], **fields})
		_with_password.discard(email)
	if email not in _with_password:
		from frappe.utils.password import update_password

		update_password(email, PASSWORD)
		_with_password.add(email)
	frappe.db.commit()
	return email


def _insert_user(email: str, roles: list[str], fields: dict) -> None:
	"""Saving a user empties the caches of the whole site, which all its processes fill anew, and leaves two jobs: as rows
	it costs a hundredth."""
	desk = frappe.db.exists("Role", {"name": ("in", roles or [""]), "desk_access": 1})
	user = frappe.new_doc("User")
	user.update(
		{"user_type": "System User" if desk else "Website User", "email": email, "enabled": 1, **fields}
	)
	user.full_name = " ".join(name for name in (user.first_name, user.last_name) if name)
	for role in roles:
		user.append("roles", {"role": role})
	insert_rows(user, email)
	user.share_with_self()
	create_notification_settings(email)
	frappe.clear_cache(user=email)
	for key in ("enabled_users", "users_for_mentions"):
		frappe.cache().delete_key(key)


def insert_rows(doc, name: str) -> None:
	"""Insert a document and its children as rows, without what saving does."""
	doc.name = name
	doc.set_user_and_timestamp()
	doc.set_parent_in_children()
	for idx, child in enumerate(doc.get_all_children(), 1):
		child.update({"idx": idx, "name": frappe.generate_hash(length=10)})
	for row in (doc, *doc.get_all_children()):
		row.db_insert()
