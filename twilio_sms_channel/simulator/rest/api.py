"""Twilio's REST API, the part that a texting app uses (https://www.twilio.com/docs/messaging/api).

JSON only. The shapes are those of Twilio's OpenAPI descriptions. Accounts, numbers, messages and media are here; what is
rarer has modules of its own, each with `RULES` whose endpoints are functions `(world, request, account, …)`.
"""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import phonenumbers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.wrappers import Request, Response

from twilio_sms_channel.simulator.carrier_outbound import OutboundCarrier
from twilio_sms_channel.simulator.errors import UNKNOWN_USER, RestError
from twilio_sms_channel.simulator.faults import Faults
from twilio_sms_channel.simulator.media import MAX_MEDIA
from twilio_sms_channel.simulator.models import (
	ALPHANUMERIC,
	FINAL_STATUSES,
	LONG_CODE,
	TOLL_FREE,
	Account,
	Media,
	Message,
	PhoneNumber,
	RestRequest,
	now,
)
from twilio_sms_channel.simulator.phone_numbers import looks_alphanumeric, looks_like_short_code, region
from twilio_sms_channel.simulator.rest import (
	alerts,
	campaigns,
	geo_permissions,
	services,
	short_codes,
	verifications,
)
from twilio_sms_channel.simulator.rest.answers import (
	API,
	API_VERSION,
	SMS_METHODS,
	SMS_URLS,
	changes,
	is_url,
	json_answer,
	page,
	rfc2822,
)
from twilio_sms_channel.simulator.world import World

MAX_BODY_CHARACTERS = 1600
RETRY_AFTER_S = 1
MIN_SCHEDULE_S, MAX_SCHEDULE_S = 900, 35 * 24 * 3600
MAX_VALIDITY_S = 36_000
READ_AT = "twilio_sms_channel.read_at"
"""in a request's environment: `time.monotonic()` when all of it had been read"""

# As with Twilio's test credentials (https://www.twilio.com/docs/iam/test-credentials).
MAGIC_TO = {
	"+15005550001": 21211,
	"+15005550002": 21612,
	"+15005550003": 21408,
	"+15005550004": 21610,
	"+15005550009": 21614,
}
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}


class HungUp(ConnectionError):
	"""A fault: the connection is to be closed without an answer."""


class SidConverter(BaseConverter):
	regex = r"[A-Za-z]{2}[0-9A-Za-z]+"


URLS = Map(
	[
		Rule(f"{API}/<sid:account_sid>.json", endpoint="account", methods=["GET"]),
		Rule(f"{API}/<sid:account_sid>/Balance.json", endpoint="balance", methods=["GET"]),
		Rule(f"{API}/<sid:account_sid>/IncomingPhoneNumbers.json", endpoint="numbers", methods=["GET"]),
		Rule(
			f"{API}/<sid:account_sid>/IncomingPhoneNumbers/<sid:sid>.json",
			endpoint="number",
			methods=["GET", "POST"],
		),
		Rule(f"{API}/<sid:account_sid>/Messages.json", endpoint="messages", methods=["GET", "POST"]),
		Rule(
			f"{API}/<sid:account_sid>/Messages/<sid:sid>.json",
			endpoint="message",
			methods=["GET", "POST", "DELETE"],
		),
		Rule(
			f"{API}/<sid:account_sid>/Messages/<sid:sid>/Media.json", endpoint="media_list", methods=["GET"]
		),
		Rule(
			f"{API}/<sid:account_sid>/Messages/<sid:sid>/Media/<sid:media_sid>.json",
			endpoint="media",
			methods=["GET", "DELETE"],
		),
		Rule(
			f"{API}/<sid:account_sid>/Messages/<sid:sid>/Media/<sid:media_sid>",
			endpoint="media_content",
			methods=["GET", "DELETE"],
		),
		*short_codes.RULES,
		*services.RULES,
		*campaigns.RULES,
		*verifications.RULES,
		*geo_permissions.RULES,
		*alerts.RULES,
	],
	converters={"sid": SidConverter},
	strict_slashes=True,
)


