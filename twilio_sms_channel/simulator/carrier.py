"""What happens to a text between Twilio, the networks and a handset."""

import math
import mimetypes
import re
import unicodedata
from datetime import timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree

import filetype
import phonenumbers
import requests
import smsutil
import smsutil.codecs

from twilio_sms_channel.simulator import opt_out, registrations
from twilio_sms_channel.simulator.delivery import MAX_TWIML_BYTES, USER_AGENT, Answer, Courier
from twilio_sms_channel.simulator.errors import DELIVERY_ERRORS, WEBHOOK_ERRORS, WEBHOOK_WARNINGS, RestError
from twilio_sms_channel.simulator.faults import Faults
from twilio_sms_channel.simulator.models import (
	FINAL_STATUSES,
	SERVICE,
	SHORT_CODE,
	Account,
	Media,
	Message,
	Notice,
	PhoneNumber,
	WebhookAttempt,
	now,
)
from twilio_sms_channel.simulator.world import World

STEP_S = 0.3
"""between one status and the next, at speed 1"""
MAX_MEDIA_BYTES = 5 * 1024 * 1024
"""of all media of a message together"""
MAX_MEDIA = 10
MEDIA_TIMEOUT_S = 10
GSM_CHARSET = frozenset(smsutil.codecs.GSM_CHARSET + smsutil.codecs.GSM_EXT_CHARSET)
TYPOGRAPHIC = {
	"‘": "'",
	"’": "'",
	"“": '"',
	"”": '"',
	"«": '"',
	"»": '"',
	"–": "-",
	"—": "-",
	"•": "-",
	"©": "(C)",
}
PRICE_USD_A_SEGMENT = 0.0079
MMS_REGIONS = {"US", "CA", "AU"}
TRIAL_PREFIX = "Sent from your Twilio trial account - "
CALLBACK_FIRST_WAIT_S = 10

# A customer number whose last five digits are one of these codes meets that end.
UNDELIVERED_ENDINGS = {30003, 30004, 30005, 30006, 30007, 30008, 30032, 30034}
FAILED_ENDINGS = {30001, 30002, 30036}
NO_RECEIPT_ENDING = "30000"
"""stays "sent" for ever: a network without delivery receipts"""

# As in Twilio's article on accepted content types for media.
ACCEPTED_MEDIA = {
	*("image/" + t for t in ("jpeg", "jpg", "gif", "png", "bmp", "tiff", "heic", "heif")),
	*("video/" + t for t in ("mpeg", "mp4", "quicktime", "webm", "3gpp", "3gpp2", "3gpp-tt")),
	*("video/" + t for t in ("H261", "H263", "H263-1998", "H263-2000", "H264")),
	*("audio/" + t for t in ("basic", "L24", "mp4", "mpeg", "ogg", "vnd.rn-realaudio", "vnd.wave", "3gpp")),
	*("audio/" + t for t in ("3gpp2", "ac3", "webm", "amr-nb", "amr")),
	*("text/" + t for t in ("vcard", "x-vcard", "csv", "rtf", "richtext", "calendar", "directory")),
	"application/pdf",
}

# Twilio derives these from the number, not from where the person is.
PLACES = {
	"+1415": ("SAN FRANCISCO", "CA", "94105"),
	"+1212": ("NEW YORK", "NY", "10001"),
	"+1312": ("CHICAGO", "IL", "60601"),
	"+1206": ("SEATTLE", "WA", "98101"),
	"+1512": ("AUSTIN", "TX", "78701"),
}


