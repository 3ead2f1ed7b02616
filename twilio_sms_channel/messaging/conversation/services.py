"""Messaging Services: several numbers of ours, and an RCS sender, that customers know as one.

A message by RCS goes to the service, not to a number. So it joins the customer's latest conversation with any of the
service's numbers, and what a customer sends by RCS and by SMS is in one ticket.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

from twilio_sms_channel.desks.base import Ticket
from twilio_sms_channel.desks.registry import desk_for_new
from twilio_sms_channel.infra import locks, ways
from twilio_sms_channel.infra.courtesies import courtesy
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import addresses
from twilio_sms_channel.twilio_gateway.payloads import SERVICE_SID

NUMBER, CONVERSATION, MESSAGE = "Twilio SMS Number", "Twilio SMS Conversation", "Twilio SMS Message"
_LATEST = """
	select number from `tabTwilio SMS Conversation`
	where customer_number = %(customer_number)s and number in %(numbers)s
	order by greatest(ifnull(last_inbound, creation), ifnull(last_outbound, creation)) desc, name limit 1
"""
_LAST_WAY = """
	select way from `tabTwilio SMS Message`
	where customer_number = %(customer_number)s and number in %(numbers)s and direction = 'Inbound'
	order by received_at desc limit 1
"""


def our_number(account: str, to: str, service_sid: str, customer_number: str) -> str | None:
	"""The Twilio SMS Number of an account that a message is for, None when it is not set up on this site.

	:param to: what it was sent to: a number, or an RCS sender
	:param service_sid: the Messaging Service that it came through, "" for none
	"""
	if to and (number := frappe.db.get_value(NUMBER, {"name": to, "account": account})):
		return number
	found = _numbers_of(account, to, service_sid)
	# Of those that the customer can be answered from, if there are any.
	numbers = [number.name for number in found if _can_answer(number)] or [number.name for number in found]
	if len(numbers) < 2:
		return numbers[0] if numbers else None
	pair = {"customer_number": customer_number, "numbers": numbers}
	# A constant.
	latest = frappe.db.sql(_LATEST, pair, pluck=True)  # nosemgrep
	# Without a conversation the service itself, or always the same number: a customer's messages stay together.
	return latest[0] if latest else numbers[0]


def _numbers_of(account: str, to: str, service_sid: str) -> list:
	"""The numbers of a service, the service itself first, then the oldest."""
	if service_sid:
		filters = {"messaging_service_sid": service_sid}
	elif addresses.is_rcs(to):
		filters = {"rcs_sender": to}
	else:
		return []
	fields = ["name", "number_type", "rcs_sender", "enabled", "sms_enabled", "disconnected_on"]
	rows = frappe.get_all(NUMBER, {**filters, "account": account}, fields, order_by="creation")
	return sorted(rows, key=lambda row: row.number_type != "Messaging Service")


def _is_compared(number) -> bool:
	return not number.disconnected_on and number.number_type != "Alphanumeric Sender"


def _can_answer(number) -> bool:
	return bool(_is_compared(number) and number.enabled and number.sms_enabled)


def display(number: str) -> str:
	"""One of our numbers for people: a service by its description, since its SID tells nobody anything.

	:param number: name of a Twilio SMS Number
	"""
	if not SERVICE_SID.fullmatch(number or ""):
		return phone.display(number)
	return frappe.db.get_value(NUMBER, number, "description", cache=True) or f"{number[:4]}…{number[-4:]}"


def siblings(number) -> list[str]:
	"""All numbers of a number's service, itself among them.

	:param number: name and messaging_service_sid of a Twilio SMS Number
	"""
	if not number.messaging_service_sid:
		return [number.name]
	return frappe.get_all(NUMBER, {"messaging_service_sid": number.messaging_service_sid}, pluck="name")


def is_first(number) -> bool:
	"""Whether a number stands for its service where one of them does something for all.

	:param number: the Twilio SMS Number
	"""
	of_service = _numbers_of(number.account, "", number.messaging_service_sid)
	asking = [other.name for other in of_service if _is_compared(other) and other.rcs_sender]
	return asking[:1] == [number.name]


@contextmanager
def serialized(number: str, customer_number: str) -> Iterator[None]:
	"""One at a time about what a customer writes to a number's service, by whichever way; without a service to the number.

	Holds the customer's conversations with all numbers of the service, see `conversations.serialized`: their tickets
	are not merged meanwhile. Commits.

	:raises frappe.QueryTimeoutError: somebody else goes on working on this customer's messages
	"""
	service_sid = frappe.get_cached_value(NUMBER, number, "messaging_service_sid")
	if not service_sid:
		with conversations.serialized(number, customer_number):
			yield
		return
	held = []
	try:
		held += _take([f"service {service_sid} {customer_number}"])
		# Begins a new transaction, which sees the conversation that the lock's last holder has made.
		frappe.db.commit()  # nosemgrep
		with_customer = {"customer_number": customer_number}
		of_service = frappe.get_all(NUMBER, {"messaging_service_sid": service_sid}, pluck="name")
		known = frappe.get_all(CONVERSATION, {**with_customer, "number": ("in", of_service)}, pluck="number")
		# In the order in which a merge takes them, so that nobody waits for each other.
		held += _take(sorted(conversations.lock_of(each, customer_number) for each in {number, *known}))
		yield
	finally:
		locks.release(held)


def _take(names: list[str]) -> list[str]:
	taken = locks.take(names, wait_s=conversations.JOB_WAITS_S)
	if len(taken) < len(names):
		locks.release(taken)
		raise frappe.QueryTimeoutError(f"the messages of a customer: {', '.join(names)}")
	return names


def open_ticket(conversation, number, way: str | None) -> Ticket | None:
	"""The open ticket of another conversation of the same customer and service that a new message belongs to.

	What comes by RCS belongs to the latest one. What comes by SMS belongs to one that the customer also reaches by RCS,
	unless its number has a team of its own.

	:param conversation: the message's own, which has no ticket that it continues
	:param number: the conversation's Twilio SMS Number
	"""
	if not number.messaging_service_sid or number.threading_policy == "Always a new ticket":
		return None
	desk = desk_for_new(number)
	for other in _others(conversation, siblings(number)):
		if way != ways.RCS:
			answered_by = frappe.get_cached_doc(NUMBER, other.number)
			is_apart = any(
				number.get(field) and number.get(field) != answered_by.get(field)
				for field in desk.team_fields
			)
			if is_apart or not _is_by_rcs(other, answered_by):
				continue
		ticket = conversations.ticket_of(other)
		if ticket and not _texts(ticket, conversation.customer_number):
			# Merged into a ticket that goes on texting somebody else.
			continue
		if ticket and ticket.doctype == desk.doctype and not ticket.resolved_at:
			return ticket
	return None


def _texts(ticket: Ticket, customer_number: str) -> bool:
	"""Whether a ticket's replies go to this customer number, or to nobody yet."""
	answered = frappe.db.get_value(ticket.doctype, ticket.name, "twilio_sms_conversation")
	return not answered or frappe.db.get_value(CONVERSATION, answered, "customer_number") == customer_number


