"""Types of files: which Twilio takes, what a file is, and how its name ends.

What Twilio takes: https://www.twilio.com/docs/messaging/guides/accepted-mime-types
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import filetype

SHOWN_EVERYWHERE = {"image/jpeg", "image/gif", "image/png"}
ACCEPTED = SHOWN_EVERYWHERE | {
	*("image/bmp", "image/tiff", "image/heic", "image/heif"),
	*(
		"video/mpeg",
		"video/mp4",
		"video/quicktime",
		"video/webm",
		"video/3gpp",
		"video/3gpp2",
		"video/3gpp-tt",
	),
	*("video/H261", "video/H263", "video/H263-1998", "video/H263-2000", "video/H264"),
	*("audio/basic", "audio/L24", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/vnd.rn-realaudio"),
	*("audio/vnd.wave", "audio/3gpp", "audio/3gpp2", "audio/ac3", "audio/webm", "audio/amr-nb", "audio/amr"),
	*(
		"text/vcard",
		"text/x-vcard",
		"text/csv",
		"text/rtf",
		"text/richtext",
		"text/calendar",
		"text/directory",
	),
	"application/pdf",
}
# What a file can be found to be, and how the names of such files end; the first ending is the one that is given.
ENDINGS = {
	"image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
	"image/png": ("png",),
	"image/gif": ("gif",),
	"image/bmp": ("bmp", "dib"),
	"image/tiff": ("tif", "tiff"),
	"image/heic": ("heic",),
	"image/heif": ("heif", "hif"),
	"image/webp": ("webp",),
	"video/mpeg": ("mpg", "mpeg", "mpe"),
	"video/mp4": ("mp4", "m4v", "mp4v"),
	"video/quicktime": ("mov", "qt"),
	"video/webm": ("webm",),
	"video/3gpp": ("3gp", "3gpp"),
	"video/3gpp2": ("3g2", "3gpp2"),
	"audio/basic": ("au", "snd"),
	"audio/mp4": ("m4a", "mp4a", "mp4"),
	"audio/mpeg": ("mp3", "mpga"),
	"audio/ogg": ("ogg", "oga", "opus"),
	"audio/vnd.rn-realaudio": ("ra", "ram"),
	"audio/vnd.wave": ("wav",),
	"audio/3gpp": ("3gp", "3ga", "3gpp"),
	"audio/3gpp2": ("3g2", "3gpp2"),
	"audio/ac3": ("ac3",),
	"audio/webm": ("weba", "webm"),
	"audio/amr": ("amr",),
	"text/vcard": ("vcf", "vcard"),
	"text/csv": ("csv",),
	"text/rtf": ("rtf",),
	"text/calendar": ("ics", "ical", "ifb"),
	"application/pdf": ("pdf",),
}
# As others call them, browsers and phones among them.
OTHER_NAMES = {
	"audio/x-wav": "audio/vnd.wave",
	"audio/wav": "audio/vnd.wave",
	"audio/wave": "audio/vnd.wave",
	"audio/mp3": "audio/mpeg",
	"audio/m4a": "audio/mp4",
	"audio/x-m4a": "audio/mp4",
	"audio/amr-nb": "audio/amr",
	"audio/opus": "audio/ogg",
	"video/x-m4v": "video/mp4",
	"image/jpg": "image/jpeg",
	"application/rtf": "text/rtf",
	"text/x-vcard": "text/vcard",
	"text/directory": "text/vcard",
	"text/comma-separated-values": "text/csv",
}
# What an agent can attach to a message: what Twilio takes, as far as a file can be found to be it. The others of its
# list are raw sound and film, which nothing marks.
SENDABLE = ACCEPTED & ENDINGS.keys()
# Pictures and film as Twilio lists them for RCS; sound and PDF as RCS Business Messaging takes them:
# https://developers.google.com/business-communications/rcs-business-messaging/guides/build/messages/send
BY_RCS = SENDABLE & {
	*("image/jpeg", "image/gif", "image/png", "video/mpeg", "video/mp4", "video/webm", "application/pdf"),
	*("audio/mpeg", "audio/mp4", "audio/ogg", "audio/3gpp"),
}
# Of these a browser runs nothing.
SHOWN_BY_BROWSERS = {t for t in ACCEPTED if t.startswith(("image/", "audio/", "video/"))} | {
	"application/pdf"
}
ANY_FILE = ("application/octet-stream", "bin")
WORDS = "text/plain"
# Nothing in these runs anywhere; of plain words only who sends them knows which they are.
TEXTS = {WORDS: "txt", **{kind: ENDINGS[kind][0] for kind in ("text/csv", "text/calendar", "text/vcard")}}
TEXT_MARKS = {"BEGIN:VCARD": "text/vcard", "BEGIN:VCALENDAR": "text/calendar"}
MARKS = {
	b".snd": "audio/basic",
	b"\x0b\x77": "audio/ac3",
	b".ra\xfd": "audio/vnd.rn-realaudio",
	b".RMF": "audio/vnd.rn-realaudio",
}
# PDF readers look for it within the first kilobyte.
PDF, PDF_WITHIN = b"%PDF-", 1024
RTF = b"{\\rtf"
BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
MAX_BOXES = 10_000
SAID_WITHIN = 1024
MARKUP = re.compile(r"<(\?xml|svg|!doctype|html|!--)")


@dataclass(frozen=True)
class Limits:
	"""What a message can carry."""

	max_bytes: int
	"""all files together"""
	max_other_bytes: int
	"""one file that is no picture which every phone shows"""
	types: frozenset[str]

	def accepted(self, content_type: str) -> str | None:
		"""The type as Twilio calls it, None when such files do not go along."""
		name = OTHER_NAMES.get(content_type, content_type)
		return name if name in self.types else None

	def offered(self) -> list[str]:
		"""The types that go along by all of their names."""
		sendable = SENDABLE & self.types
		return sorted(sendable | {other for other, name in OTHER_NAMES.items() if name in sendable})


# Other types than pictures reach many phones up to about 500 KB only.
MMS = Limits(5 * 1024**2, 500 * 1024, frozenset(ACCEPTED))
RCS = Limits(16 * 1024**2, 16 * 1024**2, frozenset(BY_RCS))


def accepted(content_type: str) -> str | None:
	"""The type as Twilio calls it, None when it does not take such files."""
	return MMS.accepted(content_type)


def plain(declared: str | None) -> str:
	"""A type as it was declared, without its parameters, by the name used here."""
	name = (declared or "").partition(";")[0].strip().lower()
	return OTHER_NAMES.get(name, name)


def kind_of(content: bytes, declared: str | None = "") -> tuple[str, str]:
	"""Type and file ending by what a file contains, whatever its sender calls it.

	Only among types that can do no harm what was declared decides, where the content does not tell. Anything else is
	kept as `.bin`, which browsers download: so are SVG, HTML and scripts.

	:param declared: the type that the sender's network, or the file's name, says
	"""
	declared = plain(declared)
	head = _without_blanks(content[:PDF_WITHIN])
	if head.startswith(PDF):
		return _named("application/pdf")
	if head.startswith(RTF):
		return _named("text/rtf")
	words = text_of(content)
	# Words come first: "BMW" begins as a bitmap does, which goes on with what is in no text.
	if kind := _text_kind(words, declared):
		return kind, TEXTS[kind]
	if found := _container(content, declared):
		return _named(found)
	for mark, kind in MARKS.items():
		if content.startswith(mark):
			return _named(kind)
	if found := filetype.guess(content):
		name = OTHER_NAMES.get(found.mime, found.mime)
		return (name, ENDINGS[name][0]) if name in ENDINGS else (name, found.extension)
	plays = declared.startswith(("audio/", "video/")) and declared in ENDINGS
	return _named(declared) if plays and words is None else ANY_FILE


def _named(kind: str) -> tuple[str, str]:
	return kind, ENDINGS[kind][0]


def _text_kind(words: str | None, declared: str) -> str:
	"""Which kind of plain text a file is, "" for none that is known to do no harm."""
	if not words or not words.strip():
		return ""
	start = words.lstrip()[:20].upper()
	marked = next((kind for mark, kind in TEXT_MARKS.items() if start.startswith(mark)), "")
	return marked or (declared if declared in TEXTS else "")


def called(content: bytes, content_type: str) -> str:
	"""What people call a type that messages do not carry, "SVG" or "ZIP" for example; "" when nobody can tell."""
	start = (text_of(content[:SAID_WITHIN]) or "").lstrip().lower()
	if MARKUP.match(start):
		return "SVG" if "<svg" in start else "XML" if start.startswith("<?xml") else "HTML"
	if content_type == WORDS:
		return TEXTS[WORDS].upper()
	found = filetype.guess(content)
	return found.extension.upper() if found else ""


def text_of(content: bytes) -> str | None:
	"""What a file says, when it is plain text: UTF-8, UTF-16, or one byte a character. None when it is something else."""
	for bom, encoding in BOMS.items():
		if content.startswith(bom):
			return _decoded(content[len(bom) :], encoding)
	for encoding in ("utf-8", *_without_bom(content), "cp1252"):
		if (words := _decoded(content, encoding)) is not None:
			return words
	return None


def _decoded(content: bytes, encoding: str) -> str | None:
	try:
		words = content.decode(encoding)
	except UnicodeDecodeError:
		return None
	return None if NOT_IN_TEXT.search(words) else words


def _without_bom(content: bytes) -> tuple[str, ...]:
	"""UTF-16 whose mark is missing: every other byte of most European words is 0."""
	head = content[:200]
	if head[1::2].count(0) > len(head) // 4:
		return ("utf-16-le",)
	return ("utf-16-be",) if head[::2].count(0) > len(head) // 4 else ()


def _without_blanks(head: bytes) -> bytes:
	return head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\f\x00")


def _container(content: bytes, declared: str) -> str | None:
	"""The type of a film, or of sound alone, of the families of MP4 and of Matroska; None for anything else.

	Where the content does not tell whether there is a picture, what was declared does.
	"""
	if content[4:8] == b"ftyp":
		brand = content[8:12]
		if brand.startswith((b"3gp", b"3gr", b"3gs", b"3ge", b"3gg")):
			family = "3gpp"
		elif brand.startswith(b"3g2"):
			family = "3gpp2"
		elif brand.startswith((b"M4A", b"M4B")):
			return "audio/mp4"
		elif brand == b"qt  ":
			return "video/quicktime"
		elif brand.startswith((b"mp4", b"iso", b"M4V", b"avc1", b"dash", b"MSNV")):
			family = "mp4"
		elif brand in (b"heic", b"mif1", b"msf1"):
			return "image/heic" if b"heic" in content[8:64] else "image/heif"
		else:
			return None
		tracks = set(_handlers(content))
		sound, film = b"soun" in tracks, b"vide" in tracks
	elif content.startswith(b"\x1a\x45\xdf\xa3") and b"\x42\x82\x84webm" in content[:100]:
		family = "webm"
		# The names of codecs stand in front of the film itself.
		head = content[: 256 * 1024]
		sound, film = (b"A_OPUS" in head or b"A_VORBIS" in head), bool(re.search(rb"V_(VP8|VP9|AV1)", head))
	else:
		return None
	if not (sound or film):
		sound = declared == f"audio/{family}"
	return f"{'audio' if sound and not film else 'video'}/{family}"


def _handlers(content: bytes) -> Iterator[bytes]:
	"""What the tracks of an MP4 hold: b"vide", b"soun" …"""
	waiting, seen = [(0, len(content))], 0
	while waiting and seen < MAX_BOXES:
		at, end = waiting.pop()
		while at + 8 <= end and seen < MAX_BOXES:
			seen += 1
			size, name, head = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8], 8
			if size == 1:
				size, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
			box_end = end if size == 0 else at + size
			if size and size < head:
				return
			if name in (b"moov", b"trak", b"mdia"):
				waiting.append((at + head, min(box_end, end)))
			elif name == b"hdlr":
				yield content[at + head + 8 : at + head + 12]
			at = box_end
