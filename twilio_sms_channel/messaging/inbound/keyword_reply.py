"""The answer to a keyword where nobody else gives one: on a short code that is in no Messaging Service.

Source: https://help.twilio.com/articles/223182208
"""

from frappe import _

from twilio_sms_channel.messaging.conversation.keywords import HELP, START, STOP
from twilio_sms_channel.messaging.outbound import outbox


def answer(word: str, conversation, number) -> None:
	"""Confirm a keyword where nobody else does: on a short code that is in no Messaging Service."""
	if number.number_type != "Short Code" or number.messaging_service_sid:
		return
	name = number.description or number.name
	standard = {
		STOP: _("{0}: You will get no more messages from us. Reply START to get them again."),
		START: _("{0}: You will get our messages again. Reply HELP for help, STOP to stop."),
		HELP: _("{0}: Reply with your question and we will answer. Reply STOP to get no more messages."),
	}[word].format(name)
	own = number.get(f"{word.lower()}_answer")
	outbox.write_automatic(conversation, (own or standard).strip())
