from frappe.model.document import Document


class TwilioSMSFinding(Document):
	"""Something that the doctor found wrong and that was still so when it last looked; a check finds it once a document."""
