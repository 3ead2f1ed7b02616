"""STOP and START: who may be texted.

Twilio answers the keywords itself and refuses sends with error 21610; the mark on the conversation lets the agent see
it before trying. Keywords: https://help.twilio.com/articles/223134027
"""

from frappe.utils import now_datetime

STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START = {"START", "YES", "UNSTOP"}


def note(conversation, body: str) -> None:
	"""Mark the conversation when the whole text is a keyword. The text goes into the ticket like any other.

	:param conversation: Twilio SMS Conversation document; saved by the caller
	"""
	word = (body or "").strip().upper()
	if word in STOP:
		opt_out(conversation)
	elif word in START and conversation.opted_out:
		conversation.opted_out = 0
		conversation.opted_out_on = None


def opt_out(conversation) -> None:
	if not conversation.opted_out:
		conversation.opted_out = 1
		conversation.opted_out_on = now_datetime()
