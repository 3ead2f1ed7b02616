from frappe.model.document import Document


class HDCustomer(Document):
	pass
