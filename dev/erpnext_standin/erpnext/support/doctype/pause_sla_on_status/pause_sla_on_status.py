from frappe.model.document import Document


class PauseSLAOnStatus(Document):
	pass
