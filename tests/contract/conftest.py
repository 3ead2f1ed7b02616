import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# Without a bench there is no Frappe: nothing here imports it before a fixture is asked for.
if find_spec("helpdesk"):
	# Frappe v16 opens log files while it is imported, relative to the folder it runs in.
	before = os.getcwd()
	os.chdir(Path(sys.prefix).parent / "sites")
	import helpdesk_versions  # noqa: F401

	os.chdir(before)

HERE = Path(__file__).parent
TICKET_SYSTEMS = ("helpdesk", "erpnext")
collect_ignore_glob = [f"test_{app}_*.py" for app in TICKET_SYSTEMS if not find_spec(app)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
	"""A file that is called by a ticket system is about it alone."""
	for item in items:
		app = item.path.stem.split("_")[1]
		if item.path.parent == HERE and app in TICKET_SYSTEMS:
			item.add_marker(app)


SETTINGS = "HD Settings"
PLAIN = {
	"send_acknowledgement_email": 0,
	"enable_email_ticket_feedback": 0,
	"skip_email_workflow": 0,
	"instantly_send_email": 0,
	"auto_update_status": 0,
	"enable_reply_email_via_agent": 1,
	"restrict_tickets_by_agent_group": 0,
	"do_not_restrict_tickets_without_an_agent_group": 0,
}


@pytest.fixture
def settings():
	"""Helpdesk's settings, without what sends e-mail by itself. Call it with fields to change them for a test."""
	import frappe

	def change(**fields):
		for field, value in fields.items():
			if frappe.get_meta(SETTINGS).has_field(field):
				frappe.db.set_single_value(SETTINGS, field, value)
		frappe.clear_document_cache(SETTINGS, SETTINGS)

	change(**PLAIN)
	yield change
	frappe.db.rollback()
	frappe.db.value_cache.clear()
	frappe.clear_document_cache(SETTINGS, SETTINGS)


@pytest.fixture
def no_outgoing_account(site):
	"""Nothing to send e-mail by."""
	import frappe

	frappe.db.set_value("Email Account", {"default_outgoing": 1}, "default_outgoing", 0)
	frappe.local.outgoing_email_account = {}
	yield
	frappe.local.outgoing_email_account = {}


@pytest.fixture
def outgoing_account(no_outgoing_account):
	"""A default account; its name. What it is given stays in the Email Queue."""
	import frappe

	account = frappe.new_doc("Email Account")
	account.update(
		{
			"name": "Contract",
			"email_account_name": "Contract",
			"email_id": "contract@example.com",
			"enable_outgoing": 1,
			"default_outgoing": 1,
			"no_smtp_authentication": 1,
			"awaiting_password": 0,
			"smtp_server": "127.0.0.1",
		}
	)
	# `insert` would connect to the server.
	account.db_insert()
	return account.name


@pytest.fixture(scope="session")
def grace(site):
	"""An agent."""
	from support.people import make_agent

	return make_agent("contract-grace@example.com", "Grace", "Hopper")


@pytest.fixture(scope="session")
def alan(site):
	"""Another agent."""
	from support.people import make_agent

	return make_agent("contract-alan@example.com", "Alan", "Turing")


@pytest.fixture(scope="session")
def carol(site):
	"""A customer with a login to the portal."""
	from support.people import make_customer

	return make_customer("contract-carol@example.com")


@pytest.fixture(scope="session")
def stranger(site):
	"""A customer who has no ticket."""
	from support.people import make_customer

	return make_customer("contract-stranger@example.com")


@pytest.fixture(scope="session")
def plumbers(grace):
	"""Grace's team."""
	from helpdesk_records import make_team

	return make_team("Contract Plumbers", grace)


@pytest.fixture(scope="session")
def electricians(alan):
	"""Alan's team."""
	from helpdesk_records import make_team

	return make_team("Contract Electricians", alan)
