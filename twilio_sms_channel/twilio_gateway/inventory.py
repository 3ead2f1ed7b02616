"""What a Twilio account owns that messages come from and go to, and where Twilio posts the messages that arrive.

A number can be in the sender pool of one Messaging Service. Unless the service leaves incoming messages to its numbers
(`use_inbound_webhook_on_number`), Twilio uses the service's webhook and never looks at the number's, and where the
service has none, the messages go nowhere (https://www.twilio.com/docs/messaging/api/service-resource).
A number that is bound to a TwiML App uses the webhook of that one in the same way.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from twilio_sms_channel.content import outside
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway.client import Gateway
from twilio_sms_channel.twilio_gateway.rcs_senders import RcsSender, RcsSenders

PAGE_SIZE = 100
LONG_CODE, TOLL_FREE, SHORT_CODE = "Long Code", "Toll-Free", "Short Code"
ALPHANUMERIC, SERVICE = "Alphanumeric Sender", "Messaging Service"


@dataclass(frozen=True)
class Webhook:
	"""What Twilio calls for a message that arrives; "" where nothing is set."""

	url: str = ""
	method: str = ""
	fallback_url: str = ""
	fallback_method: str = ""
	status_callback: str = ""
	"""of Messaging Services alone: what a number has there is about calls"""
	application_sid: str = ""
	"""of phone numbers alone: the TwiML App that Twilio asks instead of the URLs"""


@dataclass(frozen=True)
class Sender:
	"""A number, short code, alphanumeric sender or Messaging Service as it stands at Twilio."""

	sid: str
	address: str
	"""E.164, a short code, an alphanumeric sender; of a Messaging Service its SID"""
	kind: str
	"""as the Type of a Twilio SMS Number"""
	name: str
	sms: bool | None
	mms: bool | None
	"""whether it can send them; None where Twilio does not say"""
	country: str
	"""ISO 3166 alpha-2, "" where it is not known"""
	webhook: Webhook
	"""the one that Twilio uses: the service's where that takes the place of the number's"""
	service_sid: str = ""
	service_name: str = ""
	webhook_by_service: bool = False
	rcs: tuple[RcsSender, ...] | None = None
	"""RCS senders in the pool of its service; None where they were not asked for, or Twilio does not say"""
	left_to_numbers: bool = False
	"""of Messaging Services alone: messages to its numbers go to their own webhooks, whatever the service has"""


class Inventory:
	"""Reads and sets what an account owns. Each Messaging Service is read once. Everything raises TwilioProblem."""

	def __init__(self, gateway: Gateway):
		self.gateway, self.client = gateway, gateway.client
		self._pools: dict[str, set[str]] = {}

	def all(self) -> list[Sender]:
		"""Everything, also what is on later pages: numbers, short codes, alphanumeric senders, Messaging Services."""
		numbers = self._read(self.client.incoming_phone_numbers)
		codes = self._read(self._short_codes)
		own = [*(_of_number(number) for number in numbers), *(_of_short_code(code) for code in codes)]
		services = [_of_service(service) for service in self._services.values()]
		own = [self._in_its_service(sender) for sender in own]
		found = [*own, *self._alphanumeric_senders(), *services]
		if not self.rcs.is_known:
			return found
		return [replace(sender, rcs=tuple(self.rcs.in_pool.get(sender.service_sid, ()))) for sender in found]

	@cached_property
	def rcs(self) -> RcsSenders:
		return RcsSenders(self.gateway, list(self._services))

	def find(self, address: str, likely_service: str = "") -> Sender | None:
		"""One of them by its address; None when the account does not own it.

		:param likely_service: the Messaging Service that it was in when somebody last looked, which is asked first:
			Twilio tells what is in a service, but not which service something is in
		"""
		if address in self._services:
			return _of_service(self._services[address])
		if address.startswith("+"):
			numbers = self._read(self.client.incoming_phone_numbers, phone_number=address)
			found = (_of_number(number) for number in numbers)
		elif address.isdigit():
			found = (_of_short_code(code) for code in self._read(self._short_codes, short_code=address))
		else:
			found = self._alphanumeric_senders()
		sender = next((sender for sender in found if sender.address == address), None)
		if not sender or sender.kind == ALPHANUMERIC:
			return sender
		return self._in_its_service(sender, likely_service)

	def as_it_stands(self, sender: Sender) -> Sender:
		"""One that was read before its Messaging Service was set, with the webhook that this has now."""
		return self._in_its_service(sender, sender.service_sid) if sender.webhook_by_service else sender

	def set_webhook(self, sender: Sender, webhook: Webhook) -> Sender:
		"""Set it where Twilio looks for it: at the number, the short code, or the Messaging Service in charge.

		:raises TwilioProblem: also when Twilio does not take a URL
		"""
		if sender.webhook_by_service or sender.kind == SERVICE:
			service_sid = sender.service_sid or sender.sid
			service = self.gateway.call(
				lambda: (
					self.gateway.host("messaging").v1.services(service_sid).update(**_for_service(webhook))
				)
			)
			self._services[service_sid] = service
			return replace(sender, webhook=_webhook_of_service(service))
		return replace(sender, webhook=self._set_own(sender, webhook))

	def _set_own(self, sender: Sender, webhook: Webhook) -> Webhook:
		urls = _for_number(webhook)
		if sender.kind == SHORT_CODE:
			code = self._short_codes(sender.sid)
			return _webhook_of_number(self.gateway.call(lambda: code.update(**urls)))
		if webhook.application_sid != sender.webhook.application_sid:
			urls["sms_application_sid"] = webhook.application_sid
		number = self.client.incoming_phone_numbers(sender.sid)
		return _webhook_of_number(self.gateway.call(lambda: number.update(**urls)))

	@cached_property
	def _short_codes(self):
		# There is no permission for them that an API key could have.
		return self.gateway.with_token().client.api.v2010.account.short_codes

	@cached_property
	def _services(self) -> dict:
		return {service.sid: service for service in self._read(self.gateway.host("messaging").v1.services)}

	def _service_of(self, sid: str, likely_service: str = ""):
		"""The Messaging Service that a number or short code is in, None when it is in none."""
		for service in sorted(self._services.values(), key=lambda service: service.sid != likely_service):
			if service.sid not in self._pools:
				members = [*self._read(service.phone_numbers), *self._read(service.short_codes)]
				self._pools[service.sid] = {member.sid for member in members}
			if sid in self._pools[service.sid]:
				return service
		return None

	def _alphanumeric_senders(self) -> list[Sender]:
		"""Twilio lists them by Messaging Service only; the same can be in several."""
		found = {}
		for service in self._services.values():
			for member in self._read(service.alpha_senders):
				found.setdefault(member.alpha_sender, _of_alphanumeric(member, service))
		return list(found.values())

	def _in_its_service(self, sender: Sender, likely_service: str = "") -> Sender:
		service = self._service_of(sender.sid, likely_service)
		if not service:
			return sender
		in_it = replace(sender, service_sid=service.sid, service_name=outside.plain(service.friendly_name))
		if service.use_inbound_webhook_on_number:
			return in_it
		return replace(in_it, webhook=_webhook_of_service(service), webhook_by_service=True)

	def _read(self, resource, **filters) -> list:
		return self.gateway.call(lambda: resource.list(page_size=PAGE_SIZE, **filters))


def _of_number(number) -> Sender:
	can = number.capabilities or {}
	if not isinstance(can, dict):
		can = vars(can)
	return Sender(
		sid=number.sid,
		address=number.phone_number,
		kind=TOLL_FREE if phone.is_toll_free(number.phone_number) else LONG_CODE,
		name=_own_name(number),
		sms=bool(can.get("sms") or can.get("SMS")),
		mms=bool(can.get("mms") or can.get("MMS")),
		# Twilio's resource does not name it: the digits do.
		country=phone.region_of(number.phone_number) or "",
		webhook=_webhook_of_number(number),
	)


def _own_name(number) -> str:
	"""What somebody called it; Twilio itself calls a number by its digits, "(415) 555-0132"."""
	name = outside.plain(number.friendly_name)
	is_number = phone.e164(name, phone.region_of(number.phone_number)) == number.phone_number
	return "" if is_number else name


def _of_short_code(code) -> Sender:
	return Sender(
		sid=code.sid,
		address=str(code.short_code),
		kind=SHORT_CODE,
		name=outside.plain(code.friendly_name),
		sms=True,
		mms=None,
		country="",
		webhook=_webhook_of_number(code),
	)


def _of_alphanumeric(member, service) -> Sender:
	return Sender(
		sid=member.sid,
		address=member.alpha_sender,
		kind=ALPHANUMERIC,
		name=member.alpha_sender,
		sms=True,
		mms=False,
		country="",
		webhook=Webhook(),
		service_sid=service.sid,
		service_name=outside.plain(service.friendly_name),
	)


def _of_service(service) -> Sender:
	return Sender(
		sid=service.sid,
		address=service.sid,
		kind=SERVICE,
		name=outside.plain(service.friendly_name),
		sms=True,
		mms=None,
		country="",
		webhook=_webhook_of_service(service),
		service_sid=service.sid,
		service_name=outside.plain(service.friendly_name),
		left_to_numbers=bool(service.use_inbound_webhook_on_number),
	)


def _webhook_of_number(number) -> Webhook:
	return Webhook(
		url=outside.url(number.sms_url),
		method=outside.plain(number.sms_method),
		fallback_url=outside.url(number.sms_fallback_url),
		fallback_method=outside.plain(number.sms_fallback_method),
		application_sid=getattr(number, "sms_application_sid", None) or "",
	)


def _webhook_of_service(service) -> Webhook:
	return Webhook(
		url=outside.url(service.inbound_request_url),
		method=outside.plain(service.inbound_method),
		fallback_url=outside.url(service.fallback_url),
		fallback_method=outside.plain(service.fallback_method),
		status_callback=outside.url(service.status_callback),
	)


def _for_number(webhook: Webhook) -> dict[str, str]:
	return {
		"sms_url": webhook.url,
		"sms_method": webhook.method or "POST",
		"sms_fallback_url": webhook.fallback_url,
		"sms_fallback_method": webhook.fallback_method or "POST",
	}


def _for_service(webhook: Webhook) -> dict[str, str]:
	return {
		"inbound_request_url": webhook.url,
		"inbound_method": webhook.method or "POST",
		"fallback_url": webhook.fallback_url,
		"fallback_method": webhook.fallback_method or "POST",
		"status_callback": webhook.status_callback,
	}
