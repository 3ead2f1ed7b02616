"""The REST API, spoken to with Twilio's own client."""

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException

from twilio_sms_channel.simulator import Message, Simulator, sign

from .conftest import ANN, OURS, client_of

# Where a checkout in development has it; the project does not carry it.
OPENAPI = Path(__file__).parents[3] / "shared" / "twilio-openapi" / "twilio_api_v2010.json"
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


def refused(call) -> tuple[int, int]:
	"""Twilio's code and the HTTP status that `call` fails with."""
	with pytest.raises(TwilioException) as caught:
		call()
	if isinstance(caught.value, TwilioRestException):
		return caught.value.code, caught.value.status
	# What the SDK raises for a list has neither; the answer is its second argument.
	answer = caught.value.args[1]
	return json.loads(answer.text)["code"], answer.status_code


def test_account(client, account):
	fetched = client.api.v2010.accounts(account.sid).fetch()
	assert (fetched.sid, fetched.status, fetched.type) == (account.sid, "active", "Full")
	assert fetched.date_created.tzinfo


@pytest.mark.parametrize("password", ["wrong", "x" * 500])
def test_wrong_credentials(log_in, account, password):
	assert refused(log_in(account.sid, password, account.sid).messages.list) == (20003, 401)


def test_a_user_name_that_nobody_has_is_told_from_a_wrong_password(log_in, account):
	for user, said in ((account.sid, "Authenticate"), ("AC" + "0" * 32, "invalid username")):
		with pytest.raises(TwilioRestException, match=said):
			log_in(user, "wrong", user).api.v2010.accounts(user).fetch()


def test_no_credentials(sim, account):
	answer = requests.get(f"{sim.base_url}/2010-04-01/Accounts/{account.sid}/Messages.json", timeout=2)
	assert answer.status_code == 401 and "Basic" in answer.headers["WWW-Authenticate"]
	assert answer.json() == {
		"code": 20003,
		"message": "Authenticate",
		"more_info": "https://www.twilio.com/docs/errors/20003",
		"status": 401,
	}


def test_secondary_token_logs_in_and_signs_once_it_is_promoted(sim, log_in, account, number, say):
	old, new = account.auth_token, "a" * 32
	fetch = lambda token: log_in(account.sid, token, account.sid).api.v2010.accounts(account.sid).fetch  # noqa: E731
	assert refused(fetch(new)) == (20003, 401)
	account.secondary_auth_token = new
	assert fetch(new)().sid == fetch(old)().sid == account.sid
	say()
	sim.promote_auth_token(account.sid)
	say()
	signed = [
		next(
			token
			for token in (old, new)
			if sign(token, attempt.url, attempt.params) == attempt.headers["X-Twilio-Signature"]
		)
		for attempt in sim.webhook_attempts
	]
	assert signed == [old, new]
	assert fetch(new)().sid and refused(fetch(old)) == (20003, 401)
	assert requests.get(sim.base_url + "/v1/Services", auth=(account.sid, ""), timeout=2).status_code == 401
	with pytest.raises(ValueError, match="no secondary"):
		sim.promote_auth_token(account.sid)


def test_api_key_sends_but_a_standard_one_does_not_read_the_account(sim, log_in, account, client):
	for kind, allowed in (("Main", True), ("Standard", False)):
		key = sim.add_api_key(account.sid, type=kind)
		with_key = log_in(key.sid, key.secret, account.sid)
		assert with_key.messages.create(to=ANN, from_=OURS, body="x").sid
		fetch = with_key.api.v2010.accounts(account.sid).fetch
		assert fetch().sid == account.sid if allowed else refused(fetch) == (20003, 401)


def test_another_account_is_not_there(sim, log_in, account):
	other = sim.add_account()
	assert refused(log_in(account.sid, account.auth_token, other.sid).messages.list) == (20404, 404)


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_account_that_is_not_active(client, account, status):
	account.status = status
	assert refused(client.messages.list) == (20403, 403)


