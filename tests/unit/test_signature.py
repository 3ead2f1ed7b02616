"""Twilio's signature of a webhook. Source: https://www.twilio.com/docs/usage/security#validating-requests"""

import base64
import hashlib
import hmac
from io import BytesIO
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from twilio_sms_channel.twilio_gateway import signature

BASE, PATH, TOKEN = "https://help.example.com", "/api/method/inbound", "0123456789abcdef0123456789abcdef"
PARAMS = {"MessageSid": "SM" + "0" * 32, "Body": "Grüße & <b>", "From": "+14155550132"}


KEY = "a shared key/of Twilio+s="


def webhook(
	signed: str, params=PARAMS, method: str = "POST", query: str = "", settings: str | None = None
) -> Request:
	body = urlencode(params).encode() if method == "POST" else b""
	said = {} if settings is None else {"HTTP_X_TWILIO_WEBHOOKS_SIGNATURE_SETTINGS": settings}
	return Request(
		{
			**said,
			"REQUEST_METHOD": method,
			"PATH_INFO": PATH,
			"QUERY_STRING": query,
			"SERVER_NAME": "localhost",
			"SERVER_PORT": "8000",
			"CONTENT_TYPE": "application/x-www-form-urlencoded",
			"CONTENT_LENGTH": str(len(body)),
			"HTTP_X_TWILIO_SIGNATURE": signed,
			"wsgi.input": BytesIO(body),
			"wsgi.url_scheme": "http",
		}
	)


def test_twilios_own_example():
	params = {
		"CallSid": "CA1234567890ABCDE",
		"Caller": "+14158675310",
		"Digits": "1234",
		"From": "+14158675310",
		"To": "+18005551212",
	}
	url = "https://example.com/myapp.php?foo=1&bar=2"
	assert signature.sign(url, params, "12345") == "L/OH5YylLD5NRKLltdqwSvS0BnU="


@pytest.mark.parametrize("fragment", ["", signature.RETRY_FRAGMENT])
def test_what_twilio_signed_holds(fragment):
	signed = signature.sign(BASE + PATH + fragment, PARAMS, TOKEN)
	assert signature.is_signed(webhook(signed), BASE, TOKEN, [fragment])


@pytest.mark.parametrize("port", ["", ":443"])
def test_the_url_holds_with_and_without_its_port(port):
	signed = signature.sign(BASE + port + PATH, PARAMS, TOKEN)
	assert signature.is_signed(webhook(signed), BASE, TOKEN)


def test_a_get_is_signed_over_its_query():
	query = urlencode(PARAMS)
	signed = signature.sign(f"{BASE}{PATH}?{query}", {}, TOKEN)
	assert signature.is_signed(webhook(signed, method="GET", query=query), BASE, TOKEN)


@pytest.mark.parametrize(
	"changed",
	[
		{"params": {**PARAMS, "Body": "other"}},
		{"params": {**PARAMS, "More": "1"}},
		{"query": "x=1"},
		{"method": "GET"},
	],
)
def test_what_was_changed_on_the_way_does_not(changed):
	signed = signature.sign(BASE + PATH, PARAMS, TOKEN)
	assert not signature.is_signed(webhook(signed, **changed), BASE, TOKEN, signature.fragments([]))


@pytest.mark.parametrize("signed", ["", "x", "é", "=" * 1000, "AAAA"])
def test_what_is_no_signature_does_not_hold_and_raises_nothing(signed):
	assert not signature.is_signed(webhook(signed), BASE, TOKEN)
	assert signature.find_fragment(webhook(signed), BASE, TOKEN) is None


def test_somebody_elses_token_does_not_hold():
	assert not signature.is_signed(
		webhook(signature.sign(BASE + PATH, PARAMS, "f" * 32)), BASE, TOKEN, signature.fragments([])
	)


@pytest.mark.parametrize("fragment", ["#rc=5&rp=4xx,5xx", "#rp=all", "#rp=ct&rc=2", "#rc=3&ct=2000"])
def test_a_fragment_that_twilios_settings_allow_is_found_and_remembered(fragment):
	signed = signature.sign(BASE + PATH + fragment, PARAMS, TOKEN)
	assert signature.find_fragment(webhook(signed), BASE, TOKEN) == fragment
	assert fragment in signature.fragments([])


