"""Twilio's signature of a webhook. Source: https://www.twilio.com/docs/usage/security#validating-requests"""

from io import BytesIO
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

from twilio_sms_channel.twilio_gateway import signature

BASE, PATH, TOKEN = "https://help.example.com", "/api/method/inbound", "0123456789abcdef0123456789abcdef"
PARAMS = {"MessageSid": "SM" + "0" * 32, "Body": "Grüße & <b>", "From": "+14155550132"}


def webhook(signed: str, params=PARAMS, method: str = "POST", query: str = "") -> Request:
	body = urlencode(params).encode() if method == "POST" else b""
	return Request(
		{
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
