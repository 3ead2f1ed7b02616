"""Users of the site for tests, and their sessions in its web server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import frappe
import requests

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
		frappe.get_doc(
			{
				"doctype": "User",
				"email": email,
				"first_name": fields.pop("first_name", email.split("@")[0]),
				"send_welcome_email": 0,
				"roles": [{"role": role} for role in roles],
				**fields,
			}
		).insert(ignore_permissions=True)
		_with_password.discard(email)
	if email not in _with_password:
		from frappe.utils.password import update_password

		update_password(email, PASSWORD)
		_with_password.add(email)
	frappe.db.commit()
	return email


def make_agent(email: str, first_name: str = "Grace", last_name: str = "Hopper") -> str:
	make_user(email, ["Agent"], first_name=first_name, last_name=last_name)
	if not frappe.db.exists("HD Agent", email):
		frappe.get_doc(
			{"doctype": "HD Agent", "user": email, "agent_name": f"{first_name} {last_name}", "is_active": 1}
		).insert(ignore_permissions=True)
	frappe.db.commit()
	return email


def make_customer(email: str) -> str:
	"""A customer with a login to the portal, for which Helpdesk wants a role since v1.28."""
	# A name of its own: Frappe has a worker make a Contact of that name, while tests make theirs.
	return make_user(email, ["HD Customer"] if frappe.db.exists("Role", "HD Customer") else [])


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


class Person:
	"""A user with a session in the web server."""

	def __init__(self, stack: Stack, user: str):
		self.stack, self.user = stack, user
		self.session = requests.Session()
		# A connection kept open for the next request may just be closed by the server.
		self.session.headers["Connection"] = "close"
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
