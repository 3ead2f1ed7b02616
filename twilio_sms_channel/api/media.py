"""The endpoint through which Twilio, and customers with a link, fetch the files of an outgoing message."""

import hashlib
from typing import Any

import frappe
from frappe.auth import CookieManager
from werkzeug.http import parse_range_header, quote_etag
from werkzeug.wrappers import Response

from twilio_sms_channel.content import media_links

HEADERS = {
	"X-Content-Type-Options": "nosniff",
	"Cache-Control": "private, no-store",
	"Referrer-Policy": "no-referrer",
	"X-Robots-Tag": "noindex",
}


@frappe.whitelist(allow_guest=True, xss_safe=True, methods=["GET", "HEAD"])
def get(token: Any = "", **kwargs: Any) -> Response:
	"""One file of one message, for whoever holds its signed link; HEAD as well.

	403, always the same and without a word, for anything else: expired, altered, made up, of a file that is gone. A part
	of the file is given to whoever asks for one: iPhones play no sound or film otherwise.
	"""
	# Whoever opens a link of ours is nobody's visitor.
	frappe.local.cookie_manager = CookieManager()
	file = media_links.opened_by(token)
	return _given(file) if file else Response(status=403, headers=HEADERS)


@frappe.whitelist(methods=["GET"])
def show(file: str) -> Response:
	"""One file of a message, for whoever may read the message's ticket: its customer on the portal as well.

	:param file: name of a File
	:raises frappe.PermissionError: the user may not read the ticket, or there is no such file
	"""
	return _given(media_links.read(file))


def _given(file: media_links.Opened) -> Response:
	disposition = "inline" if file.shown else "attachment"
	tag = quote_etag(hashlib.sha256(file.content).hexdigest()[:32])
	headers = {
		**HEADERS,
		**({} if file.shown else {"Content-Security-Policy": "sandbox"}),
		"Content-Disposition": f"{disposition}; {media_links.named(file)}",
		"Accept-Ranges": "bytes",
		"ETag": tag,
	}
	part = _asked_for(len(file.content), tag)
	if not part:
		return Response(file.content, content_type=file.content_type, headers=headers)
	first, end = part
	if first >= end:
		headers["Content-Range"] = f"bytes */{len(file.content)}"
		return Response(status=416, headers=headers)
	headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(file.content)}"
	return Response(file.content[first:end], status=206, content_type=file.content_type, headers=headers)


def _asked_for(size: int, tag: str) -> tuple[int, int] | None:
	"""From where up to where the request wants a file; None for all of it. Beginning at the end: there is no such part.

	:param tag: the file's ETag
	"""
	request = frappe.local.request
	# What cannot be understood is not minded, nor are several parts at once (RFC 9110, 14.2).
	wanted = parse_range_header(request.headers.get("Range")) if request.method == "GET" else None
	if not wanted or wanted.units != "bytes" or len(wanted.ranges) != 1:
		return None
	if request.headers.get("If-Range", tag) != tag:
		return None
	first, end = wanted.ranges[0]
	if first < 0:
		return (max(0, size + first), size) if size else (0, 0)
	return (first, min(size, end or size)) if first < size else (size, size)
