from frappe.model.document import Document


class HDSavedReplyTeam(Document):
	pass
