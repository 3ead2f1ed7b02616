"""The ticket systems that the tests run on, each behind the same few words.

`here()` are those of this run. A test that is the same on each asks for the fixture `ticket_system`: it runs once on each,
and `default()`, which all helpers of these tests use, is then that one.
"""

from __future__ import annotations

import calendar
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import frappe

from support.users import insert_rows, make_user

if TYPE_CHECKING:
	import requests

	from support.people import Person

MAIL = "frappe.core.doctype.communication.email.make"


class TicketSystem(ABC):
	"""What a test needs of a ticket system, whichever it is."""

	app: str
	"""name of the Frappe app, and of the marker of tests that are about it alone"""

	doctype: str
	"""the ticket's DocType"""

	team_doctype = ""
	"""the DocType of teams, "" where there are none"""

	describes = False
	"""whether the first message is the ticket's description as well"""

	resolved, closed = "Resolved", "Closed"
	"""statuses of a ticket that is done"""

	has_feed = False
	"""whether it has a page of its own, whose feed this app completes; otherwise agents work in Desk's form"""

	saved_replies = ""
	"""the DocType of saved replies"""

	contact_roles: ClassVar[tuple[str, ...]] = ()
	"""what agents are given who may choose contacts, where being an agent is not enough"""

	customer_roles: ClassVar[tuple[str, ...]] = ()
	"""what a customer with a login may be given, where the site has such a role"""

	@abstractmethod
	def be_plain(self) -> None:
		"""Have the ticket system do nothing by itself that a test does not expect. Commits nothing."""

	@abstractmethod
	def make_agent(self, email: str, first_name: str, last_name: str) -> str:
		"""A user who answers customers here, with a password. Commits. Also of a user who is there already."""

	@abstractmethod
	def reply(self, person: Person, ticket: str, message: str, **args) -> requests.Response:
		"""Press Send in the ticket system's own reply box.

		:param message: HTML
		:param args: what that box sends besides: `to`, `cc`, `bcc`, `attachments` …
		"""

	@abstractmethod
	def saved_reply(self, title: str, message: str, **fields):
		"""A saved reply for everybody, as its document. Commits nothing.

		:param message: HTML, a template
		"""

	@abstractmethod
	def notes(self, ticket) -> list[str]:
		"""What was noted in a ticket (its document) for agents alone."""

	@property
	def route(self) -> str:
		"""Where its tickets are in Desk."""
		return self.doctype.lower().replace(" ", "-")

	def make_ticket(self, **fields):
		"""A ticket without a conversation. Commits nothing."""
		return frappe.get_doc({"doctype": self.doctype, "subject": "Order 4711", **fields}).insert()

	def make_team(self, name: str, *members: str) -> str:
		"""A team of agents, unless it is there. Commits."""
		raise NotImplementedError(f"{self.doctype} has no teams")

	def assignment_rule(self, user: str, condition: str):
		"""A rule that assigns tickets to one user, every day; not committed."""
		return frappe.get_doc(
			{
				"doctype": "Assignment Rule",
				"name": f"Tickets of {user} {frappe.generate_hash(length=6)}",
				"document_type": self.doctype,
				"description": "Ticket {{ name }}",
				"assign_condition": condition,
				"rule": "Round Robin",
				"users": [{"user": user}],
				"assignment_days": [{"day": day} for day in calendar.day_name],
			}
		).insert()

	def finish(self, ticket, status: str = "") -> None:
		"""Resolve a ticket (its document), or give it another status, as an agent does it in the form. Commits."""
		frappe.db.rollback()
		ticket.reload()
		ticket.status = status or self.resolved
		ticket.save()
		frappe.db.commit()

	def of_number(self) -> dict[str, str]:
		"""Fields of a number of ours whose new tickets are here, where the site leaves a choice."""
		return {GOES_TO: self.title} if frappe.get_meta("Twilio SMS Number").has_field(GOES_TO) else {}

	def take(self, *numbers: str) -> None:
		"""Have new tickets of these numbers of ours made here. Commits."""
		if fields := self.of_number():
			for number in numbers:
				frappe.db.set_value("Twilio SMS Number", number, fields)
			frappe.db.commit()

	@property
	@abstractmethod
	def title(self) -> str:
		"""What users call it."""

	def __str__(self) -> str:
		return self.app


