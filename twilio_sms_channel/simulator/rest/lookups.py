"""lookups.twilio.com: what kind of line a number is.

https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence and Twilio's OpenAPI description of `lookups_v2`. Numbers that
end in 30006 are landlines, as they are for messages; those of Canada are told to nobody, as without its approval.
"""

import phonenumbers
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.models import Account
from twilio_sms_channel.simulator.phone_numbers import region
from twilio_sms_channel.simulator.rest.answers import V2, host_of, json_answer, number_argument
from twilio_sms_channel.simulator.rest.context import Context

LINE_TYPE = "line_type_intelligence"
# Data packages, which are null unless they are asked for.
PACKAGES = (
	*("caller_name", "sim_swap", "call_forwarding", "line_status", LINE_TYPE, "identity_match"),
	*("reassigned_number", "sms_pumping_risk", "phone_number_quality_score", "pre_fill"),
)
CANADA_NOT_APPROVED = 60601
LANDLINE_ENDING = "30006"
TYPES = {
	phonenumbers.PhoneNumberType.TOLL_FREE: "tollFree",
	phonenumbers.PhoneNumberType.PREMIUM_RATE: "premium",
	phonenumbers.PhoneNumberType.VOIP: "nonFixedVoip",
	phonenumbers.PhoneNumberType.PERSONAL_NUMBER: "personal",
	phonenumbers.PhoneNumberType.FIXED_LINE: "landline",
}
REASONS = {
	phonenumbers.ValidationResult.TOO_SHORT: "TOO_SHORT",
	phonenumbers.ValidationResult.TOO_LONG: "TOO_LONG",
	phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
	phonenumbers.ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
}


def look_up(context: Context, request: Request, account: Account, number: str) -> Response:
	number = number_argument(number)
	answer = {
		"calling_country_code": None,
		"country_code": None,
		"phone_number": number,
		"national_format": None,
		"valid": False,
		"validation_errors": None,
		**dict.fromkeys(PACKAGES),
		"url": f"{host_of(request)}{V2}/PhoneNumbers/{number}",
	}
	try:
		parsed = phonenumbers.parse(number, "US")
	except phonenumbers.NumberParseException:
		return json_answer({**answer, "validation_errors": ["NOT_A_NUMBER"]})
	if wrong := REASONS.get(phonenumbers.is_possible_number_with_reason(parsed)):
		return json_answer({**answer, "validation_errors": [wrong]})
	number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
	answer |= {
		"calling_country_code": str(parsed.country_code),
		"country_code": region(number) or None,
		"phone_number": number,
		"national_format": phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL),
		"valid": True,
	}
	if LINE_TYPE in request.args.get("Fields", "").split(","):
		answer[LINE_TYPE] = line_of(number, parsed)
	return json_answer(answer)


def line_of(number: str, parsed: phonenumbers.PhoneNumber) -> dict:
	line = dict.fromkeys(("mobile_country_code", "mobile_network_code", "carrier_name", "type", "error_code"))
	if region(number) == "CA":
		return {**line, "error_code": CANADA_NOT_APPROVED}
	kind = TYPES.get(phonenumbers.number_type(parsed), "mobile")
	if number.endswith(LANDLINE_ENDING):
		kind = "landline"
	carrier = {"mobile": "Practice Mobile", "landline": "Practice Telephone"}.get(kind)
	return {**line, "type": kind, "carrier_name": carrier}


RULES = [Rule(f"{V2}/PhoneNumbers/<number>", endpoint=look_up, methods=["GET"])]
