"""All calls to Twilio's REST API."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from inspect import signature
from typing import TYPE_CHECKING

import frappe
from frappe import _

from twilio_sms_channel.content import outside
from twilio_sms_channel.infra import clock, way_out
from twilio_sms_channel.twilio_gateway import exchanges, failures, models, regions, window
from twilio_sms_channel.twilio_gateway.errors import Refused
from twilio_sms_channel.twilio_gateway.message_answers import accepted, as_listed, naive_utc, word

if TYPE_CHECKING:
	from twilio_sms_channel.twilio_gateway.sdk import Client

# The SDK's own default is no time-out at all. Twilio usually answers within half a second.
# `twilio_sms_api_timeout_s` in the site config changes it.
TIMEOUT_S = 15
# The most that Twilio gives at once (PageSize of the Messages resource).
LIST_PAGE_SIZE = 1000
NOT_FOUND = "20404"
# The SDK takes a region from the environment as well, and would look for it at a host that is already the right one.
NO_ENVIRONMENT = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
_of_thread = threading.local()


def api_base_url(region: str = regions.US1) -> str:
	"""Where Twilio's API is: Twilio itself, or the simulator named in the site config, which is all regions in one."""
	return (frappe.conf.get("twilio_sms_api_base_url") or regions.url("api", region)).rstrip("/")


def is_api(base_url: str) -> bool:
	"""Whether files of messages are there: scheme and host."""
	if frappe.conf.get("twilio_sms_api_base_url"):
		return base_url == api_base_url()
	return regions.is_api(base_url)


@dataclass(frozen=True)
class Login:
	"""All that a call to Twilio needs to know of the site, for threads that have no connection to it."""

	account_sid: str
	username: str
	password: str = field(repr=False)
	base_url: str
	timeout_s: float
	region: str = regions.US1

	def client(self) -> "Client":
		"""A client of the SDK. It may be used by one thread only: it keeps an answer on itself before it returns it."""
		from twilio_sms_channel.twilio_gateway.sdk import Client, TwilioHttpClient

		client = Client(
			self.username,
			self.password,
			self.account_sid,
			# max_retries stays unset: repeating is decided by whoever knows whether it is safe.
			http_client=TwilioHttpClient(timeout=self.timeout_s),
			environment=NO_ENVIRONMENT,
		)
		client.api.base_url = self.base_url
		for scheme in ("https://", "http://"):
			client.http_client.session.mount(scheme, _DatedAdapter())
		return client

	def thread_client(self) -> "Client":
		"""The running thread's client, kept for its next calls."""
		clients = vars(_of_thread).setdefault("clients", {})
		if self not in clients:
			clients[self] = self.client()
		return clients[self]

	def connect(self) -> None:
		"""Connect the running thread's client, so that its next call need not: however long that takes."""
		with suppress(*way_out.REQUEST_ERRORS):
			session = self.thread_client().http_client.session
			session.get(self.base_url, timeout=self.timeout_s, allow_redirects=False)


class _DatedAdapter(window.WindowAdapter):
	"""Keeps the time that Twilio's answer tells, and what was said."""

	def send(self, request, *args, **kwargs):
		_of_thread.date = None
		exchanges.begin(request)
		answer = super().send(request, *args, **kwargs)
		exchanges.end(answer)
		_of_thread.date = answer.headers.get("Date")
		return answer