class Carrier:
	"""Moves messages through the world.

	:param speed: 1 takes about a second from queued to delivered, 10 a tenth of that, `math.inf` no time
	"""

	def __init__(self, world: World, courier: Courier, faults: Faults, speed: float, media_url_of):
		self.world = world
		self.courier = courier
		self.faults = faults
		self.step_s = 0.0 if math.isinf(speed) else STEP_S / speed
		self._media_url_of = media_url_of
		self._held_back: dict[str, dict[str, str]] = {}

	# From a handset to the app

	def receive(self, from_: str, number: PhoneNumber, body: str, media, extra: dict[str, str]) -> Message:
		"""A customer's text: store it, answer STOP and the like, announce it by webhook."""
		world = self.world
		with world.lock:
			sid = world.sid("MM" if media else "SM")
			message = Message(
				sid=sid,
				account_sid=number.account_sid,
				direction="inbound",
				from_=from_,
				to=number.phone_number,
				body=body,
				status="received",
				num_segments=1 if media else count_segments(body),
				num_media=len(media),
				messaging_service_sid=number.service_sid or None,
			)
			message.sent = message.created
			message.media = [self._keep(message, *_described(*item)) for item in media]
			world.add_message(message)
			word, reply = self._apply_keyword(message, number)
		if reply:
			self.courier.later(self.step_s, self._answer_automatically, message, reply)
		if world.inbound_route(number).dropped:
			# Neither logged nor received, says Twilio of a service without inbound URL.
			message.hidden = True
			self._note(message, "The Messaging Service drops inbound messages: it has no inbound URL.")
		elif world.accounts[number.account_sid].status != "active":
			self._note(message, "The account is not active: Twilio does not deliver its inbound messages.")
		elif self.faults.strikes("webhook_lost"):
			self._note(message, "Fault webhook_lost: the inbound webhook was not sent.")
		else:
			params = self._inbound_params(message, number, word) | {k: str(v) for k, v in extra.items()}
			for _ in range(2 if self.faults.strikes("webhook_doubled") else 1):
				self.courier.soon(self._announce, message, number, params)
		return message

	def _apply_keyword(self, message: Message, number: PhoneNumber) -> tuple[str, str]:
		kind = SERVICE if number.service_sid and number.kind == SHORT_CODE else number.kind
		word = opt_out.keyword(message.body, kind)
		key = (self.world.consent_scope(number), message.from_)
		reply = opt_out.reply(word, message.body, kind, key in self.world.opted_out)
		if word == "STOP":
			self.world.opted_out.add(key)
		elif word == "START":
			self.world.opted_out.discard(key)
		return word, reply

	def _answer_automatically(self, message: Message, reply: str) -> None:
		answer = Message(
			sid=self.world.sid("SM"),
			account_sid=message.account_sid,
			direction="outbound-reply",
			from_=message.to,
			to=message.from_,
			body=reply,
			status="delivered",
			automatic=True,
		)
		answer.sent = answer.created
		self.world.add_message(answer)

	def _inbound_params(self, message: Message, number: PhoneNumber, word: str) -> dict[str, str]:
		params = {
			"ToCountry": _country(message.to),
			"SmsMessageSid": message.sid,
			"NumMedia": str(message.num_media),
			"SmsSid": message.sid,
			"SmsStatus": "received",
			"Body": message.body,
			"FromCountry": _country(message.from_),
			"To": message.to,
			"NumSegments": str(message.num_segments),
			"MessageSid": message.sid,
			"AccountSid": message.account_sid,
			"From": message.from_,
			"ApiVersion": "2010-04-01",
		}
		for side, party in (("From", message.from_), ("To", message.to)):
			city, state, zip_code = PLACES.get(party[:5], ("", "", ""))
			params |= {f"{side}City": city, f"{side}State": state, f"{side}Zip": zip_code}
		for n, media in enumerate(message.media):
			params[f"MediaUrl{n}"] = self._media_url_of(media)
			params[f"MediaContentType{n}"] = media.content_type
		if number.service_sid:
			params["MessagingServiceSid"] = number.service_sid
			if word and self.world.services[number.service_sid].advanced_opt_out:
				params["OptOutType"] = word
		return params

	def _announce(self, message: Message, number: PhoneNumber, params: dict[str, str]) -> None:
		route = self.world.inbound_route(number)
		if route.application_sid:
			return self._note(message, f"The application {route.application_sid} was told of this text.")
		if not route.url:
			return self._note(
				message, f"{number.phone_number} has no webhook URL: nobody was told of this text."
			)
		token = self._signing_token(number.account_sid)
		answer = self.courier.deliver("inbound", message.sid, route.url, route.method, params, token)
		code = answer.attempt.error_code or self._act_on_twiml(message, number, answer)
		self._alert(answer.attempt, message)
		if code and route.fallback_url:
			params = params | {"ErrorCode": str(code), "ErrorUrl": route.url}
			answer = self.courier.deliver(
				"inbound",
				message.sid,
				route.fallback_url,
				route.fallback_method,
				params,
				token,
				fallback=True,
			)
			if not answer.attempt.error_code:
				self._act_on_twiml(message, number, answer)
			self._alert(answer.attempt, message)

	def _act_on_twiml(self, message: Message, number: PhoneNumber, answer: Answer) -> int | None:
		"""Send what the answer asks for; its error code when it is not TwiML."""
		try:
			replies = read_twiml(answer.content_type, answer.body)
		except TwimlError as e:
			with self.world.lock:
				answer.attempt.error_code, answer.attempt.error = e.code, str(e)
			self._note(message, f"Warning {e.code}: {e}")
			return e.code
		account = self.world.accounts[number.account_sid]
		for reply in replies:
			try:
				self.begin(
					self.accept(
						account,
						to=message.from_,
						from_=number.phone_number,
						body=reply,
						direction="outbound-reply",
					)
				)
			except RestError as e:
				self._note(message, f"The TwiML reply was refused: {e.code} {e.message}")
		return None

	# From the app to a handset

	def accept(
		self,
		account: Account,
		*,
		to: str,
		from_: str | None,
		body: str,
		service_sid: str | None = None,
		media_urls: list[str] | None = None,
		status_callback: str = "",
		direction: str = "outbound-api",
		send_at=None,
		validity_s: int | None = None,
		arrived: float | None = None,
	) -> Message:
		"""Take a message that was found valid; `begin` then lets it take its course.

		:raises RestError: 21610, the recipient opted out
		"""
		media_urls = media_urls or []
		if self.faults.strikes("smart_encoding"):
			body = in_plain_characters(body)
		if account.type == "Trial" and body:
			body = TRIAL_PREFIX + body
		with self.world.lock:
			if self._opted_out(to, from_, service_sid):
				raise RestError(21610)
			message = Message(
				sid=self.world.sid("MM" if media_urls else "SM"),
				account_sid=account.sid,
				direction=direction,
				from_=from_,
				to=to,
				body=body,
				status="scheduled" if send_at else "accepted" if service_sid else "queued",
				# A service has not chosen its sender yet, so Twilio does not know the encoding's price either.
				num_segments=0 if service_sid else 1 if media_urls else count_segments(body),
				num_media=len(media_urls),
				media_urls=media_urls,
				messaging_service_sid=service_sid,
				status_callback=status_callback,
				send_at=send_at,
				valid_until=now() + timedelta(seconds=validity_s) if validity_s else None,
				redacted=self.faults.strikes("redaction"),
				arrived=arrived,
			)
			if service_sid and not status_callback:
				message.status_callback = self.world.services[service_sid].status_callback
			return self.world.add_message(message)

	def begin(self, message: Message) -> None:
		"""Let an accepted message take its course, now or when it is scheduled."""
		if message.status == "scheduled":
			delay_s = (message.send_at - now()).total_seconds()
			self.courier.someday(delay_s, self._advance, message, self.step_s)
		elif message.status_callback and self.faults.strikes("callback_first"):
			# Twilio's callbacks race its own answer; here they surely win, unless the app's server hangs.
			self._note(message, "Fault callback_first: callbacks go out before the answer.")
			self._advance(message, 0)
			self.courier.wait_for_turns(
				message.sid, lambda: message.status in FINAL_STATUSES, CALLBACK_FIRST_WAIT_S
			)
		else:
			self.courier.later(self.step_s, self._advance, message, self.step_s)

	def _opted_out(self, to: str, from_: str | None, service_sid: str | None) -> bool:
		number = self.world.numbers.get(from_ or "")
		scope = service_sid or (self.world.consent_scope(number) if number else from_)
		return (scope, to) in self.world.opted_out

	def _advance(self, message: Message, step_s: float) -> None:
		"""One step: accepted → queued → sending → sent → delivered or its failure."""
		with self.world.lock:
			status = message.status
			if status in FINAL_STATUSES:
				return
			if status in ("accepted", "scheduled"):
				self._choose_sender(message)
				return self._to(message, "queued", step_s)
			if status == "queued" and (failure := self._failure_before_sending(message)):
				return self._fail(message, "failed", failure)
			if status == "queued":
				self.world.set_status(message, "sending")
		if status == "queued":
			# Outside the lock: the app may call the API while its media is fetched.
			if failure := self._fetch_media(message):
				return self._fail(message, "failed", failure)
			message.price = f"{-PRICE_USD_A_SEGMENT * max(message.num_segments, 1):.5f}"
			return self._to(message, "sent", step_s)
		ending = message.to[-5:]
		if ending == NO_RECEIPT_ENDING:
			return None
		if ending.isdecimal() and int(ending) in UNDELIVERED_ENDINGS:
			return self._fail(message, "undelivered", int(ending))
		sender = self.world.numbers.get(message.from_)
		if sender and (code := registrations.blocked(self.world, sender, message.to)):
			return self._fail(message, "undelivered", code)
		self._to(message, "delivered", None)

	def _choose_sender(self, message: Message) -> None:
		if not message.from_:
			pool = self.world.pool(message.messaging_service_sid)
			earlier = [m.ours for m in self.world.messages.values() if m.customer == message.to and m.from_]
			# Twilio's "sticky sender": the number this customer already knows.
			chosen = next((n for n in pool if n.phone_number in earlier), pool[0])
			message.from_ = chosen.phone_number
		message.num_segments = 1 if message.media_urls else count_segments(message.body)

	def _failure_before_sending(self, message: Message) -> int | None:
		ending = message.to[-5:]
		if self.world.accounts[message.account_sid].status != "active":
			return 30002
		if message.valid_until and now() > message.valid_until:
			return 30036
		if ending.isdecimal() and int(ending) in FAILED_ENDINGS:
			return int(ending)
		if message.media_urls and _country(message.to) not in MMS_REGIONS:
			return 30011
		return None

	def _to(self, message: Message, status: str, next_step_s: float | None) -> None:
		self.world.set_status(message, status)
		self._call_back(message)
		if next_step_s is not None:
			self.courier.later(next_step_s, self._advance, message, next_step_s)

	def _fail(self, message: Message, status: str, code: int) -> None:
		self.world.set_status(message, status, code, DELIVERY_ERRORS[code])
		self.world.add_alert(
			message.account_sid,
			code,
			DELIVERY_ERRORS[code],
			resource_sid=message.sid,
			service_sid=message.messaging_service_sid or "",
		)
		self._call_back(message)

	def _call_back(self, message: Message) -> None:
		if not message.status_callback:
			return
		params = _callback_params(message)
		if self.faults.strikes("callback_lost"):
			return self._note(message, f"Fault callback_lost: {message.status} was not reported.")
		held = self._held_back.pop(message.sid, None)
		if (
			held is None
			and message.status not in FINAL_STATUSES
			and self.faults.strikes("callback_reordered")
		):
			self._held_back[message.sid] = params
			return None
		doubled = self.faults.strikes("callback_doubled")
		for each in (params, params if doubled else None, held):
			if each:
				self.courier.in_turn(message.sid, self._report, message, each)

	def _report(self, message: Message, params: dict[str, str]) -> None:
		token = self._signing_token(message.account_sid)
		answer = self.courier.deliver("status", message.sid, message.status_callback, "POST", params, token)
		self._alert(answer.attempt, message)

	def _fetch_media(self, message: Message) -> int | None:
		"""Get the media as Twilio does: HEAD and GET, without credentials. An error code where it cannot."""
		total = 0
		for url in message.media_urls:
			try:
				name, content, declared = _download(url, MAX_MEDIA_BYTES - total)
			except _MediaRefused as e:
				self._note(message, f"Media {url}: {e}")
				return e.code
			total += len(content)
			with self.world.lock:
				message.media.append(self._keep(message, name, content, declared))
		return None

	def _keep(self, message: Message, name: str, content: bytes, content_type: str) -> Media:
		media = Media(self.world.sid("ME"), message.account_sid, message.sid, name, content, content_type)
		self.world.media[media.sid] = media
		return media

	def _signing_token(self, account_sid: str) -> str:
		token = self.world.accounts[account_sid].auth_token
		return token[::-1] + "x" if self.faults.strikes("bad_signature") else token

	def _alert(self, attempt: WebhookAttempt, message: Message) -> None:
		"""Write to Twilio's error log what was wrong with the last attempt at a webhook, if anything was."""
		if not attempt.error_code:
			return
		self.world.add_alert(
			message.account_sid,
			attempt.error_code,
			WEBHOOK_ERRORS[attempt.error_code],
			log_level="warning" if attempt.error_code in WEBHOOK_WARNINGS else "error",
			http_response=attempt.status_code,
			resource_sid=message.sid,
			service_sid=message.messaging_service_sid or "",
			request_method=attempt.method,
			request_url=attempt.url,
			request_variables=urlencode(attempt.params),
			response_body=attempt.response_body,
		)

	def _note(self, message: Message, text: str) -> None:
		self.world.record(Notice(text, message_sid=message.sid))


