import frappe
from frappe.model.document import Document


class TwilioSMSMessage(Document):
	"""One SMS or MMS. Written by `messaging/`, read by everybody else."""


def on_doctype_update():
	# The sweep looks for what is due; dispatch for the oldest waiting text of a conversation.
	frappe.db.add_index("Twilio SMS Message", ["status", "next_attempt"])
	frappe.db.add_index("Twilio SMS Message", ["conversation", "direction", "status"])
