"""The ticket systems that this app speaks with.

Everything else asks for a `Desk` here, and never speaks of one by name. A further one is two folders, `desks/X` and
`overrides/X`, and one line in `SYSTEMS`.
"""

from dataclasses import dataclass
from types import ModuleType

import frappe
from frappe import _

from twilio_sms_channel.desks.base import Desk


@dataclass(frozen=True)
class TicketSystem:
	"""A ticket system as it is known while its app may not be there."""

	app: str
	"""name of the Frappe app"""
	desk: str
	"""dotted path of its `Desk`"""
	parts: str
	"""dotted path of the module that adds to the site what this system needs: `FIELDS`, `join()`, `leave()`"""

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
		desk="twilio_sms_channel.desks.helpdesk.desk.HelpdeskDesk",
		parts="twilio_sms_channel.desks.helpdesk.parts",
	),
)


class NoDesk(frappe.ValidationError):
	"""No supported ticket system is installed on this site."""


def desk_of_site() -> Desk:
	"""The ticket system of this site.

	:raises NoDesk: none is installed
	"""
	for system in SYSTEMS:
		if system.is_installed:
			return frappe.get_attr(system.desk)()
	raise NoDesk(_("Text messages need a ticket system: install Frappe Helpdesk on this site."))


def desk_or_none() -> Desk | None:
	"""The ticket system of this site, None while none is installed."""
	try:
		return desk_of_site()
	except NoDesk:
		return None
