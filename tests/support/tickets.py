"""Tickets with texts and e-mails, and what agents are told about them."""

from datetime import timedelta

import frappe
from frappe.utils import get_datetime

from support import desks
from support.people import make_customer
from twilio_sms_channel.messaging.outbound import outbox

API = "twilio_sms_channel.api.ticket."
HELPDESK = "helpdesk.helpdesk.doctype.hd_ticket.api."
MESSAGE, CONVERSATION = "Twilio SMS Message", "Twilio SMS Conversation"


def written_in(ticket) -> list:
	"""Our texts of a ticket, oldest first."""
	frappe.db.rollback()
	return frappe.get_all(
		MESSAGE,
		{"conversation": ticket.twilio_sms_conversation, "direction": "Outbound"},
		["name", "body", "sent_by", "status", "communication"],
		order_by="creation",
	)


def told(answer) -> str:
	"""What a refusal says."""
	return frappe.parse_json(frappe.parse_json(answer.json()["_server_messages"])[0])["message"]


def email_ticket(**fields):
	address = f"m{frappe.generate_hash(length=10)}@example.com"
	contact = frappe.get_doc({"doctype": "Contact", "first_name": "Mia"})
	contact.append("email_ids", {"email_id": address, "is_primary": 1})
	contact.insert()
	ticket = desks.default().make_ticket(
		**{"subject": "By mail", "raised_by": address, "contact": contact.name, **fields}
	)
	received(ticket, "I write by mail", message_id=f"{frappe.generate_hash()}@example.com")
	return frappe.get_doc(ticket.doctype, ticket.name)


def received(ticket, content: str, **fields):
	"""An e-mail of the customer in a ticket. Commits."""
	communication = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"communication_medium": "Email",
			"sent_or_received": "Received",
			"status": "Linked",
			"sender": ticket.raised_by,
			"subject": ticket.subject,
			"content": content,
			"reference_doctype": ticket.doctype,
			"reference_name": str(ticket.name),
			**fields,
		}
	).insert(ignore_permissions=True)
	frappe.db.commit()
	return communication


def mails_to(address: str) -> list:
	frappe.db.rollback()
	return frappe.get_all("Email Queue Recipient", {"recipient": address}, pluck="parent")


def state(agent, ticket) -> dict:
	return agent.call(f"{API}state", http="GET", ticket=ticket.name).json()["message"]


def feed_of(person, ticket) -> dict:
	answer = person.call(f"{HELPDESK}get_one", http="GET", name=ticket.name)
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]


def feed(person, ticket) -> list[dict]:
	return feed_of(person, ticket)["communications"]


def says_in_feed(person, ticket, words: str) -> bool:
	"""Whether the feed has these words at the ticket's first entry; a ticket system without a feed of its own is not asked."""
	return not desks.default().has_feed or words in feed(person, ticket)[0]["content"]


def asked(agent, method: str, **values):
	"""An agent's call of one of Helpdesk's endpoints of tickets."""
	return agent.call(f"{HELPDESK}{method}", **{key: str(value) for key, value in values.items()})


def merge(agent, source, target) -> None:
	answer = agent.call(f"{HELPDESK}merge_ticket", source=str(source.name), target=str(target.name))
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	source.reload()
	target.reload()


def switch(agent, ticket, channel: str, **more) -> None:
	answer = agent.call(f"{API}switch_channel", ticket=ticket.name, channel=channel, **more)
	assert answer.status_code == 200, answer.text


def portal_user_of(ticket, stack):
	user = make_customer(f"portal{frappe.generate_hash(length=8)}@example.com")
	frappe.db.set_value(ticket.doctype, ticket.name, "raised_by", user)
	frappe.db.commit()
	return stack.login(user)


def many_written(conversation, count: int) -> list[str]:
	"""Messages "Line 0." and so on that no worker takes on, in their ticket: the first as agents write it, the others
	copies of its rows. Their names, oldest first. Commits."""
	first = outbox.write(conversation, "Line 0.")
	frappe.db.after_commit.reset()
	frappe.db.set_value(MESSAGE, first.name, "status", "Canceled")
	rows = {
		doctype: frappe.db.get_value(doctype, name, "*", as_dict=True)
		for doctype, name in ((MESSAGE, first.name), ("Communication", first.communication))
	}
	made = {doctype: [] for doctype in rows}
	for number in range(1, count):
		names = {doctype: frappe.generate_hash(length=10) for doctype in rows}
		at = get_datetime(first.creation) + timedelta(milliseconds=number)
		later = {"creation": at, "modified": at}
		line = f"Line {number}."
		changed = {
			MESSAGE: {"body": line, "communication": names["Communication"], "request_id": None},
			"Communication": {"content": line, "text_content": line, "communication_date": at},
		}
		for doctype, row in rows.items():
			made[doctype].append({**row, **later, **changed[doctype], "name": names[doctype]})
	for doctype, copies in made.items():
		fields = list(rows[doctype])
		frappe.db.bulk_insert(doctype, fields, [[copy[field] for field in fields] for copy in copies])
	frappe.db.commit()
	return [first.name, *(copy["name"] for copy in made[MESSAGE])]
