from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSPace(Document):
	"""A number's rate limit: from when on it may send, and which round is served. One row per number, locked by whoever claims a message.

	Its own table, because saving a number's form would put stale values back.
	"""

	def validate(self):
		protected_fields.keep_all(self)
