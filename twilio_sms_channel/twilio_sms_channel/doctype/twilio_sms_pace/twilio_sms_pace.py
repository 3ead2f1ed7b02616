from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSPace(Document):
	"""When a number of ours may send next, and whose turn it is: one row per number, locked by whoever claims a text.

	Its own table, because saving a number's form would put stale values back.
	"""

	def validate(self):
		protected_fields.keep_all(self)
