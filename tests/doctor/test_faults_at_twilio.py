"""For each thing that can be wrong with an account or number at Twilio: exactly that is found, and mending helps."""

import secrets

import frappe
import pytest
from cryptography.fernet import Fernet
from frappe.utils import add_to_date, now_datetime
from frappe.utils.password import encrypt
from support.clinic import ACCOUNT, CUSTOMER, FINDING, NUMBER
from support.stack import INBOUND, eventually
from support.twilio_accounts import at_twilio, here

from twilio_sms_channel import doctor
from twilio_sms_channel.simulator.errors import RestError

OTHER = "https://other.example.com/sms"


def left_out(clinic) -> set[str]:
	return {check["check"] for check in clinic.answer["checked"] if not check["done"]}


def asking_twilio() -> set[str]:
	return {check.name for check in doctor.CHECKS_OF_ACCOUNT if check.asks_twilio}


def test_clocks_that_differ_from_twilios(clinic, sim):
	try:
		sim.clock_ahead_s = -90
		found = clinic.findings()
		assert list(found) == [("clocks.machine", clinic.account), ("clocks.database", clinic.account)]
		for finding in found.values():
			assert finding["severity"] == "At Risk" and " seconds ahead of Twilio's" in finding["what"]
		sim.clock_ahead_s = 3600
		assert "3600 seconds behind" in clinic.findings()["clocks.machine", clinic.account]["what"].replace(
			"3599", "3600"
		)
		# It is the same clock, whichever account is asked by.
		other = here(at_twilio(sim), account_name=f"~ {secrets.token_hex(4)}")
		found = doctor.examine(only="clocks").findings
		assert sorted(finding.check for finding in found) == ["clocks.database", "clocks.machine"]
		frappe.db.set_value(ACCOUNT, other.name, "enabled", 0)
		frappe.db.commit()
		sim.clock_ahead_s = 30
		assert clinic.findings() == {}
	finally:
		sim.clock_ahead_s = 0


# The account ---------------------------------------------------------------------------------------


def test_a_wrong_token_is_one_finding_and_twilio_is_asked_nothing_else(clinic):
	clinic.at_twilio.auth_token = secrets.token_hex(16)
	finding = clinic.only_finding("login.credentials", clinic.account)
	assert finding["severity"] == "Broken" and "Auth Token" in finding["how"]
	assert left_out(clinic) == asking_twilio() - {"login"}


def test_a_wrong_api_key_is_told_apart(clinic):
	key = clinic.sim.add_api_key(clinic.sid)
	clinic.set_account(api_key_sid=key.sid, api_key_secret="0" * 32)
	assert "API Key" in clinic.only_finding("login.api_key", clinic.account)["how"]


def test_a_healthy_api_key_is_no_finding(clinic):
	key = clinic.sim.add_api_key(clinic.sid)
	clinic.set_account(api_key_sid=key.sid, api_key_secret=key.secret)
	assert clinic.findings() == {}
	assert left_out(clinic) == set()


def test_a_suspended_account(clinic):
	clinic.at_twilio.status = "suspended"
	assert clinic.only_finding("login.suspended", clinic.account)["severity"] == "Broken"


@pytest.mark.parametrize("fault", ["outage", "connection_closed", "rate_limit"])
def test_a_twilio_that_cannot_be_asked_is_one_finding(clinic, sim, fault):
	sim.faults.always(fault)
	assert clinic.only_finding("login.unreachable", clinic.account)["severity"] == "Broken"
	assert left_out(clinic) == asking_twilio() - {"login"}


def test_a_twilio_that_stops_answering_in_the_middle_is_one_finding(clinic, sim):

	def progress(title, done, of):
		if title == doctor.titles()["balance"]:
			sim.faults.always("outage")

	report = doctor.examine(account=clinic.account, progress=progress)
	assert [(finding.check, finding.about) for finding in report.findings] == [
		("login.unreachable", clinic.account)
	]
	done = {check.check for check in report.checked if check.done}
	assert "paused" in done and "stuck" in done and not done & {"balance", "webhooks", "alerts"}


