"""The shop of the demo in each ticket system: who works there, teams, customers, saved replies. For the bench's Python."""

from __future__ import annotations

from abc import ABC, abstractmethod

import cast
import frappe
from frappe.utils.password import update_password

MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"


class Shop(ABC):
	doctype: str
	customer_doctype: str
	admin_roles: tuple[str, ...] = ("System Manager",)
	agent_roles: tuple[str, ...]
	customer_roles: tuple[str, ...] = ()
	of_customer: dict = {}
	"""fields of each customer"""

	def open(self) -> None:
		"""Whoever is made first on a site becomes its System Manager: the admin."""
		_user(cast.ADMIN, *self.admin_roles)
		for agent in cast.AGENTS:
			_user(agent, *self.agent_roles)
		self.staff()
		for person in (cast.ANN, *cast.CUSTOMERS):
			self._customer(person)
		self._give_login(cast.PRIYA, cast.PRIYAS_ADDRESS)
		for title, message in cast.SAVED_REPLIES.items():
			self.saved_reply(title, message)

	@abstractmethod
	def staff(self) -> None:
		"""Agents and their teams, as far as the ticket system has some."""

	@abstractmethod
	def saved_reply(self, title: str, message: str) -> None: ...

	def routing(self, team: str) -> dict:
		"""Fields of the number that a team answers."""
		return {}

	def forget(self, person: cast.Customer) -> None:
		"""Whatever a customer wrote, with its tickets: the story begins with a customer who writes for the first time."""
		for conversation in frappe.get_all(CONVERSATION, {"customer_number": person.number}, pluck="name"):
			about = {"conversation": conversation}
			entries = frappe.get_all(MESSAGE, about, pluck="communication")
			tickets = frappe.get_all(
				"Communication",
				{"name": ("in", [*filter(None, entries), ""]), "reference_doctype": self.doctype},
				pluck="reference_name",
				distinct=True,
			)
			for ticket in tickets:
				frappe.delete_doc(self.doctype, ticket, force=True, ignore_missing=True)
				of_ticket = {"reference_doctype": self.doctype, "reference_name": ticket}
				for doctype in ("Communication", "Email Queue"):
					_delete(doctype, of_ticket)
			_delete(MESSAGE, about)
			_delete("Twilio SMS Consent Event", {"customer_number": person.number})
			_delete(CONVERSATION, {"name": conversation})
		for contact in frappe.get_all(
			"Contact", {"first_name": person.first_name, "last_name": person.last_name}, pluck="name"
		):
			doc = frappe.get_doc("Contact", contact)
			doc.email_ids = []
			doc.save()

	def _customer(self, person: cast.Customer) -> None:
		links = []
		if person.company:
			if not frappe.db.exists(self.customer_doctype, person.company):
				frappe.get_doc(
					{"doctype": self.customer_doctype, "customer_name": person.company, **self.of_customer}
				).insert()
			links = [{"link_doctype": self.customer_doctype, "link_name": person.company}]
		frappe.get_doc(
			{
				"doctype": "Contact",
				"first_name": person.first_name,
				"last_name": person.last_name,
				"phone_nos": [{"phone": person.number, "is_primary_mobile_no": 1}],
				"links": links,
			}
		).insert()

	def _give_login(self, person: cast.Customer, address: str) -> None:
		contact = frappe.get_doc("Contact", {"first_name": person.first_name, "last_name": person.last_name})
		contact.add_email(address, is_primary=True)
		contact.save()
		as_user = cast.Colleague(person.first_name, person.last_name, address)
		_user(as_user, *self.customer_roles)


class HelpdeskShop(Shop):
	doctype, customer_doctype = "HD Ticket", "HD Customer"
	admin_roles = ("System Manager", "Agent Manager")
	agent_roles = ("Agent",)

	def staff(self) -> None:
		for colleague in (cast.ADMIN, *cast.AGENTS):
			frappe.get_doc(
				{
					"doctype": "HD Agent",
					"user": colleague.email,
					"agent_name": colleague.name,
					"is_active": 1,
				}
			).insert()
		for agent in cast.AGENTS:
			users = [{"user": agent.email}, {"user": cast.ADMIN.email}]
			frappe.get_doc({"doctype": "HD Team", "team_name": agent.team, "users": users}).insert()

	def saved_reply(self, title: str, message: str) -> None:
		frappe.get_doc(
			{"doctype": "HD Saved Reply", "title": title, "message": message, "scope": "Global"}
		).insert()

	def routing(self, team: str) -> dict:
		return {"team": team}


class ERPNextShop(Shop):
	doctype, customer_doctype = "Issue", "Customer"
	customer_roles = ("Customer",)
	of_customer = {"customer_type": "Company"}
	admin_roles = ("System Manager", "Support Team", "Sales User")
	agent_roles = ("Support Team",)

	def staff(self) -> None:
		"""ERPNext has no teams: whoever has the role answers."""

	def saved_reply(self, title: str, message: str) -> None:
		frappe.get_doc(
			{"doctype": "Email Template", "__newname": title, "subject": title, "response": message}
		).insert()


def shop_of(apps: list[str]) -> Shop:
	return HelpdeskShop() if "helpdesk" in apps else ERPNextShop()


def _user(colleague: cast.Colleague, *roles: str) -> None:
	if not frappe.db.exists("User", colleague.email):
		frappe.get_doc(
			{
				"doctype": "User",
				"email": colleague.email,
				"first_name": colleague.first_name,
				"last_name": colleague.last_name,
				"send_welcome_email": 0,
				"time_zone": "Etc/UTC",
				"roles": [{"role": role} for role in roles],
			}
		).insert()
	update_password(colleague.email, cast.PASSWORD)


def _delete(doctype: str, filters: dict) -> None:
	for name in frappe.get_all(doctype, filters, pluck="name"):
		frappe.delete_doc(doctype, name, force=True, ignore_permissions=True)
