from frappe.model.document import Document


class ServiceLevelPriority(Document):
	pass