def test_a_parameter_that_comes_twice_is_signed_once():
	params = MultiDict([("A", "2"), ("A", "1"), ("A", "2")])
	body = [("A", "2"), ("A", "1"), ("A", "2")]
	signed = signature.sign(BASE + PATH, params, TOKEN)
	assert signature.is_signed(webhook(signed, params=body), BASE, TOKEN)


# Shared keys ------------------------------------------------------------------------------------------


def sha256(url: str, params, key: str) -> str:
	"""Written by the test itself: the URL, then the parameters by name, each name followed by its value."""
	signed = url + "".join(name + value for name, value in sorted(params.items()))
	return base64.b64encode(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()).decode()


@pytest.mark.parametrize(
	"settings",
	[
		None,
		"",
		"key=webhooks_sharedkey_1,algorithm=HMAC_SHA256",
		" algorithm = x , key=1, algorithm=hmac_sha256",
		"key=,nonsense,=,\xff,key=\x01" + "y" * 5000,
	],
)
@pytest.mark.parametrize("fragment", ["", signature.RETRY_FRAGMENT])
def test_what_twilio_signed_with_a_shared_key_holds(settings, fragment):
	signed = sha256(BASE + PATH + fragment, PARAMS, KEY)
	assert signed == signature.sign(BASE + PATH + fragment, PARAMS, KEY, signature.SHA256)
	asked = webhook(signed, settings=settings)
	assert signature.is_signed(asked, BASE, KEY, [fragment])
	assert not signature.is_signed(asked, BASE, TOKEN, [fragment])
	assert not signature.is_signed(webhook(signed, {**PARAMS, "Body": "x"}), BASE, KEY, [fragment])


def test_a_parameter_that_comes_twice_is_signed_once_with_a_shared_key_too():
	params = [("A", "2"), ("A", "1"), ("A", "2")]
	signed = sha256(BASE + PATH + "A1", {"A": "2"}, KEY)
	assert signature.is_signed(webhook(signed, params=params), BASE, KEY)


@pytest.mark.parametrize(
	("algorithm", "named"),
	[
		(signature.SHA1, "HMAC_SHA256"),
		(signature.SHA256, "HMAC_SHA1"),
		*(
			(each, named)
			for each in signature.HASHES
			for named in ("none", "HMAC_MD5", "HMAC_SHA512", "\xff")
		),
	],
)
def test_a_header_that_names_another_algorithm_makes_the_request_invalid(algorithm, named):
	signed = signature.sign(BASE + PATH, PARAMS, KEY, algorithm)
	settings = f"key=webhooks_sharedkey_1,algorithm={named}"
	assert signature.is_signed(webhook(signed), BASE, KEY)
	assert not signature.is_signed(webhook(signed, settings=settings), BASE, KEY)
	assert signature.find_fragment(webhook(signed, settings=settings), BASE, KEY) is None


@pytest.mark.parametrize("length", [0, 16, 19, 21, 31, 33, 48, 64])
def test_a_signature_of_another_length_is_none(length):
	signed = base64.b64encode(b"x" * length).decode()
	assert not signature.algorithm_of(webhook(signed))
	assert not signature.is_signed(webhook(signed), BASE, KEY)


def test_a_fragment_is_found_under_a_shared_key():
	signed = sha256(BASE + PATH + "#rc=4&rp=4xx", PARAMS, KEY)
	assert signature.find_fragment(webhook(signed), BASE, KEY) == "#rc=4&rp=4xx"
	assert signature.find_fragment(webhook(signed), BASE, TOKEN) is None


@pytest.mark.parametrize("key", ["", "webhooks_sharedkey_01ABC", "<script>", "a b", "x" * 65, "\xff"])
def test_a_key_is_named_only_where_it_can_be_one(key):
	found = signature.settings_of(webhook("x", settings=f"key={key},algorithm=HMAC_SHA256")).key
	assert found == (key if signature.KEY_ID.fullmatch(key) else "")
