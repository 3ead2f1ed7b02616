"""Twilio's error codes that practice mode can answer with (https://www.twilio.com/docs/api/errors)."""

# code: (HTTP status, message). `{}` takes what the caller passes.
REST_ERRORS: dict[int, tuple[int, str]] = {
	20001: (400, "Invalid parameter: {}"),
	20003: (401, "Authenticate"),
	20004: (405, "Method not allowed"),
	20009: (409, "Resource not complete: the message is still in progress"),
	20403: (403, "Forbidden: the account is suspended or closed"),
	20404: (404, "The requested resource {} was not found"),
	20429: (429, "Too Many Requests"),
	20500: (500, "Internal Server Error"),
	20503: (503, "Service Unavailable"),
	21211: (400, "Invalid 'To' Phone Number: {}"),
	21212: (400, "Invalid From Number (caller ID): {}"),
	21402: (400, "Invalid Url: {}"),
	21403: (400, "Invalid Method: {}"),
	21408: (
		400,
		"Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}",
	),
	21603: (400, "A 'From' phone number is required."),
	21604: (400, "A 'To' phone number is required."),
	21606: (400, "The 'From' phone number provided ({}) is not a valid message-capable Twilio phone number."),
	21608: (400, "The number {} is unverified. Trial accounts cannot send messages to unverified numbers."),
	21609: (400, "Invalid 'StatusCallback' URL: {}"),
	21610: (400, "Attempt to send to unsubscribed recipient"),
	21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
	21612: (400, "Message cannot be sent with the current combination of 'To' and 'From' parameters"),
	21614: (400, "'To' number is not a valid mobile number: {}"),
	21617: (400, "The concatenated message body exceeds the 1600 character limit"),
	21619: (400, "A text message body or media urls must be specified."),
	21620: (400, "Invalid media URL(s): {}"),
	21623: (400, "Number of media files exceeds allowed limit"),
	21664: (400, "'FallbackFrom' cannot be used with a 'From' sender"),
	21665: (400, "Invalid 'FallbackFrom' sender: {}"),
	21666: (400, "'FallbackFrom' requires MessagingServiceSid"),
	21667: (400, "'FallbackFrom' requires the Messaging Service to have an RCS Sender"),
	21701: (400, "The Messaging Service {} does not exist"),
	21704: (400, "The Messaging Service contains no phone numbers"),
	21910: (400, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel"),
	30409: (409, "This message cannot be canceled"),
	35114: (400, "SendAt time must be between 900 seconds and 35 days (3024000 seconds) in the future"),
	70051: (401, "Authorization Error: required permission {} is missing"),
	35118: (400, "MessagingServiceSid is required to schedule a message"),
}

# With 20003, for a user name that is no account and no API key.
UNKNOWN_USER = "Authentication Error - invalid username"

# code: words in `error_message` of a message that failed on its way
DELIVERY_ERRORS: dict[int, str] = {
	21610: "Attempt to send to unsubscribed recipient",
	11751: "Media exceeds messaging provider size limit",
	12300: "Invalid Content-Type of the media",
	30001: "Queue overflow",
	30002: "Account suspended",
	30003: "Unreachable destination handset",
	30004: "Message blocked",
	30005: "Unknown destination handset",
	30006: "Landline or unreachable carrier",
	30007: "Message filtered",
	30008: "Unknown error",
	30011: "MMS not supported by the receiving phone number in this region",
	30019: "Content size exceeds carrier limit",
	30032: "Toll-Free number has not been verified",
	30034: "Message from an unregistered number",
	30036: "Validity period expired",
	30047: "Failed to schedule message for a compliant time window",
	63003: "Channel could not find To address",
	63019: "Media failed to download",
}

# code: what a webhook's answer did wrong
WEBHOOK_ERRORS: dict[int, str] = {
	11200: "HTTP retrieval failure",
	11205: "HTTP connection failure",
	11750: "TwiML response body too large",
	12100: "Document parse failure",
	12102: "The root element must be Response",
	12200: "Schema validation warning",
	12300: "Invalid Content-Type",
}
# of these, what Twilio logs as a warning
WEBHOOK_WARNINGS = {12200}


class RestError(Exception):
	"""A request that Twilio refuses.

	:param code: a key of `REST_ERRORS`
	:param detail: fills the `{}` of its message
	:param message: instead of the code's usual one
	"""

	def __init__(self, code: int, detail: object = "", message: str = ""):
		self.code = code
		self.status, usual = REST_ERRORS[code]
		self.message = message or usual.format(detail)
		super().__init__(self.message)

	def as_json(self) -> dict:
		"""The body of Twilio's error answer."""
		return {
			"code": self.code,
			"message": self.message,
			"more_info": f"https://www.twilio.com/docs/errors/{self.code}",
			"status": self.status,
		}
