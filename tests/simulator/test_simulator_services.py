"""Messaging Services, their pools, and short codes, read and changed with Twilio's own client."""

import json

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from .conftest import ANN, OURS, Reply

TOLL_FREE = "+18885550123"
OTHER_URL = "https://other.example/sms?a=1#rc=3"


@pytest.fixture
def service(sim, account, app):
	return sim.add_service(account.sid, friendly_name="Support", inbound_url=app.url + "/service")


@pytest.fixture
def pooled(number, service):
	number.service_sid = service.sid
	return number


def code_of(call) -> int:
	with pytest.raises(TwilioRestException) as caught:
		call()
	return caught.value.code


def test_services_are_listed_page_by_page(sim, client, account):
	made = [sim.add_service(account.sid, friendly_name=f"Service {n}").sid for n in range(5)]
	sim.add_service(sim.add_account().sid)
	assert [s.sid for s in client.messaging.v1.services.list(page_size=2)] == made
	answer = client.messaging.v1.services.page(page_size=2)
	assert answer.next_page_url.startswith(sim.base_url + "/v1/Services?") and not answer.previous_page_url
	second = answer.next_page()
	assert [s.friendly_name for s in second] == ["Service 2", "Service 3"] and second.previous_page_url


def test_service_is_read_and_changed(client, service, app):
	fetched = client.messaging.v1.services(service.sid).fetch()
	assert (fetched.friendly_name, fetched.inbound_request_url, fetched.inbound_method) == (
		"Support",
		app.url + "/service",
		"POST",
	)
	assert fetched.fallback_url is None and fetched.status_callback is None
	assert fetched.use_inbound_webhook_on_number is False and fetched.us_app_to_person_registered is False
	assert fetched.date_created.tzinfo
	changed = client.messaging.v1.services(service.sid).update(
		friendly_name="Helpdesk",
		inbound_request_url=OTHER_URL,
		inbound_method="GET",
		fallback_url="https://other.example/fallback",
		status_callback="https://other.example/status",
		use_inbound_webhook_on_number=True,
	)
	again = client.messaging.v1.services(service.sid).fetch()
	for each in (changed, again):
		assert each.inbound_request_url == OTHER_URL and each.inbound_method == "GET"
		assert (each.fallback_url, each.fallback_method) == ("https://other.example/fallback", "POST")
		assert (each.friendly_name, each.status_callback) == ("Helpdesk", "https://other.example/status")
		assert each.use_inbound_webhook_on_number is True


def test_a_wrong_change_of_a_service_changes_nothing(sim, client, service, app):
	update = client.messaging.v1.services(service.sid).update
	assert code_of(lambda: update(friendly_name="x", inbound_request_url="nonsense")) == 21402
	assert code_of(lambda: update(friendly_name="x", fallback_method="PUT")) == 21403
	assert service.friendly_name == "Support" and service.inbound_url == app.url + "/service"


def test_another_accounts_service_is_not_there(sim, client):
	theirs = sim.add_service(sim.add_account().sid)
	assert code_of(client.messaging.v1.services(theirs.sid).fetch) == 20404
	assert code_of(client.messaging.v1.services("MG" + "0" * 32).fetch) == 20404


def test_messaging_host_wants_a_login_too(sim, service):
	answer = requests.get(f"{sim.base_url}/v1/Services", timeout=2)
	assert answer.status_code == 401 and answer.json()["code"] == 20003


def test_standard_key_reads_services(sim, log_in, account, service):
	key = sim.add_api_key(account.sid, type="Standard")
	client = log_in(key.sid, key.secret, account.sid)
	assert [s.sid for s in client.messaging.v1.services.list()] == [service.sid]


def test_pool(sim, client, account, service, pooled):
	sim.add_number(account.sid, TOLL_FREE, kind="toll-free", mms=False, service_sid=service.sid)
	sim.add_number(account.sid, "+442071838750", service_sid=service.sid)
	sim.add_short_code(account.sid, "55555", service_sid=service.sid)
	sim.add_number(account.sid, "Helpdesk", kind="alphanumeric sender", service_sid=service.sid)
	sim.add_number(account.sid, "+14155550101")
	pool = client.messaging.v1.services(service.sid)
	numbers = pool.phone_numbers.list(page_size=1)
	assert [(n.phone_number, n.country_code, n.capabilities) for n in numbers] == [
		(OURS, "US", ["MMS", "SMS"]),
		(TOLL_FREE, "US", ["SMS"]),
		("+442071838750", "GB", ["MMS", "SMS"]),
	]
	assert {n.service_sid for n in numbers} == {service.sid} and numbers[0].sid == pooled.sid
	(code,) = pool.short_codes.list()
	assert (code.short_code, code.country_code, code.sid[:2]) == ("55555", "US", "SC")
	(sender,) = pool.alpha_senders.list()
	assert (sender.alpha_sender, sender.sid[:2]) == ("Helpdesk", "AI")


