"""RCS: senders in a Messaging Service, handsets that take it or not, buttons, read receipts; messages to a group."""

import pytest
import requests

from .conftest import ANN, GIF, OURS, Reply, refused

AGENT = "rcs:example_agent"
ANN_BY_RCS = f"rcs:{ANN}"
BOB = "+12125550187"
OTHER = "+14155550101"


@pytest.fixture
def service(sim, account, app, number):
	service = sim.add_service(account.sid, friendly_name="Support", inbound_url=app.url + "/service")
	number.service_sid = service.sid
	return service


@pytest.fixture
def agent(sim, account, service):
	"""Our RCS sender; Ann's handset takes RCS, Bob's does not."""
	sim.add_handset(ANN, rcs=True)
	return sim.add_rcs_sender(account.sid, AGENT, service_sid=service.sid, friendly_name="Example")


@pytest.fixture
def ask(sim, account):
	"""Request something of the API without the SDK: that of 2023 knows nothing of RCS."""

	def ask(path: str, method: str = "GET", **options) -> requests.Response:
		login = (account.sid, account.auth_token)
		return requests.request(method, sim.base_url + path, auth=login, timeout=2, **options)

	return ask


@pytest.fixture
def create(ask, account):
	"""Twilio's answer to a send request."""

	def create(**form: str) -> dict:
		return ask(f"/2010-04-01/Accounts/{account.sid}/Messages.json", "POST", data=form).json()

	return create


@pytest.fixture
def reply(sim, create, app, service, agent):
	"""Send through the service, without naming a sender, and wait until all of it is over."""

	def reply(body: str = "Hi", to: str = ANN, **form: str):
		form = {"MessagingServiceSid": service.sid, "StatusCallback": app.url + "/status"} | form
		answer = create(To=to, Body="" if "ContentSid" in form else body, **form)
		assert sim.wait_idle(5)
		return sim.message(answer["sid"])

	return reply


def told(app) -> list[tuple[str, str, str]]:
	return [(r.form["MessageStatus"], r.form["From"], r.form["To"]) for r in app.at("/status")]


# From us


def test_a_message_goes_by_rcs_where_the_handset_takes_it(reply, app, client):
	message = reply()
	assert (message.from_, message.to, message.status) == (AGENT, ANN_BY_RCS, "delivered")
	assert message.history[0][0] == "accepted"
	assert told(app)[-1] == ("delivered", AGENT, ANN_BY_RCS)
	assert {sender for _status, sender, _to in told(app)} == {AGENT}
	fetched = client.messages(message.sid).fetch()
	assert (fetched.from_, fetched.to, fetched.num_segments) == (AGENT, ANN_BY_RCS, "1")


def test_it_goes_by_sms_where_the_handset_does_not(reply, app):
	message = reply(to=BOB)
	assert (message.from_, message.to, message.status) == (OURS, BOB, "delivered")
	assert told(app)[-1] == ("delivered", OURS, BOB)


def test_it_goes_by_sms_while_the_sender_is_not_ready(reply, agent):
	agent.status = "TWILIO_REVIEW"
	assert reply().from_ == OURS


def test_the_fallback_can_be_named(sim, account, service, reply):
	sim.add_number(account.sid, OTHER, service_sid=service.sid)
	assert reply(to=BOB, FallbackFrom=OTHER).from_ == OTHER
	assert reply(FallbackFrom=OTHER).from_ == AGENT


def test_a_named_number_of_the_pool_sends_by_sms(reply):
	assert reply(From=OURS).from_ == OURS


def test_to_an_rcs_address_there_is_no_fallback(reply):
	assert reply(to=ANN_BY_RCS).status == "delivered"
	message = reply(to=f"rcs:{BOB}")
	assert (message.status, message.error_code) == ("undelivered", 63003)


def test_what_twilio_refuses(sim, account, create, service, agent):
	def code(**form) -> int:
		return create(Body="x", **form)["code"]

	plain = sim.add_service(account.sid)
	sim.add_number(account.sid, OTHER, service_sid=plain.sid)
	through = {"To": BOB, "MessagingServiceSid": service.sid}
	assert code(**through, From=OURS, FallbackFrom=OURS) == 21664
	assert code(To=BOB, FallbackFrom=OURS) == 21666
	assert code(**through, FallbackFrom=AGENT) == 21665
	assert code(**through, FallbackFrom="+14155550199") == 21665
	assert code(To=BOB, MessagingServiceSid=plain.sid, FallbackFrom=OTHER) == 21667
	assert code(To=BOB, From=AGENT) == 21910
	assert code(To=ANN_BY_RCS, From=OURS) == 21910
	assert code(To=ANN_BY_RCS, MessagingServiceSid=plain.sid) == 21910


