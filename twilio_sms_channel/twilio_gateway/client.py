"""All calls to Twilio's REST API."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import frappe
import requests
from frappe import _
from frappe.utils.data import convert_utc_to_system_timezone, get_system_timezone
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from twilio_sms_channel.twilio_gateway.errors import OutcomeUnknown, Refused, TryAgain, TwilioProblem
from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT

# The SDK's own default is no time-out at all. Twilio usually answers within half a second.
# `twilio_sms_api_timeout_s` in the site config changes it.
TIMEOUT_S = 15
PAGE_SIZE = 100
# The most that Twilio gives at once (PageSize of the Messages resource).
LIST_PAGE_SIZE = 1000
NOT_FOUND = "20404"


@dataclass(frozen=True)
class Accepted:
	"""What Twilio said of a message it took."""

	sid: str
	twilio_status: str
	segments: int | None
	price: float | None
	price_unit: str


@dataclass(frozen=True)
class TwilioNumber:
	"""A phone number as it stands at Twilio."""

	sid: str
	phone_number: str
	friendly_name: str
	sms: bool
	mms: bool
	sms_url: str
	sms_method: str
	sms_fallback_url: str


@dataclass(frozen=True)
class ListedMessage:
	"""A message in Twilio's list."""

	sid: str
	direction: str
	"""inbound, outbound-api, outbound-reply …"""
	sender: str
	to: str
	body: str
	status: str
	sent_at: datetime
	"""In the site's time zone, without zone; to the second. For inbound ones: when Twilio received it."""
	segments: int
	media: int
	service_sid: str
	error_code: str
	error_message: str


@dataclass(frozen=True)
class AccountState:
	status: str
	"""active, suspended or closed"""
	type: str
	"""Full or Trial"""
	friendly_name: str


def api_base_url() -> str:
	"""Where Twilio's API is: Twilio itself, or the simulator named in the site config."""
	return (frappe.conf.get("twilio_sms_api_base_url") or "https://api.twilio.com").rstrip("/")


