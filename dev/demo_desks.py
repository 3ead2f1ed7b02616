"""What the demo's story has to know of the ticket system that it is told on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from layout import ADMIN_PASSWORD

if TYPE_CHECKING:
	from browser import Browser
	from demo import Person

AGENT_PASSWORD = "answers for Example Shop"


class DemoDesk(ABC):
	doctype: str
	word: str
	"""what the story calls a ticket"""
	page: str
	"""where Desk lists them"""
	box: str
	"""where agents answer"""
	agent = "Administrator"
	password = ADMIN_PASSWORD
	customer = ""
	"""whose person the customer is, where the ticket says so"""

	@abstractmethod
	def prepare(self, admin: Browser, customer: Person) -> None:
		"""Make who the story is about, unless they are there."""

	@abstractmethod
	def reply(self, agent: Browser, ticket: str, subject: str, html: str, to: str) -> None:
		"""What the ticket system's own box does when Send is pressed."""


class HelpdeskDemo(DemoDesk):
	doctype, word, page, box = "HD Ticket", "ticket", "/app/hd-ticket", "the ticket's reply box"

	def prepare(self, admin: Browser, customer: Person) -> None:
		"""Nobody: the Administrator answers, and the first message makes the contact."""

	def reply(self, agent: Browser, ticket: str, subject: str, html: str, to: str) -> None:
		arguments = {"message": html, "to": to, "cc": "", "bcc": "", "attachments": []}
		agent.call("run_doc_method", dt=self.doctype, dn=ticket, method="reply_via_agent", args=arguments)


class ERPNextDemo(DemoDesk):
	doctype, word, page, box = "Issue", "issue", "/app/issue", "the issue's e-mail dialog"
	agent, password = "grace@example.com", AGENT_PASSWORD
	customer = "Miller Bakery"

	def prepare(self, admin: Browser, customer: Person) -> None:
		"""A Support Team of one, and a customer whose person's number is known."""
		if not admin.exists("User", self.agent):
			admin.insert(
				"User",
				email=self.agent,
				first_name="Grace",
				last_name="Hopper",
				new_password=self.password,
				send_welcome_email=0,
				roles=[{"role": "Support Team"}],
			)
		if not admin.exists("Customer", self.customer):
			admin.insert("Customer", customer_name=self.customer, customer_type="Company")
			admin.insert(
				"Contact",
				first_name=customer.first_name,
				last_name=customer.last_name,
				phone_nos=[{"phone": customer.number, "is_primary_mobile_no": 1}],
				links=[{"link_doctype": "Customer", "link_name": self.customer}],
			)

	def reply(self, agent: Browser, ticket: str, subject: str, html: str, to: str) -> None:
		agent.call(
			"frappe.core.doctype.communication.email.make",
			doctype=self.doctype,
			name=ticket,
			subject=f"Re: {subject}",
			content=html,
			recipients=to,
			cc="",
			bcc="",
			send_email=1,
		)


# By the ticket systems of the site; where there are two, numbers send new tickets to the first one.
DEMO_DESKS: dict[str, DemoDesk] = {
	"helpdesk": HelpdeskDemo(),
	"erpnext": ERPNextDemo(),
	"both": HelpdeskDemo(),
}
