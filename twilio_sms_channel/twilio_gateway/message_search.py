"""What Twilio has sent to a customer, as its list of messages tells: to find one whose answer was lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from twilio_sms_channel.twilio_gateway import addresses, exchanges, failures
from twilio_sms_channel.twilio_gateway.client import twilio_time
from twilio_sms_channel.twilio_gateway.errors import Refused
from twilio_sms_channel.twilio_gateway.message_answers import accepted
from twilio_sms_channel.twilio_gateway.models import FoundMessage

if TYPE_CHECKING:
	from twilio_sms_channel.twilio_gateway.sdk import Client, MessageInstance

PAGE_SIZE, MOST_LISTED = 50, 500
# How much longer ago than it seems the call may have been: clocks are set.
WINDOW_S = 3600
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


@dataclass
class Listed:
	"""What Twilio's list told."""

	messages: list[FoundMessage]
	"""the newest first"""
	at: datetime | None
	"""by Twilio's clock; None when it did not say"""
	to_the_end: bool
	"""whether all of the time in question was read"""
	begun: tuple[datetime, datetime] | None = None
	"""when the call began at the earliest, and at the latest, by Twilio's clock; None when it did not say"""

	def add(self, others: "Listed") -> None:
		"""Take in what another list of the same time told."""
		self.messages += others.messages
		self.messages.sort(key=lambda message: message.created or _LONG_AGO, reverse=True)
		self.to_the_end = self.to_the_end and others.to_the_end

	def proves_absence(self, since: datetime | None, after_s: float) -> bool:
		"""Whether a message that is not among these, nor may be any of them, was never taken.

		:param since: by Twilio's clock: when the call had begun, and the list was read for the first time
		:param after_s: how long it may take until a message is in the list
		"""
		waited_s = self.after(since)
		return self.to_the_end and waited_s is not None and waited_s > after_s

	def after(self, since: datetime | None) -> float | None:
		"""How many seconds after another moment Twilio told this, by its clock alone; None when it is not known."""
		return (self.at - since).total_seconds() if self.at and since else None


def sent_to(
	client: "Client",
	customer_number: str,
	*,
	sender: str,
	waited_s: tuple[float, float],
	since: datetime | None,
	rcs_first: bool = False,
) -> Listed:
	"""Read Twilio's list of messages to a customer, the newest first. Needs no connection to the site.

	Without a filter by DateSent: a message that waits in Twilio's queue has none.

	:param sender: our number; "" for a Messaging Service, which may send from another one, or by RCS
	:param waited_s: how long ago the call began at least, and at most, by this machine's clock
	:param since: by Twilio's clock: when the list was read for the first time
	:param rcs_first: whether it may have gone by RCS: Twilio compares addresses as they stand
	:raises TwilioException, requests.RequestException: see `failures.CALL_ERRORS`
	"""
	with exchanges.told():
		listed = _read(client, customer_number, sender, waited_s, since)
		if rcs_first or not sender:
			# A Messaging Service sends by RCS where it can, and Twilio lists that under another address.
			listed.add(_read_rcs(client, customer_number, waited_s, since))
		return listed


def _read_rcs(
	client: "Client", customer_number: str, waited_s: tuple[float, float], since: datetime | None
) -> Listed:
	try:
		return _read(client, addresses.by_rcs(customer_number), "", waited_s, since)
	except failures.CALL_ERRORS as e:
		if not isinstance(failures.problem(e, 0), Refused):
			raise
		# Twilio listed the number itself a moment ago: it knows no such address.
		return Listed([], None, to_the_end=True)


def _read(
	client: "Client", to: str, sender: str, waited_s: tuple[float, float], since: datetime | None
) -> Listed:
	options = {"to": to}
	if sender:
		options["from_"] = sender
	page = client.messages.page(**options, page_size=PAGE_SIZE)
	at = twilio_time()
	begun = at and tuple(min(at - timedelta(seconds=seconds), since or at) for seconds in reversed(waited_s))
	earliest = begun and begun[0] - timedelta(seconds=WINDOW_S)
	found: list[FoundMessage] = []
	while page:
		for message in page:
			times = [moment for moment in (message.date_created, message.date_sent) if moment]
			if earliest and times and max(times) < earliest:
				return Listed(found, at, to_the_end=True, begun=begun)
			found.append(_found(message))
		if len(found) >= MOST_LISTED:
			return Listed(found, at, to_the_end=False, begun=begun)
		page = page.next_page()
	return Listed(found, at, to_the_end=True, begun=begun)


def _found(message: "MessageInstance") -> FoundMessage:
	return FoundMessage(
		accepted=accepted(message),
		sender=message.from_ or "",
		service_sid=message.messaging_service_sid or "",
		direction=str(getattr(message.direction, "value", message.direction)),
		body=message.body or "",
		media=int(message.num_media or 0),
		error_code=str(message.error_code or ""),
		error_message=message.error_message or "",
		created=message.date_created or message.date_sent,
	)
