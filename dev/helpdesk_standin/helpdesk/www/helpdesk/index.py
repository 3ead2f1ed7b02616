"""The agent screen (`helpdesk.www.helpdesk.index`): the list, and of a ticket what extensions of the screen hold on to."""

import frappe
from frappe.sessions import get_csrf_token

from helpdesk.utils import is_agent

no_cache = 1


def get_context(context) -> None:
	if frappe.session.user == "Guest":
		frappe.local.flags.redirect_location = f"/login?redirect-to={frappe.local.request.path}"
		raise frappe.Redirect
	context.boot = get_boot()


def get_boot() -> dict:
	"""What the page keeps in `window`."""
	return {
		"site_name": frappe.local.site,
		"csrf_token": get_csrf_token(),
		"session_user": frappe.session.user,
		"is_agent": is_agent(),
		# The site that is served for people has a socket.io server.
		"live_updates": bool(frappe.conf.get("live_updates")),
	}