def test_files_go_by_rcs_to_any_country_and_up_to_16_mb(sim, app, reply):
	large = GIF + bytes(6 * 1024 * 1024)
	app.answers("/cat.gif", Reply(content_type="image/gif", body=large))
	priya = "+447700900123"
	sim.add_handset(priya, rcs=True)
	message = reply(to=priya, MediaUrl=app.url + "/cat.gif")
	assert message.status == "delivered" and len(message.media[0].content) == len(large)
	assert reply(to=BOB, MediaUrl=app.url + "/cat.gif").error_code == 11751


def test_a_network_that_takes_no_files_takes_them_by_rcs(sim, app, reply):
	app.answers("/cat.gif", Reply(content_type="image/gif", body=GIF))
	without_mms = "+14155530011"
	assert reply(to=without_mms, MediaUrl=app.url + "/cat.gif").error_code == 30011
	sim.add_handset(without_mms, rcs=True)
	assert reply(to=without_mms, MediaUrl=app.url + "/cat.gif").status == "delivered"


# Read


def test_read_is_reported_when_the_customer_looks(sim, app, reply):
	message, by_sms = reply(), reply(From=OURS)
	assert sim.read(ANN, AGENT) == [message] and sim.wait_idle(5)
	assert message.status == "read" and by_sms.status == "delivered"
	assert told(app)[-1] == ("read", AGENT, ANN_BY_RCS)
	assert sim.read(ANN) == [], "nothing is read twice"


def test_a_handset_can_keep_it_to_itself(sim, reply):
	message = reply()
	sim.add_handset(ANN, read_receipts=False)
	assert sim.read(ANN) == [] and message.status == "delivered"


# From the customer


def test_an_answer_names_both_by_their_rcs_addresses(sim, app, service, agent, say, client):
	message = say("Hello", to=AGENT, media=[("cat.gif", GIF)])
	(received,) = app.at("/service")
	form = received.form
	assert (form["From"], form["To"]) == (ANN_BY_RCS, AGENT)
	assert form["MessagingServiceSid"] == service.sid and form["MessageSid"] == message.sid
	assert form["NumMedia"] == "1" and form["MediaContentType0"] == "image/gif"
	assert not [name for name in form if name.endswith(("City", "State", "Zip", "Country"))]
	assert message.customer == ANN and message.ours == AGENT


def test_a_service_that_defers_leaves_it_to_the_rcs_senders_webhook(app, service, agent, say, client):
	sender = client.messaging.v1.services(service.sid)
	sender.update(use_inbound_webhook_on_number=True)
	agent.sms_url = app.url + "/agent"
	say("Hello", to=AGENT)
	assert len(app.at("/agent")) == 1 and not app.at("/service")


def test_a_handset_that_is_not_on_rcs_cannot_answer_by_it(sim, agent):
	with pytest.raises(ValueError, match="not on RCS"):
		sim.text(BOB, AGENT, "Hello")
	with pytest.raises(ValueError, match="not a phone number"):
		sim.add_handset("Amazon.de", rcs=True)


def test_a_list_by_plain_numbers_misses_what_went_by_rcs(reply, agent, say, client):
	ours, theirs = reply().sid, say("Hello", to=AGENT).sid

	def listed(**options):
		return [m.sid for m in client.messages.list(**options)]

	assert set(listed()) == {ours, theirs}
	assert not listed(to=ANN) and not listed(from_=ANN) and not listed(to=OURS)
	assert listed(to=ANN_BY_RCS) == [ours] == listed(from_=AGENT)
	assert listed(from_=ANN_BY_RCS) == [theirs] == listed(to=AGENT)


@pytest.mark.parametrize(("stop_to", "start_to"), [(AGENT, OURS), (OURS, AGENT)])
def test_stop_counts_for_rcs_and_sms_alike(sim, client, service, agent, say, stop_to, start_to):
	def blocked(**options):
		return refused(lambda: client.messages.create(to=ANN, body="x", **options))

	say("STOP", to=stop_to)
	assert sim.messages(direction="outbound")[-1].automatic
	assert blocked(from_=OURS) == (21610, 400)
	assert blocked(messaging_service_sid=service.sid) == (21610, 400)
	assert refused(lambda: client.messages.create(to=ANN_BY_RCS, from_=AGENT, body="x")) == (21610, 400)
	say("START", to=start_to)
	assert client.messages.create(to=ANN, messaging_service_sid=service.sid, body="x").sid


# Buttons


@pytest.fixture
def card(sim, account):
	buttons = {"Track it": "track_4711", "Call me": "call"}
	return sim.add_content(
		account.sid, "On its way", title="Order 4711", buttons=buttons, media=[("bike.gif", GIF)]
	)


