"""From the app to the handset: statuses, reports, media, failures."""

import time

import pytest

from twilio_sms_channel.simulator import Simulator

from .conftest import ANN, GIF, OURS, Reply


def statuses(app) -> list[str]:
	return [report.form["MessageStatus"] for report in app.at("/status")]


def test_course_of_a_text(sim, app, account, send):
	message = send()
	assert (message.status, message.price, message.num_segments, message.date_sent) == (
		"queued",
		None,
		"1",
		None,
	)
	assert statuses(app) == ["sent", "delivered"]
	form = app.at("/status")[1].form
	assert form["MessageSid"] == form["SmsSid"] == message.sid and form["SmsStatus"] == "delivered"
	assert (form["From"], form["To"], form["AccountSid"]) == (OURS, ANN, account.sid)
	assert len(form["RawDlrDoneDate"]) == 10 and "ErrorCode" not in form
	assert app.at("/status")[0].path == "/status?message=M1"
	now = message.fetch()
	assert (now.status, now.price, now.price_unit) == ("delivered", "-0.00790", "USD") and now.date_sent


def test_service_chooses_a_sender(sim, app, account, number, send, say):
	number.service_sid = service = sim.add_service(account.sid).sid
	sim.add_number(account.sid, "+12125550100", service_sid=service)
	say(to="+12125550100")
	message = send("x" * 161, from_=None, messaging_service_sid=service)
	assert (message.status, message.num_segments, message.from_) == ("accepted", "0", None)
	assert statuses(app) == ["queued", "sent", "delivered"]
	assert app.at("/status")[0].form["MessagingServiceSid"] == service
	now = message.fetch()
	assert (now.num_segments, now.from_) == ("2", "+12125550100"), "the number this customer knows"


def test_sender_must_be_in_the_pool(sim, account, client, number):
	service = sim.add_service(account.sid).sid
	for options, code in (({}, 21704), ({"from_": OURS}, 21704)):
		with pytest.raises(Exception) as caught:
			client.messages.create(to=ANN, messaging_service_sid=service, body="x", **options)
		assert caught.value.code == code
	sim.add_number(account.sid, "+12125550100", service_sid=service)
	with pytest.raises(Exception) as caught:
		client.messages.create(to=ANN, messaging_service_sid=service, from_=OURS, body="x")
	assert caught.value.code == 21606


@pytest.mark.parametrize("code", [30003, 30004, 30005, 30006, 30007, 30008, 30032, 30034])
def test_endings_that_are_undelivered(app, send, code):
	message = send(to=f"+1415 55{code}".replace(" ", "")).fetch()
	assert (message.status, message.error_code) == ("undelivered", code) and message.error_message
	assert statuses(app) == ["sent", "undelivered"]
	assert app.at("/status")[1].form["ErrorCode"] == str(code)


@pytest.mark.parametrize("code", [30001, 30002, 30036])
def test_endings_that_fail(app, send, code):
	message = send(to=f"+141555{code}").fetch()
	assert (message.status, message.error_code, message.price) == ("failed", code, None)
	assert statuses(app) == ["failed"]


def test_ending_without_receipt(app, send):
	assert send(to="+14155530000").fetch().status == "sent"


def test_account_suspended_under_way(sim, app, account, client):
	message = client.messages.create(to="+14155530000", from_=OURS, body="x")
	sim.wait_idle(5)
	account.status = "suspended"
	queued = sim._outbound.accept(account, to=ANN, from_=OURS, body="x")
	sim._outbound.begin(queued)
	sim.wait_idle(5)
	assert queued.error_code == 30002 and sim.message(message.sid).status == "sent"


def test_media_are_fetched_like_twilio_does(sim, app, send):
	app.answers(
		"/cat",
		Reply(
			content_type="image/gif", body=GIF, headers={"Content-Disposition": "inline; filename=cat.gif"}
		),
	)
	message = send("see", media_url=[app.url + "/cat?token=1"])
	assert message.sid.startswith("MM") and message.num_media == "1"
	fetches = app.at("/cat")
	assert [f.method for f in fetches] == ["HEAD", "GET"]
	assert all("Authorization" not in f.headers for f in fetches)
	media = sim.message(message.sid).media[0]
	assert (media.content, media.content_type, media.filename) == (GIF, "image/gif", "cat.gif")
	assert statuses(app) == ["sent", "delivered"]