class Gateway:
	"""Twilio's REST API with the credentials of one account.

	:param account: a Twilio SMS Account document. The API key is used when there is one, otherwise the auth token.
	"""

	def __init__(self, account):
		self.account_sid = account.account_sid
		self.timeout_s = float(frappe.conf.get("twilio_sms_api_timeout_s") or TIMEOUT_S)
		self.client = self._client(*credentials(account))
		# Standard API keys cannot reach the account itself.
		self.token_client = self._client(account.account_sid, account.get_password("auth_token"))

	def send(
		self,
		to: str,
		body: str,
		*,
		sender: str = "",
		service_sid: str = "",
		media_urls: list[str] | None = None,
		status_callback: str = "",
	) -> Accepted:
		"""Create a message (POST …/Messages.json).

		:param to: E.164
		:param sender: our number, E.164 or short code or alphanumeric sender
		:param service_sid: send through this Messaging Service; with `sender` it uses that number of its pool
		:raises Refused: Twilio said no
		:raises TryAgain: not processed, may be repeated
		:raises OutcomeUnknown: may be on its way, must not be repeated blindly
		"""
		options = {"to": to, "body": body}
		if sender:
			options["from_"] = sender
		if service_sid:
			options["messaging_service_sid"] = service_sid
		if media_urls:
			options["media_url"] = media_urls
		if status_callback:
			options["status_callback"] = status_callback
		message = self._call(lambda: self.client.messages.create(**options))
		return _accepted(message)

	def read_message(self, sid: str) -> tuple[Accepted, str, str]:
		"""A message as Twilio has it now, its error code ("" without one) and Twilio's words for that."""
		message = self._call(lambda: self.client.messages(sid).fetch())
		return _accepted(message), str(message.error_code or ""), message.error_message or ""

	def list_messages(
		self,
		*,
		sender: str = "",
		to: str = "",
		after: datetime,
		before: datetime | None = None,
		limit: int | None = None,
	) -> Iterator[ListedMessage]:
		"""Messages of the account as Twilio has them, the newest first (GET …/Messages.json), page by page.

		:param sender: only from this number or sender
		:param to: only to this one
		:param after: and
		:param before: in the site's time zone, without zone; both inclusive
		:raises TwilioProblem: also in the middle
		"""
		options = {
			"date_sent_after": _to_utc(after),
			"page_size": min(limit or LIST_PAGE_SIZE, LIST_PAGE_SIZE),
		}
		if before:
			options["date_sent_before"] = _to_utc(before)
		if sender:
			options["from_"] = sender
		if to:
			options["to"] = to
		page = self._call(lambda: self.client.messages.page(**options))
		left = limit
		while page:
			for message in self._call(lambda page=page: list(page)):
				if left == 0:
					return
				if listed := _as_listed(message):
					left = left - 1 if left else left
					yield listed
			page = self._call(lambda page=page: page.next_page())

	def list_media(self, message_sid: str) -> list[tuple[str, str]]:
		"""The files of a message as an inbound webhook names them: (URL, content type)."""
		found = self._call(lambda: self.client.messages(message_sid).media.list(limit=20))
		base = f"{api_base_url()}/2010-04-01/Accounts/{self.account_sid}/Messages/{message_sid}/Media"
		return [(f"{base}/{media.sid}", media.content_type or "") for media in found]

	def delete_media(self, message_sid: str, media_sid: str) -> None:
		"""Delete Twilio's copy of a file. One that is gone already is no problem."""
		try:
			self._call(lambda: self.client.messages(message_sid).media(media_sid).delete())
		except Refused as e:
			if e.code != NOT_FOUND:
				raise

	def read_account(self) -> AccountState:
		"""The account itself; asked with the auth token, and with the API key whether that works as well."""
		if self.client.username != self.account_sid:
			self._call(lambda: self.client.messages.list(limit=1))
		account = self._call(lambda: self.token_client.api.v2010.accounts(self.account_sid).fetch())
		return AccountState(
			status=str(account.status),
			type=str(account.type or ""),
			friendly_name=account.friendly_name or "",
		)

	def list_numbers(self) -> list[TwilioNumber]:
		return [
			_number(n)
			for n in self._call(lambda: self.client.incoming_phone_numbers.list(page_size=PAGE_SIZE))
		]

	def find_number(self, phone_number: str) -> TwilioNumber | None:
		"""Our number at Twilio by its E.164 spelling, None when the account does not own it."""
		found = self._call(
			lambda: self.client.incoming_phone_numbers.list(phone_number=phone_number, limit=5)
		)
		return next((_number(n) for n in found if n.phone_number == phone_number), None)

	def set_webhook(self, number_sid: str, url: str) -> TwilioNumber:
		"""Make Twilio post texts to `url`, with retries, and once more to the same URL as fallback."""
		with_retries = url + RETRY_FRAGMENT
		return _number(
			self._call(
				lambda: self.client.incoming_phone_numbers(number_sid).update(
					sms_url=with_retries,
					sms_method="POST",
					sms_fallback_url=with_retries,
					sms_fallback_method="POST",
				)
			)
		)

	def _client(self, username: str, password: str) -> Client:
		client = Client(
			username,
			password,
			self.account_sid,
			# max_retries stays unset: repeating is decided by whoever knows whether it is safe.
			http_client=TwilioHttpClient(timeout=self.timeout_s),
		)
		client.api.base_url = api_base_url()
		return client

	def _call(self, request):
		try:
			return request()
		except TwilioRestException as e:
			raise _problem(e) from None
		except TwilioException as e:
			raise _page_problem(e) from None
		except requests.exceptions.ConnectTimeout:
			raise TryAgain(_("Twilio could not be reached (connection timed out).")) from None
		except requests.exceptions.ConnectionError as e:
			if _never_connected(e):
				raise TryAgain(_("Twilio could not be reached (connection refused).")) from None
			raise OutcomeUnknown(_("The connection to Twilio broke before it answered.")) from None
		except requests.exceptions.Timeout:
			raise OutcomeUnknown(
				_("Twilio did not answer within {0} seconds.").format(round(self.timeout_s))
			) from None
		except requests.exceptions.RequestException:
			raise OutcomeUnknown(_("Twilio's answer could not be read.")) from None


