"""Webhook security settings at Twilio: exactly what is wrong with them is found, and goes away once it is mended."""

import json

import pytest
from support.shared_keys import as_fields, new_key
from twilio.http.response import Response

from twilio_sms_channel import doctor
from twilio_sms_channel.infra import public_url
from twilio_sms_channel.simulator.errors import RestError
from twilio_sms_channel.simulator.signing import SHA1
from twilio_sms_channel.simulator.webhook_security import BASIC, DEFAULT, DIGEST, EXACT, OAUTH, PREFIX
from twilio_sms_channel.twilio_gateway import webhook_rules

NO_RETRIES = {"connectTimeoutMs": 5000, "retryPolicy": {"retryCount": 0}}
RETRIES = {"retryPolicy": {"retryCount": 3, "retryOn": ["HTTP_5XX"]}}


@pytest.fixture
def security(clinic):
	return clinic.at_twilio.webhook_security


def ours(clinic) -> str:
	return clinic.stack.web + public_url.INBOUND


def test_a_rule_of_another_team_signs_with_a_key_that_is_not_here(clinic, security):
	key = new_key(security)
	setting = security.add_setting(key=key, friendly_name="Voice signing")
	security.add_rule(DEFAULT, "", setting, friendly_name="Voice team")
	finding = clinic.only_finding("webhook_rules.no_key", clinic.account)
	assert finding["severity"] == "Broken"
	assert key.id in finding["what"] and "Voice team (the default of" in finding["what"]
	assert "Voice signing" in finding["how"] and "a minute" in finding["how"]
	other = new_key(security)
	clinic.set_account(**as_fields(other))
	assert key.id in clinic.only_finding("webhook_rules.unknown_key", clinic.account)["what"]
	clinic.set_account(**as_fields(other, key))
	assert clinic.only_finding("webhook_rules.applies", clinic.account)["severity"] == "Notice"
	security.rules.clear()
	assert clinic.findings() == {}


def test_of_two_settings_that_share_the_webhooks_both_keys_have_to_be_here(clinic, security):
	old, new = new_key(security), new_key(security)
	settings = [security.add_setting(key=key) for key in (old, new)]
	security.add_rule(EXACT, ours(clinic), *settings)
	security.add_rule(EXACT, clinic.stack.web + public_url.STATUS, *settings)
	clinic.set_account(**as_fields(old))
	assert new.id in clinic.only_finding("webhook_rules.unknown_key", clinic.account)["what"]
	clinic.set_account(**as_fields(old, new))
	assert clinic.findings() == {}


def test_a_key_for_delivery_reports_alone_is_looked_at_as_well(clinic, security):
	security.add_rule(
		EXACT, clinic.stack.web + public_url.STATUS, security.add_setting(key=new_key(security))
	)
	assert public_url.STATUS in clinic.only_finding("webhook_rules.no_key", clinic.account)["what"]


def test_an_algorithm_of_tomorrow(clinic, security):
	key = new_key(security)
	clinic.set_account(**as_fields(key))
	security.add_rule(PREFIX, clinic.stack.web + "/", security.add_setting(key=key, algorithm="ED25519"))
	finding = clinic.only_finding("webhook_rules.algorithm", clinic.account)
	assert finding["severity"] == "Broken" and "ED25519" in finding["what"]
	security.settings.clear()
	security.rules.clear()
	security.add_rule(EXACT, ours(clinic), security.add_setting(key=key, algorithm=SHA1))
	assert clinic.findings() == {}


def test_retries_that_a_rule_takes_away(clinic, security):
	security.add_rule(DEFAULT, "", security.add_setting(connection=NO_RETRIES))
	assert clinic.only_finding("webhook_rules.retries", clinic.account)["severity"] == "At Risk"
	security.rules.clear()
	security.add_rule(EXACT, ours(clinic), security.add_setting(connection=RETRIES))
	assert clinic.findings() == {}


@pytest.mark.parametrize("kind", [BASIC, DIGEST, OAUTH])
def test_a_login_is_a_notice(clinic, security, kind):
	profile = security.add_profile(kind, username="twilio", password="hunter2")
	security.add_rule(PREFIX, clinic.stack.web + "/api/", security.add_setting(profile=profile))
	finding = clinic.only_finding("webhook_rules.login", clinic.account)
	assert finding["severity"] == "Notice" and profile.id in finding["what"]
	assert "hunter2" not in str(finding) and "Nothing needs to be done" in finding["how"]


