"""The door through which Twilio fetches the files of an outgoing text."""

from typing import Any

import frappe
from werkzeug.wrappers import Response

from twilio_sms_channel.messaging import media


@frappe.whitelist(allow_guest=True, xss_safe=True, methods=["GET", "HEAD"])
def get(token: str = "", **kwargs: Any) -> Response:
	"""One file of one message, for whoever holds its signed link; HEAD as well. 404 for anything else."""
	row = media.opened_by(token)
	if not row:
		return Response(status=404)
	return Response(
		media.content_of(frappe.get_doc("File", row.file)),
		content_type=row.content_type,
		headers={
			"Content-Disposition": f"inline; filename={media.short_name(row.file_name)}",
			"X-Content-Type-Options": "nosniff",
			"Cache-Control": "private, no-store",
		},
	)
