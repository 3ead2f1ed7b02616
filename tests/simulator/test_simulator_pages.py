"""The page's own API, and who may use it."""

import base64
import threading

import pytest
import requests

from twilio_sms_channel.simulator import Simulator
from twilio_sms_channel.simulator.pages import STATIC

from .conftest import ANN, GIF, OURS


@pytest.fixture
def post(sim):
	def post(path: str, data, **headers):
		return requests.post(f"{sim.base_url}/simulator/api/{path}", json=data, headers=headers, timeout=2)

	return post


def state(sim) -> dict:
	return requests.get(sim.base_url + "/simulator/api/state", timeout=2).json()


def test_page_is_served_and_loads_nothing_from_elsewhere(sim):
	page = requests.get(sim.base_url, timeout=2)
	assert (
		"text/html" in page.headers["Content-Type"]
		and "default-src 'none'" in page.headers["Content-Security-Policy"]
	)
	for file in STATIC.iterdir():
		assert requests.get(f"{sim.base_url}/simulator/static/{file.name}", timeout=2).status_code == 200
	for text in (page.text, requests.get(sim.base_url + "/simulator/static/style.css", timeout=2).text):
		assert "http://" not in text and "https://" not in text and "//cdn" not in text


@pytest.mark.parametrize(
	"path", ["/simulator/static/../pages.py", "/simulator/static/%2e%2e/pages.py", "/nothing"]
)
def test_other_files_are_not_served(sim, path):
	answer = requests.Session().send(_raw(sim.base_url + path), timeout=2)
	assert answer.status_code == 404


def _raw(url: str) -> requests.PreparedRequest:
	"""A request whose path the client does not tidy up."""
	prepared = requests.Request("GET", url).prepare()
	prepared.url = url
	return prepared


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "["])
@pytest.mark.parametrize("path", ["/", "/simulator/api/state", "/simulator/api/texts"])
def test_foreign_host_names_are_refused(sim, host, path):
	method = "POST" if path.endswith("texts") else "GET"
	answer = requests.request(method, sim.base_url + path, json={}, headers={"Host": host}, timeout=2)
	assert answer.status_code in (400, 403)


@pytest.mark.parametrize(
	("headers", "status"),
	[
		({"Origin": "https://evil.example"}, 403),
		({"Origin": "null"}, 403),
		({"Content-Type": "text/plain"}, 415),
		({"Content-Type": "application/x-www-form-urlencoded"}, 415),
		({}, 201),
	],
)
def test_changes_come_from_the_page_itself(sim, number, post, headers, status):
	assert post("texts", {"from": ANN, "to": OURS, "body": "x"}, **headers).status_code == status
	assert len(sim.messages()) == (status == 201)


def test_text_with_a_picture(sim, app, number, post):
	file = {"name": "cat.gif", "data": base64.b64encode(GIF).decode()}
	answer = post("texts", {"from": ANN, "to": OURS, "body": "hi", "media": [file]}, Origin=sim.base_url)
	assert answer.status_code == 201 and sim.wait_idle(5)
	assert app.received[0].form["NumMedia"] == "1"
	shown = state(sim)["messages"][0]
	assert shown["announced"] is True and shown["media"][0]["name"] == "cat.gif"
	served = requests.get(f"{sim.base_url}/simulator/api/media/{shown['media'][0]['sid']}", timeout=2)
	assert served.content == GIF and "sandbox" in served.headers["Content-Security-Policy"]


