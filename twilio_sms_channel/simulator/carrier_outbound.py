"""What happens to a message from the app to a handset."""

from datetime import timedelta

from twilio_sms_channel.simulator import addresses, quiet_hours, registrations
from twilio_sms_channel.simulator.carrier import Carrier
from twilio_sms_channel.simulator.encoding import count_segments, in_plain_characters
from twilio_sms_channel.simulator.errors import DELIVERY_ERRORS, RestError
from twilio_sms_channel.simulator.media import (
	MAX_MEDIA_BYTES,
	MAX_RCS_MEDIA_BYTES,
	MediaRefused,
	described,
	download,
)
from twilio_sms_channel.simulator.models import FINAL_STATUSES, Account, Content, Message, now
from twilio_sms_channel.simulator.phone_numbers import assigned_region
from twilio_sms_channel.simulator.short_links import shortened

PRICE_USD_A_SEGMENT = 0.0079
MMS_REGIONS = {"US", "CA", "AU"}
TRIAL_PREFIX = "Sent from your Twilio trial account - "
CALLBACK_FIRST_WAIT_S = 10

# A customer number whose last five digits are one of these codes meets that end.
UNDELIVERED_ENDINGS = {30003, 30004, 30005, 30006, 30007, 30008, 30032, 30034}
FAILED_ENDINGS = {30001, 30002, 30036}
# Of networks that take no files, or none so large: words alone are delivered.
MEDIA_ENDINGS = {30011, 30019}
NO_RECEIPT_ENDING = "30000"
"""stays "sent" for ever: a network without delivery receipts"""


