"""Which ticket system is asked, with none, one or two of them installed. It needs neither Frappe nor a site: what the
registry asks of Frappe is stood in for.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

REGISTRY = Path(__file__).parents[2] / "twilio_sms_channel" / "desks" / "registry.py"
BASE = "twilio_sms_channel.desks.base"
BOTH = ("HD Ticket", "Parcel")


class Helpdesk:
	doctype = "HD Ticket"
	agents = ("ann",)

	def is_agent(self, user=None) -> bool:
		return user in self.agents


class Parcels(Helpdesk):
	doctype = "Parcel"
	agents = ("bob",)


@pytest.fixture
def registry(monkeypatch):
	"""The module with a second ticket system. `install` says which apps the site has."""
	frappe = ModuleType("frappe")
	frappe.ValidationError, frappe._ = type("ValidationError", (Exception,), {}), lambda words: words
	base = ModuleType(BASE)
	base.Desk = object
	monkeypatch.setitem(sys.modules, "frappe", frappe)
	monkeypatch.setitem(sys.modules, BASE, base)
	spec = importlib.util.spec_from_file_location("registry_with_two_systems", REGISTRY)
	module = importlib.util.module_from_spec(spec)
	# Dataclasses look for it there.
	monkeypatch.setitem(sys.modules, spec.name, module)
	spec.loader.exec_module(module)
	second = module.TicketSystem(app="parcels", doctype="Parcel", desk="Parcels", parts="")
	module.SYSTEMS = (*module.SYSTEMS, second)
	classes = {module.SYSTEMS[0].desk: Helpdesk, second.desk: Parcels}
	frappe.get_attr = classes.__getitem__

	def install(*apps: str) -> None:
		frappe.get_installed_apps = lambda: ["frappe", *apps]

	module.install = install
	return module


@pytest.mark.parametrize(
	("apps", "doctypes"),
	[
		((), ()),
		(("helpdesk",), ("HD Ticket",)),
		(("parcels",), ("Parcel",)),
		# In the order of SYSTEMS, whichever was installed first.
		(("parcels", "helpdesk"), BOTH),
	],
)
def test_the_site_has_the_tickets_of_its_apps(registry, apps, doctypes):
	registry.install(*apps)
	assert registry.ticket_doctypes() == doctypes
	assert tuple(desk.doctype for desk in registry.desks()) == doctypes
	assert registry.known_doctypes() == BOTH
	for doctype in (*BOTH, "User", "", None):
		desk = registry.desk_or_none_of(doctype)
		assert (desk and desk.doctype) == (doctype if doctype in doctypes else None)


def test_a_tickets_doctype_says_which_desk_it_is_in(registry):
	registry.install("parcels", "helpdesk")
	assert isinstance(registry.desk_of("Parcel"), Parcels)
	assert registry.default_desk().doctype == registry.desk_for_new(object()).doctype == "HD Ticket"
	registry.install("parcels")
	assert registry.default_desk().doctype == registry.desk_for_new(object()).doctype == "Parcel"


def test_what_is_asked_of_a_system_that_is_not_there_is_refused(registry):
	registry.install("parcels")
	for doctype in ("HD Ticket", "User", "", None):
		with pytest.raises(registry.NoDesk, match=f"cannot be {doctype or ''}: choose one of Parcel"):
			registry.desk_of(doctype)
	with pytest.raises(registry.NoDesk, match="cannot be b User /b"):
		registry.desk_of("<b>User</b>")
	registry.install()
	for ask in (
		registry.default_desk,
		lambda: registry.desk_of("Parcel"),
		lambda: registry.desk_for_new(None),
	):
		with pytest.raises(registry.NoDesk, match="need a ticket system"):
			ask()


def test_an_agent_of_one_system_is_no_agent_of_the_other(registry):
	registry.install("helpdesk", "parcels")
	found = {user: [desk.doctype for desk in registry.desks_of_agent(user)] for user in ("ann", "bob", "eve")}
	assert found == {"ann": ["HD Ticket"], "bob": ["Parcel"], "eve": []}


def test_what_the_registry_says_of_helpdesk_is_what_helpdesks_desk_says(registry):
	from twilio_sms_channel.desks import helpdesk

	assert registry.SYSTEMS[0].doctype == helpdesk.TICKET