# Which webhook an inbound text takes


def test_service_takes_the_texts_of_its_pool(say, app, service, pooled):
	service.inbound_method = "GET"
	say()
	assert not app.at("/inbound")
	(received,) = app.at("/service")
	assert received.method == "GET" and f"MessagingServiceSid={service.sid}" in received.path


def test_service_has_a_fallback_of_its_own(say, app, service, pooled):
	pooled.sms_fallback_url = app.url + "/numbers-fallback"
	service.fallback_url, service.fallback_method = app.url + "/fallback", "GET"
	app.answers("/service", Reply(500))
	say()
	assert not app.at("/numbers-fallback")
	(received,) = app.at("/fallback")
	assert received.method == "GET" and "ErrorCode=11200" in received.path


def test_service_that_defers_leaves_the_texts_to_the_number(say, client, app, service, pooled):
	client.messaging.v1.services(service.sid).update(use_inbound_webhook_on_number=True)
	say()
	assert not app.at("/service")
	assert app.at("/inbound")[0].form["MessagingServiceSid"] == service.sid


def test_service_without_url_that_does_not_defer_drops_the_texts(sim, say, client, app, service, pooled):
	client.messaging.v1.services(service.sid).update(inbound_request_url="")
	say()
	assert not app.received and not sim.webhook_attempts
	assert not client.messages.list(to=OURS), "neither logged nor received"
	assert "drops inbound messages" in sim.notices[-1].text


def test_application_takes_the_texts_of_its_number(sim, say, client, number):
	number.sms_application_sid = "AP" + "1" * 32
	say()
	assert not sim.webhook_attempts and "application" in sim.notices[-1].text
	assert client.incoming_phone_numbers(number.sid).fetch().sms_application_sid == "AP" + "1" * 32
	client.incoming_phone_numbers(number.sid).update(sms_application_sid="")
	say()
	assert len(sim.webhook_attempts) == 1


# Short codes


def test_short_codes_are_listed_found_and_changed(sim, client, account):
	sim.add_short_code(account.sid, "55555", friendly_name="Alerts")
	sim.add_short_code(account.sid, "66666")
	sim.add_short_code(sim.add_account().sid, "77777")
	assert [c.short_code for c in client.short_codes.list(page_size=1)] == ["55555", "66666"]
	assert [c.short_code for c in client.short_codes.list(short_code="66666")] == ["66666"]
	(code,) = client.short_codes.list(friendly_name="Alerts")
	assert code.sid.startswith("SC") and code.date_created.tzinfo
	client.short_codes(code.sid).update(
		sms_url=OTHER_URL, sms_method="get", sms_fallback_url="https://x.example/f", friendly_name="Support"
	)
	changed = client.short_codes(code.sid).fetch()
	assert (changed.sms_url, changed.sms_method, changed.sms_fallback_url, changed.friendly_name) == (
		OTHER_URL,
		"GET",
		"https://x.example/f",
		"Support",
	)
	assert code_of(lambda: client.short_codes(code.sid).update(sms_url="nonsense")) == 21402
	assert code_of(client.short_codes("SC" + "0" * 32).fetch) == 20404
	assert code_of(client.incoming_phone_numbers(code.sid).fetch) == 20404


def test_short_code_is_texted_and_answers(sim, client, account, app):
	sim.add_short_code(account.sid, "55555")
	code = client.short_codes.list()[0]
	client.short_codes(code.sid).update(sms_url=app.url + "/code")
	sim.text(ANN, "55555", "Hello")
	assert client.messages.create(to=ANN, from_="55555", body="Hi").sid
	assert sim.wait_idle(5) and app.at("/code")[0].form["To"] == "55555"


def test_released_number_is_gone(sim, client, number):
	sim.release_number(OURS)
	assert not client.incoming_phone_numbers.list()
	assert code_of(lambda: client.messages.create(to=ANN, from_=OURS, body="x")) == 21606


def test_secrets_stay_out_of_the_journal(sim, client, account, service):
	client.messaging.v1.services.list()
	assert account.auth_token not in json.dumps([vars(r) for r in sim.requests], default=str)