def test_a_tapped_button_posts_its_words_and_payload(sim, app, service, reply, card):
	message = reply(ContentSid=card.sid)
	assert message.body == "On its way" and [b.text for b in message.buttons] == ["Track it", "Call me"]
	assert message.sid.startswith("MM") and message.media[0].filename == "bike.gif"
	sim.tap(message.sid, "Track it")
	assert sim.wait_idle(5) and message.tapped == "Track it"
	(received,) = app.at("/service")
	form = received.form
	assert (form["Body"], form["ButtonText"], form["ButtonPayload"]) == ("Track it", "Track it", "track_4711")
	assert (form["From"], form["To"]) == (ANN_BY_RCS, AGENT)
	with pytest.raises(ValueError, match="no button"):
		sim.tap(message.sid, "Cancel")


def test_by_sms_a_card_has_no_buttons(sim, reply, card):
	message = reply(ContentSid=card.sid, to=BOB)
	assert message.status == "delivered" and not message.buttons and message.media
	with pytest.raises(ValueError, match="no button"):
		sim.tap(message.sid, "Track it")


def test_another_program_sends_a_card(sim, service, agent, card):
	message = sim.send_content(card, ANN, service.sid)
	assert sim.wait_idle(5) and message.from_ == AGENT and message.status == "delivered"


def test_a_template_of_another_account_is_not_there(sim, create, service, agent):
	theirs = sim.add_content(sim.add_account().sid, "Hi")
	assert create(To=ANN, MessagingServiceSid=service.sid, ContentSid=theirs.sid)["code"] == 20404


# What the API tells of RCS senders


def test_rcs_senders_are_listed_by_account_and_by_service(sim, ask, client, account, service, agent):
	draft = sim.add_rcs_sender(account.sid, "rcs:draft_agent", status="DRAFT")
	sim.add_rcs_sender(sim.add_account().sid, "rcs:their_agent")
	first = ask("/v2/Channels/Senders?Channel=rcs&PageSize=1").json()
	(shown,) = first["senders"]
	assert (shown["sid"], shown["sender_id"], shown["status"]) == (agent.sid, AGENT, "ONLINE")
	assert shown["profile"]["name"] == "Example"
	(second,) = ask(first["meta"]["next_page_url"].removeprefix(sim.base_url)).json()["senders"]
	assert (second["sid"], second["status"]) == (draft.sid, "DRAFT")
	assert ask(f"/v2/Channels/Senders/{agent.sid}").json() == shown
	assert ask("/v2/Channels/Senders?Channel=whatsapp").json()["senders"] == []
	assert ask("/v2/Channels/Senders").json()["code"] == 20001
	(pooled,) = ask(f"/v1/Services/{service.sid}/ChannelSenders").json()["senders"]
	assert (pooled["sid"], pooled["sender"], pooled["sender_type"]) == (agent.sid, AGENT, "RCS")
	assert [n.phone_number for n in client.messaging.v1.services(service.sid).phone_numbers.list()] == [OURS]
	assert [n.phone_number for n in client.incoming_phone_numbers.list()] == [OURS]


def test_the_newest_sdk_reads_them(client, service, agent):
	if not hasattr(client.messaging, "v2"):
		pytest.skip("this version of the SDK knows no RCS senders")
	(sender,) = client.messaging.v2.channels_senders.list(channel="rcs")
	assert (sender.sid, sender.sender_id, sender.status) == (agent.sid, AGENT, "ONLINE")
	(pooled,) = client.messaging.v1.services(service.sid).channel_senders.list()
	assert (pooled.sender, pooled.sender_type) == (AGENT, "RCS")


def test_the_webhook_of_an_rcs_sender_is_changed(ask, agent):
	def update(webhook):
		return ask(f"/v2/Channels/Senders/{agent.sid}", "POST", json={"webhook": webhook})

	answer = update({"callback_url": "https://x.example/sms", "callback_method": "POST"})
	assert answer.status_code == 202 and answer.json()["webhook"]["callback_url"] == "https://x.example/sms"
	assert agent.sms_url == "https://x.example/sms"
	for wrong in ({"callback_url": "nonsense"}, {"callback_method": "GET"}, {"unknown": "x"}):
		assert update(wrong).status_code == 400
	assert agent.sms_url == "https://x.example/sms"


def test_an_rcs_sender_has_an_rcs_address(sim, account):
	with pytest.raises(ValueError, match="not the address of an RCS sender"):
		sim.add_rcs_sender(account.sid, "example_agent")


# Groups


def test_a_message_to_a_group_names_the_others(sim, app, number, say):
	message = say("Who picks up the bikes?", group=[BOB, OTHER])
	form = app.at("/inbound")[0].form
	assert message.sid.startswith("MM") and form["NumMedia"] == "0"
	assert (form["OtherRecipients0"], form["OtherRecipients1"]) == (BOB, OTHER)
	say("STOP", group=[BOB])
	assert {customer for _scope, customer in sim.world.opted_out} == {ANN}