@pytest.mark.parametrize(
	("reply", "code"),
	[
		(Reply(404), 63019),
		(Reply(content_type="image/gif", body=b""), 63019),
		(Reply(content_type="image/gif", hang_up=True), 63019),
		(Reply(content_type="image/png", body=GIF), 12300),
		(Reply(content_type="text/html", body=b"<html>login"), 12300),
		(Reply(content_type="image/webp", body=b"RIFF0000WEBPVP8 "), 12300),
		(Reply(content_type="image/gif", body=GIF + b"0" * 5 * 1024 * 1024), 11751),
	],
)
def test_media_that_twilio_does_not_take(app, send, reply, code):
	app.answers("/cat", reply)
	message = send("see", media_url=[app.url + "/cat"]).fetch()
	assert (message.status, message.error_code) == ("failed", code)
	assert statuses(app) == ["failed"]


def test_media_whose_head_and_get_differ(app, send):
	app.answers("/cat", Reply(content_type="text/html"), Reply(content_type="image/gif", body=GIF))
	assert send("see", media_url=[app.url + "/cat"]).fetch().error_code == 12300


def test_media_do_not_go_to_the_uk(app, send):
	assert send("see", to="+447400123456", media_url=[app.url + "/cat"]).fetch().error_code == 30011


def test_without_callback_url_nobody_is_told(sim, app, client):
	client.messages.create(to=ANN, from_=OURS, body="x")
	assert sim.wait_idle(5) and not app.received


def test_callback_is_retried_on_connection_failure_only(sim, app, send):
	app.answers("/status", Reply(500))
	send()
	assert statuses(app) == ["sent", "delivered"]
	app.received.clear()
	send(status_callback="http://127.0.0.1:1/status")
	assert [a.number for a in sim.webhook_attempts[-4:]] == [1, 2, 1, 2]


def test_speed():
	with Simulator(speed=10) as sim:
		account = sim.add_account()
		sim.add_number(account.sid, OURS)
		message = sim._outbound.accept(account, to=ANN, from_=OURS, body="x")
		sim._outbound.begin(message)
		assert message.status == "queued" and not sim.wait_idle(0.01)
		assert sim.wait_idle(2) and [s for s, _ in message.history] == [
			"queued",
			"sending",
			"sent",
			"delivered",
		]
	with pytest.raises(ValueError):
		Simulator(speed=0)


def test_same_seed_same_sids():
	sids = [Simulator(seed=5).add_account().sid for _ in range(2)]
	assert sids[0] == sids[1] != Simulator(seed=6).add_account().sid


def test_reset_keeps_what_was_set_up(sim, account, client, say):
	say("STOP")
	sim.faults.always("outage")
	sim.reset()
	assert not sim.messages() and not sim.webhook_attempts and not sim.requests
	assert client.messages.create(to=ANN, from_=OURS, body="x").sid and sim.wait_idle(5)


def test_stop_refuses_connections_and_start_brings_it_back(sim, client, say):
	say("before")
	url = sim.base_url
	sim.stop()
	with pytest.raises(OSError):
		client.messages.list()
	sim.start()
	assert sim.base_url == url and [m.body for m in client.messages.list()] == ["before"]
	say("after")


def test_port_that_is_taken(sim):
	with pytest.raises(OSError):
		Simulator(port=sim.port).start()


def until(condition) -> None:
	enough = time.monotonic() + 10
	while not condition():
		assert time.monotonic() < enough
		time.sleep(0.02)


def test_messages_are_held_in_quiet_hours_and_released_failed_or_canceled(sim, app, send):
	sim.faults.always("compliance_hold")
	released, unlucky, gone, canceled = (send(to=f"+1415555014{n}") for n in range(4))
	assert {message.fetch().status for message in (released, unlucky, gone, canceled)} == {"scheduled"}
	assert statuses(app) == ["scheduled"] * 4
	canceled.update(status="canceled")
	sim.reassign(gone.to)
	sim.faults.next("hold_fails")
	sim.faults.off("compliance_hold")
	until(
		lambda: all(
			sim.message(text.sid).status in ("delivered", "failed") for text in (released, unlucky, gone)
		)
	)
	codes = [sim.message(text.sid).error_code for text in (released, unlucky)]
	assert sorted(codes, key=str) == [30047, None]
	assert sim.message(gone.sid).error_code == 21610
	assert canceled.fetch().status == "canceled"


@pytest.mark.parametrize("fault", ["list_cut", "list_broken"])
def test_pages_of_the_list_that_are_not_whole(sim, client, send, fault):
	for _ in range(4):
		send()
	sim.faults.next(fault)
	if fault == "list_broken":
		with pytest.raises(ValueError):
			client.messages.list()
	else:
		assert len(client.messages.list()) == 2
	assert len(client.messages.list()) == 4
