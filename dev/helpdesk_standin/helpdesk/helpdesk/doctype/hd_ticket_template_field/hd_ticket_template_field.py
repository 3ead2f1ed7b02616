from frappe.model.document import Document


class HDTicketTemplateField(Document):
	pass
