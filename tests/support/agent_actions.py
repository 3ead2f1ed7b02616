"""Texts that wait or did not arrive, and what an agent sees of them."""

import frappe

from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.twilio_gateway import errors

MESSAGE = "Twilio SMS Message"
API = "twilio_sms_channel.api.ticket."


def written(ticket, body="Hi", files=None, **facts) -> str:
	"""A text as a lost job leaves it: Queued, unless `facts` say otherwise. Its name."""
	conversation = frappe.get_doc("Twilio SMS Conversation", ticket.twilio_sms_conversation)
	name = outbox.write(conversation, body, files=files).name
	frappe.db.after_commit.reset()
	if facts:
		frappe.db.set_value(MESSAGE, name, facts)
	frappe.db.commit()
	return name


def failed(ticket, body="Hi", files=None, status="Undelivered", code="30006") -> str:
	return written(ticket, body, files, status=status, error_code=code, error_message=errors.explain(code))


def shown(agent, ticket, message):
	state = agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]
	return next(row for row in state["messages"] if row["name"] == message)


def emails_in(ticket) -> list:
	frappe.db.rollback()
	return frappe.get_all(
		"Communication",
		filters={
			"reference_doctype": ticket.doctype,
			"reference_name": str(ticket.name),
			"communication_medium": "Email",
		},
		fields=["name", "recipients", "content", "cc", "bcc"],
	)
