from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSHome(Document):
	"""Which site the data belongs to, and when it was last alive; see `infra.site_identity` and `messaging.sending.heartbeat`.

	Apart from the settings, because saving their form would put stale values back.
	"""

	def validate(self):
		protected_fields.keep_all(self)
