"""Where Twilio reaches this site."""

import ipaddress
from urllib.parse import urlsplit

import frappe
from frappe import _
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


def trouble() -> str:
	"""Why Twilio cannot be given the base URL, "" when it can, as far as its looks tell."""
	if not is_reachable():
		return _(
			"Twilio cannot reach this site at {0}. Enter its public address, starting with https://, as Public Base URL in Twilio SMS Settings."
		).format(base())
	return why_insecure(base())


def why_insecure(url: str) -> str:
	"""Why Twilio should not post texts to a URL, "" when it may. This machine alone and the simulator are no risk.

	A server that forwards to HTTPS is no help: Twilio follows, but what it posts is lost on the way.
	"""
	parts = urlsplit(url)
	if parts.scheme == "https" or frappe.conf.get("twilio_sms_api_base_url") or is_loopback(parts.hostname):
		return ""
	return _(
		"Public Base URL: {0} is without HTTPS. Texts would cross the internet for everybody to read, and are lost where the server forwards to HTTPS. Enter the address that starts with https:// in Twilio SMS Settings."
	).format(url)


def is_loopback(host: str | None) -> bool:
	if host == "localhost":
		return True
	try:
		return ipaddress.ip_address(host or "").is_loopback
	except ValueError:
		return False
