"""What Twilio checks before it accepts a message, and how it refuses."""

import re
from datetime import datetime, timezone

import phonenumbers
from werkzeug.wrappers import Request

from twilio_sms_channel.simulator import addresses
from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.media import MAX_MEDIA
from twilio_sms_channel.simulator.models import (
	ALPHANUMERIC,
	RCS_SENDER,
	Account,
	Content,
	PhoneNumber,
	now,
)
from twilio_sms_channel.simulator.phone_numbers import looks_alphanumeric, looks_like_short_code, region
from twilio_sms_channel.simulator.rest.answers import is_url, number_argument
from twilio_sms_channel.simulator.rest.context import READ_AT, Context
from twilio_sms_channel.simulator.world import World

MAX_BODY_CHARACTERS = 1600
MIN_SCHEDULE_S, MAX_SCHEDULE_S = 900, 35 * 24 * 3600
MAX_VALIDITY_S = 36_000

# As with Twilio's test credentials (https://www.twilio.com/docs/iam/test-credentials).
MAGIC_TO = {
	"+15005550001": 21211,
	"+15005550002": 21612,
	"+15005550003": 21408,
	"+15005550004": 21610,
	"+15005550009": 21614,
}
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}


def validated(context: Context, request: Request, account: Account) -> dict:
	"""What `OutboundCarrier.accept` takes; the checks are in the order in which Twilio is seen to make them."""
	form = request.form
	body, to = form.get("Body", ""), number_argument(form.get("To", ""))
	from_ = number_argument(form.get("From", "")) or None
	service_sid = form.get("MessagingServiceSid", "").strip() or None
	media_urls = [url for url in form.getlist("MediaUrl") if url]
	callback = form.get("StatusCallback", "").strip()
	content = _content(context.world, account, form.get("ContentSid", "").strip())
	fallback_from = number_argument(form.get("FallbackFrom", "")) or None
	if not to:
		raise RestError(21604)
	if fallback_from:
		_check_fallback(context.world, account, fallback_from, from_, service_sid)
	if not from_ and not service_sid:
		raise RestError(21603)
	country = _check_recipient(addresses.without_channel(to))
	sender = _check_sender(context.world, account, from_, service_sid, country)
	if from_ and addresses.is_rcs(to) != addresses.is_rcs(from_):
		raise RestError(21910)
	if not from_ and addresses.is_rcs(to) and not context.world.rcs_senders(service_sid):
		raise RestError(21910)
	if not body and not media_urls and not content:
		raise RestError(21619)
	if len(body) > MAX_BODY_CHARACTERS:
		raise RestError(21617)
	if len(media_urls) > MAX_MEDIA:
		raise RestError(21623)
	for url in media_urls:
		if not is_url(url):
			raise RestError(21620, url)
	if media_urls and sender and not sender.mms:
		raise RestError(21606, from_)
	if callback and not is_url(callback):
		raise RestError(21609, callback)
	if account.type == "Trial" and addresses.without_channel(to) not in account.verified:
		raise RestError(21608, to)
	if not account.may_text(country):
		raise RestError(21408, to)
	is_abroad = sender and sender.kind != RCS_SENDER and country != region(sender.phone_number)
	if is_abroad and context.faults.strikes("region_disabled"):
		raise RestError(21408, to)
	return {
		"to": to,
		"from_": from_,
		"body": body,
		"service_sid": service_sid,
		"media_urls": media_urls,
		"content": content,
		"fallback_from": fallback_from,
		"status_callback": callback,
		"send_at": _send_at(form, service_sid),
		"validity_s": _validity(form.get("ValidityPeriod")),
		"arrived": request.environ[READ_AT],
	}


def _check_sender(
	world: World, account: Account, from_: str | None, service_sid: str | None, country: str
) -> PhoneNumber | None:
	"""Our number that sends, or one of the pool; None for an alphanumeric sender."""
	pool = None
	if service_sid:
		service = world.services.get(service_sid)
		if not service or service.account_sid != account.sid:
			raise RestError(21701, service_sid)
		pool = world.pool(service_sid) + world.rcs_senders(service_sid)
		if not pool:
			raise RestError(21704)
	if not from_:
		return pool[0]
	if from_ in MAGIC_FROM:
		raise RestError(MAGIC_FROM[from_], from_)
	number = world.numbers.get(from_)
	if number is None and looks_alphanumeric(from_):
		number = PhoneNumber("", account.sid, from_, ALPHANUMERIC, mms=False)
	if number is None and not looks_like_short_code(from_) and not _possible(from_):
		raise RestError(21212, from_)
	if not number or number.account_sid != account.sid or not number.sms:
		raise RestError(21606, from_)
	if pool is not None and number not in pool:
		raise RestError(21606, from_)
	if number.kind == ALPHANUMERIC and country in ("US", "CA"):
		raise RestError(21612)
	return number


def _content(world: World, account: Account, sid: str) -> Content | None:
	"""
	:raises RestError: 20404, no template of that SID in this account
	"""
	if not sid:
		return None
	content = world.contents.get(sid)
	if not content or content.account_sid != account.sid:
		raise RestError(20404, sid)
	return content


def _check_fallback(
	world: World, account: Account, fallback_from: str, from_: str | None, service_sid: str | None
) -> None:
	if from_:
		raise RestError(21664)
	if not service_sid:
		raise RestError(21666)
	if not world.rcs_senders(service_sid):
		raise RestError(21667)
	number = world.numbers.get(fallback_from)
	if not number or number.account_sid != account.sid or not number.sms or number.kind == RCS_SENDER:
		raise RestError(21665, fallback_from)


def _check_recipient(to: str) -> str:
	"""The country (ISO 3166-1 alpha-2) of a valid customer number.

	:raises RestError: 21211, 21614, or what a magic number stands for
	"""
	if to in MAGIC_TO:
		raise RestError(MAGIC_TO[to], to)
	if not _possible(to):
		raise RestError(21211, to)
	parsed = phonenumbers.parse(to)
	if phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.FIXED_LINE:
		raise RestError(21614, to)
	return region(to)


def _possible(number: str) -> bool:
	try:
		return bool(re.fullmatch(r"\+[0-9]+", number)) and phonenumbers.is_possible_number(
			phonenumbers.parse(number)
		)
	except phonenumbers.NumberParseException:
		return False


def _send_at(form, service_sid: str | None) -> datetime | None:
	if form.get("ScheduleType") != "fixed":
		return None
	if not service_sid:
		raise RestError(35118)
	try:
		moment = datetime.fromisoformat(form.get("SendAt", "").replace("Z", "+00:00"))
		moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
	except ValueError:
		raise RestError(20001, "SendAt")
	if not MIN_SCHEDULE_S <= (moment - now()).total_seconds() <= MAX_SCHEDULE_S:
		raise RestError(35114)
	return moment


def _validity(value: str | None) -> int | None:
	if not value:
		return None
	if not re.fullmatch(r"[0-9]{1,5}", value) or not 1 <= int(value) <= MAX_VALIDITY_S:
		raise RestError(20001, "ValidityPeriod")
	return int(value)
