"""Which country the site, and a number of ours, is of."""

import frappe

from twilio_sms_channel.people.phone import is_answerable, region_of


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


def region_of_ours(number) -> str | None:
	"""ISO 3166 alpha-2 code of the country of a number of ours, None when nothing tells.

	:param number: name and country of a Twilio SMS Number
	"""
	# Toll-free digits are of several countries, and names and services of none.
	return region_of_country(number.country) or (
		region_of(number.name) if is_answerable(number.name) else None
	)
