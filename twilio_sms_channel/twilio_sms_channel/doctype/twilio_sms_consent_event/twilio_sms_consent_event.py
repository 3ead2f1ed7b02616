import frappe
from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSConsentEvent(Document):
	"""When and how a customer opted out of messages, or in again: the record that the law asks for. Never changed."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		customer_number: DF.Data
		entered_by: DF.Link | None
		event: DF.Literal["Opted Out", "Opted In", "Asked for Help"]
		message: DF.Link | None
		number: DF.Link
		occurred_at: DF.Datetime
		order_open: DF.Check
		sent_at_utc: DF.Datetime | None
		sequence: DF.Int
		service_sid: DF.Data | None
		source: DF.Literal["Customer's Text", "Twilio's Keyword", "Twilio's Refusal", "Agent"]
		stored_at_utc: DF.Datetime | None
		word: DF.SmallText | None
	# end: auto-generated types

	def validate(self):
		protected_fields.keep_all(self)


def on_doctype_update():
	# Reports count the events of a period.
	frappe.db.add_index("Twilio SMS Consent Event", ["occurred_at"])
