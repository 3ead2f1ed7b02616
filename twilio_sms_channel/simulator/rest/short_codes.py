"""Short codes of an account (https://www.twilio.com/docs/messaging/api/short-code-resource)."""

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.models import SHORT_CODE, Account, PhoneNumber, now
from twilio_sms_channel.simulator.rest.answers import (
	API,
	API_VERSION,
	SMS_METHODS,
	SMS_URLS,
	changes,
	json_answer,
	page,
	rfc2822,
)
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.world import World


def list_short_codes(context: Context, request: Request, account: Account) -> Response:
	code, name = request.args.get("ShortCode", ""), request.args.get("FriendlyName")
	with context.world.lock:
		found = [
			n
			for n in _owned(context.world, account)
			if code.strip("*") in n.phone_number and name in (None, n.friendly_name)
		]
		return page(request, "short_codes", found, short_code_json)


def fetch_short_code(context: Context, request: Request, account: Account, sid: str) -> Response:
	return json_answer(short_code_json(_short_code(context.world, request, account, sid)))


def update_short_code(context: Context, request: Request, account: Account, sid: str) -> Response:
	code = _short_code(context.world, request, account, sid)
	asked = changes(request.form, urls=SMS_URLS, methods=SMS_METHODS)
	with context.world.lock:
		vars(code).update(asked, updated=now())
	context.world.touch()
	return json_answer(short_code_json(code))


def short_code_json(code: PhoneNumber) -> dict:
	return {
		"account_sid": code.account_sid,
		"api_version": API_VERSION,
		"date_created": rfc2822(code.created),
		"date_updated": rfc2822(code.updated),
		"friendly_name": code.friendly_name,
		"short_code": code.phone_number,
		"sid": code.sid,
		"sms_fallback_method": code.sms_fallback_method,
		"sms_fallback_url": code.sms_fallback_url,
		"sms_method": code.sms_method,
		"sms_url": code.sms_url,
		"uri": f"{API}/{code.account_sid}/SMS/ShortCodes/{code.sid}.json",
	}


def _owned(world: World, account: Account) -> list[PhoneNumber]:
	return [n for n in world.numbers.values() if n.account_sid == account.sid and n.kind == SHORT_CODE]


def _short_code(world: World, request: Request, account: Account, sid: str) -> PhoneNumber:
	""":raises RestError: 20404, no short code of that SID in this account"""
	with world.lock:
		for code in _owned(world, account):
			if code.sid == sid:
				return code
	raise RestError(20404, request.path)


_LIST = f"{API}/<sid:account_sid>/SMS/ShortCodes.json"
_ONE = f"{API}/<sid:account_sid>/SMS/ShortCodes/<sid:sid>.json"
RULES = [
	Rule(_LIST, endpoint=list_short_codes, methods=["GET"]),
	Rule(_ONE, endpoint=fetch_short_code, methods=["GET"]),
	Rule(_ONE, endpoint=update_short_code, methods=["POST"]),
]
