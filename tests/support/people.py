"""Users of the site for tests, and their sessions in its web server."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

import frappe
import requests
from frappe.core.doctype.user.user import create_contact
from frappe.desk.doctype.notification_settings.notification_settings import create_notification_settings

if TYPE_CHECKING:
	from support.stack import Stack

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
	_insert_rows(user, email)
	user.share_with_self()
	create_notification_settings(email)
	frappe.clear_cache(user=email)
	for key in ("enabled_users", "users_for_mentions"):
		frappe.cache().delete_key(key)


def _insert_rows(doc, name: str) -> None:
	doc.name = name
	doc.set_user_and_timestamp()
	doc.set_parent_in_children()
	for idx, child in enumerate(doc.get_all_children(), 1):
		child.update({"idx": idx, "name": frappe.generate_hash(length=10)})
	for row in (doc, *doc.get_all_children()):
		row.db_insert()


def make_agent(email: str, first_name: str = "Grace", last_name: str = "Hopper") -> str:
	make_user(email, ["Agent"], first_name=first_name, last_name=last_name)
	if not frappe.db.exists("HD Agent", email):
		agent = frappe.new_doc("HD Agent")
		agent.update({"user": email, "agent_name": f"{first_name} {last_name}", "is_active": 1})
		agent.run_method("before_insert")
		_insert_rows(agent, email)
	frappe.db.commit()
	return email


def make_customer(email: str, has_contact: bool = False) -> str:
	"""A customer with a login to the portal, for which Helpdesk wants a role since v1.28.

	:param has_contact: as Frappe has a worker make it for a user who is saved
	"""
	make_user(email, ["HD Customer"] if frappe.db.exists("Role", "HD Customer") else [])
	if has_contact:
		create_contact(frappe.get_doc("User", email), ignore_mandatory=True)
		frappe.db.commit()
	return email


def make_system_manager(email: str) -> str:
	return make_user(
		email, ["System Manager"], first_name="Ada", last_name="Lovelace", user_type="System User"
	)


def make_team(name: str, *members: str) -> str:
	"""A team of agents, unless it is there; from Helpdesk v1.28 on it must have one."""
	if frappe.db.exists("HD Team", name):
		return name
	users = members or (make_agent("tsms-agent@example.com"),)
	team = frappe.get_doc(
		{"doctype": "HD Team", "team_name": name, "users": [{"user": user} for user in users]}
	).insert()
	frappe.db.commit()
	return team.name


def assignment_rule(user: str, condition: str):
	"""A rule that assigns tickets to one user, every day; not committed."""
	return frappe.get_doc(
		{
			"doctype": "Assignment Rule",
			"name": f"Tickets of {user} {frappe.generate_hash(length=6)}",
			"document_type": "HD Ticket",
			"description": "Ticket {{ name }}",
			"assign_condition": condition,
			"rule": "Round Robin",
			"users": [{"user": user}],
			"assignment_days": [{"day": day} for day in calendar.day_name],
		}
	).insert()


class Person:
	"""A user with a session in the web server."""

	def __init__(self, stack: Stack, user: str):
		self.stack, self.user = stack, user
		self.session = requests.Session()
		# A connection kept open for the next request may just be closed by the server.
		self.session.headers["Connection"] = "close"
		self.session.hooks["response"].append(_as_utf8)
		answer = self.session.post(
			f"{stack.web}/api/method/login", data={"usr": user, "pwd": PASSWORD}, timeout=30
		)
		assert answer.status_code == 200, answer.text

	def call(self, method: str, /, http: str = "POST", **args) -> requests.Response:
		"""Call a whitelisted method as the browser does."""
		url = f"{self.stack.web}/api/method/{method}"
		if http == "GET":
			return self.session.get(url, params=args, timeout=30)
		return self.session.post(url, json=args, timeout=30)

	def reply(self, ticket: str, message: str, **args) -> requests.Response:
		"""Press Send in Helpdesk's reply box."""
		return self.call(
			"run_doc_method",
			dt="HD Ticket",
			dn=str(ticket),
			method="reply_via_agent",
			args={"message": message, "to": "", "cc": "", "bcc": "", "attachments": [], **args},
		)


def _as_utf8(answer: requests.Response, *_args, **_kwargs) -> None:
	"""Of an answer that names no encoding, such as an export, requests would guess it: for a minute when it is long."""
	answer.encoding = answer.encoding or "utf-8"
