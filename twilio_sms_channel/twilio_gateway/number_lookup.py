"""Twilio Lookup: what kind of line a phone number is. Twilio charges for each lookup.

https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence
"""

from dataclasses import dataclass
from urllib.parse import quote

from frappe import _

from twilio_sms_channel.content import outside
from twilio_sms_channel.twilio_gateway.client import Gateway
from twilio_sms_channel.twilio_gateway.errors import Refused

LANDLINE, UNKNOWN = "landline", "unknown"
INVALID = "invalid"
"""our word: Twilio says that there can be no such number"""
# Canada's numbers are told to those alone whom its number portability administration has approved.
CANADA_NOT_APPROVED = "60601"
MAX_TYPE_CHARACTERS = 30


@dataclass(frozen=True)
class Line:
	"""What Twilio says of a number."""

	type: str
	"""Twilio's word: "mobile", "landline", "fixedVoip", "nonFixedVoip" …; INVALID"""
	carrier: str
	"""its name, "" where it is not known"""


def line_of(gateway: Gateway, number: str) -> Line:
	"""Ask what kind of line a number is.

	:param number: E.164
	:raises TwilioProblem: also where Twilio knows nothing of it
	"""
	# As a dict whichever the SDK's version: its classes for it differ.
	lookups = gateway.host("lookups").v2
	path, fields = f"/PhoneNumbers/{quote(number, safe='')}", {"Fields": "line_type_intelligence"}
	said = gateway.call(lambda: lookups.fetch("GET", path, params=fields))
	if said.get("valid") is False:
		return Line(INVALID, "")
	line = said.get("line_type_intelligence") or {}
	if code := str(line.get("error_code") or ""):
		raise Refused(_why_nothing(code), code)
	return Line(
		outside.plain(line.get("type") or UNKNOWN, MAX_TYPE_CHARACTERS),
		outside.plain(line.get("carrier_name") or ""),
	)


def _why_nothing(code: str) -> str:
	if code == CANADA_NOT_APPROVED:
		return _(
			"Twilio tells the line type of Canadian numbers only to accounts that were approved for it. An admin can ask Twilio for that."
		)
	return _("Twilio could not tell the line type.")
