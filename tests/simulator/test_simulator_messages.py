"""Messages in the REST API: listed, redacted and deleted."""

import time
from datetime import datetime, timedelta, timezone

import requests

from twilio_sms_channel.simulator import Message

from .conftest import ANN, OURS, refused


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
