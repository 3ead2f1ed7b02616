"""Who texts: E.164 numbers, short codes and alphanumeric senders."""

import re

import frappe
import phonenumbers

E164 = re.compile(r"^\+[1-9][0-9]{6,14}$")
# What Twilio takes for a number, also where it is none that could be.
DIALLED = re.compile(r"^\+[0-9]{5,15}$")
SHORT_CODE = re.compile(r"^[0-9]{3,8}$")
ALPHANUMERIC_SENDER = re.compile(r"^(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}$")


def e164(text: str | None, region: str | None = None) -> str | None:
	"""The number in E.164 ("+14155550132"), or None when it is not a phone number.

	Short codes and alphanumeric senders give None: `phonenumbers` would turn "12345" into +112345.

	:param text: a number in any spelling
	:param region: ISO 3166 alpha-2 country for numbers without a country code; default: the site's
	"""
	text = (text or "").strip()
	if not text or SHORT_CODE.match(text) or not re.match(r"^[+(0-9]", text):
		return None
	if E164.match(text):
		# As Twilio spells it: the library would drop the 1 of Mexico's +521…, and the text could not be answered.
		return text
	try:
		number = phonenumbers.parse(text, region or default_region())
	except phonenumbers.NumberParseException:
		return None
	# Possible, not valid: there are numbers that the library's tables do not know yet, or no longer.
	if not phonenumbers.is_possible_number(number):
		return None
	return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def canonical(text: str | None, region: str | None = None) -> str | None:
	"""One spelling for anything that can be a sender or recipient; None when it is none of them.

	:return: E.164, a short code as digits, or an alphanumeric sender as it stands
	"""
	text = (text or "").strip()
	if SHORT_CODE.match(text):
		return text
	if number := e164(text, region):
		return number
	return text if ALPHANUMERIC_SENDER.match(text) else None


def is_answerable(customer_number: str | None) -> bool:
	"""Whether a text can be sent to this sender. Short codes and alphanumeric senders do not take answers."""
	return bool(DIALLED.match(customer_number or ""))


def display(number: str | None) -> str:
	"""The number as people write it ("+1 415-555-0132"); anything else unchanged."""
	if not is_answerable(number):
		return number or ""
	try:
		parsed = phonenumbers.parse(number)
	except phonenumbers.NumberParseException:
		return number
	return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def default_region() -> str | None:
	"""ISO 3166 alpha-2 code of the site's country, upper case."""
	return region_of_country(default_country())


def default_country() -> str | None:
	"""The site's country, as Frappe calls it."""
	return frappe.db.get_single_value("Twilio SMS Settings", "default_country") or frappe.db.get_default(
		"country"
	)


def region_of_country(country: str | None) -> str | None:
	"""ISO 3166 alpha-2 code of a Country, upper case."""
	code = country and frappe.db.get_value("Country", country, "code", cache=True)
	return code.upper() if code else None


def country_of_region(region: str | None) -> str | None:
	"""The Country with this ISO 3166 alpha-2 code, None when the site has none."""
	return region and frappe.db.get_value("Country", {"code": region.lower()}, cache=True)


def region_of(number: str) -> str | None:
	"""ISO 3166 alpha-2 code of the country that a number in E.164 is of, None when it cannot be told."""
	try:
		parsed = phonenumbers.parse(number)
	except phonenumbers.NumberParseException:
		return None
	# Of the countries that share a code, the largest has what the library's tables do not know.
	return phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
		parsed.country_code
	)


def is_of_country(number: str, region: str) -> bool:
	"""Whether a number in E.164 is of a country; islands with the country's code and form of numbers are.

	:param region: ISO 3166 alpha-2
	"""
	found = region_of(number)
	if found == region:
		return True
	code = phonenumbers.country_code_for_region(region)
	# +1 is shared by countries that have little else in common.
	return bool(found) and code not in (0, 1) and code == phonenumbers.country_code_for_region(found)


def is_toll_free(number: str) -> bool:
	"""Whether a number in E.164 is free for its callers, such as +1 800 …"""
	try:
		parsed = phonenumbers.parse(number)
	except phonenumbers.NumberParseException:
		return False
	return phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.TOLL_FREE