def test_active_content_is_never_shown_inline(sim, number, say):
	message = say(
		"", media=[("x.html", b"<script>alert(1)</script>"), ("x.svg", b"<svg onload='alert(1)'/>")]
	)
	for media in message.media:
		served = requests.get(f"{sim.base_url}/simulator/api/media/{media.sid}", timeout=2)
		assert served.headers["Content-Type"] == "application/octet-stream"
		assert served.headers["Content-Disposition"] == "attachment"
		assert served.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
	("path", "data"),
	[
		("texts", {}),
		("texts", []),
		("texts", {"from": ANN, "to": OURS}),
		("texts", {"from": ANN, "to": "+19995550000", "body": "x"}),
		("texts", {"from": 5, "to": OURS, "body": "x"}),
		("texts", {"from": ANN, "to": OURS, "body": "\ud800"}),
		("texts", {"from": ANN, "to": OURS, "media": "x"}),
		("texts", {"from": ANN, "to": OURS, "media": [{"name": "x", "data": "%"}]}),
		("texts", {"from": ANN, "to": OURS, "media": [1]}),
		("texts", {"from": ANN, "to": OURS, "media": [{"name": "x", "data": ""}] * 11}),
		("texts", {"from": ANN, "to": OURS, "body": "x", "group": ANN}),
		("texts", {"from": ANN, "to": OURS, "body": "x", "group": [1]}),
		("handsets", {"number": "72345", "rcs": True}),
		("cards", {"from": "rcs:nobody", "to": ANN}),
		("handsets", {"number": "+1"}),
		("handsets", {"number": "?!"}),
		("handsets", {"number": OURS}),
		("faults", {"name": "nonsense", "mode": "always"}),
		("faults", {"name": "outage", "mode": "nonsense"}),
		("faults", {"name": "outage", "mode": "next", "times": "x"}),
		("faults", {"name": "outage", "mode": "next", "times": None}),
		("faults", {"name": "outage", "mode": "sometimes", "probability": 7}),
	],
)
def test_nonsense_is_refused_with_words(sim, number, post, path, data):
	answer = post(path, data)
	assert answer.status_code == 400 and answer.json()["error"]
	assert not any("itself failed" in notice.text for notice in sim.notices)


def test_handsets(sim, post):
	assert len(state(sim)["handsets"]) == 3
	assert post("handsets", {"name": "Carla", "number": "+1 (206) 555-0114"}).json() == {
		"number": "+12065550114"
	}
	carla = {"name": "Carla", "number": "+12065550114", "rcs": False, "read_receipts": True}
	assert state(sim)["handsets"][3] == carla
	post("handsets", {"number": "+12065550114", "rcs": True, "read_receipts": False})
	assert state(sim)["handsets"][3] == carla | {"rcs": True, "read_receipts": False}
	assert post("handsets", {"number": "+12065550114", "rcs": "yes"}).status_code == 400


def test_a_card_arrives_by_rcs_is_read_and_answered_by_a_tap(sim, number, account, post):
	service = sim.add_service(account.sid, use_inbound_webhook_on_number=True)
	sim.add_rcs_sender(account.sid, "rcs:example_agent", service_sid=service.sid)
	sim.add_handset(ANN, rcs=True)
	sent = post("cards", {"from": "rcs:example_agent", "to": ANN})
	assert sent.status_code == 201 and sim.wait_idle(5)
	(card,) = state(sim)["messages"]
	assert card["by_rcs"] and card["status"] == "delivered" and card["title"] and card["buttons"]
	assert post("read", {"customer": ANN, "ours": "rcs:example_agent"}).json() == {"read": [card["sid"]]}
	assert post("taps", {"message": card["sid"], "button": card["buttons"][0]}).status_code == 201
	assert sim.wait_idle(5)
	card, tap = state(sim)["messages"]
	assert card["status"] == "read" and card["tapped"] == tap["body"] == card["buttons"][0]
	assert post("taps", {"message": card["sid"], "button": "Nothing"}).status_code == 400
	assert post("taps", {"message": "SM1", "button": "x"}).status_code == 404
	assert post("cards", {"from": OURS, "to": ANN}).status_code == 400
	for buttons in (["Yes"], {"Yes": 1}):
		answer = post("cards", {"from": "rcs:example_agent", "to": ANN, "buttons": buttons})
		assert answer.status_code == 400
	sim.text(ANN, "rcs:example_agent", "STOP")
	assert "21610" in post("cards", {"from": "rcs:example_agent", "to": ANN}).json()["error"]


