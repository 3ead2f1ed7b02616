import frappe
from frappe.model.document import Document
from frappe.query_builder import Interval
from frappe.query_builder.functions import Now

from twilio_sms_channel.messaging.inbound import rejected_webhooks
from twilio_sms_channel.permissions import protected_fields


class TwilioSMSRejectedWebhook(Document):
	"""One webhook that was turned away, and why."""

	def validate(self):
		protected_fields.keep_all(self)

	@property
	def how_to_mend(self) -> str:
		return rejected_webhooks.how_to_mend(self.reason)

	@staticmethod
	def clear_old_logs(days: int = 30) -> None:
		"""Called by Frappe's Log Settings."""
		Log = frappe.qb.DocType("Twilio SMS Rejected Webhook")
		frappe.db.delete(Log, filters=(Log.creation < (Now() - Interval(days=days))))
