"""What Twilio says, as plain data."""

from dataclasses import dataclass
from datetime import datetime

from twilio_sms_channel.twilio_gateway import addresses


@dataclass(frozen=True)
class Accepted:
	"""What Twilio said of a message it took."""

	sid: str
	twilio_status: str
	segments: int | None
	price: float | None
	price_unit: str
	sender: str = ""
	"""which of our senders it went out from: it tells RCS from SMS; "" while a Messaging Service has not chosen one"""

	@property
	def way(self) -> str:
		"""How it travels, "" while that is not known"""
		return addresses.way_of(self.sender, self.sid)


@dataclass(frozen=True)
class ListedMessage:
	"""A message in Twilio's list."""

	sid: str
	direction: str
	"""inbound, outbound-api, outbound-reply …"""
	sender: str
	to: str
	body: str
	status: str
	sent_at: datetime
	"""In the site's time zone, without zone; to the second. For inbound ones: when Twilio received it."""
	sent_at_utc: datetime
	"""The same in UTC, without zone"""
	segments: int
	media: int
	service_sid: str
	error_code: str
	error_message: str
	price: float | None
	"""None while Twilio has not set it, which it does some time after sending"""
	price_unit: str
	"""ISO 4217, e.g. USD"""


@dataclass(frozen=True)
class AccountState:
	status: str
	"""active, suspended or closed"""
	type: str
	"""Full or Trial"""
	friendly_name: str


@dataclass(frozen=True)
class FoundMessage:
	"""A message to a customer in Twilio's list."""

	accepted: Accepted
	sender: str
	service_sid: str
	direction: str
	body: str
	media: int
	"""how many files it has"""
	error_code: str
	error_message: str
	created: datetime | None = None
	"""when Twilio took it, with zone; to the second"""

	@property
	def sid(self) -> str:
		return self.accepted.sid
