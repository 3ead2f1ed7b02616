from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSHome(Document):
	"""Which site the data belongs to, and when it was last alive; see `infra.site_identity` and `messaging.sending.heartbeat`.

	Apart from the settings, because saving their form would put stale values back.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		beat: DF.Datetime | None
		confirmed_by: DF.Link | None
		confirmed_on: DF.Datetime | None
		home: DF.Data | None
		outage_ended_at: DF.Datetime | None
	# end: auto-generated types

	def validate(self):
		protected_fields.keep_all(self)
