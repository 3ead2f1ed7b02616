import frappe
from frappe.model.document import Document
from frappe.utils import get_weekdays


class HDTeam(Document):
	"""A team has an assignment rule of its own, which works while the team has members (v1.25.1)."""

	def after_insert(self):
		rule = frappe.new_doc("Assignment Rule")
		rule.update(
			{
				"name": f"{self.name} - Support Rotation",
				"document_type": "HD Ticket",
				"assign_condition": f"status == 'Open' and agent_group == {self.name!r}",
				"priority": 1,
				"disabled": 1,
				"assignment_days": [{"day": day} for day in get_weekdays()],
			}
		)
		rule.insert(ignore_permissions=True)
		self.db_set("assignment_rule", rule.name)

	def on_update(self):
		rule = frappe.get_doc("Assignment Rule", self.assignment_rule)
		members = [row.user for row in self.users if row.user]
		if members == [row.user for row in rule.users]:
			return
		rule.set("users", [{"user": user} for user in members])
		rule.disabled = not members
		rule.save(ignore_permissions=True)

	def after_delete(self):
		frappe.delete_doc("Assignment Rule", self.assignment_rule, ignore_permissions=True, force=True)
