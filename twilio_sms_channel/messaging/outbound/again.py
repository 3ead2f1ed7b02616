"""An agent's wish to send a message again that did not arrive."""

import frappe

from twilio_sms_channel.messaging.conversation import conversations, eligibility
from twilio_sms_channel.messaging.outbound import files_as_links, message_actions, outbox
from twilio_sms_channel.messaging.sending import send_again

CONVERSATION = "Twilio SMS Conversation"


def send(message, ticket, as_links: bool = False) -> None:
	"""
	:param message: the outbound Twilio SMS Message
	:param ticket: its ticket, None when it is in none
	:param as_links: with links in place of the files that a network did not take
	:raises outbox.CannotText: it would not leave, with the reason
	:raises outbox.MayWantToStop: an agent has to say first whether the customer still wants messages
	"""
	if message.conversation:
		conversation = frappe.get_doc(CONVERSATION, message.conversation)
		_refuse_in_vain(message, conversation)
		outbox.refuse_if_unasked(*_asked_about(conversation, ticket))
	if as_links:
		files_as_links.send(message.name)
	else:
		send_again.send_again(message.name)


def _refuse_in_vain(message, conversation) -> None:
	"""Say at once why a message would not leave. The confirmation of a STOP is owed to whoever opted out."""
	if message.automatic or not message_actions.can_retry(message):
		return
	if refused := eligibility.refusal(conversation):
		outbox.refuse(refused.reason)


def _asked_about(conversation, ticket) -> list:
	"""A message's conversation and, where that is with a number that stood in, its ticket's own. Into a merged ticket come
	messages of other customers as well.

	:param ticket: the message's ticket; None when it is in none
	"""
	own = ticket and ticket.get("twilio_sms_conversation")
	if not own or own == conversation.name or not conversations.are_of_one_customer(own, conversation):
		return [conversation]
	return [conversation, frappe.get_doc(CONVERSATION, own)]
