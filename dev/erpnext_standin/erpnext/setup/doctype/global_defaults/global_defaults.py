import frappe
from frappe.model.document import Document


class GlobalDefaults(Document):
	def on_update(self):
		"""Make them the site's defaults (15.45.0)."""
		frappe.db.set_default("company", self.default_company)
		frappe.db.set_default("country", self.country)
		frappe.db.set_default("currency", self.default_currency)
		frappe.clear_cache()
