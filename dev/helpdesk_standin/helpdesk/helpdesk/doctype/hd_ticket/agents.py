"""What agents do in a ticket, and what they hear of it."""

import frappe
from frappe import _
from frappe.desk.form import assign_to

from helpdesk.helpdesk.doctype.hd_ticket_activity.hd_ticket_activity import log_ticket_activity
from helpdesk.utils import get_doc_room, is_agent, publish_event

LOGGED_FIELDS = {
	"status": "status",
	"priority": "priority",
	"agent_group": "team",
	"contact": "contact",
	"ticket_type": "type",
}


class TicketAgents:
	@frappe.whitelist()
	def assign_agent(self, agent: str):
		assign_to.add({"assign_to": [agent], "doctype": self.doctype, "name": self.name})
		if agent != frappe.session.user:
			self.notify_agent(agent, "Assignment")

	def get_assigned_agents(self) -> list[str]:
		users = [row.owner for row in assign_to.get({"doctype": self.doctype, "name": self.name})]
		return frappe.get_all("HD Agent", filters={"name": ("in", users)}, pluck="name") if users else []

	def notify_agent(self, agent: str, notification_type: str = "Assignment"):
		frappe.get_doc(
			{
				"doctype": "HD Notification",
				"user_from": frappe.session.user,
				"user_to": agent,
				"notification_type": notification_type,
				"reference_ticket": self.name,
			}
		).insert(ignore_permissions=True)

	def remove_assignment_if_not_in_team(self):
		if (
			not self.agent_group
			or self.status_category != "Open"
			or not self.has_value_changed("agent_group")
		):
			return
		agents = self.get_assigned_agents()
		members = frappe.get_all("HD Team Member", filters={"parent": self.agent_group}, pluck="user")
		# Without members nobody would be assigned in their place.
		if agents and members and agents[0] not in members:
			assign_to.clear(self.doctype, self.name)

	def handle_ticket_activity_update(self):
		for field, label in LOGGED_FIELDS.items():
			if self.has_value_changed(field):
				log_ticket_activity(self.name, f"set {label} to {self.get(field)}")

	def publish_update(self):
		publish_event(
			"helpdesk:ticket-update",
			room=get_doc_room(self.doctype, self.name),
			data={"ticket_id": self.name},
		)

	@frappe.whitelist()
	def mark_seen(self):
		self.add_viewed(unique_views=True, force=True)
		self.add_seen()

	@frappe.whitelist()
	def new_comment(self, content: str, attachments: list[dict] | None = None):
		if not is_agent():
			frappe.throw(_("Only agents comment on tickets."), frappe.PermissionError)
		comment = frappe.new_doc("HD Ticket Comment")
		comment.update(
			{"reference_ticket": self.name, "commented_by": frappe.session.user, "content": content}
		)
		comment.insert()
		for attachment in attachments or []:
			self.attach_file_with_doc(comment.doctype, comment.name, attachment.get("file_url"))
