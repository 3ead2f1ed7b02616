"""Pictures and files: fetched from Twilio for inbound texts, lent to Twilio for outbound ones."""

import base64
import hashlib
import hmac
import ipaddress
import json
import os
import re
import socket
import time
from urllib.parse import quote, urlsplit

import filetype
import frappe
import requests
from frappe import _
from frappe.utils import add_to_date, now_datetime
from frappe.utils.password import get_encryption_key

from twilio_sms_channel.messaging import delivery, public_url
from twilio_sms_channel.twilio_gateway.client import api_base_url, credentials

MESSAGE, MEDIA = "Twilio SMS Message", "Twilio SMS Media"
MAX_BYTES = 16 * 1024 * 1024
TIMEOUT_S = 20
CHUNK_BYTES = 64 * 1024
MAX_REDIRECTS = 3
MAX_ATTEMPTS = 5
# Twilio's own queue holds a text for up to ten hours before it fetches the media.
LINK_LIFETIME_S = 12 * 3600


class CannotFetch(Exception):
	"""Why a file could not be fetched, for people. `passing` says whether trying later can help."""

	def __init__(self, reason: str, passing: bool):
		super().__init__(reason)
		self.passing = passing


# --- inbound ---------------------------------------------------------------------------------------------------


def fetch(message: str) -> None:
	"""Fetch what waits of a message's media and attach it, privately, to its Communication.

	The text is in the ticket already; a file that fails says why on its row and is tried again by the sweep.

	:param message: name of an inbound Twilio SMS Message
	"""
	frappe.set_user("Administrator")
	doc = frappe.get_doc(MESSAGE, message)
	account = frappe.get_doc("Twilio SMS Account", doc.account)
	for item in doc.media:
		if item.status != "Waiting":
			continue
		try:
			content = download(item.url, account)
			# The sweep and a late job may fetch the same file: the first one that is done attaches it.
			if frappe.db.get_value(MEDIA, item.name, "status", for_update=True) != "Waiting":
				frappe.db.commit()
				continue
			file = _attach(doc, item, content)
			item.db_set(
				{
					"status": "Fetched",
					"file": file.name,
					"file_name": file.file_name,
					"content_type": _type_of(content),
					"size": len(content),
					"error": None,
				}
			)
		except CannotFetch as e:
			attempts = (item.attempts or 0) + 1
			final = not e.passing or attempts >= MAX_ATTEMPTS
			item.db_set(
				{"attempts": attempts, "error": str(e)[:500], "status": "Failed" if final else "Waiting"}
			)
		frappe.db.commit()
	delivery.refresh(doc)
	frappe.db.commit()


def retry(message: str) -> None:
	"""Try failed media of an inbound message once more."""
	from twilio_sms_channel.messaging.jobs import later

	frappe.db.set_value(MEDIA, {"parent": message, "status": "Failed"}, {"status": "Waiting", "attempts": 0})
	later("twilio_sms_channel.messaging.media.fetch", message, queue="default")


def waiting(limit: int = 200) -> list[str]:
	"""Messages in a ticket whose media still waits, and was not tried within the last minute."""
	Media, Message = frappe.qb.DocType(MEDIA), frappe.qb.DocType(MESSAGE)
	return (
		frappe.qb.from_(Media)
		.join(Message)
		.on(Message.name == Media.parent)
		.select(Message.name)
		.distinct()
		.where((Media.status == "Waiting") & (Message.status == "Threaded"))
		.where(Media.modified < add_to_date(now_datetime(), minutes=-1))
		.limit(limit)
	).run(pluck=True)


def download(url: str, account) -> bytes:
	"""A media file's content.

	The account's credentials go to Twilio's API host alone, and only below the account's own path. The redirect to
	Twilio's media host is followed without them, over HTTPS, and never to a private or local address.
	(https://www.twilio.com/docs/messaging/api/media-resource)

	:raises CannotFetch: with the reason
	"""
	api = api_base_url()
	if not url.startswith(f"{api}/2010-04-01/Accounts/{account.account_sid}/"):
		raise CannotFetch(_("The file's address is not one of Twilio's."), passing=False)
	auth = credentials(account)
	with requests.Session() as session:
		# Credentials of a .netrc file must not go anywhere.
		session.trust_env = False
		for _hop in range(MAX_REDIRECTS + 1):
			try:
				with session.get(
					url, auth=auth, timeout=TIMEOUT_S, stream=True, allow_redirects=False
				) as answer:
					if answer.is_redirect:
						url, auth = requests.compat.urljoin(url, answer.headers["location"]), None
						_refuse_private_address(url, api)
						continue
					if answer.status_code != 200:
						raise CannotFetch(
							_("Twilio answered {0} for the file.").format(answer.status_code),
							# Twilio's media can be missing for some seconds after the webhook.
							passing=answer.status_code in (404, 408, 425, 429) or answer.status_code >= 500,
						)
					return _read(answer)
			except requests.exceptions.RequestException as e:
				raise CannotFetch(
					_("The file could not be fetched ({0}).").format(type(e).__name__), passing=True
				)
	raise CannotFetch(_("The file's address redirects too often."), passing=False)