class TwimlError(ValueError):
	"""A webhook's answer that Twilio cannot use. `code` is Twilio's."""

	def __init__(self, code: int, detail: str = ""):
		self.code = code
		super().__init__(WEBHOOK_ERRORS[code] + (f": {detail}" if detail else ""))


def read_twiml(content_type: str, body: bytes) -> list[str]:
	"""The texts of the `<Message>` elements, or of a text/plain answer. An empty body asks for nothing.

	:raises TwimlError: 12300 other content type, 12100 not XML, 12102 another root, 12200 unknown verb, 11750 too long
	"""
	if not body.strip():
		return []
	if len(body) > MAX_TWIML_BYTES:
		raise TwimlError(11750)
	kind = content_type.split(";")[0].strip().lower()
	if kind == "text/plain":
		return [body.decode("utf-8", "replace").strip()]
	if kind not in ("text/xml", "application/xml", "text/html"):
		raise TwimlError(12300, kind or "none")
	try:
		# Entities have no place in TwiML, and expanding them could exhaust the memory.
		if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
			raise TwimlError(12100, "a document type is not allowed")
		root = ElementTree.fromstring(body)
	except (ElementTree.ParseError, ValueError, LookupError) as e:
		raise e if isinstance(e, TwimlError) else TwimlError(12100, str(e))
	if root.tag != "Response":
		raise TwimlError(12102)
	replies = []
	for verb in root:
		if verb.tag not in ("Message", "Sms", "Redirect"):
			raise TwimlError(12200, str(verb.tag))
		text = verb.findtext("Body") or verb.text or ""
		if verb.tag != "Redirect" and text.strip():
			replies.append(text.strip())
	return replies


