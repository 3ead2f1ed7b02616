"""messaging.twilio.com: the US campaigns (A2P 10DLC) of Messaging Services.

https://www.twilio.com/docs/messaging/api/usapptoperson-resource
"""

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.models import Account, MessagingService
from twilio_sms_channel.simulator.rest.answers import V1, host_of, iso8601, page_with_meta
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.rest.services import service_of


def list_campaigns(context: Context, request: Request, account: Account, sid: str) -> Response:
	"""The campaign of a Messaging Service, where it has one."""
	service = service_of(context.world, request, account, sid)
	found = [service] if service.campaign_status else []
	return page_with_meta(request, "compliance", found, lambda s: campaign_json(s, host_of(request)))


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


RULES = [
	Rule(f"{V1}/Services/<sid:sid>/Compliance/Usa2p", endpoint=list_campaigns, methods=["GET"]),
]
