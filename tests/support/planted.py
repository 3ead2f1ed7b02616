"""Texts that never were sent: rows for what counts and lists them."""

from datetime import datetime

import frappe

from support import desks

MESSAGE, CONVERSATION, NUMBER = "Twilio SMS Message", "Twilio SMS Conversation", "Twilio SMS Number"
# Hawaii, where no other test has numbers.
OURS, OTHER = "+18085550160", "+18085550161"


def stored(values: dict):
	"""The name of a new row, put into the database as it is."""
	doc = frappe.get_doc(values)
	doc.set_new_name()
	doc.db_insert()
	return doc.name


class Planted:
	"""Texts between two numbers of ours and customers. Nothing is committed."""

	def __init__(self):
		account = {
			"account_name": "Planted",
			"account_sid": "AC" + "7" * 32,
			"status": "Active",
			"enabled": 1,
		}
		self.account = stored({"doctype": "Twilio SMS Account", **account})
		for number in (OURS, OTHER):
			stored({"doctype": NUMBER, "phone_number": number, "account": self.account, "enabled": 1})

	def conversation(self, customer: str, number: str = OURS) -> str:
		doc = frappe.get_doc({"doctype": CONVERSATION, "number": number, "customer_number": customer})
		return doc.insert(ignore_permissions=True).name

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
				"account": self.account,
				"received_at": at if direction == "Inbound" else None,
				"segments": 1,
				**fields,
			}
		)

	def opt_out(self, at: datetime, **fields) -> str:
		return stored(
			{
				"doctype": "Twilio SMS Consent Event",
				"event": "Opted Out",
				"customer_number": "+14155550132",
				"number": OURS,
				"occurred_at": at,
				"source": "Customer's Text",
				**fields,
			}
		)

	def ticket(self, team: str) -> str:
		"""A Communication in a ticket of this team."""
		in_team = {"agent_group": team} if desks.default().team_doctype else {}
		ticket = stored({"doctype": desks.default().doctype, "subject": "Planted", **in_team})
		return stored(
			{
				"doctype": "Communication",
				"communication_medium": "SMS",
				"reference_doctype": desks.default().doctype,
				"reference_name": str(ticket),
			}
		)
