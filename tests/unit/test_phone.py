"""One spelling for every phone number, short code and alphanumeric sender."""

import pytest

from twilio_sms_channel.people import phone


@pytest.mark.parametrize(
	("text", "region", "number"),
	[
		("+1 (415) 555-0132", None, "+14155550132"),
		("0171 1234567", "DE", "+491711234567"),
		("(415) 555-0132", "US", "+14155550132"),
		("+5215512345678", None, "+525512345678"),
		("12345", "US", None),
		("72345", None, None),
		("TWILIO", "US", None),
		("whatsapp:+14155550132", None, None),
		("", None, None),
		(None, None, None),
	],
)
def test_e164(text, region, number):
	assert phone.e164(text, region) == number


@pytest.mark.parametrize(
	("typed", "region", "number"),
	[
		("+4407911123456", None, "+447911123456"),
		("+44 (0)7911 123456", None, "+447911123456"),
		("+4901761234567", None, "+491761234567"),
		("+5215512345678", None, "+525512345678"),
		("044 55 1234 5678", "MX", "+525512345678"),
		("01 (55) 1234-5678", "MX", "+525512345678"),
		("\u202a+1 415-555-0132\u202c", None, "+14155550132"),
		("\u2068+14155550132\u2069", None, "+14155550132"),
		("\u200e+1\u00a0(415)\u2011555\u20110132\ufe0d", None, "+14155550132"),
		("＋１４１５５５５０１３２", None, "+14155550132"),
		("+٤٤٧٩١١١٢٣٤٥٦", None, "+447911123456"),
		("tel:+1-415-555-0132", None, "+14155550132"),
		("tel:+1-415-555-0132;ext=5", None, "+14155550132"),
		("sms:+14155550132?body=Hi", None, "+14155550132"),
		("Mobile: [415] 555.0132", "US", "+14155550132"),
		("(mobile) 415 555 0132", "US", "+14155550132"),
		("+44 7911 123456 (work)", None, "+447911123456"),
		("+44 7911 123456 mobile", None, "+447911123456"),
		("415 555 0132 x12", "US", "+14155550132"),
		("1-800-FLOWERS", "US", "+18003569377"),
		("00 49 176 1234567", "DE", "+491761234567"),
		# Nothing that could be texted.
		("12345", "US", None),
		("mobile 12345", "US", None),
		("INV-4155550132", "US", None),
		("555-0132", "US", None),
		("030 123456 / 0176 1234567", "DE", None),
		("+14155550132 +14155550133", None, None),
		("TWILIO", "US", None),
		("\u200b", "US", None),
		("+" * 5000, "US", None),
		("7" * 5000, "US", None),
	],
)
def test_every_spelling_of_a_number_is_one(typed, region, number):
	assert phone.e164(typed, region) == number


@pytest.mark.parametrize(
	("typed", "name"),
	[
		("\u202aACME Shop\u202c", "ACME Shop"),
		("\u2068７２３４５", "72345"),
		("Shop4155550", "Shop4155550"),
		("+4407911123456", "+447911123456"),
		# Twilio knows a number of ours by this one.
		("+52 1 55 1234 5678", "+525512345678"),
		("+5215512345678", "+5215512345678"),
	],
)
def test_a_number_of_ours_is_cleaned_as_well(typed, name):
	assert phone.canonical_of_ours(typed) == name
