"""Fetching a file that a customer sent: from Twilio, and from nowhere else.

The account's credentials go to Twilio's API host alone. Its redirect to the media host is followed without them, over
HTTPS, and never to a private or local address (https://www.twilio.com/docs/messaging/api/media-resource).
"""

import ipaddress
import re
import socket
import threading
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

import frappe
import requests
from frappe import _
from requests.adapters import HTTPAdapter
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from twilio_sms_channel.twilio_gateway.client import api_base_url, credentials, is_api
from twilio_sms_channel.twilio_gateway.errors import MISSING_PERMISSION, explain, missing_permission

# Twilio takes in at most 5 MB per message; a little room for what it converts.
MAX_BYTES = 16 * 1024 * 1024
CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 20
WHOLE_FILE_S = 60
# What is packed on the way can unpack to any size, and packs pictures no better.
UNPACKED = "identity"
CHUNK_BYTES = 64 * 1024
MAX_ERROR_BYTES = 2000
MAX_REDIRECTS = 3
# Twilio can answer 404 for some seconds after the webhook.
TRANSIENT_STATUSES = (404, 408, 425, 429)
KEEP_TRYING_S = 12
PATH = re.compile(
	r"^/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages/((?:SM|MM)[0-9a-fA-F]{32})/Media/(ME[0-9a-fA-F]{32})$"
)


class CannotFetch(Exception):
	"""Why a file could not be fetched, for people. `transient` says whether trying later can help."""

	def __init__(self, reason: str, transient: bool):
		super().__init__(reason)
		self.transient = transient


def sids_of(url: str, account) -> tuple[str, str]:
	"""Message SID and media SID of a file's address.

	:raises CannotFetch: it is not the address of a file of this account at Twilio's API
	"""
	parts = urlsplit(url)
	path = PATH.match(parts.path)
	at_twilio = is_api(f"{parts.scheme}://{parts.netloc}") and not parts.query
	if not at_twilio or not path or path[1] != account.account_sid:
		raise CannotFetch(_("The file's address is not one of Twilio's."), transient=False)
	return path[2], path[3]


def download(url: str, account) -> bytes:
	"""A media file's content; tries for some seconds while Twilio does not have it yet.

	:param account: Twilio SMS Account document
	:raises CannotFetch: with the reason
	"""
	sids_of(url, account)
	attempts = Retrying(
		retry=retry_if_exception(lambda e: isinstance(e, CannotFetch) and e.transient),
		stop=stop_after_delay(KEEP_TRYING_S),
		wait=wait_exponential(multiplier=0.5, max=4),
		reraise=True,
	)
	return attempts(_download, url, account)


def _download(url: str, account) -> bytes:
	auth = credentials(account)
	with _Deadline(WHOLE_FILE_S) as deadline, requests.Session() as session:
		# A .netrc file's login has no part in this; the environment's proxies may be the only way out, as for the API.
		session.auth = lambda request: request
		session.headers["Accept-Encoding"] = UNPACKED
		for scheme in ("https://", "http://"):
			session.mount(scheme, _WithinDeadline(deadline))
		for _hop in range(MAX_REDIRECTS + 1):
			try:
				with session.get(
					url,
					auth=auth,
					timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
					stream=True,
					allow_redirects=False,
				) as answer:
					if not answer.is_redirect:
						return _read(answer, deadline)
					url, auth = _redirect(url, answer.headers["location"], session, deadline), None
			except (requests.exceptions.RequestException, HTTPError, OSError) as e:
				if deadline.is_over:
					raise _too_slow() from None
				raise CannotFetch(
					_("The file could not be fetched ({0}).").format(type(e).__name__), transient=True
				) from None
	raise CannotFetch(_("The file's address redirects too often."), transient=False)


