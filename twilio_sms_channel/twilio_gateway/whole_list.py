"""Twilio's list of messages, read to its end.

A list that was cut short cannot be told from one that ended: a last page says so in either case. Twilio lists the newest
first, so what such a page leaves out are the oldest, which no later comparison would ask for again. They are asked for
once more, until nothing new comes.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from twilio_sms_channel.twilio_gateway.client import oldest_first
from twilio_sms_channel.twilio_gateway.models import ListedMessage


def read(listed: Callable[[datetime], Iterable[ListedMessage]], before: datetime) -> list[ListedMessage]:
	"""All messages up to a moment, each once, the oldest first.

	:param listed: lists messages up to a moment, itself included, the newest first
	:param before: in the site's time zone
	"""
	found: dict[str, ListedMessage] = {}
	while new := {message.sid: message for message in listed(before) if message.sid not in found}:
		found.update(new)
		before = min(message.sent_at for message in new.values())
	return oldest_first(found.values())
