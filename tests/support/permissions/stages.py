"""The three texts and the people on each ticket system."""

from abc import ABC, abstractmethod
from typing import ClassVar

import frappe
import requests
from frappe.desk.doctype.tag.tag import DocTags
from frappe.share import add as share

from support import desks
from support.people import Person, make_customer, make_user
from support.permissions.table import (
	COMMUNICATIONS,
	CONVERSATION,
	DOCUMENTS,
	ELSEWHERE,
	ERPNEXT,
	GONE,
	HELPDESK,
	MEDIA,
	MESSAGE,
	NORTH,
	NOTHING,
	OPEN,
	SECRETS,
	SOUTH,
	SYSTEM_MANAGER,
	TICKET,
	Text,
)
from support.reply_box import noise
from support.stack import Customer, eventually, ticket_of
from twilio_sms_channel.desks.registry import desk_of


class Guest(Person):
	def __init__(self, stack):
		self.stack, self.user, self.session = stack, "Guest", requests.Session()


class Stage(ABC):
	"""`texts` by team, and `gone`, whose ticket was deleted; `people` by what they are; `who` is their row of the table."""

	system: desks.TicketSystem
	who: dict[str, tuple]
	word_field: str
	"""field of the ticket that holds the text's words"""
	exporters: tuple[str, ...]
	"""who may export lists"""
	reporters: tuple[str, ...]
	"""who may run reports"""
	southern: str
	"""somebody who answers the south and the open ones"""
	strangers: tuple[str, ...]
	"""who is always tried with all endpoints of Frappe; `--in-full` tries all people"""
	on_portal: ClassVar[dict[str, set[str]]] = {}
	"""whose tickets, besides those of the table, the website lists and prints for somebody"""

	def __init__(self, stack, admin):
		self.stack, self.is_marked = stack, False
		frappe.db.rollback()
		stack.simulator.faults.off()
		fields = self.prepare()
		sids = {team: self._text(n, team, fields.get(team, {})) for n, team in enumerate((GONE, *SECRETS))}
		arrived = {team: _with_its_picture(sid) for team, sid in sids.items()}
		described = {team: self._described(team, message) for team, message in arrived.items()}
		self.gone = described.pop(GONE)
		self.texts = described
		self._delete_ticket(self.gone)
		for text in self.texts.values():
			self.place(text)
		customer, other = (make_customer(self.address(who)) for who in ("carol", "dave"))
		frappe.db.set_value(self.system.doctype, self.texts[NORTH].ticket, "raised_by", customer)
		frappe.db.commit()
		desk_user = make_user(self.address("desk-user"), ["Report Manager"], user_type="System User")
		users = {"customer": customer, "other customer": other, "desk user": desk_user, **self.users()}
		if others := [system for system in desks.here() if system is not self.system]:
			users[ELSEWHERE] = others[0].make_agent(self.address("elsewhere"), "Else", "Where")
		self.people = {who: stack.login(user) for who, user in users.items()}
		self.people |= {SYSTEM_MANAGER: admin, "guest": Guest(stack)}

	def address(self, who: str) -> str:
		return f"tsms-matrix-{self.system.app}-{who}@example.com"

	@abstractmethod
	def prepare(self) -> dict[str, dict]:
		"""Make what tells the teams apart; fields of each team's number. Commits."""

	@abstractmethod
	def place(self, text: Text) -> None:
		"""Put a text's ticket where it belongs, or see that it is there. Commits nothing."""

	@abstractmethod
	def users(self) -> dict[str, str]:
		"""The people that this ticket system alone has. Commits."""

	@abstractmethod
	def leave(self) -> None:
		"""Undo what `prepare` did to the site's settings. Commits."""

	@property
	def words(self) -> tuple[tuple, ...]:
		"""Whose words each DocType holds, in which field; `needle` and `name` are those of a `Text`."""
		return (
			#  DocType             field              needle             name             who
			(MESSAGE,             "body",            "secret",          "message",       DOCUMENTS),
			(CONVERSATION,        "customer_number", "customer_number", "conversation",  DOCUMENTS),
			("Communication",     "content",         "secret",          "communication", COMMUNICATIONS),
			(self.system.doctype, self.word_field,   "secret",          "ticket",        TICKET),
		)  # fmt: skip

	def mark(self) -> None:
		"""Give documents tags and assignments, by which they can be found as well, once."""
		if self.is_marked:
			return
		self.is_marked = True
		for text in self.texts.values():
			for doctype, _field, _needle, name, _who in self.words:
				DocTags(doctype).add(getattr(text, name), "tsms-tag")
				todo = {"doctype": "ToDo", "reference_type": doctype, "reference_name": getattr(text, name)}
				todo |= {"allocated_to": "tsms-admin@example.com", "description": "x"}
				frappe.get_doc(todo).db_insert()
			desk_of(self.system.doctype).note(text.ticket, text.secret)
			desk_of(self.system.doctype).log(text.ticket, "looked at the ticket")
		frappe.db.commit()

	def _text(self, n: int, team: str, fields: dict) -> str:
		# Whoever has the same picture in a ticket of theirs may read it.
		picture = (f"{team}.png", noise(40 + n, 40) + frappe.generate_hash().encode())
		number = self.stack.add_number(**fields)
		# Nobody's of another ticket system or run.
		words = f"{SECRETS.get(team, 'Samarkand parcel')} {frappe.generate_hash(length=6)}"
		return Customer(self.stack).text(words, to=number, media=[picture], wait=False).sid

	def _described(self, team: str, message) -> Text:
		ticket = ticket_of(message)
		media = frappe.get_doc(MEDIA, {"parent": message.name})
		return Text(
			team=team,
			secret=message.body,
			ticket=str(ticket.name),
			message=message.name,
			conversation=message.conversation,
			communication=message.communication,
			contact=ticket.contact,
			customer_number=message.customer_number,
			number=message.number,
			media=media.name,
			file=media.file,
			file_url=frappe.db.get_value("File", media.file, "file_url"),
		)

	def _delete_ticket(self, text: Text) -> None:
		frappe.delete_doc(self.system.doctype, text.ticket, force=True)
		frappe.db.commit()
		# Frappe has a worker empty what refers to it.
		eventually(lambda: not frappe.db.get_value("Communication", text.communication, "reference_name"))


