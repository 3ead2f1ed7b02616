import frappe
from frappe.model.document import Document


class HDTicketActivity(Document):
	pass


def log_ticket_activity(ticket: str, action: str) -> Document:
	return frappe.get_doc({"doctype": "HD Ticket Activity", "ticket": ticket, "action": action}).insert(
		ignore_permissions=True
	)
