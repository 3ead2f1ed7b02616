import frappe
from frappe.model.document import Document

from twilio_sms_channel.permissions import protected_fields


class TwilioSMSMessage(Document):
	"""One SMS or MMS. Written by `messaging/`, read by everybody else."""

	def validate(self):
		protected_fields.keep_all(self)

	def after_delete(self):
		# Frappe keeps a copy of what is deleted, and so the words that somebody wanted gone.
		self.body = None

	def onload(self):
		"""What the form says of a text's trouble, and which buttons it has."""
		from twilio_sms_channel.messaging.delivery.labels import trouble
		from twilio_sms_channel.messaging.outbound import message_actions

		error = trouble(self) if self.direction == "Outbound" else None
		if error:
			error["actions"] = message_actions.offered(self, error["actions"])
		self.set_onload("error", error)
		for may in (message_actions.can_retry, message_actions.can_email, message_actions.can_cancel):
			self.set_onload(may.__name__, may(self))
		self.set_onload("has_email", message_actions.can_email(self) and message_actions.has_email(self))

	def on_trash(self):
		from twilio_sms_channel.infra import erasures

		erasures.remember([self.twilio_sid, *(self.earlier_sids or "").split()])


def on_doctype_update():
	# The sweep looks for what is due.
	frappe.db.add_index("Twilio SMS Message", ["status", "next_attempt"])
	# A claim looks for the numbers with waiting texts, a number's next ones, and what precedes them in their conversation.
	frappe.db.add_index("Twilio SMS Message", ["status", "number", "turn", "creation"])
	frappe.db.add_index("Twilio SMS Message", ["conversation", "direction", "status", "creation"])
	# A customer's waiting texts, and those around a moment: automatic senders can have very many.
	frappe.db.add_index("Twilio SMS Message", ["customer_number", "status"])
	frappe.db.add_index("Twilio SMS Message", ["customer_number", "received_at"])
	# Cards and reports count the texts of a period.
	frappe.db.add_index("Twilio SMS Message", ["creation", "direction"])
