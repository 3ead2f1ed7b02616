"""Phone numbers of an account (https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource)."""

import re

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.models import LONG_CODE, TOLL_FREE, Account, PhoneNumber, now
from twilio_sms_channel.simulator.rest.answers import (
	API,
	API_VERSION,
	SMS_METHODS,
	SMS_URLS,
	changes,
	json_answer,
	number_argument,
	page,
	rfc2822,
)
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.world import World


def list_numbers(context: Context, request: Request, account: Account) -> Response:
	wanted = number_argument(request.args.get("PhoneNumber", ""))
	pattern = re.compile(re.escape(wanted).replace(r"\*", r"\d"))
	name = request.args.get("FriendlyName")
	with context.world.lock:
		found = [
			n
			for n in context.world.numbers.values()
			if n.account_sid == account.sid
			and n.kind in (LONG_CODE, TOLL_FREE)
			and pattern.search(n.phone_number)
			and name in (None, n.friendly_name)
		]
		return page(request, "incoming_phone_numbers", found, number_json)


def fetch_number(context: Context, request: Request, account: Account, sid: str) -> Response:
	return json_answer(number_json(_number(context.world, request, account, sid)))


def update_number(context: Context, request: Request, account: Account, sid: str) -> Response:
	number = _number(context.world, request, account, sid)
	asked = changes(
		request.form,
		urls=SMS_URLS | {"StatusCallback": "status_callback"},
		methods=SMS_METHODS | {"StatusCallbackMethod": "status_callback_method"},
	)
	if "SmsApplicationSid" in request.form:
		asked["sms_application_sid"] = request.form["SmsApplicationSid"]
	with context.world.lock:
		vars(number).update(asked, updated=now())
	context.world.touch()
	return json_answer(number_json(number))


def number_json(number: PhoneNumber) -> dict:
	return {
		"account_sid": number.account_sid,
		"address_requirements": "none",
		"address_sid": None,
		"api_version": API_VERSION,
		"beta": False,
		"bundle_sid": None,
		"capabilities": {"voice": False, "sms": number.sms, "mms": number.mms, "fax": False},
		"date_created": rfc2822(number.created),
		"date_updated": rfc2822(number.updated),
		"emergency_address_sid": None,
		"emergency_address_status": "unregistered",
		"emergency_status": "Inactive",
		"friendly_name": number.friendly_name,
		"identity_sid": None,
		"origin": "twilio",
		"phone_number": number.phone_number,
		"sid": number.sid,
		"sms_application_sid": number.sms_application_sid or None,
		"sms_fallback_method": number.sms_fallback_method,
		"sms_fallback_url": number.sms_fallback_url,
		"sms_method": number.sms_method,
		"sms_url": number.sms_url,
		"status": "in-use",
		"status_callback": number.status_callback,
		"status_callback_method": number.status_callback_method,
		"trunk_sid": None,
		"type": "tollfree" if number.kind == TOLL_FREE else "local",
		"uri": f"{API}/{number.account_sid}/IncomingPhoneNumbers/{number.sid}.json",
		"voice_application_sid": None,
		"voice_caller_id_lookup": False,
		"voice_fallback_method": "POST",
		"voice_fallback_url": None,
		"voice_method": "POST",
		"voice_receive_mode": "voice",
		"voice_url": None,
	}


def _number(world: World, request: Request, account: Account, sid: str) -> PhoneNumber:
	for number in list(world.numbers.values()):
		if number.sid == sid and number.account_sid == account.sid and number.kind in (LONG_CODE, TOLL_FREE):
			return number
	raise RestError(20404, request.path)


_LIST = f"{API}/<sid:account_sid>/IncomingPhoneNumbers.json"
_ONE = f"{API}/<sid:account_sid>/IncomingPhoneNumbers/<sid:sid>.json"
RULES = [
	Rule(_LIST, endpoint=list_numbers, methods=["GET"]),
	Rule(_ONE, endpoint=fetch_number, methods=["GET"]),
	Rule(_ONE, endpoint=update_number, methods=["POST"]),
]
