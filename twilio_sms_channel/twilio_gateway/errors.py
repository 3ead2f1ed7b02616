"""What went wrong at Twilio, in words that say who can mend it and how.

The codes are Twilio's (https://www.twilio.com/docs/api/errors).
"""

import re
from dataclasses import dataclass

from frappe import _

from twilio_sms_channel.content import outside
from twilio_sms_channel.twilio_gateway.exchanges import Exchange

# FallbackFrom, but no RCS sender in the Messaging Service
NO_RCS_SENDER = "21667"
OPTED_OUT = "21610"
AUTHENTICATION_FAILED = "20003"
# Of a restricted API key. Some of Twilio's hosts have another code for it: the words are the same.
MISSING_PERMISSION = "70051"
_MISSING_PERMISSION = re.compile(r"required permission /?(twilio/[\w./-]+) is missing")
MAX_CODE_CHARACTERS = 10
# No message ever gets to such a number: not valid, not a mobile one, out of service, a landline.
NEVER_REACHED = ("21211", "21614", "30005", "30006")
# The phone is off.
NOT_REACHED_NOW = ("30003",)


class TwilioProblem(Exception):
	"""Something between this app and Twilio did not work.

	`code` is Twilio's error code as text ("21610"), or "" when Twilio did not answer.
	"""

	exchange: Exchange | None = None
	"""what was said, None when nothing was"""

	def __init__(self, message: str, code: str | int = ""):
		super().__init__(message)
		self.message = outside.sentence(message)
		self.code = outside.plain(code or "", MAX_CODE_CHARACTERS)


class Refused(TwilioProblem):
	"""Twilio answered no. Sending the same again would be refused again."""


class TryAgain(TwilioProblem):
	"""Twilio certainly did not process the request: a refused connection, or HTTP 429."""


class OutcomeUnknown(TwilioProblem):
	"""The request may or may not have been processed: a read time-out, a broken connection, HTTP 5xx."""


AGENT, ADMIN, CUSTOMER, TWILIO = "Agent", "Admin", "Customer", "Twilio"
# What fits to be done from the ticket: send again, send again with links to the files, send as e-mail, open the settings of
# our number or the account.
RETRY, LINK, EMAIL, NUMBER, ACCOUNT = "retry", "link", "email", "number", "account"


@dataclass(frozen=True)
class Explanation:
	"""What one of Twilio's codes means for the people at the help desk."""

	what: str
	"""what happened"""
	do: str
	"""what to do, "" when there is nothing to say"""
	who: str
	"""who can mend it: Agent, Admin, Customer or Twilio; "" when that is not known"""
	actions: tuple[str, ...]
	"""what fits: RETRY, LINK, EMAIL, NUMBER, ACCOUNT"""


