"""Webhook security settings: what Twilio's own library reads and makes of them, and how webhooks are signed by them."""

import pytest
import requests
from twilio import request_validator

from twilio_sms_channel.simulator.signing import SHA1, SHA256, sign
from twilio_sms_channel.simulator.webhook_security import BASIC, DEFAULT, EXACT, OAUTH, PREFIX

SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
# The library knows these resources, and SHA-256, since 9.13.
needs_newest = pytest.mark.skipif(
	not hasattr(request_validator, "SIGNATURE_SETTINGS_HEADER"), reason="the Twilio library is too old"
)


@pytest.fixture
def security(account):
	return account.webhook_security


@needs_newest
def test_twilios_library_makes_and_reads_them(sim, client, account):
	hooks = client.webhooks
	hooks.base_url = sim.base_url
	from twilio.rest.webhooks.v1.rule import RuleList
	from twilio.rest.webhooks.v1.setting import SettingList
	from twilio.rest.webhooks.v1.shared_key import SharedKeyList

	key = hooks.v1.shared_keys.create(SharedKeyList.PostSharedKey({"friendlyName": "Texts"}))
	assert key.id.startswith("webhooks_sharedkey_") and key.secret
	signature = {"type": "SHARED_KEY", "sharedKeyId": key.id, "algorithm": SHA256}
	setting = hooks.v1.settings.create(SettingList.PostSetting({"signature": signature}))
	asked = {"matchType": EXACT, "value": "https://a.example.com", "settings": [{"settingId": setting.id}]}
	hooks.v1.rules.create(RuleList.PostRule(asked))
	(listed,) = hooks.v1.rules.list()
	assert (listed.match_type, listed.value) == (EXACT, "https://a.example.com")
	assert listed.settings == [{"settingId": setting.id, "percentage": 100}]
	(shown,) = hooks.v1.shared_keys.list()
	assert shown.id == key.id and not shown.secret
	assert hooks.v1.settings(setting.id).fetch().signature == signature
	assert hooks.v1.rules(listed.id).delete()
	assert not hooks.v1.rules.list()


@needs_newest
def test_twilios_library_accepts_what_is_signed_with_a_shared_key():
	url, params = "https://a.example.com/in?x=1#rc=3", {"Body": "Grüße 👋", "A": ""}
	validator = request_validator.RequestValidator("the key")
	assert validator.validate(url, params, sign("the key", url, params, SHA256), SHA256)
	assert not validator.validate(url, params, sign("other", url, params, SHA256), SHA256)


def test_a_list_comes_in_pages(sim, account, security):
	setting = security.add_setting()
	made = [security.add_rule(PREFIX, f"https://{n}.example.com/", setting).id for n in range(5)]
	url, seen, token = f"{sim.base_url}/v1/Webhooks/Rules", [], None
	while True:
		params = {"pageSize": 2, **({"pageToken": token} if token else {})}
		answer = requests.get(url, params, auth=(account.sid, account.auth_token), timeout=2).json()
		seen += [rule["id"] for rule in answer[answer["meta"]["key"]]]
		if not (token := answer["meta"]["nextToken"]):
			break
	assert seen == made


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"matchType": "EXACT_MATCH", "value": "x"}'])
def test_a_rule_that_makes_no_sense_is_refused(sim, account, body):
	answer = requests.post(
		f"{sim.base_url}/v1/Webhooks/Rules",
		data=body,
		headers={"Content-Type": "application/json"},
		auth=(account.sid, account.auth_token),
		timeout=2,
	)
	assert answer.status_code == 400


def test_exact_rules_go_before_prefixes_and_these_before_the_default(security):
	setting = security.add_setting()
	for kind, pattern in (
		(DEFAULT, ""),
		(PREFIX, "https://a.example.com/"),
		(PREFIX, "https://a.example.com/in/"),
		(EXACT, "https://a.example.com/in/x"),
	):
		security.add_rule(kind, pattern, setting)
	for url, pattern in (
		("https://a.example.com/in/x#rc=3", "https://a.example.com/in/x"),
		("https://a.example.com/in/xy", "https://a.example.com/in/"),
		("https://a.example.com/in", "https://a.example.com/"),
		("https://b.example.com/", ""),
	):
		assert security.rule_for(url).pattern == pattern


def test_the_default_rule_takes_no_basic_login(security):
	with pytest.raises(ValueError, match="Basic"):
		security.add_rule(DEFAULT, "", security.add_setting(profile=security.add_profile(BASIC)))


def test_a_webhook_is_signed_as_its_rule_says(sim, app, account, number, security, say):
	key = security.add_key()
	profile = security.add_profile(OAUTH, access_token="abc")
	number.sms_url = app.url + "/inbound#rc=2"
	security.add_rule(PREFIX, app.url + "/", security.add_setting(key=key, profile=profile))
	say("With the key")
	security.rules.clear()
	say("With the token")
	first, second = app.at("/inbound")
	assert first.headers["X-Twilio-Signature"] == sign(key.secret, number.sms_url, first.form, SHA256)
	assert first.headers[SETTINGS] == f"key={key.id},algorithm={SHA256}"
	assert first.headers["Authorization"] == "Bearer abc"
	assert second.headers["X-Twilio-Signature"] == sign(account.auth_token, number.sms_url, second.form, SHA1)
	assert SETTINGS not in second.headers and "Authorization" not in second.headers
	assert "abc" not in str([vars(attempt) for attempt in sim.webhook_attempts])


def test_a_wrong_signature_is_wrong_with_a_shared_key_too(sim, app, number, security, say):
	key = security.add_key()
	number.sms_url = app.url + "/inbound"
	security.add_rule(DEFAULT, "", security.add_setting(key=key))
	sim.faults.always("bad_signature")
	say("Forged")
	(hook,) = app.at("/inbound")
	assert hook.headers["X-Twilio-Signature"] != sign(key.secret, number.sms_url, hook.form, SHA256)
