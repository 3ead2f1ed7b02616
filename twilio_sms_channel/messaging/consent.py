"""STOP, START and HELP: who may be texted, and since when.

Twilio answers the keywords itself and refuses sends with error 21610; the mark on the conversation lets the agent see
it before trying, and each event is kept. Keywords: https://help.twilio.com/articles/223134027. Only on a short code of
its own nobody answers, so this app does: https://help.twilio.com/articles/223182208
"""

import re

import frappe
from frappe import _
from frappe.utils import now_datetime

from twilio_sms_channel.messaging import system_lines

CONVERSATION, EVENT = "Twilio SMS Conversation", "Twilio SMS Consent Event"
STOP, START, HELP = "STOP", "START", "HELP"
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START_WORDS = {"START", "YES", "UNSTOP"}
HELP_WORDS = {"HELP", "INFO"}
EVENTS = {STOP: "Opted Out", START: "Opted In", HELP: "Asked for Help"}
KEPT_CHARACTERS = 140
# Twilio goes by the whole text. A person who writes more than the keyword wants the same, but may also have
# written "please don't stop texting me": shown to the agent, never acted on.
NEAR_MISS = re.compile(
	r"""
	^\W*(?:please\s+)?(?:stop|unsubscribe|opt[\s-]?out|quit|cancel)(?:\s+please)?\W*$
	| \b(?:stop|quit)\s+(?:\w+\s+){0,2}(?:text|texting|messag\w+|sms|contact\w*|bother\w*|spam\w*)
	| \bno\s+more\s+(?:\w+\s+){0,2}(?:text|message|sms)s?\b
	| \b(?:don'?t|do\s+not|never)\s+
		(?:(?:ever|send|keep|want|wish|like|to|get|receive|me|us|any|more|your|these)\s+){0,5}
		(?:text|message|sms|contact)(?:s|ing)?\b
	| \bunsubscribe\b
	| \b(?:remove|delete|take)\s+(?:me|my\s+(?:phone\s+)?number)\b
	| \bopt(?:ing|ed)?(?:\s+me)?[\s-]?out\b
	| \bleave\s+me\s+alone\b
	| \bwrong\s+(?:number|person)\b
	""",
	re.IGNORECASE | re.VERBOSE,
)


def lock_of(number, customer_number: str) -> str:
	"""Name of the lock that a text to a customer holds on its way to Twilio, and a STOP on its way in.

	:param number: name and messaging_service_sid of a Twilio SMS Number; a service keeps one list for all of its numbers
	"""
	return f"consent {number.messaging_service_sid or number.name} {customer_number}"


def keyword(body: str | None, opt_out_type: str | None = None) -> str:
	"""What a whole text means to Twilio: STOP, START, HELP or "".

	:param opt_out_type: Twilio's own word (`OptOutType`), which also knows keywords that the account added
	"""
	if opt_out_type in EVENTS:
		return opt_out_type
	word = (body or "").strip().upper()
	if word in STOP_WORDS:
		return STOP
	if word in START_WORDS:
		return START
	return HELP if word in HELP_WORDS else ""


def may_want_to_stop(body: str | None) -> bool:
	"""Whether a text sounds like a wish for no more texts without being a keyword.

	>>> may_want_to_stop("Please stop texting me"), may_want_to_stop("The bus stop is closed")
	(True, False)
	"""
	return not keyword(body) and bool(NEAR_MISS.search((body or "").replace("’", "'")))


def note(conversation, message) -> str:
	"""Take in what a text says about consent. It goes into the ticket like any other.

	:param conversation: Twilio SMS Conversation document; saved by the caller
	:param message: the inbound Twilio SMS Message
	:return: STOP, START, HELP or "" when the text is no keyword
	"""
	word = keyword(message.body, message.opt_out_type)
	if word == START and not conversation.opted_out and not message.opt_out_type:
		# "Yes" as the plain answer to a question.
		return ""
	if not word:
		message.may_want_to_stop = may_want_to_stop(message.body)
		if message.may_want_to_stop:
			conversation.may_want_to_stop = 1
		return ""
	_record(
		word,
		conversation,
		source="Twilio's Keyword" if message.opt_out_type else "Customer's Text",
		word_written=message.body,
		message=message.name,
		service_sid=message.service_sid,
		at=message.received_at,
	)
	if word != HELP and not _something_later(conversation, message.received_at):
		_mark(conversation, opted_out=word == STOP, at=message.received_at, service_sid=message.service_sid)
	return word