# `_` runs at call time, see `explanation`; these are the sources it translates.
EXPLANATIONS: dict[str, Explanation] = {
	# Number or set-up
	"21211": Explanation(
		"The customer's number is not a valid phone number.",
		"Correct the number of the contact, or use e-mail.",
		AGENT,
		(EMAIL,),
	),
	"21212": Explanation(
		"Our number is not a valid sender.",
		"An admin has to check the number's settings.",
		ADMIN,
		(RETRY, EMAIL, NUMBER),
	),
	"21408": Explanation(
		"Messages to this country are switched off in the Twilio account.",
		"An admin has to allow the country under Messaging Geographic Permissions in the Twilio console.",
		ADMIN,
		(RETRY, EMAIL),
	),
	"21606": Explanation(
		"Our number does not belong to this Twilio account or cannot send SMS.",
		"An admin has to check the number in the Twilio console.",
		ADMIN,
		(RETRY, EMAIL, NUMBER),
	),
	"21608": Explanation(
		"A Twilio trial account only texts numbers that were verified.",
		"An admin has to verify the customer's number or upgrade the account.",
		ADMIN,
		(RETRY, EMAIL, ACCOUNT),
	),
	"21609": Explanation(
		"Twilio cannot reach this site's address for delivery reports.",
		"An admin has to correct the Public Base URL in Twilio SMS Settings.",
		ADMIN,
		(RETRY, EMAIL),
	),
	"21612": Explanation(
		"Twilio cannot send from our number to this customer's number.",
		"Use e-mail, or ask an admin for a number that reaches the customer's country.",
		ADMIN,
		(EMAIL, NUMBER),
	),
	"21614": Explanation(
		"The customer's number is not a mobile number.",
		"Use another number or e-mail.",
		AGENT,
		(EMAIL,),
	),
	"21704": Explanation(
		"The Messaging Service has no number to send from.",
		"An admin has to add a number to its sender pool in the Twilio console.",
		ADMIN,
		(RETRY, EMAIL, NUMBER),
	),
	"21663": Explanation(
		"Twilio uses our number in another region than this account's.",
		"An admin has to move the number to the account's region at Twilio, or use the account of the other region here.",
		ADMIN,
		(EMAIL, NUMBER, ACCOUNT),
	),
	"21670": Explanation(
		"Twilio sends no files in this account's region.",
		"Send the message without the file, or send it as e-mail.",
		AGENT,
		(EMAIL,),
	),
	# Content
	"21617": Explanation("The message is longer than 1,600 characters.", "Shorten it.", AGENT, (EMAIL,)),
	"21619": Explanation("The message is empty.", "Write something or attach a file.", AGENT, ()),
	"11751": Explanation(
		"The attachment is too large.",
		"Send it as a link or as e-mail, or send a smaller one.",
		AGENT,
		(LINK, EMAIL),
	),
	"12300": Explanation(
		"The customer's phone network does not take this type of file.",
		"Send it as a link or as e-mail, or send another type of file.",
		AGENT,
		(LINK, EMAIL),
	),
	"63019": Explanation(
		"Twilio could not fetch the attachment from this site.",
		"An admin has to check the Public Base URL in Twilio SMS Settings.",
		ADMIN,
		(RETRY, EMAIL),
	),
	"63034": Explanation(
		"The attachment is larger than the 5 MB that Twilio takes.",
		"Send it as a link or as e-mail, or send a smaller one.",
		AGENT,
		(LINK, EMAIL),
	),
	"30019": Explanation(
		"The attachment is too large for the customer's network.",
		"Send it as a link or as e-mail, or send a smaller one.",
		AGENT,
		(LINK, EMAIL),
	),
	"30011": Explanation(
		"Pictures cannot be sent to this network.",
		"Send it as a link or as e-mail.",
		AGENT,
		(LINK, EMAIL),
	),
	"30007": Explanation(
		"The phone network filtered the message as unwanted.",
		"Reword it; links and capitals make it worse. An admin can check the number's registration.",
		AGENT,
		(EMAIL,),
	),
	# Consent
	"21610": Explanation(
		"The customer opted out of messages from this number.",
		"They have to text START before they can be texted again.",
		CUSTOMER,
		(RETRY, EMAIL),
	),
	"30610": Explanation(
		"It is too late or too early in the day where the customer lives, and Twilio blocks messages at these hours.",
		"Send it again during their day. An admin can change Quiet Hours in Twilio's Compliance Toolkit.",
		AGENT,
		(RETRY, EMAIL),
	),
	"30047": Explanation(
		"It was too late or too early in the day where the customer lives, and Twilio failed to hold the message for later. It was not sent.",
		"Send it again.",
		AGENT,
		(RETRY, EMAIL),
	),
	# Registration
	"30034": Explanation(
		"Our number is not registered for texting in the United States (10DLC).",
		"An admin has to register it in the Twilio console.",
		ADMIN,
		(RETRY, EMAIL, NUMBER),
	),
	"30032": Explanation(
		"Our toll-free number is not verified.",
		"An admin has to verify it in the Twilio console.",
		ADMIN,
		(RETRY, EMAIL, NUMBER),
	),
	"30024": Explanation(
		"Our number is not yet provisioned at this network.",
		"Try again in a day. If it stays like this, an admin has to contact Twilio.",
		TWILIO,
		(RETRY, EMAIL, NUMBER),
	),
	"30040": Explanation(
		"The customer's network only takes senders that were registered with it beforehand.",
		"An admin has to register our sender for this country in the Twilio console.",
		ADMIN,
		(RETRY, EMAIL, NUMBER),
	),
	"30041": Explanation(
		"Our sender is not registered in the customer's country. The United Kingdom, for example, requires it.",
		"An admin has to register it in the Twilio console, or use a number of that country.",
		ADMIN,
		(RETRY, EMAIL, NUMBER),
	),
	"30022": Explanation(
		"Our number sent faster than its 10DLC registration allows.",
		"Try again later. An admin can lower the number's rate limit here.",
		ADMIN,
		(RETRY, EMAIL, NUMBER),
	),
	"30027": Explanation(
		"Today's limit of messages to T-Mobile is used up.",
		"Try again tomorrow, or use e-mail.",
		AGENT,
		(RETRY, EMAIL),
	),
	# Handset
	"30003": Explanation(
		"The customer's phone is off or out of reach.",
		"Try again later, or use e-mail.",
		CUSTOMER,
		(RETRY, EMAIL),
	),
	"30004": Explanation(
		"The customer's phone or network blocks messages from us.",
		"Use e-mail or call. Only the customer can lift the block.",
		CUSTOMER,
		(RETRY, EMAIL),
	),
	"30005": Explanation(
		"The customer's number does not exist or is out of service.",
		"Check the number, or use e-mail.",
		AGENT,
		(EMAIL,),
	),
	"30006": Explanation(
		"The customer's number is a landline and cannot receive SMS.",
		"Use e-mail or call.",
		AGENT,
		(EMAIL,),
	),
	"30008": Explanation(
		"The phone network gave no reason.", "Try again, or use e-mail.", AGENT, (RETRY, EMAIL)
	),
	# Queue, account
	"21611": Explanation("Twilio's queue for our number is full.", "Try again later.", AGENT, (RETRY, EMAIL)),
	"30001": Explanation("Twilio's queue overflowed.", "Try again later.", AGENT, (RETRY, EMAIL)),
	"30002": Explanation(
		"The Twilio account is suspended.",
		"An admin has to contact Twilio.",
		ADMIN,
		(RETRY, EMAIL, ACCOUNT),
	),
	"30036": Explanation("The message could not be delivered in time.", "Try again.", AGENT, (RETRY, EMAIL)),
	"30450": Explanation(
		"Twilio blocks this number for a while because it suspects fraud (SMS pumping).",
		"Try again in half an hour. If it stays like this, an admin has to contact Twilio.",
		TWILIO,
		(RETRY, EMAIL),
	),
	"30454": Explanation(
		"The Twilio trial account has used up its messages.",
		"An admin has to upgrade the account in the Twilio console.",
		ADMIN,
		(RETRY, EMAIL, ACCOUNT),
	),
	"63038": Explanation(
		"The Twilio account has sent as many messages as it may within 24 hours.",
		"Try again tomorrow. An admin can ask Twilio for a higher limit.",
		ADMIN,
		(RETRY, EMAIL, ACCOUNT),
	),
	"20003": Explanation(
		"Twilio rejected this account's credentials.",
		"An admin has to correct the auth token, API key or region of the account.",
		ADMIN,
		(RETRY, EMAIL, ACCOUNT),
	),
	"20005": Explanation(
		"The Twilio account is not active; its balance may be used up.",
		"An admin has to resolve this in the Twilio console.",
		ADMIN,
		(RETRY, EMAIL, ACCOUNT),
	),
	"20403": Explanation(
		"The Twilio account is suspended or closed.",
		"An admin has to contact Twilio.",
		ADMIN,
		(RETRY, EMAIL, ACCOUNT),
	),
	"70051": Explanation(
		"The Twilio account's API key lacks a permission.",
		"An admin has to add it to the key in the Twilio console, and then press Check Credentials on the account.",
		ADMIN,
		(RETRY, EMAIL, ACCOUNT),
	),
	"20404": Explanation(
		"Twilio does not know this account or message.",
		"An admin has to check the Account SID.",
		ADMIN,
		(RETRY, EMAIL, ACCOUNT),
	),
	"20429": Explanation(
		"Twilio is receiving too many requests at the moment.",
		"The app tries again automatically.",
		TWILIO,
		(RETRY, EMAIL),
	),
	"14107": Explanation(
		"Our number and this one answered each other over and over, so Twilio stopped the exchange.",
		"It may be a machine. Wait some minutes before you answer.",
		AGENT,
		(RETRY, EMAIL),
	),
}


