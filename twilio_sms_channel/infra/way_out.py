"""How this process reaches other machines: directly, or through the proxy that its environment names.

Calls to Twilio, files and the self-test all go by `requests`, which reads HTTPS_PROXY, NO_PROXY and the like by itself.
"""

import re
import socket
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

import frappe
from redis.exceptions import RedisError
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies, prepend_scheme_if_needed, select_proxy
from urllib3.exceptions import LocationValueError

from twilio_sms_channel.infra.masking import HIDDEN

# What a request may raise: the second one where the address of a proxy makes no sense.
REQUEST_ERRORS = (RequestException, LocationValueError)

HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")
DEFAULT_PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}
CONNECT_TIMEOUT_S = 3
NOTED, NOTED_FOR_S, NONE = "twilio_sms_proxy_of_worker", 900, "-"


@dataclass(frozen=True)
class Proxy:
	"""A proxy as the environment names it."""

	url: str

	def __str__(self) -> str:
		"""As it may be shown: without its login."""
		scheme, _separator, rest = self.url.partition("://")
		_login, has_login, host = rest.rpartition("@")
		# A password that is not quoted can look like a port or a path.
		if not HOST.fullmatch(host.rstrip("/")):
			return f"{scheme}://{HIDDEN}"
		return f"{scheme}://{HIDDEN if has_login else ''}{has_login}{host}"

	def __repr__(self) -> str:
		return f"Proxy({self})"

	def trouble(self) -> str:
		"""Why nothing can go through it, in the words of this machine; "" when it can be connected to."""
		try:
			parts = urlsplit(self.url)
			host, port = parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
		except ValueError:
			return "not an address of a proxy"
		if not host or not port:
			return "not an address of a proxy"
		if parts.scheme.startswith("socks") and not find_spec("socks"):
			return "SOCKS needs the Python package PySocks"
		try:
			with socket.create_connection((host, port), CONNECT_TIMEOUT_S):
				return ""
		except OSError as e:
			return e.strerror or str(e)


def proxy_for(url: str) -> Proxy | None:
	"""The proxy that requests to an address go through, None when they go there directly."""
	found = select_proxy(url, get_environ_proxies(url))
	if not found:
		return None
	try:
		return Proxy(prepend_scheme_if_needed(found, "http"))
	except ValueError:
		# Not an address: it is shown as it stands.
		return Proxy(found)


def note_of_worker(url: str) -> None:
	"""Keep which proxy a worker goes through to an address, for the doctor to compare. Without its login."""
	try:
		frappe.cache().set_value(NOTED, str(proxy_for(url) or NONE), expires_in_sec=NOTED_FOR_S)
	except RedisError:
		pass


def noted_of_worker() -> str | None:
	"""What was kept: "" for no proxy, None when no worker has said so lately."""
	try:
		found = frappe.cache().get_value(NOTED, expires=True)
	except RedisError:
		return None
	return "" if found == NONE else found
