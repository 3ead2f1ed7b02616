from frappe.model.document import Document


class HDTicketTemplate(Document):
	pass
