import frappe
from frappe.model.document import Document
from frappe.query_builder import Interval
from frappe.query_builder.functions import Now

from twilio_sms_channel.infra import erasures
from twilio_sms_channel.permissions import protected_fields


class TwilioSMSUnreadWebhook(Document):
	"""A webhook that Twilio signed and this app could not read, as it came. Written by `messaging/inbound/unread_webhooks`."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		account: DF.Link | None
		attempts: DF.Int
		digest: DF.Data
		kind: DF.Literal["Message", "Delivery Report"]
		message: DF.Data | None
		parameters: DF.Code | None
		reason: DF.SmallText | None
		sender: DF.Data | None
		service_sid: DF.Data | None
		to_number: DF.Data | None
		traceback: DF.Code | None
		twilio_sid: DF.Data | None
		waits: DF.Check
	# end: auto-generated types

	def validate(self):
		protected_fields.keep_all(self)

	def on_trash(self):
		# Whoever deletes a message here does not want it back from Twilio's list.
		if self.kind == "Message":
			erasures.remember([self.twilio_sid])

	def after_delete(self):
		# Frappe keeps a copy of what is deleted, and so the words that somebody wanted gone.
		self.parameters = self.sender = None

	@staticmethod
	def clear_old_logs(days: int = 180) -> None:
		"""Called by Frappe's Log Settings."""
		Log = frappe.qb.DocType("Twilio SMS Unread Webhook")
		frappe.db.delete(Log, filters=(Log.creation < (Now() - Interval(days=days))))
