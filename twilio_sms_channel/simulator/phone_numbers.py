"""What a number tells by itself: its country, and what kind of sender it is."""

import re

import phonenumbers


def region(number: str) -> str:
	"""The country (ISO 3166-1 alpha-2) of a number, "" for what has none. By its country code where no carrier has the
	number, as with those reserved for fiction."""
	try:
		parsed = phonenumbers.parse(number)
	except phonenumbers.NumberParseException:
		return ""
	return phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
		parsed.country_code
	)


def assigned_region(number: str | None) -> str:
	"""The country (ISO 3166-1 alpha-2) of a number, "" where no carrier has it."""
	try:
		return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
	except phonenumbers.NumberParseException:
		return ""


def looks_like_short_code(number: str) -> bool:
	return bool(re.fullmatch(r"\d{3,8}", number))


def looks_alphanumeric(number: str) -> bool:
	"""Up to 11 letters, digits, spaces and & + - _, at least one of them a letter (Twilio's rule)."""
	return bool(re.fullmatch(r"[A-Za-z0-9 &+_-]{1,11}", number)) and bool(re.search("[A-Za-z]", number))


def is_party(number: str) -> bool:
	e164 = (
		number.startswith("+")
		and number[1:].isascii()
		and number[1:].isdecimal()
		and len(number) in range(6, 17)
	)
	return e164 or looks_like_short_code(number) or looks_alphanumeric(number)


def is_sender(name: str) -> bool:
	"""Whether a customer's message can come from this: what Twilio names senders by is wider than what it sends to. Names
	as networks spell them ("Amazon.de"), numbers without a country code, other channels' addresses ("whatsapp:+1…")."""
	if name.startswith("+"):
		return is_party(name)
	return 3 <= len(name) <= 100 and name.isprintable() and any(character.isalnum() for character in name)