def _with_its_picture(sid: str):
	name = eventually(lambda: frappe.db.get_value(MESSAGE, {"twilio_sid": sid, "status": "Threaded"}))
	eventually(lambda: frappe.db.get_value(MEDIA, {"parent": name, "file": ("is", "set")}))
	return frappe.get_doc(MESSAGE, name)


class HelpdeskStage(Stage):
	"""Agents are restricted to their teams' tickets, and tickets without a team are open to every agent."""

	system = desks.SYSTEMS["helpdesk"]
	who = HELPDESK
	word_field = "description"
	exporters = reporters = ("agent manager of the north", SYSTEM_MANAGER)
	southern = "agent of the south"
	strangers = (southern, "customer")
	settings = ("restrict_tickets_by_agent_group", "do_not_restrict_tickets_without_an_agent_group")

	def prepare(self) -> dict[str, dict]:
		teams = {team: f"TSMS at the {team}" for team in (NORTH, SOUTH)}
		for team, name in teams.items():
			members = [self.system.make_agent(self.address(team), team, "Agent")]
			if team == NORTH:
				members.append(self.system.make_agent(self.address("manager"), "Managing", "Agent"))
				make_user(members[-1], ["Agent Manager"])
			self.system.make_team(name, *members)
		self.before = {field: frappe.db.get_single_value("HD Settings", field) for field in self.settings}
		self._set(dict.fromkeys(self.settings, 1))
		return {team: {"team": name} for team, name in teams.items()}

	def place(self, text: Text) -> None:
		team = frappe.db.get_value("HD Ticket", text.ticket, "agent_group")
		assert (team or None) == (None if text.team == OPEN else f"TSMS at the {text.team}")

	def users(self) -> dict[str, str]:
		return {
			"agent of the north": self.address(NORTH),
			"agent manager of the north": self.address("manager"),
			"agent of the south": self.address(SOUTH),
			"agent without a team": self.system.make_agent(self.address("lonely"), "Lonely", "Agent"),
		}

	def leave(self) -> None:
		self._set({field: value or 0 for field, value in self.before.items()})

	def _set(self, settings: dict) -> None:
		frappe.db.set_single_value("HD Settings", settings)
		frappe.clear_document_cache("HD Settings", "HD Settings")
		frappe.db.commit()


