"""Which messages Twilio accepts, and how it refuses the others."""

import time
from datetime import datetime, timedelta, timezone

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from .conftest import ANN, OURS, refused


@pytest.mark.parametrize(
	("changes", "code"),
	[
		({"To": ""}, 21604),
		({"To": "12"}, 21211),
		({"To": "hello"}, 21211),
		({"To": "+1" + "5" * 40}, 21211),
		({"To": "+٤٤٧٤٠٠١٢٣٤٥٦"}, 21211),
		({"To": "+442079460018"}, 21614),
		({"To": "+15005550001"}, 21211),
		({"To": "+15005550002"}, 21612),
		({"To": "+15005550003"}, 21408),
		({"To": "+15005550004"}, 21610),
		({"To": "+15005550009"}, 21614),
		({"From": ""}, 21603),
		({"From": "+12"}, 21212),
		({"From": "+12125550111"}, 21606),
		({"From": "+15005550001"}, 21212),
		({"From": "+15005550007"}, 21606),
		({"From": "+15005550008"}, 21611),
		({"From": "66666"}, 21606),
		({"From": "HELPDESK"}, 21612),
		({"Body": ""}, 21619),
		({"Body": "x" * 1601}, 21617),
		({"MediaUrl": ["http://x.example/a.gif"] * 11}, 21623),
		({"MediaUrl": ["cat.jpg"]}, 21620),
		({"MediaUrl": ["ftp://x.example/cat.jpg"]}, 21620),
		({"StatusCallback": "localhost/status"}, 21609),
		({"StatusCallback": "http://[::1/status"}, 21609),
		({"StatusCallback": "http://x.example:99999/"}, 21609),
		({"MessagingServiceSid": "MG" + "0" * 32}, 21701),
		({"ValidityPeriod": "0"}, 20001),
		({"ValidityPeriod": "40000"}, 20001),
		({"ScheduleType": "fixed", "SendAt": "2030-01-01T00:00:00Z"}, 35118),
	],
)
def test_what_twilio_refuses(sim, account, number, changes, code):
	form = {"To": ANN, "From": OURS, "Body": "Hi"} | changes
	answer = requests.post(
		f"{sim.base_url}/2010-04-01/Accounts/{account.sid}/Messages.json",
		data=form,
		auth=(account.sid, account.auth_token),
		timeout=2,
	)
	body = answer.json()
	assert body["code"] == code and body["status"] == answer.status_code >= 400
	assert set(body) == {"code", "message", "more_info", "status"}
	assert not sim.messages()


def test_1600_characters_are_accepted(client):
	assert client.messages.create(to=ANN, from_=OURS, body="x" * 1600).num_segments == "11"


def test_number_that_cannot_send(sim, client, number):
	number.mms = False
	assert refused(
		lambda: client.messages.create(to=ANN, from_=OURS, media_url=["http://127.0.0.1:1/a.gif"])
	) == (21606, 400)
	number.sms = False
	assert refused(lambda: client.messages.create(to=ANN, from_=OURS, body="x")) == (21606, 400)


def test_trial_account_texts_verified_numbers_only(sim, client, account):
	account.type = "Trial"
	assert refused(lambda: client.messages.create(to=ANN, from_=OURS, body="x")) == (21608, 400)
	sim.verify_caller(account.sid, ANN)
	assert client.messages.create(to=ANN, from_=OURS, body="x").body.endswith("trial account - x")


def test_alphanumeric_sender_reaches_the_uk(sim, client):
	message = client.messages.create(to="+447700900123", from_="Helpdesk", body="x")
	assert sim.wait_idle(5) and sim.message(message.sid).status == "delivered"


def test_scheduled_message_can_be_canceled(sim, client, account, number):
	service = sim.add_service(account.sid)
	number.service_sid = service.sid
	schedule = lambda at: client.messages.create(  # noqa: E731
		to=ANN, messaging_service_sid=service.sid, body="later", schedule_type="fixed", send_at=at
	)
	now = datetime.now(timezone.utc)
	assert refused(lambda: schedule(now + timedelta(minutes=5))) == (35114, 400)
	message = schedule(now + timedelta(hours=1))
	assert message.status == "scheduled" and sim.wait_idle(1)
	assert client.messages(message.sid).update(status="canceled").status == "canceled"


def test_arrivals_are_those_of_accepted_texts(sim, client, send, say):
	begin = time.monotonic()
	say("No send request")
	send("One")
	sim.faults.next("error_before")
	with pytest.raises(TwilioRestException):
		send("Not accepted")
	sim.faults.next("error_after")
	with pytest.raises(TwilioRestException):
		send("Accepted all the same")
	arrivals = sim.arrivals(OURS)
	assert len(arrivals) == 2 and begin < arrivals[0] < arrivals[1] < time.monotonic()
	assert sim.arrivals("+14155550999") == []