def test_numbers_are_listed_found_and_changed(sim, client, account, app):
	sim.add_number(account.sid, "+18885550123", kind="Toll-Free", mms=False)
	sim.add_number(account.sid, "55555", kind="short code")
	found = client.incoming_phone_numbers.list()
	assert [n.phone_number for n in found] == [OURS, "+18885550123"]
	assert found[1].capabilities["sms"] and not found[1].capabilities["mms"]
	assert [n.sid for n in client.incoming_phone_numbers.list(phone_number=OURS)] == [found[0].sid]
	assert len(client.incoming_phone_numbers.list(phone_number="888555****")) == 1
	changed = client.incoming_phone_numbers(found[0].sid).update(
		sms_url="https://x.example/a#rc=3", sms_method="GET", sms_fallback_url="", friendly_name="Support"
	)
	assert (changed.sms_url, changed.sms_method, changed.friendly_name) == (
		"https://x.example/a#rc=3",
		"GET",
		"Support",
	)
	assert client.incoming_phone_numbers(found[0].sid).fetch().sms_url == "https://x.example/a#rc=3"
	assert refused(lambda: client.incoming_phone_numbers(found[0].sid).update(sms_url="nonsense")) == (
		21402,
		400,
	)
	assert refused(lambda: client.incoming_phone_numbers(found[0].sid).update(sms_method="PUT")) == (
		21403,
		400,
	)
	assert refused(client.incoming_phone_numbers("PN" + "0" * 32).fetch) == (20404, 404)


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


def test_messages_are_listed_newest_first_and_filtered(sim, client, say):
	for n in range(3):
		say(f"from Ann {n}")
	say("from Bob", from_="+12125550187")
	client.messages.create(to=ANN, from_=OURS, body="to Ann")
	bodies = lambda **filters: [m.body for m in client.messages.list(**filters)]  # noqa: E731
	assert bodies()[0] == "to Ann" and len(bodies()) == 5
	assert bodies(to=OURS, from_=ANN) == ["from Ann 2", "from Ann 1", "from Ann 0"]
	assert bodies(to=ANN) == ["to Ann"]
	now = datetime.now(timezone.utc)
	assert len(bodies(date_sent_after=now - timedelta(minutes=1))) == 5
	assert len(bodies(date_sent_before=now - timedelta(minutes=1))) == 0
	assert len(bodies(date_sent=now.date())) == 5
	assert len(bodies(date_sent_after=now.date() + timedelta(days=1))) == 0


def test_a_wrong_date_is_refused(sim, account, number):
	answer = requests.get(
		f"{sim.base_url}/2010-04-01/Accounts/{account.sid}/Messages.json",
		params={"DateSent>": "yesterday"},
		auth=(account.sid, account.auth_token),
		timeout=2,
	)
	assert answer.json()["code"] == 20001


def test_a_page_far_behind_the_last_is_empty(sim, account, number):
	answer = requests.get(
		f"{sim.base_url}/2010-04-01/Accounts/{account.sid}/Messages.json?Page=4711&PageSize=x",
		auth=(account.sid, account.auth_token),
		timeout=2,
	).json()
	assert answer["messages"] == [] and answer["next_page_uri"] is None


def test_paging_is_not_disturbed_by_new_messages(client, sim):
	for n in range(7):
		sim.text(ANN, OURS, str(n))
	page = client.messages.page(page_size=3)
	seen = [m.body for m in page]
	sim.text(ANN, OURS, "new")
	while page := page.next_page():
		seen += [m.body for m in page]
	assert seen == ["6", "5", "4", "3", "2", "1", "0"]
	assert [m.body for m in client.messages.list(page_size=2, limit=5)] == ["new", "6", "5", "4", "3"]
	sizes = {len(list(client.messages.page(page_size=size))) for size in (1000, 5000)}
	assert sizes == {8}


