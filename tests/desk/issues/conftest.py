import frappe
import pytest
from support import desks
from support.stack import ticket_of

ERPNEXT = desks.SYSTEMS["erpnext"]


@pytest.fixture(autouse=True)
def opens_issues(request):
	"""New tickets are Issues, on a site with several ticket systems as well."""
	if ERPNEXT.app not in frappe.get_installed_apps():
		pytest.skip("is about ERPNext")
	stack = request.getfixturevalue("stack")
	ERPNEXT.take(stack.number, stack.other_number)
	yield
	desks.default().take(stack.number, stack.other_number)


@pytest.fixture(scope="module")
def supporter(stack, admin):
	"""Somebody who answers Issues and is nothing else."""
	return stack.login(ERPNEXT.make_agent("tsms-support@example.com", "Katherine", "Johnson"))


@pytest.fixture
def issue(customer):
	"""The Issue of a customer who has just texted."""
	return ticket_of(customer.text("My order 4711 is late"))
