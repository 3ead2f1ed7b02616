"""Messages that customers wrote to a group: who else reads along, and where the other members' messages are.

Each member is a customer with a conversation and tickets of their own; an answer goes to one of them.
"""

from collections import defaultdict

import frappe
from frappe import _

from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.messaging.delivery import labels
from twilio_sms_channel.people import phone

MESSAGE = "Twilio SMS Message"
MOST_TICKETS = 10


def describe(messages: list) -> None:
	"""Add `group` to messages: what is to be said of their group, "" for those that were written to us alone.

	:param messages: rows with `name`, `customer_number`, `other_recipients` and `group_id` of Twilio SMS Messages
	"""
	tickets = _tickets({message.group_id for message in messages if message.group_id})
	for message in messages:
		message.group = labels.about_group(message)
		elsewhere = [
			_("{0} (ticket {1})").format(phone.display(number), ticket)
			for number, ticket in tickets[message.group_id or ""]
			if number != message.customer_number
		]
		if elsewhere:
			also = _("Others of this group wrote as well: {0}.").format(", ".join(elsewhere[:MOST_TICKETS]))
			message.group = f"{message.group} {also}".strip()


def _tickets(groups: set[str]) -> dict[str, list[tuple[str, str]]]:
	"""The members of groups who wrote, with their tickets as far as the user may read them: by group."""
	found: dict[str, list[tuple[str, str]]] = defaultdict(list)
	if not groups:
		return found
	Message, Communication = frappe.qb.DocType(MESSAGE), frappe.qb.DocType("Communication")
	rows = (
		frappe.qb.from_(Message)
		.join(Communication)
		.on(Communication.name == Message.communication)
		.select(
			Message.group_id,
			Message.customer_number,
			Communication.reference_doctype,
			Communication.reference_name,
		)
		.where(Message.group_id.isin(list(groups)) & (Message.direction == "Inbound"))
		.groupby(
			Message.group_id,
			Message.customer_number,
			Communication.reference_doctype,
			Communication.reference_name,
		)
		.orderby(Communication.reference_name)
	).run()
	readable: dict[tuple[str, str], bool] = {}
	for group, number, doctype, ticket in rows:
		if not ticket or not desk_or_none_of(doctype):
			continue
		if (doctype, ticket) not in readable:
			readable[doctype, ticket] = _may_read(doctype, ticket)
		if readable[doctype, ticket]:
			found[group].append((number, ticket))
	return found


def _may_read(doctype: str, ticket: str) -> bool:
	return bool(frappe.db.exists(doctype, ticket) and frappe.has_permission(doctype, "read", doc=ticket))