class RestApi:
	"""Answers requests under /2010-04-01.

	:param pause: `pause(seconds)` waits, but no longer than the simulator lives
	:param hang_s: how long a request hangs that never gets an answer
	:param slow_s: how much longer a slow answer takes
	:param latency_s: how long every answer takes
	:param media_location: `media_location(media)` is the address on the media host
	"""

	def __init__(
		self,
		world: World,
		carrier: OutboundCarrier,
		faults: Faults,
		pause: Callable[[float], None],
		hang_s: float,
		slow_s: float,
		latency_s: float,
		media_location: Callable[[Media], str],
	):
		self.world = world
		self.carrier = carrier
		self.faults = faults
		self._pause = pause
		self._hang_s = hang_s
		self._slow_s = slow_s
		self.latency_s = latency_s
		self.clock_ahead = timedelta()
		"""how far Twilio's clock is ahead of this machine's: in the header Date and in all times of messages"""
		self.under_way: set[int] = set()
		self._media_location = media_location

	def answer(self, request: Request) -> Response:
		"""Answer one request and note it in the journal.

		:raises HungUp: a fault closes the connection
		"""
		entry = _journal_entry(request)
		started = request.environ[READ_AT] = time.monotonic()
		self.under_way.add(id(entry))
		try:
			# One half on the way there, one on the way back: a client may be gone by either.
			self._travel()
			response = self._answer_or_refuse(request, entry)
			response.headers["Date"] = format_datetime(now() + self.clock_ahead, usegmt=True)
			self._travel()
			return response
		finally:
			self.under_way.remove(id(entry))
			entry.latency_ms = round((time.monotonic() - started) * 1000)
			self.world.record(entry)

	def _travel(self) -> None:
		if self.latency_s:
			self._pause(self.latency_s / 2)

	def _answer_or_refuse(self, request: Request, entry: RestRequest) -> Response:
		try:
			response = self._answer(request, entry)
			entry.status_code = response.status_code
			return response
		except RestError as e:
			entry.status_code, entry.error_code = e.status, e.code
			response = json_answer(e.as_json(), e.status)
			if e.status == 401:
				response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
			if e.status == 429:
				response.headers["Retry-After"] = str(RETRY_AFTER_S)
			return response

	def _answer(self, request: Request, entry: RestRequest) -> Response:
		if self.faults.strikes("connection_closed"):
			raise HungUp
		if self.faults.strikes("rate_limit"):
			raise RestError(20429)
		if self.faults.strikes("outage"):
			raise RestError(20503)
		if self.faults.strikes("slow_api"):
			self._pause(self._slow_s)
		account, standard_key = self._log_in(request, entry)
		try:
			endpoint, arguments = URLS.bind_to_environ(request.environ).match()
		except MethodNotAllowed:
			raise RestError(20004)
		except HTTPException:
			raise RestError(20404, request.path)
		if arguments.pop("account_sid", account.sid) != account.sid:
			raise RestError(20404, request.path)
		if account.status != "active":
			raise RestError(20403)
		if endpoint == "account" and standard_key:
			# Twilio, Key resource: Standard keys reach everything except API keys and Account resources.
			raise RestError(20003)
		if callable(endpoint):
			return endpoint(self.world, request, account, **arguments)
		handler = getattr(self, f"_{request.method.lower()}_{endpoint}", None)
		if handler is None:
			raise RestError(20004)
		return handler(request, account, **arguments)

	def _log_in(self, request: Request, entry: RestRequest) -> tuple[Account, bool]:
		"""The account of the credentials, and whether they are a Standard API key's."""
		given = request.authorization
		if not given or given.type != "basic":
			raise RestError(20003)
		user, password = given.username or "", given.password or ""
		known = False
		with self.world.lock:
			for account in self.world.accounts.values():
				key = account.api_keys.get(user)
				known = known or user == account.sid or bool(key)
				if (user == account.sid and account.lets_in(password)) or (key and key.secret == password):
					entry.user = user
					return account, bool(key and key.type == "Standard")
		raise RestError(20003) if known else RestError(20003, message=UNKNOWN_USER)

	# Accounts and numbers

	def _get_account(self, request: Request, account: Account) -> Response:
		return json_answer(account_json(account))

	def _get_balance(self, request: Request, account: Account) -> Response:
		return json_answer(
			{"account_sid": account.sid, "balance": f"{account.balance:.2f}", "currency": "USD"}
		)

	def _get_numbers(self, request: Request, account: Account) -> Response:
		wanted = _number_argument(request.args.get("PhoneNumber", ""))
		pattern = re.compile(re.escape(wanted).replace(r"\*", r"\d"))
		name = request.args.get("FriendlyName")
		with self.world.lock:
			found = [
				n
				for n in self.world.numbers.values()
				if n.account_sid == account.sid
				and n.kind in (LONG_CODE, TOLL_FREE)
				and pattern.search(n.phone_number)
				and name in (None, n.friendly_name)
			]
			return page(request, "incoming_phone_numbers", found, number_json)

	def _get_number(self, request: Request, account: Account, sid: str) -> Response:
		return json_answer(number_json(self._number(request, account, sid)))

	def _post_number(self, request: Request, account: Account, sid: str) -> Response:
		number = self._number(request, account, sid)
		asked = changes(
			request.form,
			urls=SMS_URLS | {"StatusCallback": "status_callback"},
			methods=SMS_METHODS | {"StatusCallbackMethod": "status_callback_method"},
		)
		if "SmsApplicationSid" in request.form:
			asked["sms_application_sid"] = request.form["SmsApplicationSid"]
		with self.world.lock:
			vars(number).update(asked, updated=now())
		self.world.touch()
		return json_answer(number_json(number))

	def _number(self, request: Request, account: Account, sid: str) -> PhoneNumber:
		for number in list(self.world.numbers.values()):
			if (
				number.sid == sid
				and number.account_sid == account.sid
				and number.kind in (LONG_CODE, TOLL_FREE)
			):
				return number
		raise RestError(20404, request.path)

	# Messages

	def _get_messages(self, request: Request, account: Account) -> Response:
		to, from_ = (_number_argument(request.args.get(p, "")) for p in ("To", "From"))
		dates = [
			(op, request.args[f"DateSent{op}"]) for op in ("", "<", ">") if f"DateSent{op}" in request.args
		]
		tests = [_date_test(op, value) for op, value in dates if value]
		with self.world.lock:
			listed = self.world.messages_to.get(to, []) if to else self.world.messages.values()
			found = (
				m
				for m in reversed(listed)
				if m.account_sid == account.sid
				and not m.hidden
				and not m.automatic
				and from_ in ("", m.from_)
				and all(test((m.sent or m.created) + self.clock_ahead) for test in tests)
			)
			return page(request, "messages", found, self._message_json)

	def _post_messages(self, request: Request, account: Account) -> Response:
		if self.faults.strikes("error_before"):
			raise RestError(20500)
		if self.faults.strikes("timeout_before"):
			self._pause(self._hang_s)
			raise HungUp
		message = self.carrier.accept(account, **self._validated(request, account))
		with self.world.lock:
			answer = json_answer(self._message_json(message), 201)
		self.carrier.begin(message)
		if self.faults.strikes("error_after"):
			raise RestError(20500)
		if self.faults.strikes("timeout_after"):
			self._pause(self._hang_s)
			raise HungUp
		return answer

	def _validated(self, request: Request, account: Account) -> dict:
		"""What `OutboundCarrier.accept` takes; the checks are in the order in which Twilio is seen to make them."""
		form = request.form
		body, to = form.get("Body", ""), _number_argument(form.get("To", ""))
		from_ = _number_argument(form.get("From", "")) or None
		service_sid = form.get("MessagingServiceSid", "").strip() or None
		media_urls = [url for url in form.getlist("MediaUrl") if url]
		callback = form.get("StatusCallback", "").strip()
		if not to:
			raise RestError(21604)
		if not from_ and not service_sid:
			raise RestError(21603)
		country = _check_recipient(to)
		sender = self._check_sender(account, from_, service_sid, country)
		if not body and not media_urls:
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
		if account.type == "Trial" and to not in account.verified:
			raise RestError(21608, to)
		if not account.may_text(country):
			raise RestError(21408, to)
		if sender and country != region(sender.phone_number) and self.faults.strikes("region_disabled"):
			raise RestError(21408, to)
		return {
			"to": to,
			"from_": from_,
			"body": body,
			"service_sid": service_sid,
			"media_urls": media_urls,
			"status_callback": callback,
			"send_at": _send_at(form, service_sid),
			"validity_s": _validity(form.get("ValidityPeriod")),
			"arrived": request.environ[READ_AT],
		}

	def _check_sender(
		self, account: Account, from_: str | None, service_sid: str | None, country: str
	) -> PhoneNumber | None:
		"""Our number that sends, or one of the pool; None for an alphanumeric sender."""
		pool = None
		if service_sid:
			service = self.world.services.get(service_sid)
			if not service or service.account_sid != account.sid:
				raise RestError(21701, service_sid)
			pool = self.world.pool(service_sid)
			if not pool:
				raise RestError(21704)
		if not from_:
			return pool[0]
		if from_ in MAGIC_FROM:
			raise RestError(MAGIC_FROM[from_], from_)
		number = self.world.numbers.get(from_)
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

	def _get_message(self, request: Request, account: Account, sid: str) -> Response:
		return json_answer(self._message_json(self._message(request, account, sid)))

	def _post_message(self, request: Request, account: Account, sid: str) -> Response:
		"""Cancel a scheduled message, or redact a body."""
		message = self._message(request, account, sid)
		with self.world.lock:
			if "Status" in request.form:
				if request.form["Status"] != "canceled":
					raise RestError(20001, "Status")
				if message.status != "scheduled":
					raise RestError(30409)
				self.world.set_status(message, "canceled")
			if "Body" in request.form:
				if request.form["Body"]:
					raise RestError(20001, "Body can only be set to an empty string")
				if message.status not in FINAL_STATUSES | {"sent"}:
					raise RestError(20009)
				message.redacted, message.updated = True, now()
		self.world.touch()
		return json_answer(self._message_json(message))

	def _delete_message(self, request: Request, account: Account, sid: str) -> Response:
		message = self._message(request, account, sid)
		if message.status not in FINAL_STATUSES | {"sent"}:
			raise RestError(20009)
		message.hidden = True
		self.world.touch()
		return Response(status=204)

	def _message_json(self, message: Message) -> dict:
		return message_json(message, self.clock_ahead)

	def _message(self, request: Request, account: Account, sid: str) -> Message:
		message = self.world.messages.get(sid)
		if not message or message.account_sid != account.sid or message.hidden or message.automatic:
			raise RestError(20404, request.path)
		return message

	# Media

	def _get_media_list(self, request: Request, account: Account, sid: str) -> Response:
		message = self._message(request, account, sid)
		with self.world.lock:
			return page(
				request, "media_list", [m for m in message.media if m.sid in self.world.media], media_json
			)

	def _get_media(self, request: Request, account: Account, sid: str, media_sid: str) -> Response:
		return json_answer(media_json(self._media(request, account, sid, media_sid)))

	def _get_media_content(self, request: Request, account: Account, sid: str, media_sid: str) -> Response:
		media = self._media(request, account, sid, media_sid)
		if self.faults.strikes("media_missing"):
			raise RestError(20404, request.path)
		return Response(status=307, headers={"Location": self._media_location(media)})

	def _delete_media(self, request: Request, account: Account, sid: str, media_sid: str) -> Response:
		media = self._media(request, account, sid, media_sid)
		with self.world.lock:
			del self.world.media[media.sid]
			self.world.messages[sid].num_media -= 1
		self.world.touch()
		return Response(status=204)

	_delete_media_content = _delete_media

	def _media(self, request: Request, account: Account, sid: str, media_sid: str) -> Media:
		media = self.world.media.get(media_sid)
		if not media or media.message_sid != self._message(request, account, sid).sid:
			raise RestError(20404, request.path)
		return media