def _read(answer: requests.Response, deadline: "_Deadline") -> bytes:
	if answer.status_code in (401, 403) and (reason := _lacks_permission(answer)):
		raise CannotFetch(reason, transient=False)
	if answer.status_code != 200:
		raise CannotFetch(
			_("Twilio answered {0} for the file.").format(answer.status_code),
			transient=answer.status_code in TRANSIENT_STATUSES or answer.status_code >= 500,
		)
	if answer.headers.get("Content-Encoding", UNPACKED).strip().lower() not in ("", UNPACKED):
		raise CannotFetch(
			_("The file came compressed, although it was requested uncompressed."), transient=False
		)
	content = bytearray()
	for chunk in answer.raw.stream(CHUNK_BYTES, decode_content=False):
		content += chunk
		if len(content) > MAX_BYTES:
			raise CannotFetch(
				_("The file is larger than {0} MB.").format(MAX_BYTES // 1024**2), transient=False
			)
	# A connection that was ended looks like the end of the file.
	if deadline.is_over:
		raise _too_slow()
	length = answer.headers.get("Content-Length", "")
	if length.isdigit() and int(length) != len(content):
		raise CannotFetch(_("The file arrived incomplete."), transient=True)
	return bytes(content)


def _lacks_permission(answer: requests.Response) -> str:
	said = answer.raw.read(MAX_ERROR_BYTES, decode_content=False).decode(errors="replace")
	return explain(MISSING_PERMISSION, said) if missing_permission(said) else ""


def _too_slow() -> CannotFetch:
	return CannotFetch(_("Fetching the file took too long."), transient=True)


def _redirect(url: str, location: str, session: requests.Session, deadline: "_Deadline | None" = None) -> str:
	"""The address to go on with; makes the session refuse private addresses from here on."""
	target = urljoin(url, location)
	parts = urlsplit(target)
	if frappe.conf.get("twilio_sms_api_base_url") and _is_this_machine(parts.hostname):
		# The simulator plays Twilio's media host as well.
		return target
	if parts.scheme != "https" or not parts.hostname or parts.username or _is_private(parts.hostname):
		raise CannotFetch(_("The file's address is not safe to fetch."), transient=False)
	session.mount("https://", _PublicAddressesOnly(deadline))
	return target


def _is_this_machine(host: str | None) -> bool:
	return host in ("127.0.0.1", "localhost", "::1", urlsplit(api_base_url()).hostname)


def _is_private(host: str) -> bool:
	"""Whether a host names an address of this network by itself. Behind a proxy nothing else can be told."""
	try:
		return not is_public(host)
	except ValueError:
		return host == "localhost" or host.endswith(".localhost")


def is_public(address: str) -> bool:
	"""Whether an IP address is reachable from everywhere, so that fetching from it gives away nothing of this network."""
	ip = ipaddress.ip_address(address.partition("%")[0])
	ip = getattr(ip, "ipv4_mapped", None) or ip
	return ip.is_global and not ip.is_multicast


class _Deadline:
	"""Ends the connections that are made within it when its time is over.

	Time-outs of reading count from byte to byte: one byte every other second would last for ever.
	"""

	def __init__(self, seconds: float):
		self.is_over = False
		self._sockets: list[socket.socket] = []
		self._timer = threading.Timer(seconds, self._end)
		self._timer.daemon = True

	def __enter__(self) -> "_Deadline":
		self._timer.start()
		return self

	def __exit__(self, *_exception) -> None:
		self._timer.cancel()
		for connection in self._sockets:
			connection.close()

	def watch(self, connection: socket.socket) -> None:
		# A second handle: TLS takes the first one over.
		self._sockets.append(connection.dup())
		if self.is_over:
			self._end()

	def _end(self) -> None:
		self.is_over = True
		for connection in self._sockets:
			with suppress(OSError):
				connection.shutdown(socket.SHUT_RDWR)


class _WithinDeadline(HTTPAdapter):
	"""Connections that do not outlive a deadline."""

	only_public = False

	def __init__(self, deadline: _Deadline | None = None):
		self.deadline = deadline
		super().__init__()

	def init_poolmanager(self, *args, **kwargs):
		super().init_poolmanager(*args, **kwargs)
		self._watch(self.poolmanager, self.only_public)

	def proxy_manager_for(self, *args, **kwargs):
		manager = super().proxy_manager_for(*args, **kwargs)
		# The proxy is one of this network, and connects to the file's host in this one's place.
		self._watch(manager, only_public=False)
		return manager

	def _watch(self, manager, only_public: bool) -> None:
		kinds = {
			"http": (HTTPConnectionPool, HTTPConnection),
			"https": (HTTPSConnectionPool, HTTPSConnection),
		}
		manager.pool_classes_by_scheme = {
			scheme: self._watched(*classes, only_public) for scheme, classes in kinds.items()
		}

	def _watched(self, pool_class: type, connection_class: type, only_public: bool) -> type:
		adapter = self

		class Connection(connection_class):
			def _new_conn(self):
				connection = super()._new_conn()
				# The address that was connected to is looked at, not the name: a name may mean another one next time.
				if only_public and not is_public(connection.getpeername()[0]):
					connection.close()
					raise NewConnectionError(self, "not a public address")
				if adapter.deadline:
					adapter.deadline.watch(connection)
				return connection

		return type(pool_class.__name__, (pool_class,), {"ConnectionCls": Connection})


class _PublicAddressesOnly(_WithinDeadline):
	only_public = True
