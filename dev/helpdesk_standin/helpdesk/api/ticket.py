"""Replying to many tickets at once (`helpdesk.api.ticket`, v1.26)."""

import frappe

from helpdesk.utils import agent_only


@frappe.whitelist()
@agent_only
def bulk_reply(ticket_ids: list, message: str, attachments: list | None = None) -> None:
	"""Reply to each ticket by its own `reply_via_agent`. One that fails is logged, the others go on.

	:param attachments: names of Files; all tickets get the same ones
	"""
	tickets = list(dict.fromkeys(ticket_ids))
	_link_files(attachments or [], tickets)
	for name in tickets:
		ticket = frappe.get_doc("HD Ticket", name)
		ticket.check_permission("write")
		try:
			ticket.reply_via_agent(message, to=ticket.raised_by, attachments=attachments or [])
		except Exception as e:
			frappe.log_error(title=f"Bulk reply to ticket {name} failed", message=str(e))


def _link_files(files: list[str], tickets: list[str]) -> None:
	"""The first ticket gets the uploads themselves, the others copies."""
	for name in files:
		for ticket in tickets:
			file = frappe.get_doc("File", name)
			file = file if ticket == tickets[0] else frappe.copy_doc(file)
			file.update({"attached_to_doctype": "HD Ticket", "attached_to_name": ticket})
			file.save()