class OutboundCarrier:
	"""Brings messages of the app to handsets, and reports their status."""

	def __init__(self, carrier: Carrier):
		self.carrier = carrier
		self.world = carrier.world
		self._held_back: dict[str, dict[str, str]] = {}

	def accept(
		self,
		account: Account,
		*,
		to: str,
		from_: str | None,
		body: str,
		service_sid: str | None = None,
		media_urls: list[str] | None = None,
		content: Content | None = None,
		fallback_from: str | None = None,
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
		files = content.media if content else media_urls
		if content:
			body = content.body
		if self.carrier.faults.strikes("smart_encoding"):
			body = in_plain_characters(body)
		if self.carrier.faults.strikes("link_shortening"):
			body = shortened(body)
		if account.type == "Trial" and body:
			body = TRIAL_PREFIX + body
		with self.world.lock:
			if self._opted_out(to, from_, service_sid):
				raise RestError(21610)
			message = Message(
				sid=self.world.sid("MM" if files else "SM"),
				account_sid=account.sid,
				direction=direction,
				from_=from_,
				to=to,
				body=body,
				status="scheduled" if send_at else "accepted" if service_sid else "queued",
				# A service has not chosen its sender yet, so Twilio does not know the encoding's price either.
				num_segments=0 if service_sid else 1 if files else count_segments(body),
				num_media=len(files),
				media_urls=media_urls,
				content=content,
				fallback_from=fallback_from,
				messaging_service_sid=service_sid,
				status_callback=status_callback,
				send_at=send_at,
				valid_until=now() + timedelta(seconds=validity_s) if validity_s else None,
				redacted=self.carrier.faults.strikes("redaction"),
				arrived=arrived,
			)
			if service_sid and not status_callback:
				message.status_callback = self.world.services[service_sid].status_callback
			return self.world.add_message(message)

	def begin(self, message: Message) -> None:
		"""Let an accepted message take its course, now or when it is scheduled."""
		if message.status == "scheduled":
			delay_s = (message.send_at - now()).total_seconds()
			self.carrier.courier.someday(delay_s, self._advance, message, self.carrier.step_s)
		elif message.status_callback and self.carrier.faults.strikes("callback_first"):
			# Twilio's callbacks race its own answer; here they surely win, unless the app's server hangs.
			self.carrier.note(message, "Fault callback_first: callbacks go out before the answer.")
			self._advance(message, 0)
			self.carrier.courier.wait_for_turns(
				message.sid, lambda: message.status in FINAL_STATUSES, CALLBACK_FIRST_WAIT_S
			)
		else:
			self.carrier.courier.later(self.carrier.step_s, self._advance, message, self.carrier.step_s)

	def _opted_out(self, to: str, from_: str | None, service_sid: str | None) -> bool:
		number = self.world.numbers.get(from_ or "")
		scope = service_sid or (self.world.consent_scope(number) if number else from_)
		return (scope, addresses.without_channel(to)) in self.world.opted_out

	def _advance(self, message: Message, step_s: float) -> None:
		"""One step: accepted → queued → sending → sent → delivered or its failure."""
		with self.world.lock:
			status = message.status
			if status in FINAL_STATUSES:
				return
			if quiet_hours.is_held(message):
				return self._release(message, step_s)
			if quiet_hours.begins_to_hold(self.carrier.faults, message):
				self._to(message, "scheduled", None)
				return self.carrier.courier.someday(quiet_hours.LOOK_EVERY_S, self._advance, message, step_s)
			if status in ("accepted", "scheduled"):
				self._choose_sender(message)
				return self._to(message, "queued", step_s)
			if status == "queued" and (failure := self._failure_before_sending(message)):
				return self._fail(message, "failed", failure)
			if status == "queued" and message.by_rcs and not self.world.takes_rcs(message.customer):
				return self._fail(message, "undelivered", 63003)
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
		by_mms = message.num_media and not message.by_rcs
		if by_mms and ending.isdecimal() and int(ending) in MEDIA_ENDINGS:
			return self._fail(message, "undelivered", int(ending))
		sender = self.world.numbers.get(message.from_)
		if sender and (code := registrations.blocked(self.world, sender, message.to)):
			return self._fail(message, "undelivered", code)
		self._to(message, "delivered", None)

	def read(self, message: Message) -> None:
		"""The customer has seen a message that was delivered by RCS."""
		with self.world.lock:
			if message.status == "delivered":
				self._to(message, "read", None)

	def _release(self, message: Message, step_s: float) -> None:
		if quiet_hours.holds(self.carrier.faults):
			return self.carrier.courier.someday(quiet_hours.LOOK_EVERY_S, self._advance, message, step_s)
		opted_out = self._opted_out(message.to, message.from_, message.messaging_service_sid)
		if failure := quiet_hours.failure(self.carrier.faults, opted_out):
			return self._fail(message, "failed", failure)
		self._choose_sender(message)
		self._to(message, "queued", step_s)

	def _choose_sender(self, message: Message) -> None:
		"""RCS where the service can send it and the handset takes it, else a number of the pool."""
		rcs = self.world.rcs_sender(message.messaging_service_sid)
		if message.from_:
			pass
		elif rcs and (addresses.is_rcs(message.to) or self.world.takes_rcs(message.customer)):
			message.from_ = rcs.phone_number
			self.world.readdress(message, addresses.by_rcs(message.to))
		else:
			message.from_ = message.fallback_from or self._number_of_pool(message)
		message.num_segments = 1 if message.num_media or message.by_rcs else count_segments(message.body)

	def _number_of_pool(self, message: Message) -> str | None:
		"""Twilio's "sticky sender": the number this customer already knows; None where the pool has only RCS senders."""
		pool, customer = self.world.pool(message.messaging_service_sid), message.customer
		earlier = [m.ours for m in self.world.messages.values() if m.customer == customer and m.from_]
		chosen = next((n for n in pool if n.phone_number in earlier), pool[0] if pool else None)
		return chosen and chosen.phone_number

	def _failure_before_sending(self, message: Message) -> int | None:
		ending = message.to[-5:]
		if self.world.accounts[message.account_sid].status != "active":
			return 30002
		if message.valid_until and now() > message.valid_until:
			return 30036
		if ending.isdecimal() and int(ending) in FAILED_ENDINGS:
			return int(ending)
		if not message.from_:
			return 63003
		if message.num_media and not message.by_rcs and assigned_region(message.to) not in MMS_REGIONS:
			return 30011
		return None

	def _to(self, message: Message, status: str, next_step_s: float | None) -> None:
		self.world.set_status(message, status)
		self._call_back(message)
		if next_step_s is not None:
			self.carrier.courier.later(next_step_s, self._advance, message, next_step_s)

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
		if self.carrier.faults.strikes("callback_lost"):
			return self.carrier.note(message, f"Fault callback_lost: {message.status} was not reported.")
		held = self._held_back.pop(message.sid, None)
		if (
			held is None
			and message.status not in FINAL_STATUSES
			and self.carrier.faults.strikes("callback_reordered")
		):
			self._held_back[message.sid] = params
			return None
		doubled = self.carrier.faults.strikes("callback_doubled")
		for each in (params, params if doubled else None, held):
			if each:
				self.carrier.courier.in_turn(message.sid, self._report, message, each)

	def _report(self, message: Message, params: dict[str, str]) -> None:
		signer = self.carrier.signer(message.account_sid)
		answer = self.carrier.courier.deliver(
			"status", message.sid, message.status_callback, "POST", params, signer
		)
		self.carrier.alert(answer.attempt, message)

	def _fetch_media(self, message: Message) -> int | None:
		"""Get the media as Twilio does: HEAD and GET, without credentials. An error code where it cannot."""
		total, most = 0, MAX_RCS_MEDIA_BYTES if message.by_rcs else MAX_MEDIA_BYTES
		if message.content:
			with self.world.lock:
				message.media += [
					self.carrier.keep(message, *described(*item)) for item in message.content.media
				]
		for url in message.media_urls:
			try:
				name, content, declared = download(url, most - total)
			except MediaRefused as e:
				self.carrier.note(message, f"Media {url}: {e}")
				return e.code
			total += len(content)
			with self.world.lock:
				message.media.append(self.carrier.keep(message, name, content, declared))
		return None


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