def inherit(conversation) -> None:
	"""Mark a new conversation when the customer opted out of another number of the same Messaging Service."""
	service_sid = _service_of(conversation.number)
	siblings = service_sid and frappe.get_all(
		"Twilio SMS Number", {"messaging_service_sid": service_sid}, pluck="name"
	)
	if siblings and (
		opted_out_on := frappe.db.get_value(
			CONVERSATION,
			{"customer_number": conversation.customer_number, "number": ("in", siblings), "opted_out": 1},
			"opted_out_on",
		)
	):
		conversation.update({"opted_out": 1, "opted_out_on": opted_out_on})


def opt_out(conversation, source: str, message: str | None = None) -> None:
	"""Opt a customer out for another reason than a text of theirs; saves the conversation.

	:param source: "Twilio's Refusal" or "Agent"
	:param message: the Twilio SMS Message that was refused
	"""
	if conversation.opted_out:
		return
	_record(STOP, conversation, source=source, message=message, at=now_datetime())
	_mark(conversation, opted_out=True, at=now_datetime())
	conversation.save(ignore_permissions=True)
	line = system_lines.NOTED_OPT_OUT if source == "Agent" else system_lines.WAS_OPTED_OUT
	system_lines.log(conversation.ticket_doctype, conversation.ticket, line)


def answer(word: str, conversation, number) -> None:
	"""Confirm a keyword where nobody else does: on a short code that is in no Messaging Service."""
	from twilio_sms_channel.messaging import outbox

	if number.number_type != "Short Code" or number.messaging_service_sid:
		return
	name = number.description or number.name
	standard = {
		STOP: _("{0}: You will get no more texts from us. Reply START to get them again."),
		START: _("{0}: You will get our texts again. Reply HELP for help, STOP to stop."),
		HELP: _("{0}: Reply with your question and we will answer. Reply STOP to get no more texts."),
	}[word].format(name)
	own = number.get(f"{word.lower()}_answer")
	outbox.write_automatic(conversation, (own or standard).strip())


def _record(
	word: str,
	conversation,
	*,
	source: str,
	at,
	word_written: str | None = None,
	message: str | None = None,
	service_sid: str | None = None,
) -> None:
	by_hand = source == "Agent"
	frappe.get_doc(
		{
			"doctype": EVENT,
			"event": EVENTS[word],
			"customer_number": conversation.customer_number,
			"number": conversation.number,
			"service_sid": service_sid or _service_of(conversation.number),
			"occurred_at": at,
			"source": source,
			"word": (word_written or "")[:KEPT_CHARACTERS],
			"message": message,
			"entered_by": frappe.session.user if by_hand else None,
		}
	).insert(ignore_permissions=True)


def _something_later(conversation, at) -> bool:
	"""Whether the customer has decided again since: texts can be taken in long after they were sent."""
	later = {
		"customer_number": conversation.customer_number,
		"number": conversation.number,
		"event": ("in", (EVENTS[STOP], EVENTS[START])),
		"occurred_at": (">", at),
	}
	return bool(frappe.db.exists(EVENT, later))


def _mark(conversation, *, opted_out: bool, at, service_sid: str | None = None) -> None:
	"""Mark the conversation and, since a Messaging Service keeps one list, the customer's others of that service."""
	marks = {
		"opted_out": int(opted_out),
		"opted_out_on": at if opted_out else None,
		"may_want_to_stop": 0,
	}
	conversation.update(marks)
	service_sid = service_sid or _service_of(conversation.number)
	if not service_sid:
		return
	siblings = frappe.get_all("Twilio SMS Number", {"messaging_service_sid": service_sid}, pluck="name")
	others = [number for number in siblings if number != conversation.number]
	if others:
		frappe.db.set_value(
			CONVERSATION,
			{"customer_number": conversation.customer_number, "number": ("in", others)},
			marks,
		)


def _service_of(number: str) -> str | None:
	return frappe.db.get_value("Twilio SMS Number", number, "messaging_service_sid")
