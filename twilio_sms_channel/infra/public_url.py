"""Where Twilio reaches this site."""

import ipaddress
import time
from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.utils import get_url
from redis.exceptions import RedisError

from twilio_sms_channel.infra import compat, site_config

INBOUND = "/api/method/twilio_sms_channel.api.webhooks.inbound"
STATUS = "/api/method/twilio_sms_channel.api.webhooks.status"
MEDIA = "/api/method/twilio_sms_channel.api.media.get"
SETTINGS = "Twilio SMS Settings"
NOTED, NOTED_FOR_S, PROCESSES = "twilio_sms_public_address", 900, ("web", "worker")
ANSWERS_WITHIN_S = 3


def base() -> str:
	"""Scheme, host and optional port that Twilio knows this site by, without a trailing slash.

	The same in every process: a worker has no request to tell it from.
	"""
	return (_configured() or of_site()).rstrip("/")


def of_site() -> str:
	"""What the site calls itself, whoever asks."""
	if (request := getattr(frappe.local, "request", None)) is None:
		return get_url().rstrip("/")
	frappe.local.request = None
	try:
		return get_url().rstrip("/")
	finally:
		frappe.local.request = request


def signed_ones(configured: str | None) -> tuple[str, ...]:
	"""The base URLs that Twilio may have signed a webhook with that arrives now."""
	if configured:
		return (configured.rstrip("/"),)
	# Before anybody has entered one: the address that the request came to.
	return tuple(dict.fromkeys([get_url().rstrip("/"), of_site()]))


def of_browser() -> str:
	"""The address that the person who asks has in their browser, "" where nobody does."""
	request = getattr(frappe.local, "request", None)
	if not request:
		return ""
	# A proxy may hide both host and HTTPS from this site; the browser says where it is.
	if (origin := request.headers.get("Origin") or "").startswith(("http://", "https://")):
		return origin.rstrip("/")
	is_secure = request.headers.get("X-Forwarded-Proto") == "https" or request.scheme == "https"
	return f"{'https' if is_secure else 'http'}://{request.host}"


def keep_what_is_shown() -> None:
	"""Make the address in the person's browser the public base URL, where there is none yet and Twilio could reach it.

	Otherwise the page that they look at would say that all is well, and workers would go by another address.
	"""
	if _configured() or frappe.conf.get("host_name") or frappe.conf.get("hostname"):
		return
	address = of_browser()
	# While practising any address will do, and none that Twilio could use has to be known.
	if not address or frappe.conf.get(site_config.PRACTICE_KEY) or trouble(address):
		return
	settings = frappe.get_doc(SETTINGS)
	settings.public_base_url = address
	settings.save()


def note(process: str) -> None:
	"""Keep what a kind of process takes for the public address, for the doctor to compare.

	:param process: "web" or "worker"
	"""
	try:
		frappe.cache().set_value(f"{NOTED}:{process}", base(), expires_in_sec=NOTED_FOR_S)
	except RedisError:
		pass


def note_again() -> None:
	"""Have processes of both kinds say anew what they take for the public address: their config may have been changed
	since. What a worker said before stays when none answers soon. Only in a web request.
	"""
	note("web")
	key, cache = f"{NOTED}:worker", frappe.cache()
	try:
		before = cache.get_value(key, expires=True)
		cache.delete_value(key)
		if not _asked_worker():
			cache.set_value(key, before, expires_in_sec=NOTED_FOR_S)
			return
		enough = time.monotonic() + ANSWERS_WITHIN_S
		while not cache.get_value(key, expires=True):
			if time.monotonic() > enough:
				cache.set_value(key, before, expires_in_sec=NOTED_FOR_S)
				return
			time.sleep(0.1)
	except RedisError:
		pass


def _asked_worker() -> bool:
	try:
		frappe.enqueue(f"{__name__}.note", queue="short", process="worker")
	except compat.QUEUE_IS_FULL as e:
		if isinstance(e, frappe.ValidationError):
			frappe.clear_last_message()
		return False
	return True


def noted() -> dict[str, str]:
	"""Kind of process → what it lately took for the public address; {} where one is entered, which holds for all."""
	if _configured():
		return {}
	try:
		urls = {kind: frappe.cache().get_value(f"{NOTED}:{kind}", expires=True) for kind in PROCESSES}
	except RedisError:
		return {}
	return {kind: url for kind, url in urls.items() if url}


def _configured() -> str:
	return frappe.db.get_single_value(SETTINGS, "public_base_url") or ""


def inbound() -> str:
	"""The webhook URL for a number's incoming messages."""
	return base() + INBOUND


def status_callback(message: str) -> str:
	"""The URL for delivery reports of one message; "" when Twilio could not reach it.

	Twilio refuses the whole message (error 21609) when the callback points to this machine alone.
	"""
	return f"{base()}{STATUS}?message={message}" if is_reachable() else ""


def is_reachable(url: str = "") -> bool:
	"""Whether the base URL, or another one, can be reached by Twilio, as far as its name tells."""
	if frappe.conf.get("twilio_sms_api_base_url"):
		# The simulator lives on this machine as well.
		return True
	host = urlsplit(url or base()).hostname or ""
	if host == "localhost" or host.endswith((".localhost", ".local", ".test")) or "." not in host:
		return False
	try:
		return ipaddress.ip_address(host).is_global
	except ValueError:
		return True


def trouble(url: str = "") -> str:
	"""Why Twilio cannot be given the base URL, or another one; "" when it can, as far as its looks tell."""
	url = url or base()
	if not is_reachable(url):
		return _(
			"Twilio cannot reach this site at {0}. Enter its public address, starting with https://, as Public Base URL in Twilio SMS Settings."
		).format(without_login(url))
	return why_no_login(url) or why_insecure(url)


def why_no_login(url: str) -> str:
	"""Why an address with a login in it cannot work, "" for one without."""
	if "@" not in urlsplit(url).netloc:
		return ""
	return _(
		"Public Base URL: leave out the login before the @. It would stand in every webhook, status callback and link to a file, for customers to read. Enter {0}."
	).format(without_login(url))


def without_login(url: str) -> str:
	parts = urlsplit(url)
	return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def why_insecure(url: str) -> str:
	"""Why Twilio should not post messages to a URL, "" when it may. This machine alone and the simulator are no risk.

	A server that forwards to HTTPS is no help: Twilio follows, but what it posts is lost on the way.
	"""
	parts = urlsplit(url)
	if parts.scheme == "https" or frappe.conf.get("twilio_sms_api_base_url") or is_loopback(parts.hostname):
		return ""
	return _(
		"Public Base URL: {0} is without HTTPS. Messages would cross the internet for everybody to read, and are lost where the server forwards to HTTPS. Enter the address that starts with https:// in Twilio SMS Settings."
	).format(url)


def is_loopback(host: str | None) -> bool:
	if host == "localhost":
		return True
	try:
		return ipaddress.ip_address(host or "").is_loopback
	except ValueError:
		return False
