"""messaging.twilio.com: Messaging Services and their sender pools.

https://www.twilio.com/docs/messaging/api/service-resource and the pages below it.
"""

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.models import (
	ALPHANUMERIC,
	LONG_CODE,
	SHORT_CODE,
	TOLL_FREE,
	Account,
	MessagingService,
	PhoneNumber,
	now,
)
from twilio_sms_channel.simulator.phone_numbers import region
from twilio_sms_channel.simulator.rest.answers import (
	V1,
	changes,
	host_of,
	iso8601,
	json_answer,
	page_with_meta,
)
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.world import World

SERVICE_URLS = {
	"InboundRequestUrl": "inbound_url",
	"FallbackUrl": "fallback_url",
	"StatusCallback": "status_callback",
}
SERVICE_METHODS = {"InboundMethod": "inbound_method", "FallbackMethod": "fallback_method"}
SERVICE_FLAGS = {"UseInboundWebhookOnNumber": "use_inbound_webhook_on_number"}


def list_services(context: Context, request: Request, account: Account) -> Response:
	with context.world.lock:
		found = [s for s in context.world.services.values() if s.account_sid == account.sid]
		return page_with_meta(request, "services", found, lambda s: service_json(s, host_of(request)))


def fetch_service(context: Context, request: Request, account: Account, sid: str) -> Response:
	return json_answer(service_json(service_of(context.world, request, account, sid), host_of(request)))


def update_service(context: Context, request: Request, account: Account, sid: str) -> Response:
	service = service_of(context.world, request, account, sid)
	asked = changes(request.form, urls=SERVICE_URLS, methods=SERVICE_METHODS, flags=SERVICE_FLAGS)
	with context.world.lock:
		vars(service).update(asked, updated=now())
	context.world.touch()
	return json_answer(service_json(service, host_of(request)))


def list_phone_numbers(context: Context, request: Request, account: Account, sid: str) -> Response:
	return _senders(
		context.world, request, account, sid, "phone_numbers", "PhoneNumbers", (LONG_CODE, TOLL_FREE)
	)


def list_short_codes(context: Context, request: Request, account: Account, sid: str) -> Response:
	return _senders(context.world, request, account, sid, "short_codes", "ShortCodes", (SHORT_CODE,))


def list_alpha_senders(context: Context, request: Request, account: Account, sid: str) -> Response:
	return _senders(context.world, request, account, sid, "alpha_senders", "AlphaSenders", (ALPHANUMERIC,))


def _senders(
	world: World, request: Request, account: Account, sid: str, key: str, path: str, kinds: tuple[str, ...]
) -> Response:
	service = service_of(world, request, account, sid)
	host = host_of(request)
	with world.lock:
		found = [n for n in world.pool(service.sid) if n.kind in kinds]
		return page_with_meta(request, key, found, lambda n: sender_json(n, key, f"{host}{request.path}"))


def service_json(service: MessagingService, host: str) -> dict:
	url = f"{host}{V1}/Services/{service.sid}"
	return {
		"account_sid": service.account_sid,
		"area_code_geomatch": True,
		"date_created": iso8601(service.created),
		"date_updated": iso8601(service.updated),
		"fallback_method": service.fallback_method,
		"fallback_to_long_code": False,
		"fallback_url": service.fallback_url or None,
		"friendly_name": service.friendly_name,
		"inbound_method": service.inbound_method,
		"inbound_request_url": service.inbound_url or None,
		"links": {
			"alpha_senders": f"{url}/AlphaSenders",
			"channel_senders": f"{url}/ChannelSenders",
			"phone_numbers": f"{url}/PhoneNumbers",
			"short_codes": f"{url}/ShortCodes",
			"us_app_to_person": f"{url}/Compliance/Usa2p",
		},
		"mms_converter": True,
		"scan_message_content": "inherit",
		"sid": service.sid,
		"smart_encoding": False,
		"status_callback": service.status_callback or None,
		"sticky_sender": True,
		"synchronous_validation": False,
		"url": url,
		"us_app_to_person_registered": service.campaign_status == "VERIFIED",
		"use_inbound_webhook_on_number": service.use_inbound_webhook_on_number,
		"usecase": "undeclared",
		"validity_period": 36000,
	}


def sender_json(number: PhoneNumber, key: str, list_url: str) -> dict:
	"""One sender of a pool.

	:param key: of the list that it is in, e.g. phone_numbers
	:param list_url: of that list
	"""
	sender = {
		"sid": number.sid,
		"account_sid": number.account_sid,
		"service_sid": number.service_sid,
		"date_created": iso8601(number.created),
		"date_updated": iso8601(number.updated),
		key.removesuffix("s"): number.phone_number,
		"capabilities": [name for name, can in (("MMS", number.mms), ("SMS", number.sms)) if can],
		"url": f"{list_url}/{number.sid}",
	}
	if number.kind != ALPHANUMERIC:
		sender["country_code"] = number.country or region(number.phone_number)
	return sender


def service_of(world: World, request: Request, account: Account, sid: str) -> MessagingService:
	""":raises RestError: 20404, no service of that SID in this account"""
	service = world.services.get(sid)
	if not service or service.account_sid != account.sid:
		raise RestError(20404, request.path)
	return service


_SERVICE = f"{V1}/Services/<sid:sid>"
RULES = [
	Rule(f"{V1}/Services", endpoint=list_services, methods=["GET"]),
	Rule(_SERVICE, endpoint=fetch_service, methods=["GET"]),
	Rule(_SERVICE, endpoint=update_service, methods=["POST"]),
	Rule(f"{_SERVICE}/PhoneNumbers", endpoint=list_phone_numbers, methods=["GET"]),
	Rule(f"{_SERVICE}/ShortCodes", endpoint=list_short_codes, methods=["GET"]),
	Rule(f"{_SERVICE}/AlphaSenders", endpoint=list_alpha_senders, methods=["GET"]),
]
