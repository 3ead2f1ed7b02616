"""The door through which Twilio, and customers with a link, fetch the files of an outgoing text."""

from typing import Any

import frappe
from frappe.auth import CookieManager
from werkzeug.wrappers import Response

from twilio_sms_channel.messaging import media_links

HEADERS = {
	"X-Content-Type-Options": "nosniff",
	"Cache-Control": "private, no-store",
	"Referrer-Policy": "no-referrer",
	"X-Robots-Tag": "noindex",
}


@frappe.whitelist(allow_guest=True, xss_safe=True, methods=["GET", "HEAD"])
def get(token: Any = "", **kwargs: Any) -> Response:
	"""One file of one text, for whoever holds its signed link; HEAD as well.

	403, always the same and without a word, for anything else: expired, altered, made up, of a file that is gone. The
	file is always given whole (a Range is not minded).
	"""
	# Whoever opens a link of ours is nobody's visitor.
	frappe.local.cookie_manager = CookieManager()
	file = media_links.opened_by(token)
	return _given(file) if file else Response(status=403, headers=HEADERS)


@frappe.whitelist(methods=["GET"])
def show(file: str) -> Response:
	"""One file of a text, for whoever may read the text's ticket: its customer on the portal as well.

	:param file: name of a File
	:raises frappe.PermissionError: the user may not read the ticket, or there is no such file
	"""
	return _given(media_links.read(file))


def _given(file: media_links.Opened) -> Response:
	disposition = "inline" if file.shown else "attachment"
	return Response(
		file.content,
		content_type=file.content_type,
		headers={
			**HEADERS,
			**({} if file.shown else {"Content-Security-Policy": "sandbox"}),
			"Content-Disposition": f"{disposition}; filename={media_links.short_name(file.file_name)}",
			"Accept-Ranges": "none",
		},
	)
