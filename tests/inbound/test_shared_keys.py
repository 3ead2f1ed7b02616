"""Webhooks that Twilio signs with shared keys: https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys"""

import frappe
import pytest
import requests
from support.leaks import secret
from support.shared_keys import ACCOUNT, as_fields, new_key, save, security_of
from support.stack import INBOUND
from support.twilio_accounts import ask, at_twilio, here, refused
from support.webhooks import rejections, stored, text

from twilio_sms_channel.messaging.inbound import rejected_webhooks
from twilio_sms_channel.simulator.signing import SHA1, SHA256, sign
from twilio_sms_channel.simulator.webhook_security import DEFAULT, EXACT

SETTINGS = "X-Twilio-Webhooks-Signature-Settings"


@pytest.fixture
def security(stack):
	with security_of(stack) as security:
		yield security


def post(stack, params, key, settings=None, algorithm=SHA256):
	"""A webhook signed with a key; `settings` as the header that explains the signature."""
	headers = {"X-Twilio-Signature": sign(key, stack.web + INBOUND, params, algorithm)}
	if settings is not None:
		headers[SETTINGS] = settings
	return requests.post(stack.web + INBOUND, data=params, headers=headers, timeout=30).status_code


def test_customers_texts_arrive_while_keys_are_rotated(stack, security, customer, now):
	old, new = new_key(security), new_key(security)
	save(stack.account, **as_fields(old))
	rule = security.add_rule(DEFAULT, "", security.add_setting(key=old))
	assert customer.text("With the old key")
	save(stack.account, **as_fields(old, new))
	rule.settings.append((security.add_setting(key=new), 50))
	for n in range(6):
		assert customer.text(f"With either {n}")
	del rule.settings[0]
	assert customer.text("With the new key")
	security.rules.clear()
	assert customer.text("With the auth token again")
	assert not rejections(now)
	used = ("auth_token_used", "shared_key_used", "second_shared_key_used")
	assert all(frappe.db.get_value(ACCOUNT, stack.account, used))


def test_delivery_reports_are_signed_with_a_shared_key_as_well(stack, security, sim, customer, agent, now):
	key = new_key(security)
	save(stack.account, **as_fields(key))
	security.add_rule(EXACT, stack.web + INBOUND, security.add_setting(key=key))
	security.add_rule(DEFAULT, "", security.add_setting(key=key, algorithm=SHA1))
	message = customer.text("Anybody there?")
	seen = len(sim.webhook_attempts)
	agent.call(
		"twilio_sms_channel.api.ticket.reply",
		ticket=frappe.db.get_value("Communication", message.communication, "reference_name"),
		message="Yes",
	)
	stack.wait_until_idle()
	sim.wait_idle(20)
	reports = [attempt for attempt in sim.webhook_attempts[seen:] if attempt.kind == "status"]
	assert reports and {attempt.status_code for attempt in reports} == {204}
	assert {attempt.headers[SETTINGS] for attempt in reports} == {f"key={key.id},algorithm={SHA1}"}
	assert not rejections(now)


@pytest.mark.parametrize(
	"settings", [None, "", "nonsense", "key=webhooks_sharedkey_other", f"algorithm={SHA256}"]
)
def test_the_header_need_not_name_the_key(stack, security, settings):
	key = new_key(security)
	save(stack.account, **as_fields(key))
	params = text(stack)
	assert post(stack, params, key.secret, settings) == 200
	assert stored(params["MessageSid"])


def test_a_key_that_is_not_here_is_said_so(stack, security, now):
	here_too, unknown = new_key(security), new_key(security)
	save(stack.account, **as_fields(here_too))
	params = text(stack)
	assert post(stack, params, unknown.secret, f"key={unknown.id},algorithm={SHA256}") == 403
	assert not stored(params["MessageSid"])
	(line,) = rejections(now)
	assert unknown.id in line.reason
	name = frappe.db.get_value(
		rejected_webhooks.LOG, {"code": rejected_webhooks.UNKNOWN_KEY, "creation": (">=", now)}
	)
	assert "with its ID" in frappe.get_doc(rejected_webhooks.LOG, name).how_to_mend


@pytest.mark.parametrize(
	("algorithm", "named"),
	[(SHA1, SHA256), (SHA256, SHA1), (SHA256, "none"), (SHA256, "HMAC_SHA512"), (SHA1, "HMAC_MD5")],
)
def test_the_header_cannot_choose_the_algorithm(stack, security, now, algorithm, named):
	key = new_key(security)
	save(stack.account, **as_fields(key))
	assert post(stack, text(stack), key.secret, f"key={key.id},algorithm={named}", algorithm) == 403
	assert len(rejections(now)) == 1


def test_a_key_of_another_account_opens_nothing(stack, sim, security, now):
	other = here(at_twilio(sim))
	key = new_key(security)
	save(other.name, **as_fields(key))
	assert post(stack, text(stack), key.secret, f"key={key.id},algorithm={SHA256}") == 403
	frappe.db.set_value(ACCOUNT, other.name, "enabled", 0)
	frappe.db.commit()


def test_blanks_around_and_in_what_was_pasted_are_taken_away(stack, security):
	key = new_key(security)
	pasted = {
		"shared_key_id": f" \u200b{key.id}\n",
		"shared_key": f'"\t{key.secret[:9]} {key.secret[9:]}\u00a0\r\n"',
	}
	save(stack.account, **pasted)
	doc = frappe.get_doc(ACCOUNT, stack.account)
	assert (doc.shared_key_id, doc.get_password("shared_key")) == (key.id, key.secret)
	assert post(stack, text(stack), key.secret) == 200


KEY_ID = "webhooks_sharedkey_" + "0" * 26


@pytest.mark.parametrize(
	("fields", "words"),
	[
		({"shared_key": KEY_ID, "shared_key_id": KEY_ID}, "this is the ID of a key"),
		({"shared_key": "SK" + "0" * 32, "shared_key_id": KEY_ID}, "this is the SID of an API key"),
		({"shared_key": "•" * 40, "shared_key_id": KEY_ID}, "characters that no key"),
		({"shared_key": "0" * 40}, "Shared Key ID: it starts with"),
		(
			{"second_shared_key": "0" * 40, "second_shared_key_id": "0" * 40},
			"Second Shared Key ID: it starts with",
		),
	],
)
def test_what_stands_in_the_wrong_field_is_refused_with_the_reason(stack, fields, words):
	doc = frappe.get_doc(ACCOUNT, stack.account)
	doc.update(fields)
	with pytest.raises(frappe.ValidationError, match=words):
		doc.save()


def test_the_guided_page_takes_a_shared_key(admin, sim):
	there, key = at_twilio(sim), secret()
	typed = {"account_sid": there.sid, "auth_token": there.auth_token}
	said = refused(admin, "connect", **typed, shared_key=key)
	assert "Shared Key ID" in said and key not in said
	name = ask(admin, "connect", **typed, shared_key=f" {key} ", shared_key_id=KEY_ID)["account"]
	doc = frappe.get_doc(ACCOUNT, name)
	assert (doc.shared_key_id, doc.get_password("shared_key")) == (KEY_ID, key)
	frappe.db.set_value(ACCOUNT, name, "enabled", 0)
	frappe.db.commit()