def test_delete_redact_and_cancel(sim, client, account, send):
	message = send("secret")
	assert client.messages(message.sid).update(body="").body == ""
	assert sim.message(message.sid).body == "secret", "the handset keeps it"
	assert refused(lambda: client.messages(message.sid).update(body="other")) == (20001, 400)
	assert refused(lambda: client.messages(message.sid).update(status="canceled")) == (30409, 409)
	assert client.messages(message.sid).delete()
	assert refused(client.messages(message.sid).fetch) == (20404, 404)
	assert client.messages.list() == []


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


@pytest.mark.parametrize("origin", ["same", "other"])
def test_media_redirect_to_a_host_that_refuses_credentials(sim, account, number, say, origin):
	if origin == "other":
		sim.media_base_url = f"http://localhost:{sim.port}"
	message = say("", media=[("cat.gif", GIF)])
	url = sim.webhook_attempts[0].params["MediaUrl0"]
	assert requests.get(url, timeout=2).status_code == 401
	login = (account.sid, account.auth_token)
	redirect = requests.get(url, auth=login, allow_redirects=False, timeout=2)
	assert redirect.status_code == 307
	location = redirect.headers["Location"]
	assert location.startswith(sim.media_base_url or sim.base_url)
	assert requests.get(location, auth=login, timeout=2).status_code == 400
	plain = requests.get(location, timeout=2)
	assert plain.content == GIF and plain.headers["Content-Type"] == "image/gif"
	assert message.media[0].content_type == "image/gif"


def test_media_are_listed_read_and_deleted(client, say):
	message = say("two", media=[("a.gif", GIF), ("card.vcf", b"BEGIN:VCARD", "text/vcard")])
	media = client.messages(message.sid).media
	assert [m.content_type for m in media.list()] == ["image/gif", "text/vcard"]
	sid = media.list()[1].sid
	assert client.messages(message.sid).media(sid).fetch().parent_sid == message.sid
	assert client.messages(message.sid).media(sid).delete()
	assert len(media.list()) == 1
	assert refused(client.messages(message.sid).media(sid).fetch) == (20404, 404)
	assert client.messages(message.sid).fetch().num_media == "1"


@pytest.mark.parametrize(
	("method", "path"),
	[
		("GET", "/Calls.json"),
		("GET", "/Messages/nonsense.json"),
		("GET", "/Messages/%00.json"),
		("PUT", "/Messages.json"),
		("DELETE", "/IncomingPhoneNumbers.json"),
		("GET", "/Messages.json?PageToken=PAx"),
		("GET", "/Messages.json?DateSent%3C=9999-12-31"),
		("GET", "/Messages.json?DateSent%3E=0001-01-01T00:00:00%2B23:59x"),
		("POST", "/Messages.json?To=" + "9" * 5000),
	],
)
def test_nonsense_is_refused_in_twilios_form(sim, account, number, method, path):
	url = f"{sim.base_url}/2010-04-01/Accounts/{account.sid}{path}"
	answer = requests.request(method, url, auth=(account.sid, account.auth_token), timeout=2)
	assert 400 <= answer.status_code < 500 and answer.json()["code"] >= 20000


def test_requests_are_kept_without_credentials(sim, client, account):
	client.messages.create(
		to=ANN, from_=OURS, body="Hi", media_url=["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"]
	)
	entry = sim.requests[-1]
	assert (entry.method, entry.user, entry.status_code) == ("POST", account.sid, 201)
	assert entry.path == f"/2010-04-01/Accounts/{account.sid}/Messages.json"
	assert entry.form["Body"] == ["Hi"] and len(entry.form["MediaUrl"]) == 2
	assert "Authorization" not in entry.headers and account.auth_token not in repr(entry)


