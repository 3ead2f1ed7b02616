"""An agent texts first: what is asked, and what is there before."""

import secrets

import frappe

from support import desks
from support.jobs import is_idle
from support.stack import eventually
from twilio_sms_channel.messaging.outbound import sender_choice

API = "twilio_sms_channel.api.ticket."
CONVERSATION, MESSAGE = "Twilio SMS Conversation", "Twilio SMS Message"


def started(person, to, message="Hello, your parcel is here", **args):
	answer = person.call(f"{API}start", to=to, message=message, **args)
	assert answer.status_code == 200, answer.text
	if getattr(frappe.local, "db", None):
		frappe.db.rollback()
	return frappe._dict(answer.json()["message"])


def refused(person, to, message="Hello", **args) -> str:
	"""Why nothing was started; checks that nothing was written either."""
	before = count()
	answer = person.call(f"{API}start", to=to, message=message, **args)
	assert answer.status_code == 417, answer.text
	assert answer.json()["exc_type"] == "CannotText"
	assert count() == before
	return answer.json()["_server_messages"]


def count() -> list[int]:
	# What an earlier test left to the workers is done.
	eventually(is_idle)
	frappe.db.rollback()
	return [
		frappe.db.count(doctype) for doctype in (desks.default().doctype, CONVERSATION, MESSAGE, "Contact")
	]


def numbers(person, **args) -> dict:
	answer = person.call(f"{API}numbers", http="GET", **args)
	assert answer.status_code == 200, answer.text
	return {row["number"]: row for row in answer.json()["message"]}


def make_contact(*phones, **fields):
	contact = frappe.get_doc(
		{
			"doctype": "Contact",
			"first_name": f"Ann {secrets.token_hex(3)}",
			"phone_nos": [{"phone": number} for number in phones],
			**fields,
		}
	).insert()
	frappe.db.commit()
	return contact


def email_ticket(agent, **fields):
	ticket = desks.default().make_ticket(**{"subject": "Where is my invoice?", **fields})
	frappe.db.commit()
	return ticket


def proposed(user, to, ticket=None) -> str:
	frappe.set_user(user)
	try:
		return sender_choice.numbers(to, ticket)[0]["number"]
	finally:
		frappe.set_user("Administrator")
