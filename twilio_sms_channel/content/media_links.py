"""Links to the files of outgoing messages, which open without a login: for Twilio, and for customers without MMS.

A token names one File and when it expires. It is bound to the Communication that the file is attached to and to what
the file contained: a File that was replaced, moved or deleted is opened by no token any more.
"""

import base64
import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

import frappe
from frappe.core.doctype.file.utils import get_content_hash
from frappe.utils.password import get_encryption_key

from twilio_sms_channel.content import files, text
from twilio_sms_channel.content.media_types import SHOWN_BY_BROWSERS
from twilio_sms_channel.infra import clock, public_url, site_config

MESSAGE, MEDIA = "Twilio SMS Message", "Twilio SMS Media"
# Twilio's own queue holds a message for up to ten hours before it fetches the media.
FOR_TWILIO_S = 12 * 3600
DAYS_FOR_CUSTOMERS = 7
DAY_S = 24 * 3600
TOKEN = re.compile(r"([A-Za-z0-9]{1,40})\.([0-9a-f]{1,12})\.([A-Za-z0-9_-]{22})", re.ASCII)
MAC_BYTES = 16
MAX_NAME_CHARACTERS = 20
MAX_ENDING_CHARACTERS = 6
ANY_FILE = "application/octet-stream"
SPELLED_OUT = str.maketrans(
	{"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "Ø": "O", "Æ": "AE", "Ł": "L"}
)


@dataclass(frozen=True)
class Opened:
	"""A file that a token stands for."""

	content: bytes
	content_type: str
	file_name: str
	shown: bool
	"""Whether a browser may show it; otherwise it can only be stored"""
	for_twilio: bool = False
	"""Whether Twilio fetches it, which wants short names in plain letters"""


def urls_for_twilio(message) -> list[str]:
	"""Where Twilio fetches the files of a message, for the next twelve hours; without those that went as links.

	:param message: Twilio SMS Message document
	"""
	return [url(item.file, FOR_TWILIO_S) for item in message.media if item.status == "Attached"]


def for_customer(file: str) -> str:
	"""A link that a customer gets in a message, for as many days as Twilio SMS Settings say."""
	days = frappe.db.get_single_value("Twilio SMS Settings", "links_expire_after_days") or 0
	# None that never expires, and none that has expired before it arrives.
	return url(file, (days if days > 0 else DAYS_FOR_CUSTOMERS) * DAY_S)


def for_reader(file: str) -> str:
	"""The address of a message's file for whoever may read its ticket, see `api.media.show`.

	:param file: name of a File
	"""
	return f"/api/method/twilio_sms_channel.api.media.show?file={file}"


def read(file: str) -> Opened:
	"""The file of a message, for the logged-in user.

	:raises frappe.PermissionError: it is not a message's, is gone, or the user may not read the message's ticket
	"""
	Media, Message, Communication = (frappe.qb.DocType(name) for name in (MEDIA, MESSAGE, "Communication"))
	tickets = (
		frappe.qb.from_(Media)
		.join(Message)
		.on(Message.name == Media.parent)
		.join(Communication)
		.on(Communication.name == Message.communication)
		.select(Communication.reference_doctype, Communication.reference_name, Media.content_type)
		.where(Media.file == file)
	).run()
	for doctype, ticket, content_type in tickets:
		# What was in a ticket that was deleted belongs to none.
		if ticket and frappe.has_permission(doctype, "read", doc=ticket) and frappe.db.exists("File", file):
			doc = frappe.get_doc("File", file)
			shown = content_type in SHOWN_BY_BROWSERS
			kind = content_type if shown else ANY_FILE
			return Opened(files.content_of(doc), kind, doc.file_name, shown)
	raise frappe.PermissionError


def url(file: str, lifetime_s: int) -> str:
	"""The address under which whoever has it can fetch a File that is attached to a message of ours."""
	return f"{public_url.base()}{public_url.MEDIA}?token={sign(file, lifetime_s)}"


def length() -> int:
	"""Characters of a link for a customer."""
	return len(f"{public_url.base()}{public_url.MEDIA}?token={_token('0' * 10, clock.epoch_s(), b'')}")


def sign(file: str, lifetime_s: int = FOR_TWILIO_S) -> str:
	"""A token that stands for a File as it is now.

	:param file: name of a File that is attached to the Communication of a message
	"""
	return _token(file, clock.epoch_s() + lifetime_s, _facts(file) or b"")


def opened_by(token: str) -> Opened | None:
	"""The file that a token stands for, None when it is forged or expired, or the file no longer the one it was."""
	parts = TOKEN.fullmatch(token) if isinstance(token, str) else None
	if not parts:
		return None
	file, expires = parts[1], int(parts[2], 16)
	facts = _facts(file)
	# A file that is not there is compared like any other.
	genuine = hmac.compare_digest(_token(file, expires, facts or b"").encode(), token.encode())
	if not genuine or not facts or expires < clock.epoch_s():
		return None
	return _open(file)


def named(file: Opened) -> str:
	"""A file's name as Content-Disposition has it: whole for people, and short for Twilio."""
	short = f"filename={short_name(file.file_name)}"
	name = text.first_line(file.file_name)
	return short if file.for_twilio or not name else f"{short}; filename*=UTF-8''{quote(name, safe='')}"


def short_name(file_name: str) -> str:
	"""A name as Twilio wants it: at most 20 characters, no spaces, of letters without accents."""
	plain = unicodedata.normalize("NFKD", file_name.translate(SPELLED_OUT) if file_name else "file")
	plain = plain.encode("ascii", "ignore").decode()
	plain = re.sub(r"[^A-Za-z0-9.]+", "-", plain)
	# Not by splitext, to which ".pdf" is a name without ending.
	dot = plain.rfind(".") if "." in plain else len(plain)
	stem, ending = plain[:dot].strip("-.") or "file", plain[dot:][:MAX_ENDING_CHARACTERS]
	return stem[: MAX_NAME_CHARACTERS - len(ending)] + ending


def _open(file: str) -> Opened | None:
	doc = frappe.get_doc("File", file)
	Media, Message = frappe.qb.DocType(MEDIA), frappe.qb.DocType(MESSAGE)
	rows = (
		frappe.qb.from_(Media)
		.join(Message)
		.on(Message.name == Media.parent)
		.select(Media.content_type, Media.file_name, Media.status)
		# Not by the file's Communication: the message moves on when tickets are merged.
		.where((Media.file == file) & (Message.direction == "Outbound"))
		.where(Media.status.isin(("Attached", "Linked")))
	).run(as_dict=True)
	row = rows[0] if rows else None
	if not row:
		return None
	try:
		content = files.content_of(doc)
	except OSError:
		return None
	if get_content_hash(content) != doc.content_hash:
		return None
	shown = row.content_type in SHOWN_BY_BROWSERS
	# Twilio asks for the type that a contact card has; a browser is given nothing that it could run.
	named_type = row.content_type if shown or row.status == "Attached" else ANY_FILE
	return Opened(
		content, named_type or ANY_FILE, row.file_name or "", shown, for_twilio=row.status == "Attached"
	)


def _facts(file: str) -> bytes | None:
	"""What a token is bound to."""
	found = frappe.db.get_value(
		"File", file, ["name", "content_hash", "attached_to_doctype", "attached_to_name"]
	)
	if not found or not found[1] or found[2] != "Communication" or not found[3]:
		return None
	return "\n".join(found).encode()


def _token(file: str, expires: int, facts: bytes) -> str:
	signed = f"{file}.{expires:x}"
	site_config.keep_encryption_key()
	key = hashlib.sha256(b"twilio_sms_channel media link" + get_encryption_key().encode()).digest()
	mac = hmac.new(key, signed.encode() + b"\n" + facts, hashlib.sha256).digest()[:MAC_BYTES]
	return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