def test_the_rule_that_twilio_prefers_is_the_one_that_counts(clinic, security):
	unknown, known = new_key(security), new_key(security)
	clinic.set_account(**as_fields(known))
	wrong, right = security.add_setting(key=unknown), security.add_setting(key=known)
	security.add_rule(DEFAULT, "", wrong)
	security.add_rule(PREFIX, clinic.stack.web + "/", wrong)
	clinic.only_finding("webhook_rules.unknown_key", clinic.account)
	security.add_rule(PREFIX, clinic.stack.web + "/api/method/", right, friendly_name="Longest")
	assert "Longest" in clinic.only_finding("webhook_rules.applies", clinic.account)["what"]
	for path in (public_url.INBOUND, public_url.STATUS):
		security.add_rule(EXACT, clinic.stack.web + path, right)
	assert clinic.findings() == {}


def test_rules_that_point_elsewhere_are_nobodys_business(clinic, security):
	wrong = security.add_setting(key=new_key(security))
	for url in (
		"https://voice.example.com/",
		clinic.stack.web + "/api/method/other/",
		clinic.stack.web + "x/",
	):
		security.add_rule(PREFIX, url, wrong)
	for url in (clinic.stack.web, ours(clinic) + "x", ours(clinic).upper()):
		security.add_rule(EXACT, url, wrong)
	assert clinic.findings() == {}


def test_more_rules_than_fit_on_a_page(clinic, security):
	wrong = security.add_setting(key=new_key(security))
	for n in range(120):
		security.add_rule(PREFIX, f"https://{n}.example.com/", wrong)
	security.add_rule(DEFAULT, "", wrong)
	clinic.only_finding("webhook_rules.no_key", clinic.account)


def test_settings_that_may_not_be_read_are_said_so(clinic, security):
	class Closed(dict):
		def values(self):
			raise RestError(20403)

	security.rules = Closed()
	try:
		assert clinic.findings() == {}
		(left,) = (check for check in clinic.answer["checked"] if not check["done"])
		assert left["check"] == "webhook_rules" and left["why_not"]
	finally:
		security.rules = {}


class Twilio:
	"""Answers for webhooks.twilio.com with anything."""

	def __init__(self, answers: dict):
		self.answers, self.client, self.login = answers, self, self

	def with_token(self):
		return self

	def host_url(self, name):
		return f"https://{name}.twilio.com"

	def call(self, request):
		return request()

	def request(self, method, url, **_more):
		assert url.startswith("https://webhooks.twilio.com/v1/Webhooks/")
		return Response(200, json.dumps(self.answers[url.rpartition("/")[2]]))


ODD = (None, "", 0, [], {}, [None], ["x"], {"x": None}, "\x00<b>", 10**30, True)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_twilio_may_answer_some_day_is_no_error(site, odd):
	"""The interface is in public beta."""
	rule = {"id": "r", "matchType": "DEFAULT", "settings": [{"settingId": "s", "percentage": 100}]}
	setting = {"id": "s", "auth": {"source": "NONE"}}
	signed = {**setting, "signature": odd, "auth": odd, "connection": odd}
	answers = [{"Rules": odd, "Settings": odd}, {"Rules": {"meta": odd, "rules": odd}, "Settings": {}}]
	answers += [
		{"Rules": {"rules": [{**rule, name: odd}]}, "Settings": {"settings": [setting]}} for name in rule
	]
	answers += [{"Rules": {"rules": [rule]}, "Settings": {"settings": [signed, odd]}}]
	for said in answers:
		for found in webhook_rules.read(Twilio(said)):
			assert found.reaches("https://help.example.com/") in (True, False)


def test_a_host_that_a_firewall_shuts_is_no_outage_of_twilio(clinic, sim):
	"""Rules are on webhooks.twilio.com, everything before was on other hosts."""

	def progress(title, done, of):
		sim.faults.off()
		if title == doctor.titles()["webhook_rules"]:
			sim.faults.always("connection_closed")

	report = doctor.examine(account=clinic.account, progress=progress)
	assert report.findings == []
	assert [check.check for check in report.checked if not check.done] == ["webhook_rules"]
