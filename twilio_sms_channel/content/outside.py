"""Values from outside, made fit to be kept: many of Frappe's screens draw what stands in a field as HTML.

Documents that are saved get their values cleaned by Frappe; what is written past that is cleaned here. A message's words are
no matter of this: they are kept as they came, in a field that is always shown as text.
"""

import ipaddress
import re
from urllib.parse import quote

KEPT_CHARACTERS = 140
MAX_SENTENCE_CHARACTERS = 500
# They look almost the same, and are no markup wherever they are shown.
NO_MARKUP = str.maketrans({"<": "‹", ">": "›"})
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
CONTENT_TYPE = re.compile(r"[\w.+-]{1,70}/[\w.+-]{1,70}(?=\s|;|$)", re.ASCII)
NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f<>\"`\\]")


def plain(value: object, most: int = KEPT_CHARACTERS) -> str:
	"""One value as text that no screen can take for markup: without angle brackets and characters that are not seen.

	>>> plain("<b>Twilio</b>")
	'‹b›Twilio‹/b›'
	"""
	text = "" if value is None else str(value)[:most]
	return UNSEEN.sub("", text.translate(NO_MARKUP))


def sentence(value: object) -> str:
	"""The same for a sentence or two, such as why Twilio said no."""
	return plain(value, MAX_SENTENCE_CHARACTERS)


def harmless(value: object) -> str:
	"""A name within a sentence for people: without what would be markup where that is shown as HTML, and without what
	would have to be escaped, which is seen where it is not.

	>>> harmless("<b>Ann</b> & Co")
	'b Ann /b Co'
	"""
	text = "" if value is None else str(value)
	return re.sub(r"[<>&\s]+", " ", UNSEEN.sub("", text)).strip()


def content_type(value: str | None) -> str:
	"""A type of file without its parameters; "" for what is none.

	>>> content_type("image/png; name=a.png"), content_type("<svg onload=x>")
	('image/png', '')
	"""
	found = CONTENT_TYPE.match((value or "").strip())
	return found[0] if found else ""


def url(value: str | None) -> str:
	"""An address in which nothing can end the attribute that it stands in. Proper addresses stay as they are."""
	return NOT_IN_URLS.sub(lambda found: quote(found[0]), value or "")


def ip_address(value: str | None) -> str:
	"""An IP address as Python writes it, "" for what is none: a header says whatever its sender likes."""
	try:
		return str(ipaddress.ip_address((value or "").strip()))
	except ValueError:
		return ""
