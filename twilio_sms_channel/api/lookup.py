"""Twilio Lookup for agents. Twilio charges the account for each lookup, so nothing but a person's click calls this."""

from typing import Any

import frappe
from frappe import _

from twilio_sms_channel.api import named_ticket
from twilio_sms_channel.messaging.conversation import conversations, reachability
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.outbound import line_lookup, outbox, start_checks

CONVERSATION, NUMBER = "Twilio SMS Conversation", "Twilio SMS Number"


@frappe.whitelist(methods=["POST"])
def look_up(
	ticket: str | int | None = None,
	ticket_doctype: str | None = None,
	to: str | None = None,
	number: str | None = None,
) -> dict[str, Any]:
	"""Ask Twilio what kind of line a customer's number is: mobile, landline, VoIP. The answer is kept with its date.

	Twilio charges the account for it. Asked again within a minute, the kept answer comes back.

	:param ticket: the ticket whose customer is meant, which the caller may write
	:param to: without a ticket: the phone number, in any spelling
	:param number: with `to`: our number whose account is asked
	:return: `{"line_type": Twilio's word, "carrier", "checked_on", "line": in words, "unreachable": why messages may
		not get there, or ""}`
	:raises outbox.CannotText: Twilio cannot be asked or could not tell, with the reason
	"""
	conversation = _of_ticket(ticket, ticket_doctype) if ticket else _of_number(to, number, ticket_doctype)
	conversation = line_lookup.look_up(conversation)
	doubt = reachability.doubt(conversation.customer_number)
	message_status.refresh_ticket(conversation.ticket_doctype, conversation.ticket)
	return {
		"line_type": conversation.line_type,
		"carrier": conversation.line_carrier or "",
		"checked_on": conversation.line_checked_on,
		"line": reachability.line_in_words(conversation),
		"unreachable": doubt.reason if doubt else "",
	}


def _of_ticket(ticket: str | int, ticket_doctype: str | None):
	doc = named_ticket.writable(ticket, ticket_doctype)
	if not doc.is_text_ticket:
		frappe.throw(_("This ticket has no SMS conversation."), outbox.CannotText)
	return frappe.get_doc(CONVERSATION, doc.twilio_sms_conversation)


def _of_number(to: str | None, number: str | None, ticket_doctype: str | None):
	named_ticket.only_agents(ticket_doctype)
	if not number or not frappe.db.exists(NUMBER, number):
		outbox.refuse(_("Choose the number of ours whose account Twilio is asked with."))
	# Somebody pays for it: whoever may start a conversation from the number.
	if not start_checks.About(None).may_create(frappe.get_cached_doc(NUMBER, number)):
		raise frappe.PermissionError
	return conversations.get_or_new(number, start_checks.customer_number(to, number))
