"""messaging.twilio.com: verifications of toll-free numbers.

https://www.twilio.com/docs/messaging/api/tollfree-verification-resource
"""

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.models import TOLL_FREE, Account, PhoneNumber
from twilio_sms_channel.simulator.rest.answers import V1, host_of, iso8601, page_with_meta
from twilio_sms_channel.simulator.rest.context import Context

ADDRESS_INVALID = 30451
"""why a verification is rejected in practice mode"""


def list_verifications(context: Context, request: Request, account: Account) -> Response:
	number_sid, status = request.args.get("TollfreePhoneNumberSid"), request.args.get("Status")
	with context.world.lock:
		found = [
			n
			for n in context.world.numbers.values()
			if n.account_sid == account.sid
			and n.kind == TOLL_FREE
			and n.verification
			and number_sid in (None, n.sid)
			and status in (None, n.verification)
		]
		return page_with_meta(
			request, "verifications", found, lambda n: verification_json(n, host_of(request))
		)


def verification_json(number: PhoneNumber, host: str) -> dict:
	sid = "HH" + number.sid[2:]
	rejected = number.verification == "TWILIO_REJECTED"
	return {
		"account_sid": number.account_sid,
		"business_name": "Practice",
		"date_created": iso8601(number.created),
		"date_updated": iso8601(number.updated),
		"edit_allowed": rejected or None,
		"edit_expiration": None,
		"error_code": ADDRESS_INVALID if rejected else None,
		"rejection_reason": "Address invalid" if rejected else None,
		"rejection_reasons": None,
		"sid": sid,
		"status": number.verification,
		"tollfree_phone_number": number.phone_number,
		"tollfree_phone_number_sid": number.sid,
		"url": f"{host}{V1}/Tollfree/Verifications/{sid}",
		"use_case_categories": ["CUSTOMER_CARE"],
	}


RULES = [
	Rule(f"{V1}/Tollfree/Verifications", endpoint=list_verifications, methods=["GET"]),
]
