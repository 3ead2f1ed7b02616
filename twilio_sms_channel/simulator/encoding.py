"""Characters and segments of a message."""

import unicodedata

import smsutil
import smsutil.codecs

GSM_CHARSET = frozenset(smsutil.codecs.GSM_CHARSET + smsutil.codecs.GSM_EXT_CHARSET)
TYPOGRAPHIC = {
	"‘": "'",
	"’": "'",
	"“": '"',
	"”": '"',
	"«": '"',
	"»": '"',
	"–": "-",
	"—": "-",
	"•": "-",
	"©": "(C)",
}


def count_segments(body: str) -> int:
	return max(len(smsutil.split(body).parts), 1)


def in_plain_characters(body: str) -> str:
	"""A message as Smart Encoding sends it: typographic characters become those of GSM-7 that stand for them.

	Twilio's own list has some more (https://www.twilio.com/docs/messaging/services/smart-encoding-char-list).
	"""
	return "".join(_plain(character) for character in body)


def _plain(character: str) -> str:
	plain = unicodedata.normalize("NFKC", character).replace("\N{FRACTION SLASH}", "/")
	plain = TYPOGRAPHIC.get(plain, plain)
	return plain if GSM_CHARSET.issuperset(plain) else character
