"""Pictures that an agent pasted into the reply box: they go along as the reply's files."""

import html
from urllib.parse import parse_qs, unquote, urlsplit

import frappe
from frappe import _
from frappe.core.doctype.file.utils import extract_images_from_html

from twilio_sms_channel.content import text
from twilio_sms_channel.messaging.outbound import outbox


def files_in(message: str, ticket, besides: list[str] = ()) -> list[str]:
	"""The Files of the pictures in a reply, in order. A picture that is in the HTML itself is stored first.

	:param message: HTML
	:param ticket: document that stored pictures are attached to
	:param besides: names of Files that go along already
	:raises outbox.CannotText: a picture is not there
	:raises frappe.PermissionError: the user may not read one of them
	"""
	found = []
	sources = text.pictures(message)
	known = sources and frappe.get_all("File", {"name": ("in", list(besides) or [""])}, pluck="file_url")
	for source in sources:
		if source[: len(text.DATA)].lower() == text.DATA:
			source = _stored(source, ticket)
		if unquote(urlsplit(source).path) not in known:
			found.append(_file_at(source))
	return list(dict.fromkeys(found))


def _stored(source: str, ticket) -> str:
	try:
		stored = extract_images_from_html(ticket, f'<img src="{html.escape(source)}">', is_private=True)
	except (ValueError, IndexError, OSError):
		# No base64, no comma, no picture
		_refuse()
	sources = text.pictures(stored)
	if not sources or sources == [source]:
		_refuse()
	return sources[0]


def _file_at(source: str) -> str:
	parts = urlsplit(source)
	url = unquote(parts.path)
	names = frappe.get_all(
		"File", {"file_url": ("in", (url, parts.path))}, order_by="creation desc", pluck="name"
	)
	# Frappe keeps equal contents once: several Files of different documents can have this address.
	for name in [*(fid for fid in parse_qs(parts.query).get("fid", []) if fid in names), *names]:
		if frappe.has_permission("File", "read", doc=name):
			return name
	if not names:
		_refuse()
	frappe.throw(
		_("You may not read the picture {0}.").format(frappe.utils.escape_html(url)), frappe.PermissionError
	)


def _refuse() -> None:
	frappe.throw(
		_("A picture in the message is not stored on this site. Remove it, or attach it as a file."),
		outbox.CannotText,
		title=_("The message was not sent"),
	)
