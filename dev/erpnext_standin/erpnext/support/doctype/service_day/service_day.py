from frappe.model.document import Document


class ServiceDay(Document):
	pass