def test_every_answer_takes_the_latency_and_none_waits_for_another():
	with Simulator(speed=math.inf, latency_s=0.2) as slow:
		account = slow.add_account()
		slow.add_number(account.sid, OURS)
		clients = [client_of(slow, account.sid, account.auth_token, account.sid) for _ in range(8)]
		begin = time.monotonic()
		with ThreadPoolExecutor(8) as pool:
			answers = [pool.submit(c.messages.create, to=ANN, from_=OURS, body="Hi") for c in clients]
			time.sleep(0.15)
			assert slow.under_way == 8
			assert {answer.result().status for answer in answers} == {"queued"}
		assert 0.2 <= time.monotonic() - begin < 0.8 and not slow.under_way
		assert all(180 <= entry.latency_ms < 700 for entry in slow.requests)
		# Read at once, answered later.
		assert len(slow.arrivals(OURS)) == 8 and slow.arrivals(OURS)[-1] < begin + 0.2


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


def test_a_long_list_is_read_by_recipient_and_by_page(sim, client, account):
	with sim.world.lock:
		for n in range(20_000):
			message = Message(
				f"SM{n:032x}",
				account.sid,
				"outbound-api",
				OURS,
				f"+1907{3_000_000 + n % 5_000}",
				str(n),
				"sent",
			)
			sim.world.add_message(message)
	begin = time.monotonic()
	for _ in range(20):
		found = client.messages.list(to="+19073000042", from_=OURS, limit=20)
		assert [m.body for m in found] == ["15042", "10042", "5042", "42"]
		assert [m.body for m in client.messages.list(page_size=2, limit=2)] == ["19999", "19998"]
	assert time.monotonic() - begin < 2
	assert [m.body for m in client.messages.list(page_size=1000, limit=2500)][-1] == "17500"


@pytest.mark.skipif(not OPENAPI.exists(), reason="Twilio's OpenAPI description is not beside the repository")
def test_answers_are_as_twilio_describes_them(sim, account, client, say, send):
	from jsonschema import Draft4Validator

	description = json.loads(OPENAPI.read_text())
	message = say("pic", media=[("a.gif", GIF)])
	send("x")
	base = f"/2010-04-01/Accounts/{account.sid}"
	number = client.incoming_phone_numbers.list()[0].sid
	short_code = sim.add_short_code(account.sid, "55555").sid
	for template, path in {
		"{Sid}.json": ".json",
		"{AccountSid}/Messages.json": "/Messages.json",
		"{AccountSid}/Messages/{Sid}.json": f"/Messages/{message.sid}.json",
		"{AccountSid}/Messages/{MessageSid}/Media.json": f"/Messages/{message.sid}/Media.json",
		"{AccountSid}/Messages/{MessageSid}/Media/{Sid}.json": (
			f"/Messages/{message.sid}/Media/{message.media[0].sid}.json"
		),
		"{AccountSid}/IncomingPhoneNumbers.json": "/IncomingPhoneNumbers.json",
		"{AccountSid}/IncomingPhoneNumbers/{Sid}.json": f"/IncomingPhoneNumbers/{number}.json",
		"{AccountSid}/SMS/ShortCodes.json": "/SMS/ShortCodes.json",
		"{AccountSid}/SMS/ShortCodes/{Sid}.json": f"/SMS/ShortCodes/{short_code}.json",
		"{AccountSid}/Balance.json": "/Balance.json",
	}.items():
		operation = description["paths"]["/2010-04-01/Accounts/" + template]["get"]
		schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
		schema = _without_nullable(schema | {"components": description["components"]})
		answer = requests.get(
			sim.base_url + base + path, auth=(account.sid, account.auth_token), timeout=2
		).json()
		Draft4Validator(schema).validate(answer)
		part = (
			schema
			if "$ref" not in schema
			else description["components"]["schemas"][schema["$ref"].split("/")[-1]]
		)
		assert set(answer) == set(part["properties"]), template


def _without_nullable(schema):
	"""OpenAPI's "nullable" in JSON Schema's words."""
	if isinstance(schema, list):
		return [_without_nullable(s) for s in schema]
	if not isinstance(schema, dict):
		return schema
	schema = {k: _without_nullable(v) for k, v in schema.items()}
	if schema.pop("nullable", False) is True and isinstance(schema.get("type"), str):
		schema["type"] = [schema["type"], "null"]
	return schema