def _read(answer: requests.Response) -> bytes:
	content, deadline = bytearray(), time.monotonic() + 3 * TIMEOUT_S
	for chunk in answer.iter_content(CHUNK_BYTES):
		content += chunk
		if len(content) > MAX_BYTES:
			raise CannotFetch(
				_("The file is larger than {0} MB.").format(MAX_BYTES // 1024**2), passing=False
			)
		if time.monotonic() > deadline:
			raise CannotFetch(_("Fetching the file took too long."), passing=True)
	return bytes(content)


def _refuse_private_address(url: str, api: str) -> None:
	parts = urlsplit(url)
	if parts.hostname and frappe.conf.get("twilio_sms_api_base_url") and _is_loopback(parts.hostname, api):
		return
	if parts.scheme != "https" or not parts.hostname:
		raise CannotFetch(_("The file's address is not safe to fetch."), passing=False)
	try:
		addresses = {info[4][0] for info in socket.getaddrinfo(parts.hostname, parts.port or 443)}
	except OSError:
		raise CannotFetch(_("Twilio's media host could not be found."), passing=True)
	if not all(ipaddress.ip_address(address).is_global for address in addresses):
		raise CannotFetch(_("The file's address is not safe to fetch."), passing=False)


def _is_loopback(host: str, api: str) -> bool:
	"""The simulator's media host is the machine that the simulator itself is on."""
	return host == urlsplit(api).hostname or host in ("127.0.0.1", "localhost", "::1")


def _type_of(content: bytes) -> str:
	return filetype.guess_mime(content) or "application/octet-stream"


def _attach(message, item, content: bytes):
	kind = filetype.guess(content)
	name = f"{message.twilio_sid[-8:]}-{item.idx}.{kind.extension if kind else 'bin'}"
	return frappe.get_doc(
		{
			"doctype": "File",
			"file_name": name,
			"is_private": 1,
			"content": content,
			"attached_to_doctype": "Communication",
			"attached_to_name": message.communication,
		}
	).insert(ignore_permissions=True)


# --- outbound --------------------------------------------------------------------------------------------------


def public_link(message, item) -> str:
	"""A link under which Twilio can fetch one file of one message, for twelve hours and without a login."""
	return f"{public_url.base()}{public_url.MEDIA}?token={quote(sign(message.name, item.name))}"


def sign(message: str, item: str, lifetime_s: int = LINK_LIFETIME_S) -> str:
	"""A token that stands for one media row of one message until it expires."""
	payload = json.dumps([message, item, int(time.time()) + lifetime_s], separators=(",", ":")).encode()
	return f"{_b64(payload)}.{_b64(_mac(payload))}"


def opened_by(token: str):
	"""The Twilio SMS Media row that a token stands for, None when it is forged, expired or the file is gone."""
	try:
		payload, mac = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
	except ValueError:
		return None
	if not hmac.compare_digest(mac, _mac(payload)):
		return None
	message, item, expires = json.loads(payload)
	if expires < time.time():
		return None
	row = frappe.db.get_value(
		MEDIA,
		{"name": item, "parent": message},
		["file", "content_type", "file_name"],
		as_dict=True,
	)
	return row if row and row.file and frappe.db.exists("File", row.file) else None


def short_name(file_name: str) -> str:
	"""A name as Twilio wants it in Content-Disposition: at most 20 characters, no spaces."""
	stem, ending = os.path.splitext(re.sub(r"[^A-Za-z0-9.]+", "-", file_name or "file"))
	return stem[: 20 - len(ending[:6])] + ending[:6]


def _mac(payload: bytes) -> bytes:
	key = hashlib.sha256(b"twilio_sms_channel media link" + get_encryption_key().encode()).digest()
	return hmac.new(key, payload, hashlib.sha256).digest()


def _b64(data: bytes) -> str:
	return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