def test_a_trial_account_is_a_notice(clinic):
	clinic.at_twilio.type = "Trial"
	assert clinic.only_finding("trial.limits", clinic.account)["severity"] == "Notice"


def test_secrets_of_another_encryption_key(clinic, capsys):
	other = encrypt(clinic.token, Fernet.generate_key())
	frappe.db.sql(
		"update `__Auth` set password = %s where doctype = %s and name = %s and fieldname = 'auth_token'",
		(other, ACCOUNT, clinic.account),
	)
	frappe.db.commit()
	finding = clinic.only_finding("secrets.unreadable", clinic.account)
	assert "Auth Token" in finding["what"] and "encryption_key" in finding["how"]
	assert not frappe.get_message_log()


def test_an_auth_token_that_is_not_there(clinic):
	frappe.db.delete("__Auth", {"doctype": ACCOUNT, "name": clinic.account})
	frappe.db.commit()
	clinic.only_finding("secrets.unreadable", clinic.account)


def test_a_paused_account_goes_on(clinic):
	frappe.db.set_value(
		ACCOUNT, clinic.account, {"paused_since": now_datetime(), "paused_reason": "Twilio refused it."}
	)
	frappe.db.commit()
	finding = clinic.only_finding("paused.account", clinic.account)
	clinic.at_twilio.status = "suspended"
	with pytest.raises(frappe.ValidationError):
		clinic.mend(finding)
	assert frappe.db.get_value(ACCOUNT, clinic.account, "paused_since")
	clinic.at_twilio.status = "active"
	assert clinic.mend(finding)["mended"]
	assert clinic.findings() == {}


@pytest.mark.parametrize("balance", [0, -3.5])
def test_a_balance_that_is_used_up(clinic, balance):
	clinic.at_twilio.balance = balance
	assert clinic.only_finding("balance.empty", clinic.account)["severity"] == "Broken"


def test_a_balance_that_does_not_last_a_week(clinic):
	clinic.at_twilio.balance = 2.0
	clinic.texts(3, price=0.9, price_unit="USD")
	finding = clinic.only_finding("balance.low", clinic.account)
	assert finding["severity"] == "At Risk" and "2.70" in finding["what"]
	clinic.at_twilio.balance = 3.0
	assert clinic.findings() == {}


# Numbers -------------------------------------------------------------------------------------------


def test_a_number_that_was_released(clinic):
	clinic.sim.release_number(clinic.number)
	finding = clinic.only_finding("ownership.released")
	assert clinic.mend(finding) == {"mended": True, "in_background": False}
	enabled, released = frappe.db.get_value(NUMBER, clinic.number, ["enabled", "released_on"])
	assert not enabled and released
	assert clinic.findings() == {}


def no_webhook(at_twilio):
	at_twilio.sms_url = ""


def other_system(at_twilio):
	at_twilio.sms_url = OTHER


def other_system_with_a_login(at_twilio):
	at_twilio.sms_url = OTHER.replace("//", "//user:hunter2@") + "?key=hunter2"


def other_address(at_twilio):
	at_twilio.sms_url = "https://old.example.com" + INBOUND


def by_get(at_twilio):
	at_twilio.sms_method = "GET"


def no_fallback(at_twilio):
	at_twilio.sms_fallback_url = ""


