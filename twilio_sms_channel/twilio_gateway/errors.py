"""What went wrong at Twilio, in words that say who can mend it and how.

The codes are Twilio's (https://www.twilio.com/docs/api/errors).
"""

from frappe import _

OPTED_OUT = "21610"
AUTHENTICATION_FAILED = "20003"


class TwilioProblem(Exception):
	"""Something between this app and Twilio did not work.

	`code` is Twilio's error code as text ("21610"), or "" when Twilio did not answer.
	"""

	def __init__(self, message: str, code: str | int = ""):
		super().__init__(message)
		self.message = message
		self.code = str(code or "")


class Refused(TwilioProblem):
	"""Twilio answered no. Sending the same again would be refused again."""


class TryAgain(TwilioProblem):
	"""Twilio certainly did not process the request: a refused connection, or HTTP 429."""


class OutcomeUnknown(TwilioProblem):
	"""The request may or may not have been processed: a read time-out, a broken connection, HTTP 5xx."""


# code: (what happened, what to do). `_` runs at call time, see `explain`; these are the sources it translates.
PLAIN_WORDS: dict[str, tuple[str, str]] = {
	"11751": ("The attachment is too large.", "Send a smaller one."),
	"12300": ("The customer's phone network does not take this type of file.", "Send another type of file."),
	"20003": (
		"Twilio refused this account's credentials.",
		"An admin has to correct the auth token or API key of the account.",
	),
	"20404": ("Twilio does not know this account or message.", "An admin has to check the Account SID."),
	"20429": ("Twilio is receiving too many requests at the moment.", "It is tried again by itself."),
	"21211": ("The customer's number is not a valid phone number.", "Correct the number of the contact."),
	"21212": ("Our number is not a valid sender.", "An admin has to check the number's settings."),
	"21408": (
		"Texts to this country are switched off in the Twilio account.",
		"An admin has to allow the country under Messaging Geographic Permissions in the Twilio console.",
	),
	"21606": (
		"Our number does not belong to this Twilio account or cannot send texts.",
		"An admin has to check the number in the Twilio console.",
	),
	"21608": (
		"A Twilio trial account only texts numbers that were verified.",
		"An admin has to verify the customer's number or upgrade the account.",
	),
	"21609": (
		"Twilio cannot reach this site's address for delivery reports.",
		"An admin has to correct the Public Base URL in Twilio SMS Settings.",
	),
	"21610": (
		"The customer opted out by texting STOP.",
		"They have to text START before they can be texted again.",
	),
	"21611": ("Twilio's queue for our number is full.", "Try again later."),
	"21612": (
		"Twilio cannot send from our number to this customer's number.",
		"Use another number or e-mail.",
	),
	"21614": ("The customer's number is not a mobile number.", "Use another number or e-mail."),
	"21617": ("The text is longer than 1,600 characters.", "Shorten it."),
	"21619": ("The text is empty.", "Write something or attach a file."),
	"21704": (
		"The Messaging Service has no number to send from.",
		"An admin has to add a number to its sender pool.",
	),
	"30001": ("Twilio's queue overflowed.", "Try again later."),
	"30002": ("The Twilio account is suspended.", "An admin has to contact Twilio."),
	"30003": ("The customer's phone is off or out of reach.", "Try again later, or use e-mail."),
	"30004": ("The customer's phone or network blocks texts from us.", "Use e-mail or call."),
	"30005": (
		"The customer's number does not exist or is out of service.",
		"Check the number, or use e-mail.",
	),
	"30006": ("The customer's number is a landline and cannot receive texts.", "Use e-mail or call."),
	"30007": (
		"The phone network filtered the text as unwanted.",
		"Reword it; an admin can check the registration.",
	),
	"30008": ("The phone network gave no reason.", "Try again, or use e-mail."),
	"30011": ("Pictures cannot be sent to this network.", "Send the text without the picture."),
	"30019": ("The attachment is too large for the customer's network.", "Send a smaller one."),
	"30022": ("Our number sent faster than its 10DLC registration allows.", "Try again later."),
	"30024": ("Our number is not yet provisioned at this network.", "An admin has to contact Twilio."),
	"30027": ("Today's limit of texts to T-Mobile is used up.", "Try again tomorrow."),
	"30032": ("Our toll-free number is not verified.", "An admin has to verify it in the Twilio console."),
	"30034": (
		"Our number is not registered for texting in the United States (10DLC).",
		"An admin has to register it in the Twilio console.",
	),
	"30036": ("The text could not be delivered in time.", "Try again."),
	"63019": (
		"Twilio could not fetch the attachment from this site.",
		"An admin has to check the Public Base URL.",
	),
}


def explain(code: str | None, twilio_says: str | None = None) -> str:
	"""One or two sentences for people: what happened and what to do.

	:param code: Twilio's error code as text, e.g. "30006"
	:param twilio_says: Twilio's own words, used for codes that are not in the table
	"""
	if code in PLAIN_WORDS:
		what, do = PLAIN_WORDS[code]
		return f"{_(what)} {_(do)}"
	if twilio_says:
		return twilio_says
	if code:
		return _("Twilio reported error {0}.").format(code)
	return ""


def help_url(code: str | None) -> str:
	"""Twilio's page about an error code, "" without one."""
	return f"https://www.twilio.com/docs/api/errors/{code}" if code else ""
