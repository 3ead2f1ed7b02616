"""Logins that Twilio sends along: an auth profile of the account, or of another team's rule, adds a header Authorization.

Frappe takes each such header for a login of its own: it rejects those that it does not know, and lets in the user of
those that it does. Twilio is known by its signature alone, and whoever opens a link to a file by the link.
"""

import frappe

from twilio_sms_channel.infra import public_url

ENDPOINTS = frozenset(
	url.rpartition("/")[2] for url in (public_url.INBOUND, public_url.STATUS, public_url.MEDIA)
)


def leave_out() -> None:
	"""Take the login out of a request to Twilio's endpoints before Frappe reads it (hook `before_request`)."""
	request = getattr(frappe.local, "request", None)
	if request and ENDPOINTS.intersection(_called(request.path)):
		request.environ.pop("HTTP_AUTHORIZATION", None)


def _called(path: str) -> list[str]:
	"""What a request may call: Frappe goes by `cmd`, whatever the path, and otherwise by a part of the path."""
	cmd = (frappe.form_dict or {}).get("cmd")
	named = [cmd] if isinstance(cmd, str) else []
	return named + (path.split("/") if path.startswith("/api/") else [])
