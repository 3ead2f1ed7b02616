"""Twilio Lookup for an agent who doubts whether a number takes messages. It costs money: only ever asked by hand."""

from datetime import timedelta

import frappe
from frappe import _

from twilio_sms_channel.infra import clock, locks, site_identity
from twilio_sms_channel.messaging.conversation import conversations, eligibility, reachability
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import errors, number_lookup

ACCOUNT, CONVERSATION = "Twilio SMS Account", "Twilio SMS Conversation"
# Whoever presses twice pays once.
ASKED_AGAIN_AFTER = timedelta(minutes=1)


def look_up(conversation):
	"""Ask Twilio what kind of line the customer's number is, and keep the answer on their conversations.

	:param conversation: Twilio SMS Conversation document, by whose number's account Twilio is asked; it may be unsaved
	:return: the conversation as it is then, saved
	:raises outbox.CannotText: Twilio cannot be asked, or could not tell, with the reason
	"""
	number, customer_number = conversation.number, conversation.customer_number
	account = frappe.db.get_value("Twilio SMS Number", number, "account")
	if reason := _why_not(account, customer_number):
		outbox.refuse(reason)
	asked = locks.take([f"line {customer_number}"], wait_s=conversations.PERSON_WAITS_S)
	try:
		# Sees what whoever asked meanwhile has kept.
		frappe.db.commit()  # nosemgrep
		if not _is_known(customer_number):
			line = _ask(account, customer_number)
			conversations.get_or_create(number, customer_number)
			reachability.keep_line(customer_number, line)
			# Kept before somebody else may ask.
			frappe.db.commit()  # nosemgrep
	finally:
		locks.release(asked)
	return conversations.get_or_create(number, customer_number)


def _ask(account: str, customer_number: str):
	gateway = frappe.get_doc(ACCOUNT, account).gateway()
	try:
		return number_lookup.line_of(gateway, customer_number)
	except errors.TwilioProblem as e:
		reason = errors.explain(e.code, e.message)
		frappe.throw(reason, outbox.CannotText, title=_("The number was not looked up"))


def _is_known(customer_number: str) -> bool:
	"""Whether Twilio was asked a moment ago, about whichever of our numbers."""
	lately = clock.now() - ASKED_AGAIN_AFTER
	return bool(
		frappe.db.exists(CONVERSATION, {"customer_number": customer_number, "line_checked_on": (">", lately)})
	)


def _why_not(account: str, customer_number: str) -> str:
	if reason := site_identity.why():
		return reason
	if not phone.is_answerable(customer_number):
		return _("{0} is not a phone number.").format(phone.display(customer_number))
	if not eligibility.Facts().account_is_on(account):
		return _("The Twilio account {0} is switched off. An admin can switch it on.").format(account)
	return ""
