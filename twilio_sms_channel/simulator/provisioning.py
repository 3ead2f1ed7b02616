"""What exists at Twilio: accounts and their keys, numbers, Messaging Services, and the customers' handsets."""

from collections.abc import Iterable, Mapping

from twilio_sms_channel.simulator import addresses
from twilio_sms_channel.simulator.models import (
	ALPHANUMERIC,
	KINDS,
	LONG_CODE,
	ONLINE,
	RCS_SENDER,
	SERVICE,
	SHORT_CODE,
	Account,
	ApiKey,
	Button,
	Content,
	MessagingService,
	PhoneNumber,
)
from twilio_sms_channel.simulator.phone_numbers import is_sender
from twilio_sms_channel.simulator.world import World

SID_PREFIXES = {SHORT_CODE: "SC", ALPHANUMERIC: "AI", RCS_SENDER: "XE"}


class Provisioning:
	"""The part of `Simulator` that fills its world."""

	world: World

	def add_account(
		self,
		sid: str = "",
		auth_token: str = "",
		friendly_name: str = "Practice",
		status: str = "active",
		type: str = "Full",
		is_shown: bool = False,
	) -> Account:
		"""Add an account, or replace the one of that SID. Missing SID and token are made up.

		:param is_shown: have the page show SID and token
		"""
		sid = sid or self.world.sid("AC")
		account = Account(
			sid, auth_token or self.world.sid(""), friendly_name, status, type, is_shown=is_shown
		)
		self.world.accounts[sid] = account
		self.world.touch()
		return account

	def promote_auth_token(self, account_sid: str) -> None:
		"""Make an account's secondary auth token its primary one; the one before is worth nothing from now on.

		:raises ValueError: there is no secondary auth token
		"""
		account = self.world.accounts[account_sid]
		with self.world.lock:
			if not account.secondary_auth_token:
				raise ValueError("The account has no secondary auth token.")
			account.auth_token, account.secondary_auth_token = account.secondary_auth_token, ""
		self.world.touch()

	def add_api_key(
		self,
		account_sid: str,
		sid: str = "",
		secret: str = "",
		type: str = "Standard",
		policy: Iterable[str] = (),
	) -> ApiKey:
		"""Add an API key to an account.

		:param type: Main, Standard or Restricted
		:param policy: what a Restricted one may do: "/twilio/messaging/messages/create" …
		"""
		key = ApiKey(sid or self.world.sid("SK"), secret or self.world.sid(""), type, frozenset(policy))
		self.world.accounts[account_sid].api_keys[key.sid] = key
		return key

	def verify_caller(self, account_sid: str, number: str) -> None:
		"""Let a Trial account text this customer number."""
		self.world.accounts[account_sid].verified.add(number)

	def add_service(
		self,
		account_sid: str,
		sid: str = "",
		*,
		friendly_name: str = "",
		inbound_url: str = "",
		inbound_method: str = "POST",
		fallback_url: str = "",
		fallback_method: str = "POST",
		use_inbound_webhook_on_number: bool | None = None,
		status_callback: str = "",
		advanced_opt_out: bool = False,
		campaign_status: str | None = None,
	) -> MessagingService:
		"""Add a Messaging Service; its numbers are added with `add_number(…, service_sid=…)`.

		:param use_inbound_webhook_on_number: leaves inbound webhooks to the numbers. When left out: where there is no
			`inbound_url`. False without one makes the service drop what comes in.
		:param campaign_status: as in `MessagingService`
		"""
		if use_inbound_webhook_on_number is None:
			use_inbound_webhook_on_number = not inbound_url
		service = MessagingService(
			sid=sid or self.world.sid("MG"),
			account_sid=account_sid,
			friendly_name=friendly_name,
			inbound_url=inbound_url,
			inbound_method=inbound_method.upper(),
			fallback_url=fallback_url,
			fallback_method=fallback_method.upper(),
			use_inbound_webhook_on_number=use_inbound_webhook_on_number,
			status_callback=status_callback,
			advanced_opt_out=advanced_opt_out,
			campaign_status=campaign_status,
		)
		self.world.services[service.sid] = service
		self.world.touch()
		return service

	def add_number(
		self,
		account_sid: str,
		phone_number: str,
		*,
		kind: str = LONG_CODE,
		sms: bool = True,
		mms: bool = True,
		sms_url: str = "",
		sms_method: str = "POST",
		sms_fallback_url: str = "",
		sms_fallback_method: str = "POST",
		status_callback: str = "",
		friendly_name: str = "",
		service_sid: str = "",
		sid: str = "",
		country: str = "",
		registered: bool = True,
		verification: str | None = "TWILIO_APPROVED",
		status: str = ONLINE[0],
	) -> PhoneNumber | MessagingService:
		"""Add a number of ours, or replace it.

		:param phone_number: E.164, a short code, an alphanumeric sender; for a Messaging Service its MG… SID
		:param kind: one of `KINDS`, in any case
		:param service_sid: puts the number into the pool of a service that exists
		:param country: of a short code (ISO 3166-1 alpha-2), US when left out
		:param registered: as in `PhoneNumber`, and so are `verification` and `status`
		:raises KeyError: no such account or service
		:raises ValueError: no such kind
		"""
		kind = next((known for known in KINDS if known.lower() == kind.lower()), "")
		if not kind:
			raise ValueError(f"kind must be one of {', '.join(KINDS)}")
		account = self.world.accounts[account_sid]
		if kind == SERVICE:
			return self.add_service(
				account.sid, phone_number, friendly_name=friendly_name, inbound_url=sms_url
			)
		if service_sid:
			service_sid = self.world.services[service_sid].sid
		number = PhoneNumber(
			sid=sid or self.world.sid(SID_PREFIXES.get(kind, "PN")),
			account_sid=account.sid,
			phone_number=phone_number,
			kind=kind,
			sms=sms,
			mms=mms,
			sms_url=sms_url,
			sms_method=sms_method.upper(),
			sms_fallback_url=sms_fallback_url,
			sms_fallback_method=sms_fallback_method.upper(),
			status_callback=status_callback,
			friendly_name=friendly_name or phone_number,
			service_sid=service_sid,
			country=country or ("US" if kind == SHORT_CODE else ""),
			registered=registered,
			verification=verification,
			status=status,
		)
		self.world.numbers[phone_number] = number
		self.world.touch()
		return number

	def add_short_code(self, account_sid: str, short_code: str, **options) -> PhoneNumber:
		"""Add a short code of ours. For the options see `add_number`."""
		return self.add_number(account_sid, short_code, kind=SHORT_CODE, **options)

	def add_rcs_sender(self, account_sid: str, address: str, **options) -> PhoneNumber:
		"""Add an RCS sender of ours, "rcs:" and its name. For the options see `add_number`: `service_sid` puts it into a
		Messaging Service, which then sends by RCS to handsets that take it; `sms_url` is its own webhook.

		:raises ValueError: the address does not begin with "rcs:"
		"""
		if not addresses.is_rcs(address):
			raise ValueError(f"{address!r} is not the address of an RCS sender")
		return self.add_number(account_sid, address, kind=RCS_SENDER, **options)

	def add_content(
		self,
		account_sid: str,
		body: str,
		*,
		title: str = "",
		buttons: Mapping[str, str] | None = None,
		media=(),
		sid: str = "",
	) -> Content:
		"""Add a content template; a send request names it by ContentSid.

		:param buttons: what stands on each, and the payload it is answered with; by SMS and MMS they are left out
		:param media: (filename, bytes) or (filename, bytes, content type) each
		"""
		content = Content(
			sid or self.world.sid("HX"),
			self.world.accounts[account_sid].sid,
			body,
			title,
			tuple(Button(text, payload) for text, payload in (buttons or {}).items()),
			tuple(media),
		)
		self.world.contents[content.sid] = content
		return content

	def release_number(self, phone_number: str) -> None:
		"""Give a number of ours back to Twilio; its messages stay. :raises KeyError: not one of ours"""
		del self.world.numbers[phone_number]
		self.world.touch()

	def add_handset(
		self, number: str, name: str = "", *, rcs: bool | None = None, read_receipts: bool | None = None
	) -> None:
		"""Put a customer's phone on the page, or change it. What is left out stays.

		:param rcs: as in `Handset`, and so is `read_receipts`
		:raises ValueError: not a phone number, or one of ours; RCS without a phone number
		"""
		if not is_sender(number) or number in self.world.numbers:
			raise ValueError(f"{number!r} is not a customer's number")
		if rcs and not number.startswith("+"):
			raise ValueError(f"{number!r} is not a phone number, which RCS takes")
		handset = self.world.know_handset(number, name)
		handset.rcs = handset.rcs if rcs is None else rcs
		handset.read_receipts = handset.read_receipts if read_receipts is None else read_receipts
		self.world.touch()
