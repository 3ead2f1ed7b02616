"""From the handset to the app: webhooks, retries, answers, STOP."""

import time

import pytest
from twilio.base.exceptions import TwilioRestException

from .conftest import ANN, GIF, OURS, Reply


def test_parameters_of_an_inbound_webhook(sim, app, account, number, say):
	message = say("Hello", media=[("a.gif", GIF), ("b.pdf", b"%PDF-1.4")], Unknown="later")
	form = app.at("/inbound")[0].form
	assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == message.sid
	assert message.sid.startswith("MM") and len(message.sid) == 34
	assert (form["From"], form["To"], form["Body"]) == (ANN, OURS, "Hello")
	assert form["AccountSid"] == account.sid and form["SmsStatus"] == "received"
	assert (form["NumMedia"], form["NumSegments"], form["ApiVersion"]) == ("2", "1", "2010-04-01")
	assert form["MediaContentType0"] == "image/gif" and form["MediaContentType1"] == "application/pdf"
	assert form["FromCity"] == "SAN FRANCISCO" and form["ToCountry"] == "US"
	assert form["Unknown"] == "later" and "MessagingServiceSid" not in form
	assert app.received[0].headers["User-Agent"] == "TwilioProxy/1.1"


def test_segments_are_counted(number, say):
	assert say("x" * 161).num_segments == 2
	assert say("🙂" * 36).num_segments == 2
	assert say("").num_segments == 1


@pytest.mark.parametrize(
	"from_", ["72345", "SUPPORT", "+447700900123", "Amazon.de", "whatsapp:+4477", "447700900123"]
)
def test_other_senders(app, number, say, from_):
	say(from_=from_)
	assert app.received[0].form["From"] == from_


@pytest.mark.parametrize(("from_", "to"), [(ANN, "+19995550000"), (OURS, OURS), ("", OURS), ("a\nb", OURS)])
def test_impossible_texts(sim, number, from_, to):
	with pytest.raises(ValueError):
		sim.text(from_, to, "x")


def test_pooled_number_names_its_service(sim, app, account, number, say):
	service = sim.add_service(account.sid, advanced_opt_out=True)
	number.service_sid = service.sid
	say("hi")
	say("stop")
	forms = [hook.form for hook in app.received]
	assert [f["MessagingServiceSid"] for f in forms] == [service.sid] * 2
	assert "OptOutType" not in forms[0] and forms[1]["OptOutType"] == "STOP"


def test_service_can_have_a_webhook_of_its_own(sim, app, account, number, say):
	number.service_sid = sim.add_service(account.sid, inbound_url=app.url + "/service").sid
	say()
	assert app.at("/service") and not app.at("/inbound")


def test_no_url_no_webhook(sim, number, say):
	number.sms_url = ""
	say()
	assert not sim.webhook_attempts and "no webhook URL" in sim.notices[0].text


def test_one_retry_on_connection_failure(sim, number, say):
	number.sms_url = "http://127.0.0.1:1/inbound"
	say()
	first, second = sim.webhook_attempts
	assert (first.status_code, first.error_code, second.number) == (None, 11205, 2)
	assert first.headers["I-Twilio-Idempotency-Token"] == second.headers["I-Twilio-Idempotency-Token"]


@pytest.mark.parametrize("reply", [Reply(500), Reply(404), Reply(delay_s=0.7), Reply(hang_up=True)])
def test_no_retry_after_other_failures(sim, app, number, say, reply):
	app.answers("/inbound", reply)
	say()
	assert len(app.at("/inbound")) == 1 and sim.webhook_attempts[0].error


@pytest.mark.parametrize(
	("fragment", "reply", "attempts"),
	[
		("#rc=3&rp=ct,rt,5xx", Reply(503), 4),
		("#rc=3&rp=ct,rt,5xx", Reply(404), 1),
		("#rc=2&rp=4xx", Reply(404), 3),
		("#rc=2&rp=all", Reply(hang_up=True), 3),
		("#rc=1&rp=rt&rt=100", Reply(delay_s=0.3), 2),
		("#rc=9&rp=5xx", Reply(500), 6),
		("#rc=x&rp=", Reply(500), 1),
		("#rc=5&rp=5xx&tt=100", Reply(500), 1),
	],
)
def test_fragment_overrides(sim, app, number, say, fragment, reply, attempts):
	number.sms_url += fragment
	app.answers("/inbound", reply)
	say()
	assert len(app.at("/inbound")) == attempts == len(sim.webhook_attempts)
	assert "#" not in app.received[0].path


def test_retries_end_with_success(sim, app, number, say):
	number.sms_url += "#rc=3&rp=5xx"
	app.answers("/inbound", Reply(500), Reply())
	say()
	assert [a.status_code for a in sim.webhook_attempts] == [500, 200]


def test_fallback_url_is_told_why(sim, app, number, say):
	number.sms_fallback_url = app.url + "/fallback"
	app.answers("/inbound", Reply(500))
	say()
	form = app.at("/fallback")[0].form
	assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", app.url + "/inbound")
	assert sim.webhook_attempts[-1].fallback and sim.webhook_attempts[-1].ok


