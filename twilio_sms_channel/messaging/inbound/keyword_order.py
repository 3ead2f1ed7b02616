"""Ask Twilio which of STOP and START a customer sent last, and show it."""

from datetime import datetime

import frappe

from twilio_sms_channel.infra import clock, jobs
from twilio_sms_channel.messaging.conversation import consent, conversations, timeline
from twilio_sms_channel.messaging.conversation.keywords import START
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.inbound import keyword_reply
from twilio_sms_channel.twilio_gateway.client import NOT_FOUND, Gateway
from twilio_sms_channel.twilio_gateway.credentials import SECRET_IS_UNREADABLE
from twilio_sms_channel.twilio_gateway.errors import TwilioProblem

EVENT, MESSAGE, NUMBER = "Twilio SMS Consent Event", "Twilio SMS Message", "Twilio SMS Number"
ASKED_AT_ONCE, ASKED_FOR_HOURS = 20, 24
ASK_AGAIN = "twilio_sms_channel.messaging.inbound.keyword_order.ask_again"


def ask(message: str) -> None:
	"""Ask Twilio when those of a customer's messages were sent whose order is not known, and mark who may be texted.

	:param message: one of them, by its Twilio SMS Message
	"""
	jobs.as_administrator()
	customer_number = frappe.db.get_value(EVENT, {"message": message}, "customer_number")
	undecided = frappe.get_all(
		EVENT, {"customer_number": customer_number, "order_open": 1}, ["name", "message", "number"]
	)
	try:
		sent_at = {event.name: _sent_at(event.message) for event in undecided}
	except (TwilioProblem, *SECRET_IS_UNREADABLE) as e:
		frappe.clear_messages()
		frappe.logger("twilio_sms").info(f"the order of STOP and START is not known yet: {e}")
		return
	for name, moment in sent_at.items():
		frappe.db.set_value(EVENT, name, "sent_at_utc", moment, update_modified=False)
	for number in {event.number for event in undecided}:
		_show_order(number, customer_number)
	# At the end: should this worker be killed, the sweep does it all again.
	for name in sent_at:
		frappe.db.set_value(EVENT, name, "order_open", 0, update_modified=False)
	# Customer by customer: Twilio is asked about the next one after this.
	frappe.db.commit()  # nosemgrep


def ask_again() -> None:
	"""Ask about what Twilio did not answer, for a day (worker). What is open then stays an opt-out. Commits."""
	jobs.as_administrator()
	jobs.release(ASK_AGAIN)
	too_old = clock.ago(hours=ASKED_FOR_HOURS)
	frappe.db.set_value(EVENT, {"order_open": 1, "creation": ("<", too_old)}, "order_open", 0)
	# The rows are unlocked while Twilio is asked.
	frappe.db.commit()  # nosemgrep
	rows = frappe.get_all(
		EVENT, {"order_open": 1}, ["customer_number", "message"], order_by="creation", limit=ASKED_AT_ONCE
	)
	for message in {row.customer_number: row.message for row in rows}.values():
		ask(message)


def _show_order(number: str, customer_number: str) -> None:
	"""Show that Twilio has told which of a customer's messages was the last one. Commits."""
	with conversations.locked(number, customer_number) as conversation:
		was_opted_out = conversation.opted_out
		consent.refresh(number, customer_number, conversation)
		conversations.save(conversation)
		if was_opted_out and not conversation.opted_out:
			timeline.log(conversation.ticket_doctype, conversation.ticket, timeline.OPTED_IN)
			keyword_reply.answer(START, conversation, frappe.get_cached_doc(NUMBER, number))
		message_status.refresh_ticket(conversation.ticket_doctype, conversation.ticket)


def _sent_at(message: str) -> datetime | None:
	"""When Twilio had a message, in UTC; None when Twilio has it no more."""
	row = frappe.db.get_value(MESSAGE, message, ["account", "twilio_sid"], as_dict=True)
	if not row or not row.twilio_sid:
		return None
	try:
		return Gateway(frappe.get_doc("Twilio SMS Account", row.account)).sent_at_utc(row.twilio_sid)
	except TwilioProblem as e:
		if e.code == NOT_FOUND:
			return None
		raise