class Helpdesk(TicketSystem):
	app, title = "helpdesk", "Helpdesk"
	doctype, team_doctype = "HD Ticket", "HD Team"
	customer_roles = ("HD Customer",)
	describes = has_feed = True

	def be_plain(self) -> None:
		# Helpdesk asks for feedback in a way that not every Frappe of its major version knows: closing would fail.
		for setting in ("send_acknowledgement_email", "skip_email_workflow", "enable_email_ticket_feedback"):
			frappe.db.set_single_value("HD Settings", setting, 0)

	def make_agent(self, email: str, first_name: str, last_name: str) -> str:
		make_user(email, ["Agent"], first_name=first_name, last_name=last_name)
		if not frappe.db.exists("HD Agent", email):
			agent = frappe.new_doc("HD Agent")
			agent.update({"user": email, "agent_name": f"{first_name} {last_name}", "is_active": 1})
			agent.run_method("before_insert")
			insert_rows(agent, email)
		frappe.db.commit()
		return email

	def make_team(self, name: str, *members: str) -> str:
		"""From Helpdesk v1.28 on it must have a member."""
		if frappe.db.exists("HD Team", name):
			return name
		users = members or (self.make_agent("tsms-agent@example.com", "Grace", "Hopper"),)
		team = frappe.get_doc(
			{"doctype": "HD Team", "team_name": name, "users": [{"user": user} for user in users]}
		).insert()
		frappe.db.commit()
		return team.name

	@property
	def saved_replies(self) -> str:
		return "HD Saved Reply" if frappe.db.exists("DocType", "HD Saved Reply") else "HD Canned Response"

	def saved_reply(self, title: str, message: str, **fields):
		scope = {"scope": "Global"} if self.saved_replies == "HD Saved Reply" else {}
		doc = {"doctype": self.saved_replies, "title": title, "message": message, **scope, **fields}
		return frappe.get_doc(doc).insert(ignore_permissions=True)

	def notes(self, ticket) -> list[str]:
		return frappe.get_all("HD Ticket Comment", {"reference_ticket": str(ticket.name)}, pluck="content")

	def reply(self, person: Person, ticket: str, message: str, **args) -> requests.Response:
		return person.call(
			"run_doc_method",
			dt=self.doctype,
			dn=str(ticket),
			method="reply_via_agent",
			args={"message": message, "to": "", "cc": "", "bcc": "", "attachments": [], **args},
		)


class ERPNext(TicketSystem):
	app, title = "erpnext", "ERPNext"
	doctype = "Issue"
	contact_roles = ("Sales User",)
	customer_roles = ("Customer",)
	saved_replies = "Email Template"

	def be_plain(self) -> None:
		frappe.db.set_single_value("Support Settings", "track_service_level_agreement", 0)

	def make_agent(self, email: str, first_name: str, last_name: str) -> str:
		return make_user(email, ["Support Team"], first_name=first_name, last_name=last_name)

	def saved_reply(self, title: str, message: str, **fields):
		doc = {"doctype": self.saved_replies, "__newname": title, "subject": title, "response": message}
		template = frappe.get_doc({**doc, **fields})
		# It stores no template that cannot be read; another app may.
		template.flags.ignore_validate = True
		return template.insert(ignore_permissions=True)

	def notes(self, ticket) -> list[str]:
		about = {"reference_doctype": self.doctype, "reference_name": ticket.name, "comment_type": "Comment"}
		return frappe.get_all("Comment", about, pluck="content")

	def reply(self, person: Person, ticket: str, message: str, **args) -> requests.Response:
		"""Press Send in Desk's e-mail dialog."""
		sent = {
			"recipients": args.pop("to", ""),
			"cc": "",
			"bcc": "",
			"subject": "Re",
			"attachments": [],
			**args,
		}
		return person.call(
			MAIL, doctype=self.doctype, name=str(ticket), content=message, send_email=1, **sent
		)


GOES_TO = "tickets_go_to"
SYSTEMS: dict[str, TicketSystem] = {system.app: system for system in (Helpdesk(), ERPNext())}
# As `--desk` of this project's tools and of pytest names them.
KINDS = {"helpdesk": ("helpdesk",), "erpnext": ("erpnext",), "both": ("helpdesk", "erpnext")}
_chosen: list[str] = []
_meant: list[TicketSystem] = []


def installed() -> list[str]:
	"""The apps of the connected site's ticket systems."""
	apps = frappe.get_installed_apps()
	return [app for app in SYSTEMS if app in apps]


def choose(apps: list[str]) -> None:
	"""Have `here()` be these."""
	_chosen[:] = apps


def here() -> list[TicketSystem]:
	"""Those that are tested; outside pytest those of the connected site."""
	return [SYSTEMS[app] for app in _chosen or installed()]


def default() -> TicketSystem:
	"""Where a test's tickets are unless it says otherwise."""
	return _meant[-1] if _meant else here()[0]


@contextmanager
def meant(system: TicketSystem) -> Iterator[None]:
	"""Have `default()` be this one."""
	_meant.append(system)
	try:
		yield
	finally:
		_meant.remove(system)


def named(arguments: dict) -> dict:
	"""What a form of the default ticket system sends to this app: where there are others, a ticket's DocType as well."""
	if "ticket" in arguments and default() is not here()[0]:
		return {"ticket_doctype": default().doctype, **arguments}
	return arguments


def of(ticket) -> TicketSystem:
	"""The one that a ticket (its document) is in."""
	return next(system for system in SYSTEMS.values() if system.doctype == ticket.doctype)
