"""Who texts: E.164 numbers, short codes and alphanumeric senders."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

import phonenumbers

E164 = re.compile(r"^\+[1-9][0-9]{6,14}$")
# What Twilio takes for a number, also where it is none that could be.
DIALLED = re.compile(r"^\+[0-9]{5,15}$")
SHORT_CODE = re.compile(r"^[0-9]{3,8}$")
ALPHANUMERIC_SENDER = re.compile(r"^(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}$")
MEXICO = 52
# How numbers of Mexico were dialled until 2020. Networks still name senders so, and the library's newer tables have
# forgotten it.
OLD_IN_MEXICO = re.compile(r"^(?:1|0[12]|04[45])([0-9]{10})$")
# Twilio has numbers of ours by such a spelling.
OF_MEXICO = re.compile(r"^\+521[0-9]{10}$")
# "mobile: +44 …", "tel:+44…", "+44 … (work)". What letters are tied to is no phone number: "INV-4155550132".
LABEL_BEFORE = re.compile(r"^[^0-9+]*[\s:.)](?=[0-9+(])")
LABEL_BEHIND = re.compile(r"(?<=[0-9])(?:\s|\s?[,;(/])[^0-9]*$")
# Twilio's addresses of other channels.
OF_OTHER_CHANNELS = ("whatsapp:", "rcs:", "messenger:")
MAX_CHARACTERS = 100
BRACKETS = str.maketrans("[]{}", "()()")
UNSEEN = ("Cf", "Mn", "Me", "Co", "Cs", "Cn")


def cleaned(text: str | None) -> str:
	"""A number or sender as it was typed or pasted, without what nobody sees, with plain digits, dashes and brackets."""
	written = ""
	for character in unicodedata.normalize("NFKC", text or ""):
		category = unicodedata.category(character)
		if category == "Nd":
			written += str(unicodedata.decimal(character))
		elif category == "Pd":
			written += "-"
		elif category in ("Cc", "Zs", "Zl", "Zp"):
			written += " "
		elif category not in UNSEEN:
			written += character
	return " ".join(written.translate(BRACKETS).split())


def e164(text: str | None, region: str | None = None) -> str | None:
	"""The number in E.164 ("+14155550132"), or None when it is not a phone number.

	Short codes and alphanumeric senders give None: `phonenumbers` would turn "12345" into +112345.

	:param text: a number in any spelling
	:param region: ISO 3166 alpha-2 country for numbers without a country code, None for none of them
	"""
	return _first([text], [region])


def read_in(text: str | None, regions: Iterable[str | None]) -> str | None:
	"""A number in E.164 as it reads in the first of these countries where there is such a number.

	:param regions: ISO 3166 alpha-2
	"""
	return _first([text], list(dict.fromkeys(regions)) or [None])


def _first(texts: list[str | None], regions: list[str | None]) -> str | None:
	"""What is valid somewhere, otherwise what is possible: there are numbers that the library's tables do not know."""
	possible = None
	for text in texts:
		for spelling in _spellings(cleaned(text)):
			for region in regions:
				if not (number := _parsed(spelling, region)):
					continue
				if phonenumbers.is_valid_number(number):
					return _written(number)
				possible = possible or number
	return _written(possible) if possible else None


def _spellings(text: str) -> Iterator[str]:
	"""A number as it stands, and without the words around it."""
	if not text or len(text) > MAX_CHARACTERS or text.lower().startswith(OF_OTHER_CHANNELS):
		return
	without = LABEL_BEFORE.sub("", text).partition("?")[0]
	for spelling in dict.fromkeys((text, without, LABEL_BEHIND.sub("", without))):
		if re.match(r"^[+(0-9]", spelling) and not SHORT_CODE.match(spelling):
			yield spelling


def typed(text: str | None) -> str | None:
	"""A number as a contact's form takes it: what was pasted with it, seen or unseen, is taken off. Else as it stands."""
	return next((spelling for spelling in reversed(list(_spellings(cleaned(text))))), text)


def _parsed(text: str, region: str | None):
	try:
		number = phonenumbers.parse(text, region)
	except phonenumbers.NumberParseException:
		return None
	if number.country_code == MEXICO and (
		old := OLD_IN_MEXICO.match(phonenumbers.national_significant_number(number))
	):
		number = phonenumbers.PhoneNumber(MEXICO, int(old[1]))
	# Not what can be dialled within a town alone.
	reason = phonenumbers.is_possible_number_with_reason(number)
	return number if reason == phonenumbers.ValidationResult.IS_POSSIBLE else None


def _written(number) -> str:
	return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def canonical(text: str | None, region: str | None = None) -> str | None:
	"""One spelling for anything that can be a sender or recipient; None when it is none of them.

	:return: E.164, a short code as digits, or an alphanumeric sender as it stands
	"""
	text = cleaned(text)
	if SHORT_CODE.match(text):
		return text
	named = ALPHANUMERIC_SENDER.match(text)
	if named and not re.match(r"^[+(0-9]", text):
		return text
	return e164(text, region) or (text if named else None)


def canonical_of_ours(text: str | None, region: str | None = None) -> str | None:
	"""The same for a number of ours, as Twilio spells it."""
	text = cleaned(text)
	return text if OF_MEXICO.match(text) else canonical(text, region)


def of_sender(sender: str) -> str:
	"""One spelling for who sent a message, as Twilio named them: of a number with two, the one that it is answered by."""
	return (e164(sender) if sender.startswith("+") else None) or sender


def is_answerable(customer_number: str | None) -> bool:
	"""Whether a message can be sent to this sender. Short codes and alphanumeric senders do not take answers."""
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
