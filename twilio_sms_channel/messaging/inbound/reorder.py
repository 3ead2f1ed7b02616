"""Messages that came within seconds of each other, in the order in which Twilio received them.

Webhooks of a burst overtake each other, and carry no time. Twilio's own list of messages knows the order; it is asked
once after a burst, and the times of arrival are handed out again in that order.
"""

import itertools
from datetime import timedelta

import frappe
from frappe.utils import add_to_date

from twilio_sms_channel.desks.registry import desk_or_none_of
from twilio_sms_channel.infra import jobs, ways
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import addresses
from twilio_sms_channel.twilio_gateway.client import Gateway
from twilio_sms_channel.twilio_gateway.errors import TwilioProblem
from twilio_sms_channel.twilio_gateway.message_answers import oldest_first

MESSAGE = "Twilio SMS Message"
# Twilio tries a webhook again within 15 seconds.
BURST_S = 20
MAX_MESSAGES = 200
CLOCKS_DIFFER_BY_MINUTES = 10


def is_burst(conversation, message) -> bool:
	"""Whether the message came so shortly after, or before, the conversation's last one that they may have overtaken.

	Machines that text without end (short codes, alphanumeric senders) are not worth asking Twilio each time.
	"""
	if (
		not conversation.last_inbound
		or message.backfilled
		or not phone.is_answerable(message.customer_number)
	):
		return False
	return abs(message.received_at - conversation.last_inbound) < timedelta(seconds=BURST_S)


def arrange_later(message) -> None:
	"""Have a worker put the messages around a message in Twilio's order, after the commit."""
	jobs.enqueue_after_commit(
		"twilio_sms_channel.messaging.inbound.reorder.arrange",
		message.name,
		queue="default",
		dedupe_key=_job_of(message),
	)


def arrange(message: str) -> None:
	"""Put the messages around a message in Twilio's order. When Twilio cannot be asked, the order of arrival stays."""
	jobs.as_administrator()
	doc = frappe.get_doc(MESSAGE, message)
	jobs.release(_job_of(doc))
	try:
		sids = _order_at_twilio(doc)
	except TwilioProblem as e:
		frappe.logger("twilio_sms").info(f"the order of a burst around {message} is not known: {e.message}")
		sids = {}
	with conversations.locked(doc.number, doc.customer_number):
		burst = [row for row in _burst(doc) if row.twilio_sid in sids]
		ordered = sorted(burst, key=lambda row: sids[row.twilio_sid])
		moved = [
			(row, place.received_at) for row, place in zip(ordered, burst, strict=True) if row is not place
		]
		for row, received_at in moved:
			frappe.db.set_value(MESSAGE, row.name, "received_at", received_at, update_modified=False)
			if row.communication:
				set_arrival(row.communication, received_at)
		_call_ticket_by_first_message(doc)
		if moved:
			message_status.refresh(doc)


def _call_ticket_by_first_message(message) -> None:
	"""Whichever message of a burst was faster has opened the ticket; it is called by the one that was sent first."""
	doctype, ticket = frappe.db.get_value(
		"Communication", message.communication, ["reference_doctype", "reference_name"]
	) or (None, None)
	if not (desk := desk_or_none_of(doctype)):
		return
	Message, Communication = frappe.qb.DocType(MESSAGE), frappe.qb.DocType("Communication")
	messages = (
		frappe.qb.from_(Communication)
		.left_join(Message)
		.on(Message.communication == Communication.name)
		.select(Message.direction, Message.received_at, Message.body, Communication.content)
		.where((Communication.reference_doctype == doctype) & (Communication.reference_name == ticket))
		.orderby(Communication.creation, Communication.name)
		.limit(MAX_MESSAGES)
	).run(as_dict=True)
	first, *later = list(itertools.takewhile(lambda row: row.direction == "Inbound", messages)) or [None]
	if not later:
		return
	burst = [row for row in later if row.received_at - first.received_at < timedelta(seconds=BURST_S)]
	desk.call_by_first(ticket, first, burst, message.customer_number)


def set_arrival(communication: str, received_at) -> None:
	"""Give a Communication its place in the ticket: feeds sort by creation, Desk's timeline by communication_date."""
	frappe.db.set_value(
		"Communication",
		communication,
		{"creation": received_at, "communication_date": received_at},
		update_modified=False,
	)


def _job_of(message) -> str:
	return f"order:{message.number}:{message.customer_number}"


def _burst(message) -> list:
	"""Inbound messages of the conversation that came shortly before or after, in the order of arrival."""
	return frappe.get_all(
		MESSAGE,
		filters={
			"customer_number": message.customer_number,
			"number": message.number,
			"direction": "Inbound",
			"backfilled": 0,
			"received_at": (
				"between",
				[
					add_to_date(message.received_at, seconds=-BURST_S),
					add_to_date(message.received_at, seconds=BURST_S),
				],
			),
		},
		fields=["name", "twilio_sid", "received_at", "communication", "way"],
		order_by="received_at, creation, name",
		limit=MAX_MESSAGES,
	)


def _order_at_twilio(message) -> dict[str, int]:
	"""Twilio SID → place in Twilio's list, oldest first."""
	gateway = Gateway(frappe.get_doc("Twilio SMS Account", message.account))
	after = add_to_date(message.received_at, minutes=-CLOCKS_DIFFER_BY_MINUTES)
	listed = []
	for sender in _addresses(message):
		listed += gateway.list_messages(sender=sender, after=after, limit=MAX_MESSAGES)
	return {message.sid: place for place, message in enumerate(oldest_first(listed))}


def _addresses(message) -> list[str]:
	"""The customer as Twilio's list names them: whatever came by RCS is not among a plain number's messages."""
	found = {row.way == ways.RCS for row in _burst(message)}
	number = message.customer_number
	return [addresses.by_rcs(number) if by_rcs else number for by_rcs in sorted(found)]
