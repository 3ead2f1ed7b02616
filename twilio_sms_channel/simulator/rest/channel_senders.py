"""messaging.twilio.com: RCS senders of an account, and those in the pool of a Messaging Service.

https://www.twilio.com/docs/rcs/api and https://www.twilio.com/docs/messaging/api/channelsender-resource
"""

import json

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.models import RCS_SENDER, Account, PhoneNumber, now
from twilio_sms_channel.simulator.rest.answers import (
	V1,
	V2,
	host_of,
	is_url,
	iso8601,
	json_answer,
	page_with_meta,
)
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.rest.services import service_of
from twilio_sms_channel.simulator.world import World

CHANNELS = ("rcs", "whatsapp")
WEBHOOK = {
	"callback_url": "sms_url",
	"callback_method": "sms_method",
	"fallback_url": "sms_fallback_url",
	"fallback_method": "sms_fallback_method",
	"status_callback_url": "status_callback",
	"status_callback_method": "status_callback_method",
}


def list_senders(context: Context, request: Request, account: Account) -> Response:
	channel = request.args.get("Channel", "")
	if channel not in CHANNELS:
		raise RestError(20001, "Channel")
	with context.world.lock:
		found = _owned(context.world, account) if channel == "rcs" else []
		return page_with_meta(request, "senders", found, lambda s: sender_json(s, host_of(request)))


def fetch_sender(context: Context, request: Request, account: Account, sid: str) -> Response:
	return json_answer(sender_json(_sender(context.world, request, account, sid), host_of(request)))


def update_sender(context: Context, request: Request, account: Account, sid: str) -> Response:
	"""Set its webhook. The request is JSON, as with all of /v2."""
	sender = _sender(context.world, request, account, sid)
	try:
		asked = json.loads(request.get_data()).get("webhook") or {}
		changes = {WEBHOOK[name]: str(value or "") for name, value in asked.items()}
	except (ValueError, AttributeError, KeyError):
		raise RestError(20001, "webhook")
	for name, value in changes.items():
		if name.endswith("method") and value not in ("POST", "PUT"):
			raise RestError(20001, name)
		if not name.endswith("method") and value and not is_url(value):
			raise RestError(20001, name)
	with context.world.lock:
		vars(sender).update(changes, updated=now())
	context.world.touch()
	return json_answer(sender_json(sender, host_of(request)), 202)


def list_senders_of_service(context: Context, request: Request, account: Account, sid: str) -> Response:
	service = service_of(context.world, request, account, sid)
	url = f"{host_of(request)}{request.path}"
	with context.world.lock:
		found = context.world.rcs_senders(service.sid)
		return page_with_meta(request, "senders", found, lambda s: pooled_json(s, url))


def sender_json(sender: PhoneNumber, host: str) -> dict:
	return {
		"sid": sender.sid,
		"status": sender.status,
		"sender_id": sender.phone_number,
		"configuration": None,
		"webhook": {name: getattr(sender, attribute) or None for name, attribute in WEBHOOK.items()},
		"profile": {"name": sender.friendly_name, "description": None},
		"properties": None,
		"offline_reasons": None,
		"compliance": None,
		"url": f"{host}{V2}/Channels/Senders/{sender.sid}",
	}


def pooled_json(sender: PhoneNumber, list_url: str) -> dict:
	return {
		"account_sid": sender.account_sid,
		"messaging_service_sid": sender.service_sid,
		"sid": sender.sid,
		"sender": sender.phone_number,
		"sender_type": "RCS",
		"country_code": sender.country or "US",
		"date_created": iso8601(sender.created),
		"date_updated": iso8601(sender.updated),
		"url": f"{list_url}/{sender.sid}",
	}


def _owned(world: World, account: Account) -> list[PhoneNumber]:
	return [n for n in world.numbers.values() if n.account_sid == account.sid and n.kind == RCS_SENDER]


def _sender(world: World, request: Request, account: Account, sid: str) -> PhoneNumber:
	""":raises RestError: 20404, no sender of that SID in this account"""
	with world.lock:
		for sender in _owned(world, account):
			if sender.sid == sid:
				return sender
	raise RestError(20404, request.path)


_LIST = f"{V2}/Channels/Senders"
_ONE = f"{_LIST}/<sid:sid>"
RULES = [
	Rule(_LIST, endpoint=list_senders, methods=["GET"]),
	Rule(_ONE, endpoint=fetch_sender, methods=["GET"]),
	Rule(_ONE, endpoint=update_sender, methods=["POST"]),
	Rule(f"{V1}/Services/<sid:sid>/ChannelSenders", endpoint=list_senders_of_service, methods=["GET"]),
]
