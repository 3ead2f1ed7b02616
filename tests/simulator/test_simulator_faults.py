"""What goes wrong on demand, and only then."""

import time
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from twilio_sms_channel.simulator import FAULTS
from twilio_sms_channel.simulator.carrier_outbound import FAILED_ENDINGS, UNDELIVERED_ENDINGS
from twilio_sms_channel.simulator.rest.send_request import MAGIC_FROM, MAGIC_TO

from .conftest import ANN, GIF, OURS


def create(client, app=None):
	return client.messages.create(
		to=ANN, from_=OURS, body="x", status_callback=app.url + "/status" if app else ""
	)


def statuses(app) -> list[str]:
	return [r.form["MessageStatus"] for r in app.at("/status")]


def test_modes(sim):
	strikes = lambda: [sim.faults.strikes("outage") for _ in range(4)]  # noqa: E731
	assert strikes() == [False] * 4
	sim.faults.next("outage", 2)
	assert strikes() == [True, True, False, False] and not sim.faults["outage"].on
	sim.faults.always("outage")
	assert strikes() == [True] * 4
	sim.faults.sometimes("outage", 0.5)
	assert 400 < sum(sim.faults.strikes("outage") for _ in range(1000)) < 600
	sim.faults.off()
	assert strikes() == [False] * 4
	for wrong in (lambda: sim.faults.next("outage", -1), lambda: sim.faults.sometimes("outage", 2)):
		with pytest.raises(ValueError):
			wrong()
	with pytest.raises(KeyError):
		sim.faults.always("nonsense")


@pytest.mark.parametrize(("fault", "status", "code"), [("rate_limit", 429, 20429), ("outage", 503, 20503)])
def test_every_request_is_refused(sim, client, account, fault, status, code):
	sim.faults.always(fault)
	for call in (client.api.v2010.accounts(account.sid).fetch, lambda: create(client)):
		with pytest.raises(TwilioRestException) as caught:
			call()
		assert (caught.value.status, caught.value.code) == (status, code)
	assert not sim.messages()


def test_rate_limit_says_when_to_come_back(sim, account):
	sim.faults.next("rate_limit")
	answer = requests.get(f"{sim.base_url}/2010-04-01/Accounts/{account.sid}.json", timeout=2)
	assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
	("fault", "error", "accepted"),
	[
		("connection_closed", requests.ConnectionError, False),
		("error_before", TwilioRestException, False),
		("error_after", TwilioRestException, True),
		("timeout_before", requests.ConnectionError, False),
		("timeout_after", requests.ConnectionError, True),
	],
)
def test_answers_that_leave_doubt(sim, client, app, fault, error, accepted):
	sim.faults.next(fault)
	with pytest.raises(error):
		create(client, app)
	assert sim.wait_idle(5) and len(client.messages.list()) == accepted
	assert statuses(app) == (["sent", "delivered"] if accepted else [])
	assert create(client).sid, "once only"


def test_a_hanging_request_outlasts_the_client(sim, log_in, account, number):
	sim.faults.next("timeout_after")
	client = log_in(account.sid, account.auth_token, account.sid)
	client.http_client.timeout = 0.1
	with pytest.raises(requests.ReadTimeout):
		create(client)
	assert len(sim.messages()) == 1


def test_slow_api(sim, client):
	sim.faults.next("slow_api")
	started = time.monotonic()
	client.messages.list()
	assert time.monotonic() - started >= 0.2


def test_region_disabled(sim, client):
	sim.faults.always("region_disabled")
	with pytest.raises(TwilioRestException) as caught:
		client.messages.create(to="+447400123456", from_=OURS, body="x")
	assert caught.value.code == 21408 and create(client).sid


def test_callbacks_overtake_the_answer(sim, client, app):
	sim.faults.next("callback_first")
	message = create(client, app)
	assert statuses(app) == ["sent", "delivered"] and message.status == "queued"


def test_callbacks_are_lost(sim, send, app):
	sim.faults.next("callback_lost")
	send()
	assert statuses(app) == ["delivered"]


