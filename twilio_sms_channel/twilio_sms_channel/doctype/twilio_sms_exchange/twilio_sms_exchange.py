import frappe
from frappe.model.document import Document
from frappe.query_builder import Interval
from frappe.query_builder.functions import Now

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSExchange(Document):
	"""A call to Twilio about a message that failed, or of which nobody knows how it ended; written by
	`messaging/delivery/exchange_log`."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		error_code: DF.Data | None
		http_status: DF.Int
		last_at: DF.Datetime | None
		message: DF.Link | None
		method: DF.Data | None
		outcome: DF.Literal["Rejected", "Not Processed", "Unknown"]
		purpose: DF.Literal["Send", "Look Up", "Read Status", "Cancel"]
		reason: DF.SmallText | None
		request: DF.Code | None
		response: DF.Code | None
		seconds: DF.Float
		times: DF.Int
		url: DF.SmallText | None
	# end: auto-generated types

	def validate(self):
		protected_fields.keep_all(self)

	def after_delete(self):
		# Frappe keeps a copy of what is deleted, and so the words that somebody wanted gone.
		self.request = self.response = self.url = None

	@staticmethod
	def clear_old_logs(days: int = 30) -> None:
		"""Called by Frappe's Log Settings."""
		Log = frappe.qb.DocType("Twilio SMS Exchange")
		frappe.db.delete(Log, filters=(Log.last_at < (Now() - Interval(days=days))))
