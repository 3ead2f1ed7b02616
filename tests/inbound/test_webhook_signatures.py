"""Which requests are Twilio's: signed with the account's token, for the address that Twilio called."""

import base64
import hashlib
import hmac
import secrets
import time

import frappe
import pytest
import requests
from support.stack import INBOUND, eventually
from support.webhooks import rejections, sid, signed, stored, text


def test_the_retry_fragment_of_the_webhook_url_is_signed_too(stack):
	params = text(stack)
	assert signed(stack, INBOUND, params, fragment="#rc=3&rp=ct,rt,5xx").status_code == 200
	assert stored(params["MessageSid"])


@pytest.mark.parametrize(
	"headers", [{}, {"X-Twilio-Signature": "bm9wZQ=="}, {"X-Twilio-Signature": "\u00fc"}], ids=str
)
def test_an_unsigned_text_is_403_and_leaves_one_line_in_the_log(stack, now, headers):
	params = text(stack)
	headers = {k: v.encode("latin-1") for k, v in headers.items()}
	answer = requests.post(stack.web + INBOUND, data=params, headers=headers, timeout=30)
	assert answer.status_code == 403
	assert not stored(params["MessageSid"])
	(line,) = rejections(now)
	assert (line.http_status, line.account_sid, line.to_number) == (403, stack.account_sid, stack.number)


def test_a_wrongly_signed_text_is_403(stack, now):
	params = text(stack)
	assert signed(stack, INBOUND, params, token="somebody else's").status_code == 403
	assert not stored(params["MessageSid"])


def test_a_changed_text_is_403(stack, now):
	params = text(stack)
	url = stack.web + INBOUND
	body = url + "".join(k + params[k] for k in sorted(params))
	digest = hmac.new(stack.auth_token.encode(), body.encode(), hashlib.sha1).digest()
	params["Body"] = "Send money"
	answer = requests.post(
		url, data=params, headers={"X-Twilio-Signature": base64.b64encode(digest).decode()}, timeout=30
	)
	assert answer.status_code == 403


def test_the_next_token_is_accepted_while_rotating(stack, now):
	account = frappe.get_doc("Twilio SMS Account", stack.account)
	account.next_auth_token = following = secrets.token_hex(16)
	account.save()
	frappe.db.commit()
	try:
		params = text(stack)
		assert signed(stack, INBOUND, params, token=following).status_code == 200
		assert signed(stack, INBOUND, text(stack)).status_code == 200
	finally:
		account.next_auth_token = ""
		account.save()
		frappe.db.commit()


def account_of(stack):
	frappe.db.rollback()
	return frappe.get_doc("Twilio SMS Account", stack.account)


def test_the_tokens_last_use_is_kept_and_the_next_one_is_promoted(stack, sim, admin, agent, now):
	signed(stack, INBOUND, text(stack))
	assert account_of(stack).auth_token_used
	assert not account_of(stack).next_auth_token_used
	old, new = stack.auth_token, secrets.token_hex(16)
	account = account_of(stack)
	account.next_auth_token = new
	account.save()
	frappe.db.commit()
	assert signed(stack, INBOUND, text(stack), token=new).status_code == 200
	assert account_of(stack).next_auth_token_used
	promote = "twilio_sms_channel.api.setup.promote_token"
	assert agent.call(promote, account=stack.account).status_code == 403
	try:
		# Twilio's console promotes it as well: the old one ends.
		sim.world.accounts[stack.account_sid].auth_token = new
		answer = admin.call(promote, account=stack.account)
		assert answer.json()["message"]["status"] == "Active", answer.text
		account = account_of(stack)
		assert account.get_password("auth_token") == new
		assert not account.next_auth_token
		assert signed(stack, INBOUND, text(stack), token=new).status_code == 200
		assert signed(stack, INBOUND, text(stack), token=old).status_code == 403
		assert "Enter the next auth token first" in admin.call(promote, account=stack.account).text
	finally:
		sim.world.accounts[stack.account_sid].auth_token = old
		account = account_of(stack)
		account.auth_token = old
		account.save()
		frappe.db.commit()


def test_an_account_with_an_api_key_verifies_with_its_auth_token(stack, now):
	account = account_of(stack)
	account.update({"api_key_sid": "SK" + "1" * 32, "api_key_secret": "the key's secret"})
	account.save()
	frappe.db.commit()
	try:
		assert signed(stack, INBOUND, text(stack)).status_code == 200
		assert signed(stack, INBOUND, text(stack), token="the key's secret").status_code == 403
	finally:
		account.update({"api_key_sid": "", "api_key_secret": ""})
		account.save()
		frappe.db.commit()


