import frappe
from frappe.model.document import Document
from frappe.query_builder import Interval
from frappe.query_builder.functions import Now

from twilio_sms_channel.messaging.inbound import rejected_webhooks
from twilio_sms_channel.permissions import protected_fields


class TwilioSMSRejectedWebhook(Document):
	"""One webhook that was turned away, and why."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		account_sid: DF.Data | None
		code: DF.Data | None
		how_to_mend: DF.SmallText | None
		http_status: DF.Int
		ip_address: DF.Data | None
		reason: DF.Data | None
		to_number: DF.Data | None
		url: DF.SmallText | None
	# end: auto-generated types

	def validate(self):
		protected_fields.keep_all(self)

	@property
	def how_to_mend(self) -> str:
		return rejected_webhooks.how_to_mend(self.code)

	@staticmethod
	def clear_old_logs(days: int = 30) -> None:
		"""Called by Frappe's Log Settings."""
		Log = frappe.qb.DocType("Twilio SMS Rejected Webhook")
		frappe.db.delete(Log, filters=(Log.creation < (Now() - Interval(days=days))))