def test_faults_are_switched(sim, post):
	post("faults", {"name": "outage", "mode": "next", "times": 3})
	assert sim.faults["outage"].remaining == 3
	shown = next(f for f in state(sim)["faults"] if f["name"] == "outage")
	assert shown["on"] and shown["remaining"] == 3
	post("faults", {"name": "outage", "mode": "off"})
	assert not sim.faults["outage"].on


def test_state_tells_how_the_webhooks_are(sim, number, say, account):
	say("STOP")
	shown = state(sim)["numbers"][0]
	assert shown["last"] == {"ok": True, "status": 200, "error": ""} and shown["opted_out"] == [ANN]
	number.sms_url = "http://127.0.0.1:1/"
	say()
	assert state(sim)["numbers"][0]["last"]["ok"] is False
	assert account.auth_token not in requests.get(sim.base_url + "/simulator/api/state", timeout=2).text


def test_state_tells_which_webhook_a_pooled_number_has(sim, number, account):
	service = sim.add_service(account.sid, friendly_name="Support", inbound_url="http://x.example/service")
	number.service_sid = service.sid
	shown = state(sim)["numbers"][0]
	assert (shown["service"], shown["webhook"], shown["dropped"]) == (
		"Support",
		"http://x.example/service",
		False,
	)
	service.inbound_url = ""
	assert state(sim)["numbers"][0]["dropped"]


@pytest.mark.parametrize(
	("path", "title"),
	[
		("/v1/Services", "Read Messaging Services"),
		("/v1/Alerts", "Read alerts"),
		("/2010-04-01/Accounts/{}/SMS/ShortCodes.json", "Read short codes"),
		("/2010-04-01/Accounts/{}/Balance.json", "Read the balance"),
	],
)
def test_log_tells_what_was_asked(sim, account, path, title):
	login = (account.sid, account.auth_token)
	assert requests.get(sim.base_url + path.format(account.sid), auth=login, timeout=2).ok
	assert state(sim)["events"][-1]["title"] == title


def test_details_of_an_event(sim, number, say, client):
	say("see me")
	client.messages.list()
	for event in state(sim)["events"]:
		details = requests.get(f"{sim.base_url}/simulator/api/events/{event['seq']}", timeout=2).json()
		assert details
	assert requests.get(f"{sim.base_url}/simulator/api/events/999999", timeout=2).status_code == 404


def test_changes_are_announced_and_end_with_the_simulator():
	with Simulator() as sim:
		account = sim.add_account()
		sim.add_number(account.sid, OURS)
		stream = requests.get(sim.base_url + "/simulator/api/changes", stream=True, timeout=5)
		lines = stream.iter_lines()
		first = int(next(lines).removeprefix(b"data: "))
		sim.text(ANN, OURS, "x")
		later = next(line for line in lines if line)
		assert int(later.removeprefix(b"data: ")) > first
		threading.Timer(0.1, sim.stop).start()
		for _ in lines:
			pass


def test_start_over(sim, number, say, post):
	say()
	post("reset", {})
	assert state(sim)["messages"] == [] and state(sim)["numbers"]


def test_credentials_are_shown_to_this_machine_where_they_are_meant_to_be_copied(sim):
	shown, hidden = sim.add_account(is_shown=True), sim.add_account()
	tokens = {account["sid"]: account["auth_token"] for account in state(sim)["accounts"]}
	assert tokens[shown.sid] == shown.auth_token
	assert tokens[hidden.sid] == ""
	with Simulator(host="0.0.0.0") as elsewhere:
		account = elsewhere.add_account(is_shown=True)
		answer = requests.get(f"http://127.0.0.1:{elsewhere.port}/simulator/api/state", timeout=2)
		assert account.auth_token not in answer.text
