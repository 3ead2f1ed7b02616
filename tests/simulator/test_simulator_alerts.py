"""Twilio's error log, read with Twilio's own client."""

from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from .conftest import ANN, OURS, Reply

PHONE_SWITCHED_OFF = "+14155530003"


@pytest.fixture
def alerts(sim, client):
	"""Codes of all alerts, newest first."""
	return lambda **filters: [a.error_code for a in client.monitor.v1.alerts.list(**filters)]


def test_nothing_wrong_no_alerts(say, send, alerts):
	say()
	send()
	assert alerts() == []


def test_failed_webhook(client, say, app, number, alerts):
	app.answers("/inbound", Reply(500, body=b"Oops"))
	message = say()
	(alert,) = client.monitor.v1.alerts.list()
	assert (alert.error_code, alert.log_level, alert.resource_sid) == ("11200", "error", message.sid)
	assert (alert.request_url, alert.request_method) == (number.sms_url, "POST")
	assert parse_qs(alert.alert_text)["httpResponse"] == ["500"]
	assert alert.request_variables is None, "left out of lists, as at Twilio"
	fetched = client.monitor.v1.alerts(alert.sid).fetch()
	assert fetched.response_body == "Oops" and parse_qs(fetched.request_variables)["From"] == [ANN]


def test_retries_make_one_alert_and_the_fallback_another(say, app, number, alerts):
	number.sms_url = "http://127.0.0.1:9/inbound"
	number.sms_fallback_url = app.url + "/fallback"
	say()
	assert alerts() == ["11205"]
	app.answers("/fallback", Reply(404))
	say()
	assert alerts() == ["11200", "11205", "11205"]


def test_an_answer_that_is_no_twiml(say, app, number, client, alerts):
	app.answers("/inbound", Reply(body=b"<Response><Dial/></Response>"), Reply(content_type="image/gif"))
	say()
	say()
	assert alerts() == ["12300", "12200"]
	assert alerts(log_level="warning") == ["12200"] and alerts(log_level="error") == ["12300"]


def test_failed_status_callback(send, app, alerts):
	app.answers("/status", Reply(500), Reply())
	send()
	assert alerts() == ["11200"]


def test_messages_that_did_not_arrive(sim, send, client, alerts):
	message = send(to=PHONE_SWITCHED_OFF)
	(alert,) = client.monitor.v1.alerts.list()
	assert (
		(alert.error_code, alert.resource_sid) == ("30003", message.sid) == ("30003", sim.messages()[0].sid)
	)
	assert "Unreachable" in alert.alert_text


def test_alerts_by_time_and_page(sim, client, account, alerts):
	now = datetime.now(timezone.utc)
	for days, code in ((9, 11200), (3, 30007), (0, 30034)):
		sim.add_alert(account.sid, code, generated=now - timedelta(days=days))
	sim.add_alert(sim.add_account().sid, 30001)
	assert alerts(page_size=1) == ["30034", "30007", "11200"]
	week_ago = now - timedelta(days=7)
	assert alerts(start_date=week_ago) == ["30034", "30007"]
	assert alerts(start_date=week_ago, end_date=now - timedelta(days=1)) == ["30007"]
	assert alerts(start_date=now.date()) == ["30034"] and alerts(end_date=week_ago.date()) == ["11200"]
	assert [a.error_code for a in sim.alerts] == [11200, 30007, 30034, 30001]
	sim.clear_alerts()
	assert alerts() == []
	sim.add_alert(account.sid, 30007)
	sim.reset()
	assert alerts() == []


def test_what_is_refused(client):
	for wrong in ({"log_level": "loud"}, {"start_date": "yesterday"}):
		with pytest.raises(TwilioException):
			client.monitor.v1.alerts.list(**wrong)
	with pytest.raises(TwilioRestException) as caught:
		client.monitor.v1.alerts("NO" + "0" * 32).fetch()
	assert caught.value.code == 20404


def test_texts_are_not_lost_by_an_alert(sim, say, app, number, client):
	"""A failed webhook's text stays in Twilio's list, from where it can be made up for."""
	app.answers("/inbound", Reply(500))
	say("Hello?")
	assert [m.body for m in client.messages.list(to=OURS)] == ["Hello?"]
