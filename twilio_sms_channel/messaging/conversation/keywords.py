"""STOP, START and HELP: which messages are these words, and the lock that a STOP shares with messages that are on their way.

Twilio's keywords: https://help.twilio.com/articles/223134027
"""

from twilio_sms_channel.messaging.conversation import near_misses

STOP, START, HELP = "STOP", "START", "HELP"
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START_WORDS = {"START", "YES", "UNSTOP"}
HELP_WORDS = {"HELP", "INFO"}


def lock_of(number, customer_number: str) -> str:
	"""Name of the lock that a message to a customer holds on its way to Twilio, and a STOP on its way in.

	:param number: name and messaging_service_sid of a Twilio SMS Number; a service keeps one list for all of its numbers
	"""
	return f"consent {number.messaging_service_sid or number.name} {customer_number}"


def keyword(body: str | None, opt_out_type: str | None = None) -> str:
	"""What a whole message means to Twilio: STOP, START, HELP or "".

	:param opt_out_type: Twilio's own word (`OptOutType`), which also knows keywords that the account added
	"""
	if opt_out_type in (STOP, START, HELP):
		return opt_out_type
	word = (body or "").strip().upper()
	if word in STOP_WORDS:
		return STOP
	if word in START_WORDS:
		return START
	return HELP if word in HELP_WORDS else ""


def may_want_to_stop(body: str | None) -> bool:
	"""Whether a message sounds like a wish for no more messages without being a keyword.

	>>> may_want_to_stop("Please stop texting me"), may_want_to_stop("The bus stop is closed")
	(True, False)
	"""
	return not keyword(body) and near_misses.sounds_like(body)