def test_callbacks_are_doubled(sim, send, app):
	sim.faults.always("callback_doubled")
	send()
	assert statuses(app) == ["sent", "sent", "delivered", "delivered"]


def test_callbacks_are_reordered(sim, send, app):
	sim.faults.next("callback_reordered")
	send()
	assert statuses(app) == ["delivered", "sent"]


def test_webhook_is_lost_but_listed(sim, client, say, app):
	sim.faults.next("webhook_lost")
	say("find me")
	assert not app.received and client.messages.list(to=OURS)[0].body == "find me"


def test_webhook_is_doubled(sim, number, say, app):
	sim.faults.next("webhook_doubled")
	say()
	assert len({r.form["MessageSid"] for r in app.received}) == 1 and len(app.received) == 2


def test_signature_is_wrong(sim, account, number, say, app):
	sim.faults.next("bad_signature")
	say()
	hook = app.received[0]
	assert not RequestValidator(account.auth_token).validate(
		number.sms_url, hook.form, hook.headers["X-Twilio-Signature"]
	)


def test_media_are_missing_at_first(sim, account, number, say):
	say("", media=[("a.gif", GIF)])
	sim.faults.next("media_missing", 2)
	url, login = sim.webhook_attempts[0].params["MediaUrl0"], (account.sid, account.auth_token)
	codes = [requests.get(url, auth=login, allow_redirects=False, timeout=2).status_code for _ in range(3)]
	assert codes == [404, 404, 307]


def test_every_fault_is_told_to_people(sim):
	page = requests.get(sim.base_url + "/simulator/static/faults.js", timeout=2).text
	assert [f.name for f in sim.faults] == list(FAULTS) and all(f'"{name}"' in page for name in FAULTS)


def test_every_fault_and_ending_is_documented():
	manual = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
	assert all(f"| `{name}` | {words} |" in manual for name, words in FAULTS.items())
	assert all(f"| {code} | *" in manual for code in UNDELIVERED_ENDINGS | FAILED_ENDINGS)
	assert all(f"| {number} |" in manual for number in MAGIC_TO | MAGIC_FROM)


def test_smart_encoding_and_redaction_change_the_words_in_the_list(sim, client):
	sim.faults.next("smart_encoding")
	client.messages.create(to=ANN, from_=OURS, body="Open ½ 9 – 5, “naïve” 漢")
	sim.faults.next("redaction")
	client.messages.create(to=ANN, from_=OURS, body="Secret")
	assert [m.body for m in client.messages.list(to=ANN)] == ["", 'Open 1/2 9 - 5, "naïve" 漢']
	assert [m.body for m in sim.messages(customer=ANN)] == ['Open 1/2 9 - 5, "naïve" 漢', "Secret"]


def test_shortened_links_are_other_words(sim, client):
	sim.faults.next("link_shortening", 2)
	for page in ("a", "b"):
		client.messages.create(
			to=ANN, from_=OURS, body=f"See https://shop.example/{page} and https://shop.example/c"
		)
	first, second = (m.body.split(" and ") for m in sim.messages(customer=ANN))
	assert first[0] != second[0] and first[1] == second[1]
	assert all("shop.example" not in part for part in first + second)


def test_twilios_clock_may_be_another_one(sim, client, account):
	sim.clock_ahead_s = 3600
	sent = create(client)
	answer = requests.get(
		f"{sim.base_url}/2010-04-01/Accounts/{account.sid}/Messages.json",
		auth=(account.sid, account.auth_token),
		timeout=2,
	)
	for told in (parsedate_to_datetime(answer.headers["Date"]), sent.date_created):
		assert timedelta(minutes=59) < told - datetime.now(timezone.utc) < timedelta(minutes=61)
	half_an_hour_ahead = datetime.now(timezone.utc) + timedelta(minutes=30)
	assert client.messages.list(date_sent_after=half_an_hour_ahead)
	assert not client.messages.list(date_sent_before=half_an_hour_ahead)
