"""monitor.twilio.com: alerts, Twilio's own log of what went wrong (https://www.twilio.com/docs/usage/monitor-alert).

There is one for each webhook or status callback that failed for good or was answered with what is no TwiML, and one for
each message that failed or was not delivered.
"""

from datetime import datetime, timedelta, timezone

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.models import ALERT_LEVELS, Account, Alert
from twilio_sms_channel.simulator.rest.answers import (
	API_VERSION,
	V1,
	host_of,
	iso8601,
	json_answer,
	page_with_meta,
)
from twilio_sms_channel.simulator.rest.context import Context


def list_alerts(context: Context, request: Request, account: Account) -> Response:
	"""Newest first, in a shorter form than one alone."""
	level = request.args.get("LogLevel", "")
	if level and level not in ALERT_LEVELS:
		raise RestError(20001, "LogLevel")
	start, end = _date(request, "StartDate"), _date(request, "EndDate", as_end=True)
	with context.world.lock:
		found = (
			a
			for a in reversed(context.world.alerts)
			if a.account_sid == account.sid
			and level in ("", a.log_level)
			and (start is None or a.generated >= start)
			and (end is None or a.generated < end)
		)
		return page_with_meta(request, "alerts", found, lambda a: alert_json(a, host_of(request)))


def fetch_alert(context: Context, request: Request, account: Account, sid: str) -> Response:
	"""One alert with the HTTP request and answer that it is about."""
	with context.world.lock:
		for alert in context.world.alerts:
			if alert.sid == sid and alert.account_sid == account.sid:
				return json_answer(
					alert_json(alert, host_of(request))
					| {
						"request_headers": None,
						"request_variables": alert.request_variables,
						"response_body": alert.response_body,
						"response_headers": None,
					}
				)
	raise RestError(20404, request.path)


def alert_json(alert: Alert, host: str) -> dict:
	moment = iso8601(alert.generated)
	return {
		"account_sid": alert.account_sid,
		"alert_text": alert.text,
		"api_version": API_VERSION,
		"date_created": moment,
		"date_generated": moment,
		"date_updated": moment,
		"error_code": str(alert.error_code),
		"log_level": alert.log_level,
		"more_info": f"https://www.twilio.com/docs/errors/{alert.error_code}",
		"request_method": alert.request_method or None,
		"request_url": alert.request_url or None,
		"resource_sid": alert.resource_sid or None,
		"service_sid": alert.service_sid or None,
		"sid": alert.sid,
		"url": f"{host}{V1}/Alerts/{alert.sid}",
	}


def _date(request: Request, parameter: str, as_end: bool = False) -> datetime | None:
	"""YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ; as an end it includes that day or that second.

	:raises RestError: 20001, neither
	"""
	value = request.args.get(parameter, "")
	if not value:
		return None
	try:
		moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
		moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
		if as_end:
			moment += timedelta(days=1) if len(value) == len("YYYY-MM-DD") else timedelta(seconds=1)
	except (ValueError, OverflowError):
		raise RestError(20001, parameter)
	return moment


RULES = [
	Rule(f"{V1}/Alerts", endpoint=list_alerts, methods=["GET"]),
	Rule(f"{V1}/Alerts/<sid:sid>", endpoint=fetch_alert, methods=["GET"]),
]
