"""Who may log in to the REST API, and what an account may do there."""

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from twilio_sms_channel.simulator import sign

from .conftest import ANN, OURS, refused


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


def test_a_restricted_key_does_what_its_policy_allows(sim, log_in, account, number):
	policy = ["/twilio/messaging/messages/create", "/twilio/phone-numbers/active-numbers/*"]
	key = sim.add_api_key(account.sid, type="Restricted", policy=policy)
	restricted = log_in(key.sid, key.secret, account.sid)
	assert restricted.messages.create(to=ANN, from_=OURS, body="x").sid
	assert restricted.incoming_phone_numbers.list()
	answer = requests.get(
		f"{sim.base_url}/2010-04-01/Accounts/{account.sid}/Messages.json",
		auth=(key.sid, key.secret),
		timeout=2,
	)
	assert (answer.status_code, answer.json()["code"]) == (401, 70051)
	assert "required permission twilio/messaging/messages/list is missing" in answer.json()["message"]
	# What no permission opens.
	for resource in (restricted.api.v2010.accounts(account.sid), restricted.api.v2010.account.balance):
		assert refused(resource.fetch) == (20003, 401)


def test_another_account_is_not_there(sim, log_in, account):
	other = sim.add_account()
	assert refused(log_in(account.sid, account.auth_token, other.sid).messages.list) == (20404, 404)


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_account_that_is_not_active(client, account, status):
	account.status = status
	assert refused(client.messages.list) == (20403, 403)
