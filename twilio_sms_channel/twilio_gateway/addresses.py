"""Twilio's addresses: a phone number or name for SMS and MMS; with its channel in front for all else ("rcs:+1415…")."""

import re

from twilio_sms_channel.infra import ways

RCS = "rcs:"
CHANNEL = re.compile(r"([a-z][a-z0-9_+.-]*):(?!\s)", re.IGNORECASE)
WAYS = {"rcs": ways.RCS, "whatsapp": ways.WHATSAPP, "messenger": ways.MESSENGER}


def is_rcs(address: str) -> bool:
	return address[: len(RCS)].lower() == RCS


def by_rcs(customer_number: str) -> str:
	"""A customer's number as it is addressed by RCS."""
	return f"{RCS}{customer_number}"


def way_of(address: str, sid: str, has_files: bool = False) -> str:
	"""How a message travels, as `infra.ways` has it; "" where its address does not tell.

	:param address: of either side as Twilio names it
	:param sid: the message's: Twilio gives an MMS another one than an SMS
	"""
	if not address:
		return ""
	if found := CHANNEL.match(address):
		return WAYS.get(found[1].lower(), ways.OTHER)
	return ways.MMS if has_files or sid.startswith("MM") else ways.SMS


def way_between(sender: str, recipient: str, sid: str, has_files: bool) -> str:
	"""The same of both sides, of which one alone may name the channel."""
	named = next((side for side in (sender, recipient) if CHANNEL.match(side)), sender or recipient)
	return way_of(named, sid, has_files)