@pytest.mark.parametrize(
	("plant", "check", "severity", "words"),
	[
		(no_webhook, "webhooks.none", "Broken", "does not know where"),
		(other_system, "webhooks.other", "Broken", OTHER),
		(other_system_with_a_login, "webhooks.other", "Broken", OTHER),
		(other_address, "webhooks.moved", "Broken", "https://old.example.com"),
		(by_get, "webhooks.method", "At Risk", "GET"),
		(no_fallback, "webhooks.fallback", "At Risk", "fallback"),
	],
)
def test_webhooks_that_are_not_as_they_should_be(clinic, plant, check, severity, words):
	plant(clinic.number_at_twilio())
	finding = clinic.only_finding(check)
	assert finding["severity"] == severity and words in finding["what"]
	assert "hunter2" not in str(finding)
	assert clinic.mend(finding)["mended"]
	at_twilio = clinic.number_at_twilio()
	assert (at_twilio.sms_url, at_twilio.sms_method) == (clinic.webhook, "POST")
	assert at_twilio.sms_fallback_url == clinic.webhook
	assert clinic.findings() == {}


def test_a_messaging_service_that_overrides_the_number(clinic):
	service = clinic.sim.world.services[clinic.service.sid]
	service.use_inbound_webhook_on_number, service.inbound_url = False, OTHER
	finding = clinic.only_finding("webhooks.service")
	assert "Support pool" in finding["what"] and OTHER in finding["what"]
	assert clinic.mend(finding)["mended"]
	assert clinic.findings() == {}


@pytest.fixture
def another(clinic):
	"""Add a number of another kind to the account; it is gone afterwards."""
	added = []

	def add(name: str, **fields) -> str:
		row = {"doctype": NUMBER, "phone_number": name, "account": clinic.account, **fields}
		added.append(frappe.get_doc(row).insert().name)
		frappe.db.commit()
		return added[-1]

	yield add
	for name in added:
		frappe.delete_doc(NUMBER, name, force=True)
	frappe.db.commit()


def test_numbers_of_other_kinds_are_healthy_as_well(clinic, another):
	code = another(f"7{secrets.randbelow(9000) + 1000}", mms_enabled=1)
	clinic.sim.add_short_code(clinic.sid, code, sms_url=clinic.webhook, sms_fallback_url=clinic.webhook)
	another(f"ACME {secrets.token_hex(2)}")
	another(clinic.service.sid)
	assert clinic.findings() == {}


def test_webhooks_of_other_kinds_are_mended(clinic, another):
	code = another(f"7{secrets.randbelow(9000) + 1000}")
	clinic.sim.add_short_code(clinic.sid, code, sms_url=clinic.webhook)
	assert clinic.mend(clinic.only_finding("webhooks.fallback", code))["mended"]
	pool = clinic.sim.add_service(clinic.sid, inbound_url=OTHER, use_inbound_webhook_on_number=False)
	another(pool.sid)
	assert clinic.mend(clinic.only_finding("webhooks.other", pool.sid))["mended"]
	assert pool.inbound_url == clinic.webhook
	assert clinic.findings() == {}


def test_what_cannot_be_set_at_twilio_is_said(clinic, sim):
	no_webhook(clinic.number_at_twilio())
	finding = clinic.only_finding("webhooks.none")
	sim.faults.always("outage")
	with pytest.raises(frappe.ValidationError, match="Twilio"):
		clinic.mend(finding)
	frappe.db.rollback()
	assert frappe.db.exists(FINDING, finding["name"])


def test_a_number_without_mms(clinic):
	clinic.number_at_twilio().mms = False
	finding = clinic.only_finding("capabilities.mms")
	assert finding["severity"] == "At Risk"
	assert clinic.mend(finding)["mended"]
	assert not frappe.db.get_value(NUMBER, clinic.number, "mms_enabled")
	assert clinic.findings() == {}


def test_a_number_without_sms(clinic):
	clinic.number_at_twilio().sms = False
	finding = clinic.only_finding("capabilities.sms")
	assert clinic.mend(finding)["mended"]
	assert clinic.findings() == {}


# Registration --------------------------------------------------------------------------------------


