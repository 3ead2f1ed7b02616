import frappe
from frappe import _

from helpdesk.utils import agent_only


@frappe.whitelist()
@agent_only
def get_rendered_saved_reply(ticket_id: str, saved_reply_id: str | None = None) -> str:
	"""A saved reply as HTML for a ticket; the user's fields win over the ticket's (`api.saved_replies`, v1.25.1)."""
	if not saved_reply_id:
		frappe.throw(_("Name the saved reply."))
	ticket = frappe.get_doc("HD Ticket", ticket_id).as_dict()
	user = frappe.get_doc("User", frappe.session.user).as_dict()
	return frappe.render_template(
		frappe.db.get_value("HD Saved Reply", saved_reply_id, "message"), {**ticket, **user}
	)
