"""What a restricted API key has to be allowed (https://www.twilio.com/docs/iam/api-keys/restricted-api-keys).

Twilio has no permission for the account itself, its balance, country permissions, webhook rules, short codes, RCS senders
and the verification of toll-free numbers: these are asked with the auth token. docs/accounts.md has the same table.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from twilio_sms_channel.twilio_gateway import rcs_senders, regions
from twilio_sms_channel.twilio_gateway.client import Gateway
from twilio_sms_channel.twilio_gateway.errors import MISSING_PERMISSION, Refused, missing_permission

PREFIX = "/twilio/"
_ACCOUNT = r"/2010-04-01/Accounts/\w+"
_SERVICE = r"/v1/Services/\w+"


@dataclass(frozen=True)
class Permission:
	"""One that this app needs, and the request that it is for."""

	name: str
	"""as Twilio's console has it"""
	method: str
	path: str
	"""regular expression of the whole path"""

	def covers(self, method: str, path: str) -> bool:
		return method == self.method and bool(re.fullmatch(self.path, path))


PERMISSIONS = tuple(
	Permission(PREFIX + name, method, path)
	for name, method, path in (
		("messaging/messages/create", "POST", rf"{_ACCOUNT}/Messages\.json"),
		("messaging/messages/list", "GET", rf"{_ACCOUNT}/Messages\.json"),
		("messaging/messages/read", "GET", rf"{_ACCOUNT}/Messages/\w+\.json"),
		("messaging/messages/update", "POST", rf"{_ACCOUNT}/Messages/\w+\.json"),
		("messaging/messages.media/list", "GET", rf"{_ACCOUNT}/Messages/\w+/Media\.json"),
		("messaging/messages.media/read", "GET", rf"{_ACCOUNT}/Messages/\w+/Media/\w+"),
		("messaging/messages.media/delete", "DELETE", rf"{_ACCOUNT}/Messages/\w+/Media/\w+\.json"),
		("phone-numbers/active-numbers/list", "GET", rf"{_ACCOUNT}/IncomingPhoneNumbers\.json"),
		("phone-numbers/active-numbers/update", "POST", rf"{_ACCOUNT}/IncomingPhoneNumbers/\w+\.json"),
		("messaging/services/list", "GET", r"/v1/Services"),
		("messaging/services/update", "POST", _SERVICE),
		("messaging/services.phonenumbers/list", "GET", rf"{_SERVICE}/PhoneNumbers"),
		("messaging/services.shortcodes/list", "GET", rf"{_SERVICE}/ShortCodes"),
		("messaging/services.alphasenders/list", "GET", rf"{_SERVICE}/AlphaSenders"),
		("messaging/services.channelsenders/list", "GET", rf"{_SERVICE}/ChannelSenders"),
		("messaging/services.usa2p-campaign/list", "GET", rf"{_SERVICE}/Compliance/Usa2p"),
		("monitor/alerts/list", "GET", r"/v1/Alerts"),
		("lookup/phone-numbers/read", "GET", r"/v2/PhoneNumbers/[^/]+"),
	)
)


def missing(gateway: Gateway) -> list[str]:
	"""The permissions that the account's API key lacks, as far as asking changes nothing at Twilio.

	:raises TwilioProblem: Twilio cannot be asked at all
	"""
	found = []
	for request in _requests(gateway):
		try:
			request()
		except Refused as e:
			if e.code == MISSING_PERMISSION and (name := missing_permission(e.message)):
				found.append(name)
	return found


def _requests(gateway: Gateway) -> Iterator[Callable[[], object]]:
	def one(resource) -> list:
		return gateway.call(lambda: resource.list(limit=1))

	client, messages, services = gateway.client, [], []
	yield lambda: messages.extend(one(client.messages))
	if messages:
		yield lambda: gateway.call(messages[0].fetch)
		yield lambda: one(client.messages(messages[0].sid).media)
	yield lambda: one(client.incoming_phone_numbers)
	yield lambda: services.extend(one(gateway.host("messaging").v1.services))
	if services:
		pool = gateway.host("messaging").v1.services(services[0].sid)
		for members in (pool.phone_numbers, pool.short_codes, pool.alpha_senders, pool.us_app_to_person):
			yield partial(one, members)
		yield lambda: rcs_senders.pool_of(gateway, services[0].sid)
	if gateway.region == regions.US1:
		yield lambda: one(gateway.host("monitor").v1.alerts)
