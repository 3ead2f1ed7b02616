from frappe.model.document import Document


class TwilioSMSHome(Document):
	"""Which site the data belongs to, and when it was last alive; see `messaging.home` and `messaging.standstill`.

	Apart from the settings, because saving their form would put stale values back.
	"""
