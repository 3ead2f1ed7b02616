import frappe
from pypika import CustomFunction


def execute():
	"""Let conversations that were there before be found by the last digits of their customer's number."""
	Conversation = frappe.qb.DocType("Twilio SMS Conversation")
	reverse = CustomFunction("REVERSE", ["text"])
	(
		frappe.qb.update(Conversation)
		.set(Conversation.customer_number_reversed, reverse(Conversation.customer_number))
		.where(Conversation.customer_number_reversed.isnull())
	).run()
