"""How many segments a message takes. Twilio bills and paces by segment.

Rules: GSM-7 holds 160 characters, or 153 in each of several segments; UCS-2 holds 70, or 67
(https://www.twilio.com/docs/glossary/what-is-gsm-7-character-encoding). Tested against Twilio's own calculator
(https://github.com/TwilioDevEd/message-segment-calculator).
"""

import unicodedata
from dataclasses import dataclass, field

import regex
import smsutil
from smsutil.codecs import GSM_CHARSET, GSM_EXT_CHARSET

MAX_CHARACTERS = 1600
GSM, UCS = "GSM-7", "UCS-2"
# Of one segment, and of each of several, in septets and in UTF-16 code units.
GSM_SINGLE, GSM_PART = 160, 153
UCS_SINGLE, UCS_PART = 70, 67
# The escape that announces an extension character is none itself.
GSM_CHARACTERS = frozenset(GSM_CHARSET) - {"\x1b"}
# What looks like one character, an emoji with its skin tone for example. A line break is two of GSM-7.
CLUSTER = regex.compile(r"\r|\n|\X")

# Typographic characters that mean the same as one of GSM-7, by the latter. Letters are not among them: é stays é
# where GSM-7 has it and where it has not, since ç for c or ő for o can be another word. Nor are characters that
# would say something else beside a digit (½, ²) or within a word (the middle dot of Catalan).
PLAIN_NAMES = {
	"'": (
		"LEFT SINGLE QUOTATION MARK",
		"RIGHT SINGLE QUOTATION MARK",
		"SINGLE LOW-9 QUOTATION MARK",
		"SINGLE HIGH-REVERSED-9 QUOTATION MARK",
		"SINGLE LEFT-POINTING ANGLE QUOTATION MARK",
		"SINGLE RIGHT-POINTING ANGLE QUOTATION MARK",
		"MODIFIER LETTER APOSTROPHE",
		"MODIFIER LETTER TURNED COMMA",
		"GRAVE ACCENT",
		"ACUTE ACCENT",
		"PRIME",
		"REVERSED PRIME",
	),
	'"': (
		"LEFT DOUBLE QUOTATION MARK",
		"RIGHT DOUBLE QUOTATION MARK",
		"DOUBLE LOW-9 QUOTATION MARK",
		"DOUBLE HIGH-REVERSED-9 QUOTATION MARK",
		"LEFT-POINTING DOUBLE ANGLE QUOTATION MARK",
		"RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK",
		"DOUBLE PRIME",
		"REVERSED DOUBLE PRIME",
	),
	"-": (
		"HYPHEN",
		"NON-BREAKING HYPHEN",
		"FIGURE DASH",
		"EN DASH",
		"EM DASH",
		"HORIZONTAL BAR",
		"MINUS SIGN",
		"HYPHEN BULLET",
		"BULLET",
		"TRIANGULAR BULLET",
		"WHITE BULLET",
	),
	" ": (
		"NO-BREAK SPACE",
		"EN QUAD",
		"EM QUAD",
		"EN SPACE",
		"EM SPACE",
		"THREE-PER-EM SPACE",
		"FOUR-PER-EM SPACE",
		"SIX-PER-EM SPACE",
		"FIGURE SPACE",
		"PUNCTUATION SPACE",
		"THIN SPACE",
		"HAIR SPACE",
		"NARROW NO-BREAK SPACE",
		"MEDIUM MATHEMATICAL SPACE",
		"IDEOGRAPHIC SPACE",
	),
	"": ("SOFT HYPHEN", "ZERO WIDTH SPACE", "WORD JOINER", "ZERO WIDTH NO-BREAK SPACE"),
	"\n": ("LINE SEPARATOR", "PARAGRAPH SEPARATOR"),
	"...": ("HORIZONTAL ELLIPSIS",),
	"..": ("TWO DOT LEADER",),
	"/": ("FRACTION SLASH", "DIVISION SLASH"),
	"x": ("MULTIPLICATION SIGN",),
	"*": ("ASTERISK OPERATOR",),
	"~": ("TILDE OPERATOR",),
	"ff": ("LATIN SMALL LIGATURE FF",),
	"fi": ("LATIN SMALL LIGATURE FI",),
	"fl": ("LATIN SMALL LIGATURE FL",),
	"ffi": ("LATIN SMALL LIGATURE FFI",),
	"ffl": ("LATIN SMALL LIGATURE FFL",),
	"st": ("LATIN SMALL LIGATURE LONG S T", "LATIN SMALL LIGATURE ST"),
}
FULLWIDTH = {
	code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0) in GSM_CHARACTERS
}
PLAIN = FULLWIDTH | {
	ord(unicodedata.lookup(name)): plain for plain, names in PLAIN_NAMES.items() for name in names
}


