"""RCS senders of an account: their state, and which Messaging Services have them in their pool.

Sources: https://www.twilio.com/docs/messaging/api/senders-resource (Channel=rcs) and the ChannelSenders of a service.
Twilio's SDK 8.5 knows neither, so both are read as they come.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from twilio_sms_channel.content import outside
from twilio_sms_channel.twilio_gateway import addresses, errors

if TYPE_CHECKING:
	from twilio_sms_channel.twilio_gateway.client import Gateway

PAGE_SIZE, MOST_PAGES = 100, 50
# The only state in which one sends, and while its profile is changed.
ONLINE = ("ONLINE", "ONLINE:UPDATING")


@dataclass(frozen=True)
class RcsSender:
	address: str
	"""as messages name it, "rcs:acme_agent" """
	name: str
	"""what customers see, "" where Twilio does not say"""
	status: str
	"""Twilio's word, "" where it does not say"""
	webhook_url: str = ""
	"""its own, which Twilio uses where its Messaging Service leaves incoming messages to its senders"""

	@property
	def is_online(self) -> bool:
		return self.status in ONLINE


class RcsSenders:
	"""All RCS senders of an account.

	An account or an API key may have no access to them: then none is known, and nothing else depends on it.
	"""

	def __init__(self, gateway: "Gateway", services: list[str]):
		"""
		:param services: SIDs of the account's Messaging Services
		:raises TwilioProblem: Twilio cannot be asked
		"""
		self._gateway = gateway
		self.all: dict[str, RcsSender] = {}
		self.in_pool: dict[str, list[RcsSender]] = {}
		self.is_known = True
		try:
			self.all = {sender.address: sender for sender in self._of_account()}
			if self.all:
				self.in_pool = {sid: self._of_service(sid) for sid in services}
		except errors.Refused:
			self.is_known = False

	@property
	def without_service(self) -> list[RcsSender]:
		pooled = {sender.address for senders in self.in_pool.values() for sender in senders}
		return [sender for address, sender in self.all.items() if address not in pooled]

	def _of_account(self) -> list[RcsSender]:
		return [
			RcsSender(
				address,
				outside.plain((row.get("profile") or {}).get("name")),
				outside.plain(row.get("status")).upper(),
				outside.url((row.get("webhook") or {}).get("callback_url")),
			)
			# Twilio has no permission for it that a restricted key could have.
			for row in _read(self._gateway.with_token(), "v2", "/Channels/Senders", Channel="rcs")
			if addresses.is_rcs(address := outside.plain(row.get("sender_id")))
		]

	def _of_service(self, service_sid: str) -> list[RcsSender]:
		found = (outside.plain(row.get("sender")) for row in pool_of(self._gateway, service_sid))
		return [
			self.all.get(address, RcsSender(address, "", ""))
			for address in found
			if addresses.is_rcs(address)
		]


def pool_of(gateway: "Gateway", service_sid: str) -> list[dict]:
	"""The senders by other ways than SMS and MMS of a Messaging Service, as Twilio answers.

	:raises TwilioProblem: Twilio refuses, or cannot be asked
	"""
	return _read(gateway, "v1", f"/Services/{service_sid}/ChannelSenders")


def _read(gateway: "Gateway", version: str, uri: str, **params: str) -> list[dict]:
	from twilio_sms_channel.twilio_gateway.sdk import Version

	resource = Version(gateway.host("messaging"), version)
	params, rows = {**params, "PageSize": str(PAGE_SIZE)}, []
	for _page in range(MOST_PAGES):
		answer = gateway.call(lambda params=params: resource.fetch(method="GET", uri=uri, params=params))
		rows += answer.get("senders") or []
		following = (answer.get("meta") or {}).get("next_page_url")
		if not following:
			break
		params = dict(parse_qsl(urlsplit(following).query))
	return rows