class Gateway:
	"""Twilio's REST API with the credentials of one account.

	:param account: a Twilio SMS Account document. The API key is used when there is one, otherwise the auth token.
	"""

	def __init__(self, account):
		self.account_sid = account.account_sid
		self.region = account.get("region") or regions.US1
		self.login = self._login(*credentials(account))
		self.client = self.login.client()
		# Standard API keys cannot reach the account itself.
		self._token_login = self._login(account.account_sid, account.get_password("auth_token"))

	def send(self, to: str, body: str, **details) -> models.Accepted:
		"""Create a message. For the parameters see `creation`.

		:raises Refused: Twilio said no
		:raises TryAgain: not processed, may be repeated
		:raises OutcomeUnknown: may be on its way, must not be repeated blindly
		"""
		return self.call(lambda: create(self.client, creation(to, body, **details)))

	def read_message(self, sid: str) -> tuple[models.Accepted, str, str]:
		"""A message as Twilio has it now, its error code ("" without one) and Twilio's words for that."""
		message = self.call(lambda: self.client.messages(sid).fetch())
		return accepted(message), str(message.error_code or ""), message.error_message or ""

	def cancel(self, sid: str) -> None:
		"""Cancel a message that Twilio holds.

		:raises Refused: Twilio does not hold it any more
		"""
		self.call(lambda: self.client.messages(sid).update(status="canceled"))

	def sent_at_utc(self, sid: str) -> datetime | None:
		"""When Twilio had a message, in UTC and without zone; for inbound ones: when Twilio received it."""
		message = self.call(lambda: self.client.messages(sid).fetch())
		sent_at = message.date_sent or message.date_created
		return sent_at and naive_utc(sent_at)

	def list_messages(
		self,
		*,
		sender: str = "",
		to: str = "",
		after: datetime | None = None,
		before: datetime | None = None,
		limit: int | None = None,
	) -> Iterator[models.ListedMessage]:
		"""Messages of the account as Twilio has them, the newest first (GET …/Messages.json), page by page.

		A list that was cut short cannot be told from one that ended, and would lack the oldest, which nobody asks for
		again. Without a limit, what is before the oldest one is asked for once more, until nothing new comes.

		:param sender: only from this number or sender
		:param to: only to this one
		:param after: and
		:param before: in the site's time zone, without zone; both inclusive
		:raises TwilioProblem: also in the middle
		"""
		seen: set[str] = set()
		while True:
			count, oldest = len(seen), before
			for message in self._listed(sender, to, after, before, limit):
				if message.sid not in seen:
					seen.add(message.sid)
					oldest = min(oldest or message.sent_at, message.sent_at)
					yield message
			if limit or not after or len(seen) == count:
				return
			before = oldest

	def _listed(
		self, sender: str, to: str, after: datetime | None, before: datetime | None, limit: int | None
	) -> Iterator[models.ListedMessage]:
		options = {"page_size": min(limit or LIST_PAGE_SIZE, LIST_PAGE_SIZE)}
		if after:
			options["date_sent_after"] = clock.to_utc(after)
		if before:
			options["date_sent_before"] = clock.to_utc(before, latest=True)
		if sender:
			options["from_"] = sender
		if to:
			options["to"] = to
		page = self.call(lambda: self.client.messages.page(**options))
		left = limit
		while page:
			for message in self.call(lambda page=page: list(page)):
				if left == 0:
					return
				if listed := as_listed(message):
					left = left - 1 if left else left
					yield listed
			page = self.call(lambda page=page: page.next_page())

	def list_media(self, message_sid: str) -> list[tuple[str, str]]:
		"""The files of a message as an inbound webhook names them: (URL, content type)."""
		found = self.call(lambda: self.client.messages(message_sid).media.list(limit=20))
		base = f"{self.login.base_url}/2010-04-01/Accounts/{self.account_sid}/Messages/{message_sid}/Media"
		return [(f"{base}/{media.sid}", media.content_type or "") for media in found]

	def delete_media(self, message_sid: str, media_sid: str) -> None:
		"""Delete Twilio's copy of a file. One that is gone already is no problem."""
		try:
			self.call(lambda: self.client.messages(message_sid).media(media_sid).delete())
		except Refused as e:
			if e.code != NOT_FOUND:
				raise

	@property
	def has_api_key(self) -> bool:
		"""Whether it logs in with an API key."""
		return self.login.username != self.account_sid

	def try_api_key(self) -> None:
		"""Ask for something with the API key, where there is one: the account itself is closed to it."""
		if self.has_api_key:
			self.call(lambda: self.client.messages.list(limit=1))

	def ask_time(self) -> datetime | None:
		"""What time it is at Twilio, with zone; None when it does not say."""
		self.call(lambda: self.client.messages.page(page_size=1))
		return twilio_time()

	def read_account(self) -> models.AccountState:
		"""The account itself, asked with the auth token."""
		account = self.call(lambda: self._token_login.client().api.v2010.accounts(self.account_sid).fetch())
		return models.AccountState(
			status=word(account.status),
			type=word(account.type),
			friendly_name=outside.plain(account.friendly_name),
		)

	def host(self, name: str):
		"""Another of Twilio's hosts in the SDK: "messaging", "accounts", "monitor" or "lookups".

		:raises Refused: the account's region has no such host
		"""
		host = getattr(self.client, name)
		host.base_url = self.host_url(name)
		return host

	def host_url(self, name: str) -> str:
		"""Where one of Twilio's hosts is; a simulator answers for all of them.

		:raises Refused: the account's region has no such host
		"""
		if self.region != regions.US1 and name in regions.HOSTS_OF_US1:
			raise Refused(_("Twilio tells this in the region {0} alone.").format(regions.US1))
		base_url = self.login.base_url
		return regions.url(name, self.region) if regions.is_api(base_url) else base_url

	def with_token(self) -> "Gateway":
		"""The same with the auth token: what belongs to the account itself is closed to Standard API keys."""
		if self.login == self._token_login:
			return self
		other = copy(self)
		other.login, other.client = self._token_login, self._token_login.client()
		return other

	def _login(self, username: str, password: str) -> Login:
		timeout_s = float(frappe.conf.get("twilio_sms_api_timeout_s") or TIMEOUT_S)
		base_url = api_base_url(self.region)
		return Login(self.account_sid, username, password, base_url, timeout_s, self.region)

	def call(self, request):
		"""What `request()` gives, which asks Twilio through the SDK.

		:raises TwilioProblem:
		"""
		try:
			with exchanges.told():
				return request()
		except failures.CALL_ERRORS as e:
			raise failures.problem(e, self.login.timeout_s) from None


