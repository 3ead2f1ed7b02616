from frappe.model.document import Document


class TwilioSMSMedia(Document):
	"""One picture or file of a message."""
