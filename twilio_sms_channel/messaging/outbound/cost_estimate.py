"""What a message will cost, as far as earlier ones to the same country tell."""

from statistics import median
from typing import Any

import frappe
import phonenumbers

from twilio_sms_channel.infra import clock
from twilio_sms_channel.people import phone

DAYS, MOST_READ, MOST_COUNTED = 90, 300, 50
# Prices seldom change, and an agent who types asks every moment.
KEPT_S = 600
# `direction` and `creation` are an index, read from its end.
_PRICED = """
	select price, price_unit, segments, customer_number,
		exists(
			select 1 from `tabTwilio SMS Media` media
			where media.parent = message.name and media.status = 'Attached'
		) as has_files
	from `tabTwilio SMS Message` message
	where direction = 'Outbound' and number = %(number)s and creation > %(since)s
		and customer_number like %(prefix)s and price > 0 and price_unit != ''
	order by creation desc
	limit %(most)s
"""


def of(
	number: str, customer_number: str, segments: int, *, with_files: bool = False
) -> dict[str, Any] | None:
	"""About what a message will cost; None when none has gone this way before, or Twilio has told no prices yet.

	:param number: name of the Twilio SMS Number that it goes out from
	:param customer_number: E.164
	:param with_files: it goes as MMS, which has one price whatever its length
	:return: `{"amount", "currency", "text"}`
	"""
	if not segments or not (region := phone.region_of(customer_number)):
		return None
	rates = _rates(number, region)
	rate = rates["files" if with_files else "segment"]
	if rate is None:
		return None
	amount = round(rate if with_files else rate * segments, 5)
	return {"amount": amount, "currency": rates["currency"], "text": money(amount, rates["currency"])}


def money(amount: float, currency: str) -> str:
	# Messages cost fractions of a cent; of larger sums nobody wants to see them.
	symbol = frappe.db.get_value("Currency", currency, "symbol", cache=True)
	figure = frappe.utils.fmt_money(amount, precision=2 if amount >= 1 else 4)
	return f"{symbol}{figure}" if symbol else f"{figure} {currency}"


def _rates(number: str, region: str) -> dict[str, Any]:
	cache, key = frappe.cache(), f"twilio_sms_rates:{number}:{region}"
	if (known := cache.get_value(key, expires=True)) is not None:
		return known
	rates = _read(number, region)
	cache.set_value(key, rates, expires_in_sec=KEPT_S)
	return rates


def _read(number: str, region: str) -> dict[str, Any]:
	"""The price of a segment and of a message with files to a country, each None without one; and their currency."""
	facts = {
		"number": number,
		"since": clock.ago(days=DAYS),
		# Several countries share +1.
		"prefix": f"+{phonenumbers.country_code_for_region(region)}%",
		"most": MOST_READ,
	}
	# A constant: the conditions are its parameters.
	rows = frappe.db.sql(_PRICED, facts, as_dict=True)  # nosemgrep
	rows = [row for row in rows if phone.region_of(row.customer_number) == region][:MOST_COUNTED]
	currency = rows[0].price_unit if rows else ""
	rows = [row for row in rows if row.price_unit == currency]
	by_segment = [row.price / row.segments for row in rows if row.segments and not row.has_files]
	with_files = [row.price for row in rows if row.has_files]
	return {
		"currency": currency,
		"segment": median(by_segment) if by_segment else None,
		"files": median(with_files) if with_files else None,
	}
