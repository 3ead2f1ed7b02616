import frappe
from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSMessage(Document):
	"""One SMS or MMS. Written by `messaging/`, read by everybody else."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from twilio_sms_channel.twilio_sms_channel.doctype.twilio_sms_media.twilio_sms_media import (
			TwilioSMSMedia,
		)

		account: DF.Link
		attempts: DF.Int
		automatic: DF.Check
		backfilled: DF.Check
		body: DF.Code | None
		button_payload: DF.SmallText | None
		button_text: DF.SmallText | None
		communication: DF.Link | None
		conversation: DF.Link | None
		customer_number: DF.Data
		delivered_at: DF.Datetime | None
		direction: DF.Literal["Inbound", "Outbound"]
		earlier_sids: DF.SmallText | None
		encoding: DF.Data | None
		error_code: DF.Data | None
		error_message: DF.SmallText | None
		group_id: DF.Data | None
		location: DF.SmallText | None
		looked_up_since_utc: DF.Datetime | None
		may_want_to_stop: DF.Check
		media: DF.Table[TwilioSMSMedia]
		needs_decision: DF.Check
		next_attempt: DF.Datetime | None
		number: DF.Link
		opt_out_type: DF.Data | None
		other_recipients: DF.SmallText | None
		price: DF.Float
		price_unit: DF.Data | None
		rcs_first: DF.Check
		received_at: DF.Datetime | None
		region: DF.Data | None
		request_id: DF.Data | None
		segments: DF.Int
		sent_as_email: DF.Check
		sent_at: DF.Datetime | None
		sent_by: DF.Link | None
		service_sid: DF.Data | None
		stands_in_for: DF.Link | None
		status: DF.Literal[
			"Received",
			"Threaded",
			"Queued",
			"Sending",
			"Unconfirmed",
			"Accepted",
			"Sent",
			"Delivered",
			"Read",
			"Undelivered",
			"Failed",
			"Blocked",
			"Canceled",
		]
		tried_at: DF.Datetime | None
		tried_since: DF.Datetime | None
		turn: DF.Int
		twilio_sid: DF.Data | None
		twilio_status: DF.Data | None
		way: DF.Literal["", "SMS", "MMS", "RCS", "WhatsApp", "Messenger", "Other"]
		webhook_notes: DF.SmallText | None
		words_at_twilio: DF.Literal["", "Changed", "Not Kept"]
	# end: auto-generated types

	def validate(self):
		protected_fields.keep_all(self)

	def after_delete(self):
		# Frappe keeps a copy of what is deleted, and so the words that somebody wanted gone.
		self.body = None

	def onload(self):
		"""What the form says of a message's trouble, and which buttons it has."""
		from twilio_sms_channel.messaging.delivery import exchange_log
		from twilio_sms_channel.messaging.delivery.labels import trouble
		from twilio_sms_channel.messaging.outbound import message_actions

		error = trouble(self) if self.direction == "Outbound" else None
		if error:
			error["actions"] = message_actions.offered(self, error["actions"])
		self.set_onload("error", error)
		for may in (message_actions.can_retry, message_actions.can_email, message_actions.can_cancel):
			self.set_onload(may.__name__, may(self))
		if frappe.has_permission(exchange_log.EXCHANGE, "read"):
			self.set_onload("exchanges", exchange_log.count(self.name))
		self.set_onload("has_email", message_actions.can_email(self) and message_actions.has_email(self))

	def on_trash(self):
		from twilio_sms_channel.infra import erasures

		sids = [self.twilio_sid, *(self.earlier_sids or "").split()]
		erasures.remember(sids)
		erasures.forget(self.name, sids)


def on_doctype_update():
	# The sweep looks for what is due.
	frappe.db.add_index("Twilio SMS Message", ["status", "next_attempt"])
	# A claim looks for the numbers with waiting messages, a number's next ones, and what precedes them in their conversation.
	frappe.db.add_index("Twilio SMS Message", ["status", "number", "turn", "creation"])
	frappe.db.add_index("Twilio SMS Message", ["conversation", "direction", "status", "turn", "creation"])
	# A customer's waiting messages, and those around a moment: automatic senders can have very many.
	frappe.db.add_index("Twilio SMS Message", ["customer_number", "status"])
	frappe.db.add_index("Twilio SMS Message", ["customer_number", "received_at"])
	# Cards and reports count the messages of a period.
	frappe.db.add_index("Twilio SMS Message", ["creation", "direction"])
