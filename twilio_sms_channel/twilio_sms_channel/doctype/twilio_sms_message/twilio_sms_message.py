import frappe
from frappe.model.document import Document


class TwilioSMSMessage(Document):
	"""One SMS or MMS. Written by `messaging/`, read by everybody else."""


def on_doctype_update():
	# The sweep looks for what is due; dispatch for the oldest waiting text of a conversation.
	frappe.db.add_index("Twilio SMS Message", ["status", "next_attempt"])
	# A customer's waiting texts, and those around a moment: automatic senders can have very many.
	frappe.db.add_index("Twilio SMS Message", ["customer_number", "status"])
	frappe.db.add_index("Twilio SMS Message", ["customer_number", "received_at"])
	frappe.db.add_index("Twilio SMS Message", ["conversation", "direction", "status"])