def in_plain_characters(body: str) -> str:
	"""A text as Smart Encoding sends it: typographic characters become those of GSM-7 that stand for them.

	Twilio's own list has some more (https://www.twilio.com/docs/messaging/services/smart-encoding-char-list).
	"""
	return "".join(map(_plain, body))


def _plain(character: str) -> str:
	plain = unicodedata.normalize("NFKC", character).replace("\N{FRACTION SLASH}", "/")
	plain = TYPOGRAPHIC.get(plain, plain)
	return plain if GSM_CHARSET.issuperset(plain) else character


def count_segments(body: str) -> int:
	return max(len(smsutil.split(body).parts), 1)


def sniff(name: str, content: bytes) -> str:
	"""The content type of a file, by its bytes, else by its name."""
	guess = filetype.guess(content)
	return guess.mime if guess else mimetypes.guess_type(name)[0] or "application/octet-stream"


def _described(name: str, content: bytes, content_type: str = "") -> tuple[str, bytes, str]:
	return name, content, content_type or sniff(name, content)


def _country(party: str | None) -> str:
	try:
		return phonenumbers.region_code_for_number(phonenumbers.parse(party)) or ""
	except phonenumbers.NumberParseException:
		return ""


def _callback_params(message: Message) -> dict[str, str]:
	params = {
		"ApiVersion": "2010-04-01",
		"AccountSid": message.account_sid,
		"From": message.from_ or "",
		"To": message.to,
		"MessageSid": message.sid,
		"SmsSid": message.sid,
		"MessageStatus": message.status,
		"SmsStatus": message.status,
	}
	if message.messaging_service_sid:
		params["MessagingServiceSid"] = message.messaging_service_sid
	if message.error_code:
		params |= {"ErrorCode": str(message.error_code), "ErrorMessage": message.error_message or ""}
	if message.status in ("delivered", "undelivered"):
		params["RawDlrDoneDate"] = message.updated.strftime("%y%m%d%H%M")
	return params


