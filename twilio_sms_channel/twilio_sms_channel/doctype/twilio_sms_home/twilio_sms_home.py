from frappe.model.document import Document

from twilio_sms_channel.messaging import rights


class TwilioSMSHome(Document):
	"""Which site the data belongs to, and when it was last alive; see `infra.site_identity` and `messaging.sending.heartbeat`.

	Apart from the settings, because saving their form would put stale values back.
	"""

	def validate(self):
		rights.keep_all(self)