def credentials(account) -> tuple[str, str]:
	"""User name and password for basic authentication at Twilio."""
	if account.api_key_sid and (secret := account.get_password("api_key_secret", raise_exception=False)):
		return account.api_key_sid, secret
	return account.account_sid, account.get_password("auth_token")


def _problem(e: TwilioRestException) -> TwilioProblem:
	# str(e) carries terminal colours on a TTY; msg does not.
	return _by_status(e.status, e.msg, e.code)


def _page_problem(e: TwilioException) -> TwilioProblem:
	"""For lists the SDK raises without a status; the answer itself is its second argument."""
	answer = e.args[1] if len(e.args) > 1 else None
	if not hasattr(answer, "status_code"):
		return Refused(str(e))
	try:
		said = json.loads(answer.text)
	except ValueError:
		said = {}
	return _by_status(answer.status_code, said.get("message") or str(e.args[0]), said.get("code"))


def _by_status(status: int, message: str, code: int | str | None) -> TwilioProblem:
	if status == 429:
		return TryAgain(message, code)
	if status >= 500:
		return OutcomeUnknown(message, code)
	return Refused(message, code)


def _never_connected(e: requests.exceptions.ConnectionError) -> bool:
	from urllib3.exceptions import MaxRetryError, NewConnectionError

	reason = e.args[0] if e.args else None
	if isinstance(reason, MaxRetryError):
		reason = reason.reason
	return isinstance(reason, NewConnectionError)


def _accepted(message) -> Accepted:
	try:
		price = float(abs(Decimal(message.price))) if message.price is not None else None
	except (InvalidOperation, TypeError):
		price = None
	segments = str(message.num_segments or "")
	return Accepted(
		sid=message.sid,
		twilio_status=str(getattr(message.status, "value", message.status) or ""),
		# A Messaging Service answers 0 at first: not known yet.
		segments=int(segments) if segments.isdigit() and int(segments) else None,
		price=price,
		price_unit=message.price_unit or "",
	)


def oldest_first(listed: Iterable[ListedMessage]) -> list[ListedMessage]:
	"""Twilio lists the newest first and tells times to the second: within one, the list's order is kept."""
	return sorted(reversed(list(listed)), key=lambda message: message.sent_at)


def _as_listed(message) -> ListedMessage | None:
	sent_at = message.date_sent or message.date_created
	if not sent_at:
		return None
	return ListedMessage(
		sid=message.sid,
		direction=str(getattr(message.direction, "value", message.direction) or ""),
		sender=message.from_ or "",
		to=message.to or "",
		body=message.body or "",
		status=str(getattr(message.status, "value", message.status) or ""),
		# Early v15 takes only naive times for UTC.
		sent_at=convert_utc_to_system_timezone(sent_at.astimezone(timezone.utc).replace(tzinfo=None)).replace(
			tzinfo=None
		),
		segments=_int(message.num_segments),
		media=_int(message.num_media),
		service_sid=message.messaging_service_sid or "",
		error_code=str(message.error_code or ""),
		error_message=message.error_message or "",
	)


def _int(text: str | None) -> int:
	return int(text) if (text or "").isdigit() else 0


def _to_utc(moment: datetime) -> datetime:
	return moment.replace(tzinfo=ZoneInfo(get_system_timezone())).astimezone(timezone.utc)


def _number(n) -> TwilioNumber:
	can = n.capabilities or {}
	if not isinstance(can, dict):
		can = vars(can)
	return TwilioNumber(
		sid=n.sid,
		phone_number=n.phone_number,
		friendly_name=n.friendly_name or "",
		sms=bool(can.get("sms") or can.get("SMS")),
		mms=bool(can.get("mms") or can.get("MMS")),
		sms_url=n.sms_url or "",
		sms_method=str(n.sms_method or ""),
		sms_fallback_url=n.sms_fallback_url or "",
	)