class _MediaRefused(Exception):
	def __init__(self, code: int, why: str):
		self.code = code
		super().__init__(f"{code} {DELIVERY_ERRORS[code]} ({why})")


def _download(url: str, most_bytes: int) -> tuple[str, bytes, str]:
	"""Name, bytes and content type of an outbound medium.

	:raises _MediaRefused: 63019 not to be had, 11751 too large, 12300 of a type nobody takes or not what it says
	"""
	headers = {"User-Agent": USER_AGENT, "Accept": "*/*"}
	try:
		with requests.Session() as session:
			session.trust_env = False
			head = session.head(url, headers=headers, timeout=MEDIA_TIMEOUT_S, allow_redirects=True)
			if not head.ok:
				raise _MediaRefused(63019, f"HEAD answered {head.status_code}")
			with session.get(url, headers=headers, timeout=MEDIA_TIMEOUT_S, stream=True) as response:
				if not response.ok:
					raise _MediaRefused(63019, f"GET answered {response.status_code}")
				content = response.raw.read(most_bytes + 1, decode_content=True)
				disposition = response.headers.get("Content-Disposition", "")
				declared, announced = _mime(response), _mime(head)
	except (requests.RequestException, OSError, ValueError) as e:
		raise _MediaRefused(63019, type(e).__name__)
	if not content:
		raise _MediaRefused(63019, "0 bytes")
	if len(content) > most_bytes:
		raise _MediaRefused(11751, f"more than {MAX_MEDIA_BYTES // 1024 // 1024} MB together")
	if declared != announced:
		raise _MediaRefused(12300, f"HEAD says {announced or 'nothing'}, GET says {declared or 'nothing'}")
	if declared not in {t.lower() for t in ACCEPTED_MEDIA}:
		raise _MediaRefused(12300, declared or "no content type")
	actual = filetype.guess_mime(content)
	if actual and _alike(actual) != _alike(declared):
		raise _MediaRefused(12300, f"said to be {declared} but is {actual}")
	found = re.search(r'filename="?([^";]+)', disposition)
	name = found[1] if found else url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
	return name, content, declared


def _mime(response: requests.Response) -> str:
	return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


def _alike(mime: str) -> str:
	"""Types that stand for each other: a picture must be what it says, sound and film only of that family."""
	mime = mime.replace("image/jpg", "image/jpeg")
	family = mime.split("/")[0]
	return "av" if family in ("audio", "video") else mime
