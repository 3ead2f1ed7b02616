"""STOP, START and HELP, as Twilio and the networks answer them.

Sources: Twilio's article on opt-out keywords (SMS STOP filtering), for long codes and Messaging Services; its
article on toll-free opt-out keywords, which the network answers. Standalone short codes: nobody does.
"""

from twilio_sms_channel.simulator.models import SHORT_CODE, TOLL_FREE

STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START_WORDS = {"START", "YES", "UNSTOP"}
HELP_WORDS = {"HELP", "INFO"}

# "YES" is left out: the network's block on a toll-free number is lifted by these two only.
TOLL_FREE_STOP_WORDS = {"STOP"}
TOLL_FREE_START_WORDS = {"START", "UNSTOP"}

STOP_REPLY = (
	"You have successfully been unsubscribed. You will not receive any more messages from this number. "
	"Reply START to resubscribe."
)
START_REPLY = (
	"You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
	"Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
HELP_REPLY = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
TOLL_FREE_STOP_REPLY = (
	'NETWORK MSG: You replied with the word "stop" which blocks all texts sent from this number. '
	'Text back "unstop" to receive messages again.'
)
TOLL_FREE_START_REPLY = (
	'NETWORK MSG: You have replied "{}" and will begin receiving messages again from this number.'
)


def keyword(body: str, kind: str) -> str:
	"""STOP, START, HELP or "" for a whole message to a number of this kind."""
	word = body.strip().upper()
	if kind == SHORT_CODE:
		return ""
	if word in (TOLL_FREE_STOP_WORDS if kind == TOLL_FREE else STOP_WORDS):
		return "STOP"
	if word in (TOLL_FREE_START_WORDS if kind == TOLL_FREE else START_WORDS):
		return "START"
	return "HELP" if word in HELP_WORDS else ""


def reply(word: str, body: str, kind: str, opted_out: bool) -> str:
	"""What the customer is answered, "" for nothing.

	:param word: as `keyword` found it
	:param kind: of the number; SERVICE where it is in a Messaging Service
	:param opted_out: whether the customer was opted out before this message: nothing is confirmed twice,
		and nobody opted out is answered HELP
	"""
	toll_free = kind == TOLL_FREE
	if word == "STOP" and not opted_out:
		return TOLL_FREE_STOP_REPLY if toll_free else STOP_REPLY
	if word == "START" and opted_out:
		return TOLL_FREE_START_REPLY.format(body.strip().lower()) if toll_free else START_REPLY
	if word == "HELP" and not opted_out:
		return HELP_REPLY
	return ""
