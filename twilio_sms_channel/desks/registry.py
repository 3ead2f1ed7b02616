"""The ticket systems that this app speaks with.

A site can have several, and two tickets of the same name with them: a ticket is named together with its DocType, and
whoever has one asks `desk_of` that DocType. Nothing else speaks of a ticket system by name. A further one is two folders,
`desks/X` and `overrides/X`, and one line in `SYSTEMS`.
"""

from dataclasses import dataclass
from types import ModuleType

import frappe
from frappe import _

from twilio_sms_channel.content import outside
from twilio_sms_channel.desks import choice
from twilio_sms_channel.desks.base import Desk


@dataclass(frozen=True)
class TicketSystem:
	"""A ticket system as it is known while its app may not be there."""

	app: str
	"""name of the Frappe app"""
	doctype: str
	"""the ticket's DocType"""
	desk: str
	"""dotted path of its `Desk`"""
	parts: str
	"""dotted path of the module that adds to the site what this system needs: `LABEL`, `FIELDS`, `join()`, `leave()`"""

	@property
	def is_installed(self) -> bool:
		return self.app in frappe.get_installed_apps()

	@property
	def added(self) -> ModuleType:
		"""The module `parts`."""
		return frappe.get_module(self.parts)


SYSTEMS = (
	TicketSystem(
		app="helpdesk",
		doctype="HD Ticket",
		desk="twilio_sms_channel.desks.helpdesk.desk.HelpdeskDesk",
		parts="twilio_sms_channel.desks.helpdesk.parts",
	),
	TicketSystem(
		app="erpnext",
		doctype="Issue",
		desk="twilio_sms_channel.desks.erpnext.desk.IssueDesk",
		parts="twilio_sms_channel.desks.erpnext.parts",
	),
)


class NoDesk(frappe.ValidationError):
	"""The ticket system that is asked for is not installed on this site, or none is."""


def desks() -> list[Desk]:
	"""The ticket systems of this site, in the order of `SYSTEMS`."""
	return [_opened(system) for system in _installed()]


def desks_of_agent(user: str | None = None) -> list[Desk]:
	"""Those in which a user, by default the session's, answers customers: an agent of one is no agent of the others."""
	return [desk for desk in desks() if desk.is_agent(user)]


def ticket_doctypes() -> tuple[str, ...]:
	"""The DocTypes of this site's tickets, in the order of `SYSTEMS`."""
	return tuple(system.doctype for system in _installed())


def known_doctypes() -> tuple[str, ...]:
	"""Those of all ticket systems that this app speaks with: what is in one that was uninstalled stays ours to judge."""
	return tuple(system.doctype for system in SYSTEMS)


def known_apps() -> tuple[str, ...]:
	"""The Frappe apps that these are."""
	return tuple(system.app for system in SYSTEMS)


def desk_of(ticket_doctype: str | None) -> Desk:
	"""The ticket system that a ticket of this DocType is in.

	:raises NoDesk: it is not installed, or this is no ticket's DocType
	"""
	if desk := desk_or_none_of(ticket_doctype):
		return desk
	if not (here := ticket_doctypes()):
		raise _none_installed()
	asked_for = outside.harmless(ticket_doctype)[: outside.KEPT_CHARACTERS]
	raise NoDesk(
		_("{0} cannot be {1}: choose one of {2}.").format("ticket_doctype", asked_for, ", ".join(here))
	)


def desk_or_none_of(ticket_doctype: str | None) -> Desk | None:
	"""The same, for what outlives a ticket system, or is in no ticket: None while that system is not installed."""
	found = next((system for system in SYSTEMS if system.doctype == ticket_doctype), None)
	return _opened(found) if found and found.is_installed else None


def default_desk() -> Desk:
	"""The ticket system that is meant where a ticket is named without its DocType: the first one.

	:raises NoDesk: none is installed
	"""
	for system in _installed():
		return _opened(system)
	raise _none_installed()


def desk_for_new(number) -> Desk:
	"""The ticket system that a number's new tickets go to.

	:param number: Twilio SMS Number document
	:raises NoDesk: none is installed
	"""
	chosen = number.get(choice.FIELD)
	for system in _installed():
		if chosen and system.added.LABEL == chosen:
			return _opened(system)
	return default_desk()


def join() -> None:
	"""Add to the site what its ticket systems need, and bring up to date what is there already."""
	for system in _installed():
		system.added.join()
	sync_choice()


def sync_choice() -> None:
	"""Ask of each number where its tickets go, where there are several ticket systems to choose from."""
	systems, apps = _installed(), frappe.get_installed_apps()
	# Frappe puts the app that was installed last at the end.
	first = min(systems, key=lambda system: apps.index(system.app), default=None)
	choice.sync([system.added.LABEL for system in systems], first.added.LABEL if first else "")


def _installed() -> list[TicketSystem]:
	return [system for system in SYSTEMS if system.is_installed]


def _opened(system: TicketSystem) -> Desk:
	return frappe.get_attr(system.desk)()


def _none_installed() -> NoDesk:
	return NoDesk(_("Text messages need a ticket system: install Frappe Helpdesk or ERPNext on this site."))
