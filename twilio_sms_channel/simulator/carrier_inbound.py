"""What happens to a message from a handset to the app."""

from collections.abc import Callable

from twilio_sms_channel.simulator import addresses, opt_out
from twilio_sms_channel.simulator.carrier import Carrier
from twilio_sms_channel.simulator.carrier_outbound import OutboundCarrier
from twilio_sms_channel.simulator.delivery import Answer
from twilio_sms_channel.simulator.encoding import count_segments
from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.media import described
from twilio_sms_channel.simulator.models import SERVICE, SHORT_CODE, Media, Message, PhoneNumber
from twilio_sms_channel.simulator.phone_numbers import assigned_region
from twilio_sms_channel.simulator.twiml import TwimlError, read_twiml

# Twilio derives these from the number, not from where the person is.
CITIES = {
	"+1415": ("SAN FRANCISCO", "CA", "94105"),
	"+1212": ("NEW YORK", "NY", "10001"),
	"+1312": ("CHICAGO", "IL", "60601"),
	"+1206": ("SEATTLE", "WA", "98101"),
	"+1512": ("AUSTIN", "TX", "78701"),
}


class InboundCarrier:
	"""Brings messages of customers to the app.

	:param outbound: takes what the app answers a webhook with
	:param media_url_of: `media_url_of(media)` is the address that the webhook names
	"""

	def __init__(self, carrier: Carrier, outbound: OutboundCarrier, media_url_of: Callable[[Media], str]):
		self.carrier = carrier
		self.world = carrier.world
		self.outbound = outbound
		self._media_url_of = media_url_of

	def receive(
		self, from_: str, number: PhoneNumber, body: str, media, extra: dict[str, str], group=()
	) -> Message:
		"""A customer's message: store it, answer STOP and the like, announce it by webhook.

		:param from_: the address that Twilio names
		:param group: who else got it
		"""
		world = self.world
		extra = {f"OtherRecipients{n}": other for n, other in enumerate(group)} | extra
		with world.lock:
			sid = world.sid("MM" if media or group else "SM")
			message = Message(
				sid=sid,
				account_sid=number.account_sid,
				direction="inbound",
				from_=from_,
				to=number.phone_number,
				body=body,
				status="received",
				num_segments=1 if media or addresses.is_rcs(from_) else count_segments(body),
				num_media=len(media),
				messaging_service_sid=number.service_sid or None,
				group=tuple(group),
			)
			message.sent = message.created
			message.media = [self.carrier.keep(message, *described(*item)) for item in media]
			world.add_message(message)
			word, reply = self._apply_keyword(message, number)
		if reply:
			self.carrier.courier.later(self.carrier.step_s, self._answer_automatically, message, reply)
		if world.inbound_route(number).dropped:
			# Neither logged nor received, says Twilio of a service without inbound URL.
			message.hidden = True
			self.carrier.note(message, "The Messaging Service drops inbound messages: it has no inbound URL.")
		elif world.accounts[number.account_sid].status != "active":
			self.carrier.note(
				message, "The account is not active: Twilio does not deliver its inbound messages."
			)
		elif self.carrier.faults.strikes("webhook_lost"):
			self.carrier.note(message, "Fault webhook_lost: the inbound webhook was not sent.")
		else:
			params = self._inbound_params(message, number, word) | {k: str(v) for k, v in extra.items()}
			for _ in range(2 if self.carrier.faults.strikes("webhook_doubled") else 1):
				self.carrier.courier.soon(self._announce, message, number, params)
		return message

	def remember(self, message: Message, media) -> None:
		"""A message of earlier, in either direction: STOP and START count, and nobody is told or answered."""
		with self.world.lock:
			message.media = [self.carrier.keep(message, *described(*item)) for item in media]
			message.num_media = len(message.media)
			self.world.add_message(message)
			number = self.world.numbers.get(message.ours)
			if message.inbound and number:
				self._apply_keyword(message, number)

	def _apply_keyword(self, message: Message, number: PhoneNumber) -> tuple[str, str]:
		kind = SERVICE if number.service_sid and number.kind == SHORT_CODE else number.kind
		word = opt_out.keyword(message.body, kind)
		key = (self.world.consent_scope(number), message.customer)
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
			"SmsMessageSid": message.sid,
			"NumMedia": str(message.num_media),
			"SmsSid": message.sid,
			"SmsStatus": "received",
			"Body": message.body,
			"To": message.to,
			"NumSegments": str(message.num_segments),
			"MessageSid": message.sid,
			"AccountSid": message.account_sid,
			"From": message.from_,
			"ApiVersion": "2010-04-01",
		}
		if not message.by_rcs:
			params |= _places("From", message.from_) | _places("To", message.to)
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
			return self.carrier.note(
				message, f"The application {route.application_sid} was told of this message."
			)
		if not route.url:
			return self.carrier.note(
				message, f"{number.phone_number} has no webhook URL: nobody was told of this message."
			)
		signer = self.carrier.signer(number.account_sid)
		answer = self.carrier.courier.deliver("inbound", message.sid, route.url, route.method, params, signer)
		code = answer.attempt.error_code or self._act_on_twiml(message, number, answer)
		self.carrier.alert(answer.attempt, message)
		if code and route.fallback_url:
			params = params | {"ErrorCode": str(code), "ErrorUrl": route.url}
			answer = self.carrier.courier.deliver(
				"inbound",
				message.sid,
				route.fallback_url,
				route.fallback_method,
				params,
				signer,
				fallback=True,
			)
			if not answer.attempt.error_code:
				self._act_on_twiml(message, number, answer)
			self.carrier.alert(answer.attempt, message)

	def _act_on_twiml(self, message: Message, number: PhoneNumber, answer: Answer) -> int | None:
		"""Send what the answer asks for; its error code when it is not TwiML."""
		try:
			replies = read_twiml(answer.content_type, answer.body)
		except TwimlError as e:
			with self.world.lock:
				answer.attempt.error_code, answer.attempt.error = e.code, str(e)
			self.carrier.note(message, f"Warning {e.code}: {e}")
			return e.code
		account = self.world.accounts[number.account_sid]
		for reply in replies:
			try:
				self.outbound.begin(
					self.outbound.accept(
						account,
						to=message.from_,
						from_=number.phone_number,
						body=reply,
						direction="outbound-reply",
					)
				)
			except RestError as e:
				self.carrier.note(message, f"The TwiML reply was refused: {e.code} {e.message}")
		return None


def _places(side: str, number: str) -> dict[str, str]:
	city, state, zip_code = CITIES.get(number[:5], ("", "", ""))
	return {
		f"{side}City": city,
		f"{side}State": state,
		f"{side}Zip": zip_code,
		f"{side}Country": assigned_region(number),
	}