class ERPNextStage(Stage):
	"""The north and the south are customers, open is an Issue without one."""

	system = desks.SYSTEMS["erpnext"]
	who = ERPNEXT
	word_field = "subject"
	exporters = (SYSTEM_MANAGER,)
	reporters = (
		*("support team", "support team with an inbox", "support team of the north"),
		*("support team of the south", "clerk", SYSTEM_MANAGER),
	)
	southern = "support team of the south"
	strangers = (southern, "customer")
	# The first words of a customer's own Issue are its subject.
	on_portal = {"customer": {NORTH}}
	clerks, readers = "TSMS Issue Clerk", "TSMS Issue Reader"

	def prepare(self) -> dict[str, dict]:
		for role, writes in ((self.clerks, 1), (self.readers, 0)):
			if not frappe.db.exists("Role", role):
				frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 1}).insert()
			frappe.permissions.add_permission("Issue", role)
			rule = frappe.get_doc("Custom DocPerm", {"parent": "Issue", "role": role, "permlevel": 0})
			rule.update({"read": 1, "write": writes}).save()
		frappe.clear_cache(doctype="Issue")
		frappe.db.commit()
		return {}

	def place(self, text: Text) -> None:
		if text.team != OPEN:
			frappe.db.set_value("Issue", text.ticket, "customer", _shop_of(text.team))

	def users(self) -> dict[str, str]:
		found = {
			"support team": self._user("support", "Support Team"),
			"support team with an inbox": self._user("inbox", "Support Team", "Inbox User"),
			"clerk": self._user("clerk", self.clerks),
			"reader": self._user("reader", self.readers, "Inbox User"),
			"colleague with a share": self._user("share", "Inbox User"),
		}
		for team in (NORTH, SOUTH):
			user = found[f"support team of the {team}"] = self._user(team, "Support Team", "Inbox User")
			rule = {"user": user, "allow": "Customer", "for_value": _shop_of(team)}
			if not frappe.db.exists("User Permission", rule):
				frappe.get_doc({"doctype": "User Permission", **rule}).insert()
		share("Issue", self.texts[NORTH].ticket, found["colleague with a share"], read=1)
		frappe.db.commit()
		return found

	def leave(self) -> None:
		"""By their documents, so that the roles give back what they got for it."""
		for role in (self.clerks, self.readers):
			for rule in frappe.get_all("Custom DocPerm", {"parent": "Issue", "role": role}, pluck="name"):
				frappe.delete_doc("Custom DocPerm", rule)
		frappe.clear_cache(doctype="Issue")
		frappe.db.commit()

	def _user(self, who: str, *roles: str) -> str:
		return make_user(self.address(who), list(roles), user_type="System User")


def _shop_of(team: str) -> str:
	name = f"TSMS shop of the {team}"
	if not frappe.db.exists("Customer", name):
		frappe.get_doc({"doctype": "Customer", "customer_name": name}).insert()
	return name


STAGES: dict[str, type[Stage]] = {stage.system.app: stage for stage in (HelpdeskStage, ERPNextStage)}


def table(app: str) -> dict[str, tuple]:
	"""Who is on the stage of a ticket system; where there is another one as well, its agents are."""
	more = {ELSEWHERE: NOTHING} if len(desks.here()) > 1 else {}
	return {**STAGES[app].who, **more}
