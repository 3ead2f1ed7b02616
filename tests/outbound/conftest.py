import frappe
import pytest
from support import desks
from support.people import make_agent


@pytest.fixture(scope="session")
def chooser(stack, admin):
	"""An agent who may read contacts, whichever the ticket system is; logged in."""
	user = make_agent("tsms-chooser@example.com", "Cho", "Oser")
	if roles := desks.default().contact_roles:
		frappe.get_doc("User", user).add_roles(*roles)
		frappe.db.commit()
	return stack.login(user)
