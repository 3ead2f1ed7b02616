"""Users of the site for tests, and their sessions in its web server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import frappe
import requests
from frappe.core.doctype.user.user import create_contact

from support import desks
from support.users import PASSWORD, make_user

if TYPE_CHECKING:
	from support.stack import Stack

TICKET_ENDPOINTS = "twilio_sms_channel.api.ticket."


def make_agent(email: str, first_name: str = "Grace", last_name: str = "Hopper") -> str:
	"""Somebody who answers customers in each of the ticket systems that are tested. Commits."""
	for system in desks.here():
		system.make_agent(email, first_name, last_name)
	return email


def make_customer(email: str, has_contact: bool = False) -> str:
	"""A customer with a login to the portal, for which ticket systems want a role: Helpdesk since v1.28, ERPNext always.

	:param has_contact: as Frappe has a worker make it for a user who is saved
	"""
	roles = [role for system in desks.here() for role in system.customer_roles]
	make_user(email, frappe.get_all("Role", {"name": ("in", roles)}, pluck="name"))
	if has_contact:
		create_contact(frappe.get_doc("User", email), ignore_mandatory=True)
		frappe.db.commit()
	return email


def make_system_manager(email: str) -> str:
	return make_user(
		email, ["System Manager"], first_name="Ada", last_name="Lovelace", user_type="System User"
	)


def make_team(name: str, *members: str) -> str:
	"""A team of agents in the default ticket system, unless it is there. Commits."""
	return desks.default().make_team(name, *members)


def assignment_rule(user: str, condition: str):
	"""A rule that assigns tickets to one user, every day; not committed."""
	return desks.default().assignment_rule(user, condition)


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
		if method.startswith(TICKET_ENDPOINTS):
			args = desks.named(args)
		if http == "GET":
			return self.session.get(url, params=args, timeout=30)
		return self.session.post(url, json=args, timeout=30)

	def reply(self, ticket: str, message: str, **args) -> requests.Response:
		"""Press Send in the reply box of the default ticket system."""
		return desks.default().reply(self, ticket, message, **args)


def _as_utf8(answer: requests.Response, *_args, **_kwargs) -> None:
	"""Of an answer that names no encoding, such as an export, requests would guess it: for a minute when it is long."""
	answer.encoding = answer.encoding or "utf-8"
