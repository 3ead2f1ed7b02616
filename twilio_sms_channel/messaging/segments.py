"""How many segments a text takes. Twilio bills and paces by segment.

Rules: GSM-7 holds 160 characters, or 153 in each of several segments; UCS-2 holds 70, or 67
(https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding).
"""

from dataclasses import dataclass

import smsutil

MAX_CHARACTERS = 1600


@dataclass(frozen=True)
class Count:
	encoding: str
	"""GSM-7 or UCS-2"""
	characters: int
	segments: int


def count(text: str) -> Count:
	"""Encoding, characters and segments of a text as Twilio would send it.

	>>> count("Hello")
	Count(encoding='GSM-7', characters=5, segments=1)
	"""
	if not text:
		return Count("GSM-7", 0, 0)
	gsm = smsutil.is_valid_gsm(text)
	return Count("GSM-7" if gsm else "UCS-2", len(text), len(smsutil.split(text).parts))
