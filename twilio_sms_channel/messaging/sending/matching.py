"""Which message in Twilio's list is the one whose answer was lost.

Twilio may have changed its words on the way (Smart Encoding, shortened links, the note of a trial account), or keep none of
them (Message Redaction). Then time, number of files and order tell: the first message of ours is the first one there.
What does not tell one from another matches nothing, and an agent decides.
"""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from twilio_sms_channel.content import segments
from twilio_sms_channel.twilio_gateway.models import FoundMessage

TRIAL_PREFIX = "Sent from your Twilio trial account -"
LINK = re.compile(r"https?://\S+", re.I)
# Twilio's times have no parts of a second, and two clocks never agree.
EARLY_S = 5
# From the claim of a message to Twilio's taking it: it may wait for its turn, and a call lasts.
LATE_S = 60
# Shorter texts that differ in one letter can mean something else.
LIKE_FROM_CHARACTERS, LIKE_RATIO = 16, 0.8


class Likeness(IntEnum):
	"""How sure it is that two messages are the same one."""

	NONE = 0
	TIME = 1
	"""Twilio keeps no words; the time and the number of files fit"""
	CHANGED = 2
	"""other words, as Twilio changes them; the time and the number of files fit"""
	WORDS = 3


@dataclass(frozen=True)
class Claim:
	"""A message of ours that Twilio may have taken."""

	body: str
	media: int
	begun: tuple[datetime, datetime] | None
	"""when its call began at the earliest, and at the latest, by Twilio's clock; None when that is not known"""

	def is_in_time(self, message: FoundMessage) -> bool:
		if not self.begun or not message.created:
			return False
		earliest, latest = self.begun
		return earliest - timedelta(seconds=EARLY_S) <= message.created <= latest + timedelta(seconds=LATE_S)


def by_words(claim: Claim, messages: Sequence[FoundMessage]) -> FoundMessage | None:
	"""The message with the same words; of several the one that was taken at the right time.

	:param messages: the oldest first
	"""
	same = [message for message in messages if likeness(claim, message) is Likeness.WORDS]
	return next((message for message in same if claim.is_in_time(message)), next(iter(same), None))


def without_words(
	claim: Claim, messages: Sequence[FoundMessage], rivals: Sequence[Claim]
) -> FoundMessage | None:
	"""The message that fits by all else, None where there is none, or where it may be another one.

	:param messages: those that nobody knows, the oldest first, when no more are to come
	:param rivals: our other messages to this customer of which nobody knows whether Twilio took them
	"""
	taken = {m.sid for m in messages for rival in rivals if likeness(rival, m) is Likeness.WORDS}
	left = [message for message in messages if message.sid not in taken]
	best = max((likeness(claim, message) for message in left), default=Likeness.NONE)
	if best is Likeness.NONE:
		return None
	pool = [message for message in left if likeness(claim, message) is best]
	others = [rival for rival in rivals if not by_words(rival, messages)]
	claims, pool = _group(claim, pool, others, left)
	if len(pool) != len(claims) or claims.count(claim) > 1:
		return None
	claims.sort(key=lambda one: one.begun or ())
	if not all(likeness(*pair) for pair in zip(claims, pool, strict=True)):
		return None
	return pool[claims.index(claim)]


def _group(
	claim: Claim, pool: Sequence[FoundMessage], rivals: Sequence[Claim], left: Sequence[FoundMessage]
) -> tuple[list[Claim], list[FoundMessage]]:
	"""The messages of ours that may be one of these in Twilio's list, and all in the list that may be one of those."""
	claims, count = [claim], 0
	while len(claims) + len(pool) > count:
		count = len(claims) + len(pool)
		claims = [claim, *(rival for rival in rivals if any(likeness(rival, one) for one in pool))]
		pool = [one for one in left if one in pool or any(likeness(rival, one) for rival in claims[1:])]
	return claims, list(pool)


def likeness(claim: Claim, message: FoundMessage) -> Likeness:
	"""How sure it is that a message in Twilio's list is this one of ours."""
	if claim.media and message.media != claim.media:
		return Likeness.NONE
	theirs = message.body.strip().removeprefix(TRIAL_PREFIX).strip()
	if _has_same_words(claim.body, message.body) or _has_same_words(claim.body, theirs):
		return Likeness.WORDS
	if message.media != claim.media or not claim.is_in_time(message):
		return Likeness.NONE
	if not theirs:
		return Likeness.TIME
	return Likeness.CHANGED if _is_changed(claim.body, theirs) else Likeness.NONE


def words_at_twilio(body: str, message: FoundMessage) -> str:
	"""What is said of Twilio's words beside ours: "" where they are the same, "Changed", or "Not Kept"."""
	if message.body.split() == body.split():
		return ""
	return "Changed" if message.body.strip() else "Not Kept"


def _has_same_words(ours: str, theirs: str) -> bool:
	comparable, essence = _comparable(ours), _essence(ours)
	# A picture alone has no words that could be the same.
	if comparable and comparable == _comparable(theirs):
		return True
	return bool(essence) and essence == _essence(theirs)


def _is_changed(ours: str, theirs: str) -> bool:
	"""Whether Twilio may have made these words of ours: links are shortened, some characters replaced, a note put around."""
	parts = [_essence(part) for part in LINK.split(ours)]
	if len(parts) > 1 and parts == [_essence(part) for part in LINK.split(theirs)]:
		return True
	# Without links, whichever were shortened.
	ours, theirs = ("".join(_essence(part) for part in LINK.split(body)) for body in (ours, theirs))
	if len(ours) < LIKE_FROM_CHARACTERS:
		return False
	return ours in theirs or difflib.SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= LIKE_RATIO


def _comparable(body: str) -> str:
	"""Without what Twilio may change on the way: blanks at the ends, and typographic characters (Smart Encoding)."""
	return " ".join(segments.plain(body).split())


def _essence(body: str) -> str:
	"""Letters and digits alone, without accents: Smart Encoding has more characters than this app replaces."""
	plain = unicodedata.normalize("NFKD", segments.plain(body))
	return "".join(character for character in plain if character.isalnum()).casefold()
