"""What carriers and countries ask for before they take messages: registered numbers, and countries switched on at Twilio."""

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Max, Substring

from twilio_sms_channel.doctor.context import ACCOUNT, NUMBER, AccountContext
from twilio_sms_channel.doctor.findings import AT_RISK, BROKEN, Finding
from twilio_sms_channel.infra import clock
from twilio_sms_channel.people import phone
from twilio_sms_channel.twilio_gateway import errors, standing

MESSAGE = "Twilio SMS Message"
NOT_SWITCHED_ON, NOT_REGISTERED, NOT_VERIFIED = "21408", "30034", "30032"
COUNTRIES_TEXTED_DAYS, REFUSED_DAYS = 30, 3
# "+1415": enough of a number to tell its country.
TELLING_DIGITS = 5
MOST_COUNTRIES = 30


def check_countries(account_context: AccountContext) -> Iterator[Finding]:
	"""Messaging Geographic Permissions of the countries that were texted lately."""
	texted = _countries(account_context.name, COUNTRIES_TEXTED_DAYS)
	try:
		off = standing.switched_off(account_context.gateway, texted)
	except errors.Refused:
		# Not every login may ask: what Twilio refused lately tells as well.
		off = set(_countries(account_context.name, REFUSED_DAYS, NOT_SWITCHED_ON))
	if off:
		account_context.explained.add(("", NOT_SWITCHED_ON))
		names = frappe.get_all(
			"Country", {"code": ("in", [code.lower() for code in off])}, pluck="name", order_by="name"
		)
		yield Finding(
			"countries.switched_off",
			BROKEN,
			_("The Twilio account {0} may not text: {1}.").format(
				account_context.name, ", ".join(_(name) for name in names) or ", ".join(sorted(off))
			),
			_(
				"Customers there were texted within the last {0} days. Twilio rejects each answer to them."
			).format(COUNTRIES_TEXTED_DAYS),
			_("In the Twilio console under Messaging, Settings, Geo permissions: tick these countries."),
			ACCOUNT,
			account_context.name,
		)


def check_us_registration(account_context: AccountContext) -> Iterator[Finding]:
	"""10DLC: networks of the United States take messages from long codes of registered Messaging Services only."""
	campaigns: dict[str, str] = {"": ""}
	for number in account_context.numbers:
		sender = account_context.senders.get(number.name)
		if number.number_type != "Long Code" or not sender or sender.country != "US":
			continue
		service = sender.service_sid
		if service not in campaigns:
			campaigns[service] = standing.campaign_status(account_context.gateway, service)
		status = campaigns[service]
		if status == standing.REGISTERED:
			continue
		if not service:
			what = _(
				"{0} is in no Messaging Service, so it is not registered for texting in the United States (10DLC)."
			)
		elif not status:
			what = _(
				"The Messaging Service of {0} has no campaign, so it is not registered for texting in the United States (10DLC)."
			)
		else:
			what = _(
				"The United States registration (10DLC) of {0} is not finished. Twilio has its campaign as {1}."
			)
		account_context.explained.add((number.name, NOT_REGISTERED))
		yield Finding(
			"us_registration.missing",
			BROKEN,
			what.format(phone.display(number.name), status),
			_(
				"Networks of the United States block messages from numbers that are not registered (error 30034)."
			),
			_(
				"In the Twilio console under Messaging, Regulatory Compliance: register your brand and a campaign, and put this number into the campaign's Messaging Service. Twilio needs some days for it. A verified toll-free number is quicker."
			),
			NUMBER,
			number.name,
		)


def check_toll_free(account_context: AccountContext) -> Iterator[Finding]:
	"""Networks of the United States and Canada block toll-free numbers that are not verified."""
	for number in account_context.numbers:
		sender = account_context.senders.get(number.name)
		if number.number_type != "Toll-Free" or not sender:
			continue
		status = standing.toll_free_status(account_context.gateway, sender.sid)
		if status == standing.VERIFIED:
			continue
		waits = status in standing.WAITING
		what = (
			_("Twilio is still looking at the verification of {0}.")
			if waits
			else _("The toll-free number {0} is not verified.")
		)
		account_context.explained.add((number.name, NOT_VERIFIED))
		yield Finding(
			"toll_free.unverified",
			AT_RISK if waits else BROKEN,
			what.format(phone.display(number.name)),
			_("Networks of the United States and Canada block its messages until it is (error 30032)."),
			_(
				"Wait: it takes Twilio some days. The Twilio console shows how far it is under Messaging, Regulatory Compliance."
			)
			if waits
			else _(
				"In the Twilio console under Messaging, Regulatory Compliance: ask for its verification. If one was rejected, the console says why."
			),
			NUMBER,
			number.name,
		)


def _countries(account: str, days: int, error_code: str = "") -> list[str]:
	"""ISO codes of the countries that the account texted lately, the most texted first."""
	Message = frappe.qb.DocType(MESSAGE)
	beginning = Substring(Message.customer_number, 1, TELLING_DIGITS)
	query = (
		frappe.qb.from_(Message)
		.select(Max(Message.customer_number))
		.where((Message.account == account) & (Message.direction == "Outbound"))
		.where(Message.creation > clock.ago(days=days))
		.where(Message.customer_number.like("+%"))
		.groupby(beginning)
		.orderby(Count(Message.name), order=frappe.qb.desc)
	)
	if error_code:
		query = query.where(Message.error_code == error_code)
	regions = (phone.region_of(number) for number in query.run(pluck=True))
	return list(dict.fromkeys(region for region in regions if region and region.isalpha()))[:MOST_COUNTRIES]
