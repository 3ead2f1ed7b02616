"""Twilio's own validator accepts what the simulator signs."""

import pytest
from twilio.request_validator import RequestValidator

from twilio_sms_channel.simulator import sign


@pytest.mark.parametrize(
	"url",
	[
		"https://help.example.com/inbound",
		"https://help.example.com/inbound?a=1&b=%20x",
		"https://help.example.com/inbound#rc=3&rp=ct,rt,5xx",
	],
)
@pytest.mark.parametrize(
	"params", [{}, {"Body": ""}, {"Body": "Grüße 👩‍👩‍👧 \n+&=%", "FromCity": "", "a": "1", "B": "2"}]
)
def test_twilio_accepts_our_signature(url, params):
	assert RequestValidator("secret").validate(url, params, sign("secret", url, params))
	assert not RequestValidator("other").validate(url, params, sign("secret", url, params))


@pytest.mark.parametrize("fragment", ["", "#rc=3&rp=ct,rt,5xx"])
def test_post_webhook_is_signed_over_everything_posted(sim, app, account, number, say, fragment):
	number.sms_url = app.url + "/inbound?tenant=a%20b" + fragment
	say("Schönen Tag 🌞", Extra="", Later="naïve")
	hook = app.at("/inbound")[0]
	assert hook.form["Extra"] == "" and hook.form["Body"] == "Schönen Tag 🌞"
	validator = RequestValidator(account.auth_token)
	assert validator.validate(number.sms_url, hook.form, hook.headers["X-Twilio-Signature"])


@pytest.mark.parametrize("fragment", ["", "#rc=2"])
@pytest.mark.parametrize("query", ["", "?tenant=a"])
def test_get_webhook_is_signed_over_the_url(app, account, number, say, fragment, query):
	number.sms_method, number.sms_url = "GET", app.url + "/inbound" + query + fragment
	say("Grüße & 👋 +1", Extra="")
	hook = app.received[0]
	assert hook.method == "GET" and "Body=Gr" in hook.path and "Extra=" in hook.path
	url = app.url + hook.path + fragment
	assert RequestValidator(account.auth_token).validate(url, {}, hook.headers["X-Twilio-Signature"])


def test_status_callback_is_signed(app, account, send):
	send()
	for report in app.at("/status"):
		url = app.url + "/status?message=M1"
		assert RequestValidator(account.auth_token).validate(
			url, report.form, report.headers["X-Twilio-Signature"]
		)