def explanation(code: str | None, twilio_says: str | None = None) -> Explanation:
	"""What a code means, in the user's language. One that is not in the table is told in Twilio's own words.

	:param code: Twilio's error code as text, e.g. "30006"; "" or None where there is only a reason
	:param twilio_says: Twilio's words, or the reason
	"""
	if known := EXPLANATIONS.get(code or ""):
		what = _(known.what)
		if permission := missing_permission(twilio_says):
			what = _("The Twilio account's API key lacks the permission {0}.").format(permission)
		return Explanation(what, _(known.do), known.who, known.actions)
	what = twilio_says or (_("Twilio reported error {0}.").format(code) if code else "")
	return Explanation(what, "", "", (RETRY, EMAIL))


def missing_permission(twilio_says: str | None) -> str:
	"""The permission that a restricted API key lacks by Twilio's words, as the console has it; "" where it is not that."""
	found = _MISSING_PERMISSION.search(twilio_says or "")
	return f"/{found[1]}" if found else ""


def explain(code: str | None, twilio_says: str | None = None) -> str:
	"""One or two sentences for people: what happened and what to do.

	:param code: Twilio's error code as text, e.g. "30006"
	:param twilio_says: Twilio's own words, used for codes that are not in the table
	"""
	about = explanation(code, twilio_says)
	return f"{about.what} {about.do}".strip()


def help_url(code: str | None) -> str:
	"""Twilio's page about an error code, "" without one."""
	return f"https://www.twilio.com/docs/api/errors/{code}" if code else ""
