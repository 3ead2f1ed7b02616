from frappe.model.document import Document


class TwilioSMSErasedText(Document):
	"""That a text was here and was deleted; see `infra/erasures.py`."""
