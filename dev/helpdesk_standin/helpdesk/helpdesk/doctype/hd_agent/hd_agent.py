import frappe
from frappe.model.document import Document


class HDAgent(Document):
	def after_insert(self):
		frappe.get_doc("User", self.user).add_roles("Agent")
