import frappe
from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSConsentEvent(Document):
	"""When and how a customer opted out of texts, or in again: the record that the law asks for. Never changed."""

	def validate(self):
		protected_fields.keep_all(self)


def on_doctype_update():
	# Reports count the events of a period.
	frappe.db.add_index("Twilio SMS Consent Event", ["occurred_at"])