@dataclass(frozen=True)
class Count:
	encoding: str
	"""GSM-7 or UCS-2"""
	characters: int
	"""Towards the 1,600 that Twilio takes"""
	segments: int
	forcing: list[str] = field(default_factory=list)
	"""What cannot be in GSM-7, each once, in order of appearance"""
	counted: int = 0
	"""As Twilio's calculator counts: in GSM-7 extension characters are two, in UCS-2 what looks like one is one"""


def count(text: str) -> Count:
	"""Encoding, characters and segments of a message as Twilio would send it.

	>>> count("Hello")
	Count(encoding='GSM-7', characters=5, segments=1, forcing=[], counted=5)
	"""
	if not text:
		return Count(GSM, 0, 0)
	if GSM_CHARACTERS.issuperset(text):
		counted = len(text) + sum(text.count(character) for character in GSM_EXT_CHARSET)
		return Count(GSM, len(text), len(smsutil.split(text).parts), counted=counted)
	clusters = CLUSTER.findall(text)
	forcing = [cluster for cluster in dict.fromkeys(clusters) if not GSM_CHARACTERS.issuperset(cluster)]
	return Count(UCS, len(text), _ucs_parts(clusters)[0], forcing, counted=len(clusters))


def plain(text: str) -> str:
	"""The text with plain quotes, dashes, blanks … in place of typographic ones that force UCS-2.

	Whether that saves anything is for the caller to count.

	>>> plain("“Don’t” – 5 km…")
	'"Don\\'t" - 5 km...'
	"""
	# A letter and its accent as two characters are the same as the one that GSM-7 may have.
	return unicodedata.normalize("NFC", text).translate(PLAIN)


def cheaper(text: str) -> str | None:
	"""The plain text when it takes fewer segments than this one, otherwise None."""
	without = plain(text)
	if len(without) <= MAX_CHARACTERS and count(without).segments < count(text).segments:
		return without
	return None


def left_in_segment(text: str) -> int:
	"""How many more ordinary characters the last of the message's segments takes before another one begins.

	>>> left_in_segment("Hello")
	155
	"""
	if GSM_CHARACTERS.issuperset(text):
		last = smsutil.split(text).parts[-1].content if text else ""
		septets = len(last) + sum(last.count(character) for character in GSM_EXT_CHARSET)
		return (GSM_SINGLE if last == text else GSM_PART) - septets
	segments, used = _ucs_parts(CLUSTER.findall(text))
	return (UCS_SINGLE if segments == 1 else UCS_PART) - used


def name_of(character: str) -> str:
	"""What Unicode calls a character, in lower case; of several in one, what it calls the first.

	>>> name_of("…")
	'horizontal ellipsis'
	"""
	return unicodedata.name(unicodedata.normalize("NFC", character)[0], "").lower()


def _ucs_parts(clusters: list[str]) -> tuple[int, int]:
	"""Segments of UCS-2 text, in which nothing that looks like one character is put into two of them.

	:return: their number, and the UTF-16 code units in the last one
	"""
	sizes = [len(cluster.encode("utf-16-le", "surrogatepass")) // 2 for cluster in clusters]
	if sum(sizes) <= UCS_SINGLE:
		return 1, sum(sizes)
	segments, used = 1, 0
	for size in sizes:
		if used + size > UCS_PART:
			segments, used = segments + 1, 0
		# Only a heap of accents upon one letter is larger than a segment.
		segments, used = segments + size // (UCS_PART + 1), used + size % (UCS_PART + 1)
	return segments, used