def creation(
	to: str,
	body: str,
	*,
	sender: str = "",
	service_sid: str = "",
	fallback_from: str = "",
	media_urls: list[str] | None = None,
	status_callback: str = "",
) -> dict:
	"""What `create` takes.

	:param to: E.164
	:param sender: our number, E.164 or short code or alphanumeric sender
	:param service_sid: send through this Messaging Service; with `sender` it uses that number of its pool
	:param fallback_from: instead of `sender`, where the service has an RCS sender: what the message goes out from when
		the phone takes no RCS
	"""
	options = {
		"to": to,
		"body": body,
		"from_": sender,
		"messaging_service_sid": service_sid,
		"fallback_from": fallback_from,
		"media_url": media_urls,
		"status_callback": status_callback,
	}
	return {key: value for key, value in options.items() if value or key == "body"}


def create(client: "Client", options: dict, until: float | None = None) -> models.Accepted:
	"""Create a message (POST …/Messages.json). Needs no connection to the site; what it raises `failures.problem` can tell.

	:param until: by `clock.running_s`, when the request may leave at the latest
	:raises window.MissedWindow: it would have left later
	"""
	if "fallback_from" in options and "fallback_from" not in signature(client.messages.create).parameters:
		# Older than RCS: the service chooses among its numbers.
		options = {key: value for key, value in options.items() if key != "fallback_from"}
	with exchanges.told(), window.until(until):
		return accepted(client.messages.create(**options))


def credentials(account) -> tuple[str, str]:
	"""User name and password for basic authentication at Twilio."""
	if account.api_key_sid and (secret := account.get_password("api_key_secret", raise_exception=False)):
		return account.api_key_sid, secret
	return account.account_sid, account.get_password("auth_token")


def twilio_time() -> datetime | None:
	"""What time it was at Twilio when it last answered a call of this thread, with zone; None when it did not say.

	To the second, and without the way back.
	"""
	try:
		told = parsedate_to_datetime(getattr(_of_thread, "date", None) or "")
	except (TypeError, ValueError):
		return None
	return told if told.tzinfo else None