def test_get_after_a_redirect_carries_no_body(app, number, say):
	app.answers("/inbound", Reply(302, headers={"Location": "/elsewhere"}))
	say()
	assert app.at("/elsewhere")[0].method == "GET" and app.at("/elsewhere")[0].form == {}


@pytest.mark.parametrize(
	("reply", "code"),
	[
		(Reply(content_type="application/json", body=b"{}"), 12300),
		(Reply(body=b"<Response>"), 12100),
		(Reply(body=b"<!DOCTYPE x [<!ENTITY a 'b'>]><Response/>"), 12100),
		(Reply(body=b"\xff\xfe<"), 12100),
		(Reply(body=b"<Answer/>"), 12102),
		(Reply(body=b"<Response><Dial/></Response>"), 12200),
		(Reply(body=b"<Response>" + b" " * 70_000 + b"</Response>"), 11750),
		(Reply(), None),
		(Reply(204, body=b""), None),
		(Reply(content_type="application/xml; charset=utf-8"), None),
	],
)
def test_what_the_answer_may_be(sim, app, number, say, reply, code):
	app.answers("/inbound", reply)
	say()
	assert sim.webhook_attempts[0].error_code == code
	assert any(str(code) in notice.text for notice in sim.notices) == bool(code)
	assert not sim.messages(direction="outbound")


@pytest.mark.parametrize(
	"reply",
	[
		Reply(body=b"<Response><Message>Thanks</Message></Response>"),
		Reply(body=b"<Response><Message><Body>Thanks</Body></Message></Response>"),
		Reply(content_type="text/plain", body=b"Thanks"),
	],
)
def test_twiml_can_reply(sim, app, number, say, reply):
	app.answers("/inbound", reply)
	say()
	(answer,) = sim.messages(direction="outbound")
	assert (answer.body, answer.to, answer.direction, answer.status) == (
		"Thanks",
		ANN,
		"outbound-reply",
		"delivered",
	)


def test_suspended_account_receives_nothing(sim, app, account, number, say):
	account.status = "suspended"
	say()
	assert not app.received


# STOP, START and HELP


def automatic(sim) -> list[str]:
	return [m.body for m in sim.messages(direction="outbound") if m.automatic]


def refusal(client, from_: str = OURS) -> int | None:
	try:
		client.messages.create(to=ANN, from_=from_, body="x")
	except TwilioRestException as e:
		return e.code
	return None


@pytest.mark.parametrize(
	"word", ["STOP", " stop\n", "StopAll", "unsubscribe", "CANCEL", "end", "quit", "revoke", "OptOut"]
)
def test_stop_on_a_long_code(sim, app, client, say, word):
	say(word)
	assert "unsubscribed" in automatic(sim)[0] and refusal(client) == 21610
	assert app.at("/inbound"), "the webhook still tells of it"
	assert len(client.messages.list()) == 1, "the answer is Twilio's own"
	say("STOP")
	say("HELP")
	assert len(automatic(sim)) == 1
	say("start")
	assert "re-subscribed" in automatic(sim)[1] and refusal(client) is None


@pytest.mark.parametrize("words", ["STOP please", "don't stop", "yes", ""])
def test_other_words_change_nothing(sim, client, say, words):
	say(words)
	assert automatic(sim) == [] and refusal(client) is None


def test_help(sim, number, say):
	say("help")
	assert "STOP" in automatic(sim)[0]


def test_toll_free_is_the_networks(sim, client, account, app, say):
	tollfree = "+18885550123"
	sim.add_number(account.sid, tollfree, kind="toll-free", sms_url=app.url + "/inbound")
	say("QUIT", to=tollfree)
	assert refusal(client, tollfree) is None
	say("STOP", to=tollfree)
	assert automatic(sim)[0].startswith("NETWORK MSG") and refusal(client, tollfree) == 21610
	say("YES", to=tollfree)
	assert refusal(client, tollfree) == 21610
	say("UNSTOP", to=tollfree)
	assert refusal(client, tollfree) is None and refusal(client) is None


def test_standalone_short_code_is_the_apps(sim, client, account, app, say):
	sim.add_number(account.sid, "55555", kind="short code", sms_url=app.url + "/inbound")
	say("STOP", to="55555")
	assert automatic(sim) == [] and refusal(client, "55555") is None


def test_opt_out_counts_for_the_whole_service(sim, client, account, number, say):
	number.service_sid = sim.add_service(account.sid).sid
	sim.add_number(account.sid, "+12125550100", service_sid=number.service_sid)
	say("STOP")
	assert refusal(client, "+12125550100") == 21610


def test_opt_out_of_one_number_leaves_the_others(sim, client, account, say):
	sim.add_number(account.sid, "+12125550100")
	say("STOP")
	assert refusal(client) == 21610 and refusal(client, "+12125550100") is None


def test_a_burst_arrives_whole(sim, app, number):
	started = time.monotonic()
	for n in range(100):
		sim.text(ANN, OURS, str(n))
	assert sim.wait_idle(10) and len({r.form["MessageSid"] for r in app.received}) == 100
	assert time.monotonic() - started < 5