def account_json(account: Account) -> dict:
	uri = f"{API}/{account.sid}"
	return {
		"auth_token": account.auth_token,
		"date_created": rfc2822(account.created),
		"date_updated": rfc2822(account.created),
		"friendly_name": account.friendly_name,
		"owner_account_sid": account.sid,
		"sid": account.sid,
		"status": account.status,
		"subresource_uris": {
			"incoming_phone_numbers": f"{uri}/IncomingPhoneNumbers.json",
			"messages": f"{uri}/Messages.json",
		},
		"type": account.type,
		"uri": f"{uri}.json",
	}


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


def media_json(media: Media) -> dict:
	return {
		"account_sid": media.account_sid,
		"content_type": media.content_type,
		"date_created": rfc2822(media.created),
		"date_updated": rfc2822(media.created),
		"parent_sid": media.message_sid,
		"sid": media.sid,
		"uri": f"{API}/{media.account_sid}/Messages/{media.message_sid}/Media/{media.sid}.json",
	}


def _journal_entry(request: Request) -> RestRequest:
	return RestRequest(
		method=request.method,
		path=request.path,
		query=request.args.to_dict(flat=False),
		form=request.form.to_dict(flat=False),
		headers={k: v for k, v in request.headers.items() if k.lower() not in ("authorization", "cookie")},
	)


def _number_argument(value: str) -> str:
	"""A number as given; a "+" that nobody percent-encoded arrives as a blank."""
	if value.startswith(" ") and value.strip().isdecimal():
		return "+" + value.strip()
	return value.strip()


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
