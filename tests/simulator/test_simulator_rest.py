"""The REST API as a whole, spoken to with Twilio's own client."""

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from twilio_sms_channel.simulator import Simulator

from .conftest import ANN, GIF, OURS, client_of

# Where a checkout in development has it; the project does not carry it.
OPENAPI = Path(__file__).parents[3] / "shared" / "twilio-openapi" / "twilio_api_v2010.json"


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
