"""How an account stands at Twilio: balance, geo permissions, registrations, read with Twilio's own client."""

import pytest
from twilio.base.exceptions import TwilioRestException

from .conftest import ANN, OURS

TOLL_FREE = "+18885550123"
LONDON = "+447700900123"


def refused(call) -> int:
	with pytest.raises(TwilioRestException) as caught:
		call()
	return caught.value.code


def permission(client, country: str = "") -> list[dict]:
	"""Asked without the SDK's own class, which twilio 8.5 does not have."""
	query = {"CountryCode": country} if country else {}
	version = client.accounts.v1
	return version.fetch(method="GET", uri="/Messaging/GeoPermissions", params=query)["permissions"]


@pytest.fixture
def toll_free(sim, account):
	return sim.add_number(account.sid, TOLL_FREE, kind="toll-free")


@pytest.fixture
def outcome(sim, client):
	"""Status and error code of a text."""

	def outcome(from_: str, to: str):
		sid = client.messages.create(to=to, from_=from_, body="x").sid
		assert sim.wait_idle(5)
		message = client.messages(sid).fetch()
		return message.status, message.error_code

	return outcome


def test_balance(client, account):
	assert (client.balance.fetch().balance, client.balance.fetch().currency) == ("100.00", "USD")
	account.balance = -0.5
	assert client.balance.fetch().balance == "-0.50"


def test_all_countries_may_be_texted_unless_told_otherwise(client):
	(us,) = permission(client, "us")
	assert (us["country_code"], us["type"], us["enabled"], us["prefix"]) == ("US", "country", True, "+1")
	everywhere = permission(client)
	assert len(everywhere) > 200 and all(p["enabled"] for p in everywhere)
	assert refused(lambda: permission(client, "XX")) == 20404


def test_country_that_is_not_permitted_is_not_texted(sim, client, account):
	account.geo_permissions = {"US", "CA"}
	assert client.messages.create(to=ANN, from_=OURS, body="x").sid
	assert refused(lambda: client.messages.create(to=LONDON, from_=OURS, body="x")) == 21408
	assert not permission(client, "GB")[0]["enabled"] and permission(client, "CA")[0]["enabled"]
	account.geo_permissions.add("GB")
	assert client.messages.create(to=LONDON, from_=OURS, body="x").sid


def test_campaign_of_a_service(sim, client, account):
	service = sim.add_service(account.sid)
	fetch = client.messaging.v1.services(service.sid)
	assert not fetch.us_app_to_person.list() and not fetch.fetch().us_app_to_person_registered
	service.campaign_status = "IN_PROGRESS"
	(campaign,) = fetch.us_app_to_person.list()
	assert campaign.campaign_status == "IN_PROGRESS" and campaign.messaging_service_sid == service.sid
	assert not fetch.fetch().us_app_to_person_registered
	service.campaign_status = "VERIFIED"
	assert fetch.us_app_to_person.list()[0].campaign_status == "VERIFIED"
	assert fetch.fetch().us_app_to_person_registered is True


def test_unregistered_long_code_does_not_reach_the_us(sim, number, account, outcome):
	assert outcome(OURS, ANN) == ("delivered", None)
	number.registered = False
	assert outcome(OURS, ANN) == ("undelivered", 30034)
	assert outcome(OURS, LONDON)[0] == "delivered"
	# A campaign speaks for all numbers of its service, whatever they are without it.
	service = sim.add_service(account.sid, campaign_status="VERIFIED")
	number.service_sid = service.sid
	assert outcome(OURS, ANN)[0] == "delivered"
	number.registered, service.campaign_status = True, "FAILED"
	assert outcome(OURS, ANN) == ("undelivered", 30034)


@pytest.mark.parametrize("status", [None, "PENDING_REVIEW", "IN_REVIEW", "TWILIO_REJECTED"])
def test_unverified_toll_free_number_does_not_reach_north_america(toll_free, outcome, status):
	toll_free.verification = status
	assert outcome(TOLL_FREE, ANN) == ("undelivered", 30032)
	assert outcome(TOLL_FREE, LONDON)[0] == "delivered"
	assert outcome(OURS, ANN)[0] == "delivered"


def test_toll_free_verifications(sim, client, account, toll_free, outcome):
	assert outcome(TOLL_FREE, ANN)[0] == "delivered"
	other = sim.add_number(account.sid, "+18775550123", kind="toll-free", verification=None)
	theirs = sim.add_account()
	sim.add_number(theirs.sid, "+18665550123", kind="toll-free")
	(approved,) = client.messaging.v1.tollfree_verifications.list()
	assert (approved.status, approved.tollfree_phone_number_sid) == ("TWILIO_APPROVED", toll_free.sid)
	other.verification = "TWILIO_REJECTED"
	listed = client.messaging.v1.tollfree_verifications.list
	assert [v.tollfree_phone_number_sid for v in listed(page_size=1)] == [toll_free.sid, other.sid]
	(rejected,) = listed(tollfree_phone_number_sid=other.sid)
	assert rejected.status == "TWILIO_REJECTED" and rejected.rejection_reason and rejected.error_code
	assert [v.status for v in listed(status="TWILIO_APPROVED")] == ["TWILIO_APPROVED"]
