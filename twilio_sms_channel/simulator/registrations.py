"""Who may text the United States: campaigns of long codes (A2P 10DLC) and verifications of toll-free numbers.

Read at messaging.twilio.com; what is missing blocks texts on their way (errors 30034 and 30032).
"""

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.answers import V1, host_of, iso8601, page_with_meta
from twilio_sms_channel.simulator.messaging_host import service_of
from twilio_sms_channel.simulator.models import LONG_CODE, TOLL_FREE, Account, MessagingService, PhoneNumber
from twilio_sms_channel.simulator.phone_numbers import region
from twilio_sms_channel.simulator.world import World

UNREGISTERED_LONG_CODE, UNVERIFIED_TOLL_FREE = 30034, 30032
ADDRESS_INVALID = 30451
"""why a verification is rejected in practice mode"""


def blocked(world: World, number: PhoneNumber, to: str) -> int | None:
	"""Why the networks do not deliver a text of this number to `to`: Twilio's code. None where they do."""
	if number.kind == TOLL_FREE and number.verification != "TWILIO_APPROVED" and region(to) in ("US", "CA"):
		return UNVERIFIED_TOLL_FREE
	if number.kind == LONG_CODE and not _registered(world, number) and region(to) == "US":
		return UNREGISTERED_LONG_CODE
	return None


def _registered(world: World, number: PhoneNumber) -> bool:
	"""By the campaign of the Messaging Service; without one the number itself tells."""
	service = world.services.get(number.service_sid)
	if service and service.campaign_status:
		return service.campaign_status == "VERIFIED"
	return number.registered


def list_campaigns(world: World, request: Request, account: Account, sid: str) -> Response:
	"""The campaign of a Messaging Service: https://www.twilio.com/docs/messaging/api/usapptoperson-resource."""
	service = service_of(world, request, account, sid)
	found = [service] if service.campaign_status else []
	return page_with_meta(request, "compliance", found, lambda s: campaign_json(s, host_of(request)))


def list_verifications(world: World, request: Request, account: Account) -> Response:
	"""https://www.twilio.com/docs/messaging/api/tollfree-verification-resource"""
	number_sid, status = request.args.get("TollfreePhoneNumberSid"), request.args.get("Status")
	with world.lock:
		found = [
			n
			for n in world.numbers.values()
			if n.account_sid == account.sid
			and n.kind == TOLL_FREE
			and n.verification
			and number_sid in (None, n.sid)
			and status in (None, n.verification)
		]
		return page_with_meta(
			request, "verifications", found, lambda n: verification_json(n, host_of(request))
		)


def campaign_json(service: MessagingService, host: str) -> dict:
	sid = "QE" + service.sid[2:]
	return {
		"account_sid": service.account_sid,
		"age_gated": False,
		"brand_registration_sid": "BN" + service.account_sid[2:],
		"campaign_id": "CPRACTICE" if service.campaign_status == "VERIFIED" else None,
		"campaign_status": service.campaign_status,
		"date_created": iso8601(service.created),
		"date_updated": iso8601(service.updated),
		"description": "Answers to customers of the helpdesk",
		"direct_lending": False,
		"errors": [],
		"has_embedded_links": True,
		"has_embedded_phone": False,
		"is_externally_registered": False,
		"message_samples": ["Your parcel is on its way."],
		"messaging_service_sid": service.sid,
		"mock": False,
		"rate_limits": None,
		"sid": sid,
		"subscriber_opt_in": False,
		"url": f"{host}{V1}/Services/{service.sid}/Compliance/Usa2p/{sid}",
		"us_app_to_person_usecase": "CUSTOMER_CARE",
	}


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
	Rule(f"{V1}/Services/<sid:sid>/Compliance/Usa2p", endpoint=list_campaigns, methods=["GET"]),
	Rule(f"{V1}/Tollfree/Verifications", endpoint=list_verifications, methods=["GET"]),
]
