from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSPace(Document):
	"""A number's rate limit: from when on it may send, and which round is served. One row per number, locked by whoever claims a message.

	Its own table, because saving a number's form would put stale values back.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		failures: DF.Int
		next_at: DF.Datetime | None
		number: DF.Link
		reason: DF.SmallText | None
		turn: DF.Int
	# end: auto-generated types

	def validate(self):
		protected_fields.keep_all(self)
