"""How an account stands at Twilio: its balance, the countries it may text, its registrations, and Twilio's alarms."""

from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation

from frappe.utils.data import convert_utc_to_system_timezone

from twilio_sms_channel.infra.clock import to_utc
from twilio_sms_channel.twilio_gateway.client import NOT_FOUND, Gateway
from twilio_sms_channel.twilio_gateway.errors import Refused

MOST_ALERTS = 1000
# CampaignStatus of the UsAppToPerson resource: carriers take messages of the service's numbers.
REGISTERED = "VERIFIED"
# Status of the TollfreeVerification resource.
VERIFIED, WAITING = "TWILIO_APPROVED", ("PENDING_REVIEW", "IN_REVIEW")


@dataclass(frozen=True)
class Balance:
	amount: Decimal
	currency: str
	"""ISO 4217, e.g. USD"""


@dataclass(frozen=True)
class Alert:
	"""An error that Twilio noted (https://www.twilio.com/docs/usage/monitor-alert)."""

	code: str
	url: str
	"""what Twilio requested, "" for errors of other kinds"""
	at: datetime
	"""in the site's time zone, without zone"""


def balance(gateway: Gateway) -> Balance:
	"""What the account has left. :raises TwilioProblem: also for subaccounts, whose main account pays"""
	own = gateway.with_token()
	found = own.call(lambda: own.client.api.v2010.account.balance.fetch())
	try:
		return Balance(Decimal(found.balance), (found.currency or "").upper())
	except (InvalidOperation, TypeError):
		raise Refused(str(found.balance)) from None


def switched_off(gateway: Gateway, regions: list[str]) -> set[str]:
	"""Of these countries, those that the account may not text (Messaging Geographic Permissions).

	:param regions: ISO 3166 alpha-2
	:raises TwilioProblem:
	"""
	return {region for region in regions if not _may_text(gateway, region)}


def _may_text(gateway: Gateway, region: str) -> bool:
	# The SDK has a class for this resource since 9 only.
	accounts = gateway.with_token().host("accounts").v1
	country = {"CountryCode": region}
	try:
		said = gateway.call(lambda: accounts.fetch("GET", "/Messaging/GeoPermissions", params=country))
	except Refused as e:
		if e.code == NOT_FOUND:
			# Twilio has no such country to switch on or off.
			return True
		raise
	permissions = said.get("permissions") or []
	return not any(one.get("country_code") == region and one.get("enabled") is False for one in permissions)


def campaign_status(gateway: Gateway, service_sid: str) -> str:
	"""How far the US registration (10DLC campaign) of a Messaging Service is, in Twilio's words; "" without one.

	:raises TwilioProblem:
	"""
	service = gateway.host("messaging").v1.services(service_sid)
	campaigns = gateway.call(lambda: service.us_app_to_person.list(limit=20))
	found = [str(campaign.campaign_status or "") for campaign in campaigns]
	return REGISTERED if REGISTERED in found else next(iter(found), "")


def toll_free_status(gateway: Gateway, number_sid: str) -> str:
	"""How far the verification of a toll-free number is, in Twilio's words; "" when none was asked for.

	:raises TwilioProblem:
	"""
	# There is no permission for it that an API key could have.
	verifications = gateway.with_token().host("messaging").v1.tollfree_verifications
	found = gateway.call(lambda: verifications.list(tollfree_phone_number_sid=number_sid, limit=20))
	statuses = [str(getattr(one.status, "value", one.status) or "") for one in found]
	return VERIFIED if VERIFIED in statuses else next(iter(statuses), "")


def alerts(gateway: Gateway, since: datetime) -> list[Alert]:
	"""Twilio's errors of this account since a time of the site, the newest first; at most 1000.

	:raises TwilioProblem:
	"""
	monitor = gateway.host("monitor").v1.alerts
	found = gateway.call(lambda: monitor.list(log_level="error", start_date=to_utc(since), limit=MOST_ALERTS))
	return [
		Alert(
			str(alert.error_code or ""),
			alert.request_url or "",
			_local(alert.date_generated or alert.date_created),
		)
		for alert in found
		if alert.date_generated or alert.date_created
	]


def _local(moment: datetime) -> datetime:
	naive = moment.astimezone(timezone.utc).replace(tzinfo=None)
	return convert_utc_to_system_timezone(naive).replace(tzinfo=None)
