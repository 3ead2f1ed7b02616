import frappe
from frappe.model.document import Document
from frappe.model.naming import append_number_if_name_exists


class Customer(Document):
	"""Somebody who buys. Its people are Contacts with a link to it (15.45.0)."""

	def autoname(self):
		self.name = append_number_if_name_exists("Customer", self.customer_name, separator=" - ")

	def validate(self):
		for row in self.portal_users:
			if row.is_new():
				frappe.get_doc("User", row.user).add_roles("Customer")

	def on_update(self):
		if self.is_new_lead():
			self._take_on_contacts_of_lead()

	def is_new_lead(self) -> bool:
		return bool(self.lead_name) and self.has_value_changed("lead_name")

	def _take_on_contacts_of_lead(self):
		frappe.db.set_value("Lead", self.lead_name, "status", "Converted")
		links = {"link_doctype": "Lead", "link_name": self.lead_name, "parenttype": "Contact"}
		for name in frappe.get_all("Dynamic Link", links, pluck="parent"):
			contact = frappe.get_doc("Contact", name)
			if not contact.has_link("Customer", self.name):
				contact.append("links", {"link_doctype": "Customer", "link_name": self.name})
				contact.save(ignore_permissions=True)