def _others(conversation, numbers: list[str]) -> list:
	"""The customer's other conversations with these numbers that have a ticket, the latest first."""
	rows = frappe.get_all(
		CONVERSATION,
		{
			"customer_number": conversation.customer_number,
			"number": ("in", numbers),
			"name": ("!=", conversation.name),
			"ticket": ("is", "set"),
		},
		["name", "number", "ticket_doctype", "ticket", "last_inbound", "last_outbound", "creation"],
	)
	return sorted(
		rows,
		key=lambda row: max(at for at in (row.last_inbound, row.last_outbound, row.creation) if at),
		reverse=True,
	)


def _is_by_rcs(conversation, number) -> bool:
	if number.number_type == "Messaging Service":
		return True
	return bool(frappe.db.exists(MESSAGE, {"conversation": conversation.name, "way": ways.RCS}))


def is_on_rcs(number, customer_number: str) -> bool:
	"""Whether the customer's last message to a number's service came by RCS: their phone takes it.

	:param number: the Twilio SMS Number that sends
	"""
	if not number.get("rcs_sender"):
		return False
	pair = {"customer_number": customer_number, "numbers": siblings(number)}
	# A constant.
	found = frappe.db.sql(_LAST_WAY, pair, pluck=True)  # nosemgrep
	return bool(found) and found[0] == ways.RCS


@courtesy("The RCS sender of a Messaging Service could not be kept")
def note_rcs_sender(account: str, service_sid: str, sender: str) -> None:
	"""Remember that a service has an RCS sender, as a message to it shows. Commits when that is new."""
	if not service_sid or not addresses.is_rcs(sender):
		return
	unknown = {"account": account, "messaging_service_sid": service_sid, "rcs_sender": ("is", "not set")}
	for name in frappe.get_all(NUMBER, unknown, pluck="name"):
		frappe.db.set_value(NUMBER, name, "rcs_sender", sender, update_modified=False)
		# Number by number: whoever sends locks them in another order.
		frappe.db.commit()  # nosemgrep


def forget_rcs_sender(number: str) -> None:
	"""Twilio says that a number's service has no RCS sender (any more)."""
	service_sid = frappe.db.get_value(NUMBER, number, "messaging_service_sid")
	of_service = {"messaging_service_sid": service_sid} if service_sid else {"name": number}
	for name in frappe.get_all(NUMBER, of_service, pluck="name"):
		nothing = {"rcs_sender": None, "rcs_status": None}
		frappe.db.set_value(NUMBER, name, nothing, update_modified=False)
