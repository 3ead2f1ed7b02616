"""Files that agents send, and conversations in which they go along, as links, or not at all."""

import io
import random

import frappe
import pytest
from PIL import Image

from support.reply_box import upload, written
from support.stack import content_of
from twilio_sms_channel.messaging.outbound import outbox

MB = 1024**2
AS_LINK = {"unsendable_files": "Send as Link"}
ABROAD = "+447911123456"
# Others than those that customers send: Frappe keeps equal contents under the name that was first.
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(2)'/>"
HTML = b"<!doctype html><script>alert(2)</script>"
ZIP = b"PK\x03\x04" + b"\0" * 60
WEBM = (
	b"\x1a\x45\xdf\xa3"
	+ b"\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
	+ b"\0" * 300
)
VCARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD\r\n"  # fmt: skip


def a_pdf(size: int = 0) -> bytes:
	"""
	:param size: of a comment behind it
	"""
	pdf = written(Image.new("RGB", (8, 8)), "PDF")
	return pdf + b"\n%" + random.Random(2).randbytes(size) if size else pdf


def send(conversation, *files: tuple[str, bytes], body="Look"):
	"""The message with its media rows, and what they hold."""
	message = outbox.write(conversation, body, files=[upload(*file) for file in files])
	told = [m.get("message") for m in frappe.get_message_log()] if hasattr(frappe, "get_message_log") else []
	told += [str(m) for m in frappe.local.message_log]
	frappe.clear_messages()
	return message, [content_of(item.file) for item in message.media], " ".join(map(str, told))


def refused(conversation, *files: tuple[str, bytes]) -> str:
	names = [upload(*file) for file in files]
	before = frappe.db.count("Communication"), frappe.db.count("File")
	with pytest.raises(outbox.CannotText) as why:
		outbox.write(conversation, "Look", files=names)
	frappe.clear_messages()
	assert (frappe.db.count("Communication"), frappe.db.count("File")) == before
	return str(why.value)


def as_picture(content: bytes) -> Image.Image:
	picture = Image.open(io.BytesIO(content))
	picture.load()
	return picture