def test_a_subaccount_signs_with_its_own_token(stack, now):
	subaccount = "AC" + secrets.token_hex(16)
	params = text(stack, AccountSid=subaccount)
	assert signed(stack, INBOUND, params).status_code == 404
	assert "subaccount" in rejections(now)[-1].reason
	own = secrets.token_hex(16)
	frappe.get_doc(
		{
			"doctype": "Twilio SMS Account",
			"account_name": f"Sub {subaccount[-6:]}",
			"account_sid": subaccount,
			"auth_token": own,
		}
	).insert()
	number = frappe.get_doc(
		{
			"doctype": "Twilio SMS Number",
			"phone_number": f"+1617{secrets.randbelow(7_000_000) + 2_000_000}",
			"account": f"Sub {subaccount[-6:]}",
		}
	).insert()
	frappe.db.commit()
	params["To"] = number.name
	assert signed(stack, INBOUND, params).status_code == 403
	assert signed(stack, INBOUND, params, token=own).status_code == 200
	# Its token opens nothing of the main account's.
	params["To"] = stack.number
	params["MessageSid"] = sid()
	assert signed(stack, INBOUND, params, token=own).status_code == 404


@pytest.mark.parametrize("base", ["{host}:443", "{host}"])
def test_the_base_url_counts_with_and_without_its_port(stack, base):
	frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", "https://help.example.com")
	frappe.db.commit()
	try:
		params = text(stack)
		url = base.format(host="https://help.example.com")
		assert signed(stack, INBOUND, params, base=url).status_code == 200
		assert stored(params["MessageSid"])
	finally:
		frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", stack.web)
		frappe.db.commit()


@pytest.mark.parametrize("http", ["POST", "GET"])
def test_a_fragment_that_was_never_read_is_found(stack, now, http):
	for fragment in ("#rc=3&rp=all", "#rp=4xx,5xx", "#rc=0", "#rp=5xx&rc=5", "#rc=2&ct=2000", "#tt=10000"):
		params = text(stack)
		assert signed(stack, INBOUND, params, fragment=fragment, http=http).status_code == 200, fragment
		assert stored(params["MessageSid"])
	assert not rejections(now)


def test_a_fragment_that_cannot_be_guessed_is_read_from_twilio(stack, sim, customer, now):
	"""And what was refused up to then comes in."""
	number = stack.add_number()
	at_twilio = sim.world.numbers[number]
	at_twilio.sms_url = f"{stack.web}{INBOUND}#tt=4321&rc=1&e=dublin"
	at_twilio.sms_fallback_url = f"{stack.web}{INBOUND}#ct=1234"
	refused = customer.text("Refused at first", to=number, wait=False)
	read = eventually(lambda: frappe.db.get_value("Twilio SMS Number", number, "webhook_checked"))
	assert frappe.db.get_value("Twilio SMS Number", number, "webhook_url") == at_twilio.sms_url
	assert {line.http_status for line in rejections(now)} == {403}
	eventually(lambda: stored(refused.sid))
	customer.text("At once", to=number)
	assert signed(stack, INBOUND, text(stack, To=number), fragment="#ct=1234").status_code == 200
	# Strangers make it ask Twilio once in ten minutes, not more.
	for _attempt in range(3):
		assert signed(stack, INBOUND, text(stack, To=number), token="wrong").status_code == 403
	stack.wait_until_idle()
	frappe.db.rollback()
	assert frappe.db.get_value("Twilio SMS Number", number, "webhook_checked") == read


def test_a_wrong_signature_costs_some_milliseconds_only():
	from werkzeug.test import EnvironBuilder
	from werkzeug.wrappers import Request

	from twilio_sms_channel.twilio_gateway.signature import find_fragment, possible_fragments

	params = {f"Parameter{n}": "x" * 100 for n in range(40)}
	headers = {"X-Twilio-Signature": base64.b64encode(b"x" * 20).decode()}
	request = Request(EnvironBuilder(method="POST", path=INBOUND, data=params, headers=headers).get_environ())
	assert len(possible_fragments()) < 1000
	begun = time.process_time()
	for _attempt in range(10):
		assert find_fragment(request, "https://help.example.com", "token") is None
	assert (time.process_time() - begun) / 10 < 0.05
