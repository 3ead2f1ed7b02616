"""Where Twilio reaches this site."""

import ipaddress
from urllib.parse import urlsplit

import frappe
from frappe.utils import get_url

INBOUND = "/api/method/twilio_sms_channel.api.webhooks.inbound"
STATUS = "/api/method/twilio_sms_channel.api.webhooks.status"
MEDIA = "/api/method/twilio_sms_channel.api.media.get"


def base() -> str:
	"""Scheme, host and optional port that Twilio knows this site by, without a trailing slash."""
	return or_of_site(frappe.db.get_single_value("Twilio SMS Settings", "public_base_url"))


def or_of_site(configured: str | None) -> str:
	"""The configured public base URL, otherwise the site's own."""
	return (configured or get_url()).rstrip("/")


def inbound() -> str:
	"""The webhook URL for a number's incoming texts."""
	return base() + INBOUND


def status_callback(message: str) -> str:
	"""The URL for delivery reports of one message; "" when Twilio could not reach it.

	Twilio refuses the whole text (error 21609) when the callback points to this machine alone.
	"""
	return f"{base()}{STATUS}?message={message}" if is_reachable() else ""


def is_reachable() -> bool:
	"""Whether the base URL can be reached by Twilio, as far as its name tells."""
	if frappe.conf.get("twilio_sms_api_base_url"):
		# The simulator lives on this machine as well.
		return True
	host = urlsplit(base()).hostname or ""
	if host == "localhost" or host.endswith((".localhost", ".local", ".test")) or "." not in host:
		return False
	try:
		return ipaddress.ip_address(host).is_global
	except ValueError:
		return True
