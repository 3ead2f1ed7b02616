"""Our numbers as the rules of countries look at them, see `people.sender_rules`."""

import frappe

from twilio_sms_channel.people import countries, phone, sender_rules
from twilio_sms_channel.people.sender_rules import Sender

FINDING = "Twilio SMS Finding"
# What the doctor last read at Twilio of registrations for the United States and Canada.
UNREGISTERED = ("us_registration.missing", "toll_free.unverified")


def of(number, unregistered: set[str]) -> Sender:
	"""A number of ours for the rules.

	:param number: Twilio SMS Number, its document or row
	:param unregistered: see `unregistered`
	"""
	return Sender(
		kind=number.number_type,
		region=countries.region_of_ours(number),
		registered_in=registered_in(number),
		is_unregistered=number.name in unregistered,
	)


def registered_in(number) -> frozenset[str]:
	"""The countries (ISO 3166 alpha-2) in whose registers an admin says that a name is."""
	return frozenset(
		region
		for register in sender_rules.REGISTERS
		if number.get(register.field)
		for region in register.regions
	)


def unregistered() -> set[str]:
	"""Names of our numbers that Twilio is known to have as not registered, or not verified."""
	return set(frappe.get_all(FINDING, {"check_name": ("in", UNREGISTERED)}, pluck="about"))


def reason(number, customer_number: str, unregistered: set[str]) -> sender_rules.Reason:
	"""What decides how well a number of ours suits a customer."""
	return sender_rules.reason(of(number, unregistered), phone.region_of(customer_number))
