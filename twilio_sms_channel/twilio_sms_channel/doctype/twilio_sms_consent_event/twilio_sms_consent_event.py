from frappe.model.document import Document


class TwilioSMSConsentEvent(Document):
	"""When and how a customer opted out of texts, or in again: the record that the law asks for. Never changed."""
