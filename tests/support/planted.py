"""Texts that never were sent: rows for what counts and lists them."""

from datetime import datetime

import frappe

MESSAGE, CONVERSATION, NUMBER = "Twilio SMS Message", "Twilio SMS Conversation", "Twilio SMS Number"
OURS, OTHER = "+14155550160", "+14155550161"


def stored(values: dict):
	"""The name of a new row, put into the database as it is."""
	doc = frappe.get_doc(values)
	doc.set_new_name()
	doc.db_insert()
	return doc.name


class Planted:
	"""Texts between two numbers of ours and customers. Nothing is committed."""

	def __init__(self):
		self.account = frappe.get_doc(
			{
				"doctype": "Twilio SMS Account",
				"account_name": "Planted",
				"account_sid": "AC" + "7" * 32,
				"auth_token": "t" * 32,
			}
		).insert()
		for number in (OURS, OTHER):
			if frappe.db.exists(NUMBER, number):
				frappe.db.set_value(NUMBER, number, "account", self.account.name)
			else:
				frappe.get_doc(
					{"doctype": NUMBER, "phone_number": number, "account": self.account.name}
				).insert()

	def conversation(self, customer: str, number: str = OURS) -> str:
		doc = frappe.get_doc({"doctype": CONVERSATION, "number": number, "customer_number": customer})
		return doc.insert().name

	def text(self, direction: str, at: datetime, status: str = "", **fields) -> str:
		return stored(
			{
				"doctype": MESSAGE,
				"creation": at,
				"modified": at,
				"direction": direction,
				"status": status or ("Threaded" if direction == "Inbound" else "Delivered"),
				"customer_number": "+14155550132",
				"number": OURS,
				"account": self.account.name,
				"received_at": at if direction == "Inbound" else None,
				"segments": 1,
				**fields,
			}
		)

	def ticket(self, team: str) -> str:
		"""A Communication in a ticket of this team."""
		ticket = stored({"doctype": "HD Ticket", "subject": "Planted", "agent_group": team})
		return stored(
			{
				"doctype": "Communication",
				"communication_medium": "SMS",
				"reference_doctype": "HD Ticket",
				"reference_name": str(ticket),
			}
		)
