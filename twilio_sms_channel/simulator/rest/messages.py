"""Messages (https://www.twilio.com/docs/messaging/api/message-resource)."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.faults import HungUp
from twilio_sms_channel.simulator.models import FINAL_STATUSES, Account, Message, now
from twilio_sms_channel.simulator.rest.answers import (
	API,
	API_VERSION,
	json_answer,
	number_argument,
	page,
	rfc2822,
)
from twilio_sms_channel.simulator.rest.context import Context
from twilio_sms_channel.simulator.rest.damaged_pages import damaged
from twilio_sms_channel.simulator.rest.send_request import validated
from twilio_sms_channel.simulator.world import World


def list_messages(context: Context, request: Request, account: Account) -> Response:
	to, from_ = (number_argument(request.args.get(p, "")) for p in ("To", "From"))
	dates = [(op, request.args[f"DateSent{op}"]) for op in ("", "<", ">") if f"DateSent{op}" in request.args]
	tests = [_date_test(op, value) for op, value in dates if value]
	with context.world.lock:
		listed = context.world.messages_to.get(to, []) if to else context.world.messages.values()
		found = (
			m
			for m in reversed(listed)
			if m.account_sid == account.sid
			and not m.hidden
			and not m.automatic
			and from_ in ("", m.from_)
			and all(test((m.sent or m.created) + context.clock_ahead) for test in tests)
		)
		answer = page(request, "messages", found, lambda m: message_json(m, context.clock_ahead))
	return damaged(context.faults, answer, "messages")


def send_message(context: Context, request: Request, account: Account) -> Response:
	if context.faults.strikes("error_before"):
		raise RestError(20500)
	if context.faults.strikes("timeout_before"):
		context.pause(context.hang_s)
		raise HungUp
	message = context.carrier.accept(account, **validated(context, request, account))
	with context.world.lock:
		answer = json_answer(message_json(message, context.clock_ahead), 201)
	context.carrier.begin(message)
	if context.faults.strikes("error_after"):
		raise RestError(20500)
	if context.faults.strikes("timeout_after"):
		context.pause(context.hang_s)
		raise HungUp
	return answer


def fetch_message(context: Context, request: Request, account: Account, sid: str) -> Response:
	message = message_of(context.world, request, account, sid)
	return json_answer(message_json(message, context.clock_ahead))


def update_message(context: Context, request: Request, account: Account, sid: str) -> Response:
	"""Cancel a scheduled message, or redact a body."""
	message = message_of(context.world, request, account, sid)
	with context.world.lock:
		if "Status" in request.form:
			if request.form["Status"] != "canceled":
				raise RestError(20001, "Status")
			if message.status != "scheduled":
				raise RestError(30409)
			context.world.set_status(message, "canceled")
		if "Body" in request.form:
			if request.form["Body"]:
				raise RestError(20001, "Body can only be set to an empty string")
			if message.status not in FINAL_STATUSES | {"sent"}:
				raise RestError(20009)
			message.redacted, message.updated = True, now()
	context.world.touch()
	return json_answer(message_json(message, context.clock_ahead))


def delete_message(context: Context, request: Request, account: Account, sid: str) -> Response:
	message = message_of(context.world, request, account, sid)
	if message.status not in FINAL_STATUSES | {"sent"}:
		raise RestError(20009)
	message.hidden = True
	context.world.touch()
	return Response(status=204)


def message_json(message: Message, clock_ahead: timedelta = timedelta()) -> dict:
	uri = f"{API}/{message.account_sid}/Messages/{message.sid}"
	return {
		"account_sid": message.account_sid,
		"api_version": API_VERSION,
		"body": "" if message.redacted else message.body,
		"date_created": rfc2822(message.created + clock_ahead),
		"date_sent": rfc2822(message.sent and message.sent + clock_ahead),
		"date_updated": rfc2822(message.updated + clock_ahead),
		"direction": message.direction,
		"error_code": message.error_code,
		"error_message": message.error_message,
		"from": message.from_,
		"messaging_service_sid": message.messaging_service_sid,
		"num_media": str(message.num_media),
		"num_segments": str(message.num_segments),
		"price": message.price,
		"price_unit": "USD",
		"sid": message.sid,
		"status": message.status,
		"subresource_uris": {"media": f"{uri}/Media.json"},
		"to": message.to,
		"uri": f"{uri}.json",
	}


def message_of(world: World, request: Request, account: Account, sid: str) -> Message:
	""":raises RestError: 20404, the API shows no message of that SID in this account"""
	message = world.messages.get(sid)
	if not message or message.account_sid != account.sid or message.hidden or message.automatic:
		raise RestError(20404, request.path)
	return message


def _date_test(operator: str, value: str) -> Callable[[datetime], bool]:
	"""A filter of DateSent; both ends are inclusive. A bare date means the whole day, and so does any `DateSent=`.

	:raises RestError: 20001, not a date
	"""
	try:
		bare = bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value))
		moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
		moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
		end = moment + (timedelta(days=1) if bare else timedelta(seconds=1))
	except (ValueError, OverflowError):
		raise RestError(20001, f"DateSent{operator}")
	return {
		"": lambda sent: sent.date() == moment.date(),
		"<": lambda sent: sent < end,
		">": lambda sent: sent >= moment,
	}[operator]


_LIST = f"{API}/<sid:account_sid>/Messages.json"
_ONE = f"{API}/<sid:account_sid>/Messages/<sid:sid>.json"
RULES = [
	Rule(_LIST, endpoint=list_messages, methods=["GET"]),
	Rule(_LIST, endpoint=send_message, methods=["POST"]),
	Rule(_ONE, endpoint=fetch_message, methods=["GET"]),
	Rule(_ONE, endpoint=update_message, methods=["POST"]),
	Rule(_ONE, endpoint=delete_message, methods=["DELETE"]),
]