def test_a_country_that_is_not_switched_on(clinic):
	clinic.texts(customer_number="+447700900123")
	clinic.texts(customer_number=CUSTOMER)
	clinic.at_twilio.geo_permissions = {"US", "CA"}
	finding = clinic.only_finding("countries.switched_off", clinic.account)
	assert "United Kingdom" in finding["what"] and "United States" not in finding["what"]
	clinic.at_twilio.geo_permissions = {"US", "GB"}
	assert clinic.findings() == {}


class Closed:
	"""Geo permissions that this account may not read."""

	def __contains__(self, country):
		raise RestError(20403, "GeoPermissions")


def test_where_permissions_cannot_be_read_refused_texts_tell(clinic):
	clinic.at_twilio.geo_permissions = Closed()
	clinic.texts(customer_number="+447700900123")
	assert clinic.findings() == {}
	clinic.texts(customer_number="+33612345678", status="Failed", error_code="21408")
	finding = clinic.only_finding("countries.switched_off", clinic.account)
	assert "France" in finding["what"] and "United Kingdom" not in finding["what"]


def test_texts_that_were_refused_for_what_a_finding_explains_are_no_second_one(clinic):
	clinic.number_at_twilio().service_sid = ""
	clinic.texts(status="Undelivered", error_code="30034")
	clinic.only_finding("us_registration.missing")


def test_texts_that_are_blocked_although_all_looks_registered(clinic):
	clinic.texts(status="Undelivered", error_code="30034")
	assert "10DLC" in clinic.only_finding("errors.30034")["what"]


@pytest.mark.parametrize("status", [None, "PENDING", "FAILED"])
def test_a_campaign_that_is_not_registered(clinic, status):
	clinic.sim.world.services[clinic.service.sid].campaign_status = status
	finding = clinic.only_finding("us_registration.missing")
	assert "10DLC" in finding["what"] and (status or "no campaign") in finding["what"]


def test_a_long_code_in_no_service(clinic):
	clinic.number_at_twilio().service_sid = ""
	assert "no Messaging Service" in clinic.only_finding("us_registration.missing")["what"]


@pytest.mark.parametrize(
	("status", "severity"), [(None, "Broken"), ("TWILIO_REJECTED", "Broken"), ("IN_REVIEW", "At Risk")]
)
def test_a_toll_free_number_that_is_not_verified(clinic, status, severity):
	clinic.number_at_twilio(clinic.toll_free).verification = status
	assert clinic.only_finding("toll_free.unverified", clinic.toll_free)["severity"] == severity


# Twilio's alarms -----------------------------------------------------------------------------------


def test_webhooks_that_twilio_could_not_hand_over(clinic):
	for number in (clinic.number, clinic.toll_free):
		frappe.db.set_value(NUMBER, number, "backfilled_until", add_to_date(now_datetime(), hours=-1))
	frappe.db.commit()
	clinic.sim.add_alert(clinic.sid, 11200, request_url=clinic.stack.web + INBOUND)
	clinic.sim.add_alert(clinic.sid, 11200, request_url=f"https://staging.example.com{INBOUND}")
	finding = clinic.only_finding("alerts.webhooks", clinic.account)
	assert "1 requests" in finding["what"] and "11200" in finding["what"]
	assert clinic.mend(finding)["in_background"]
	eventually(lambda: clinic.findings() == {}, every_s=0.5)


def test_alerts_again_and_again_are_told_though_nothing_is_missing(clinic):
	for number in (clinic.number, clinic.toll_free):
		frappe.db.set_value(NUMBER, number, "backfilled_until", add_to_date(now_datetime(), minutes=1))
	frappe.db.commit()
	clinic.sim.add_alert(clinic.sid, 11200, request_url=clinic.stack.web + INBOUND)
	assert clinic.findings() == {}
	for _n in range(19):
		clinic.sim.add_alert(clinic.sid, 11205, request_url=clinic.stack.web + INBOUND)
	assert "11205, 11200" in clinic.only_finding("alerts.webhooks", clinic.account)["what"]
