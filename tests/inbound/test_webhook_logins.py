"""A login that comes along with a webhook, from an auth profile at Twilio: it is no login of this site, and no reason to refuse."""

import base64

import frappe
import pytest
import requests
from frappe.core.doctype.user.user import generate_keys
from support.people import make_system_manager
from support.shared_keys import security_of
from support.stack import INBOUND
from support.webhooks import STATUS, inbound_params, stored

from twilio_sms_channel.infra import public_url
from twilio_sms_channel.messaging.inbound import rejected_webhooks
from twilio_sms_channel.simulator.signing import sign
from twilio_sms_channel.simulator.webhook_security import BASIC, DIGEST, EXACT, OAUTH

WHO = "/api/method/frappe.auth.get_logged_user"
USER = "tsms-key@example.com"
NOBODYS = {
	"basic": "Basic " + base64.b64encode(b"nobody:nothing").decode(),
	"basic that is none": "Basic %%%",
	"basic without a colon": "Basic " + base64.b64encode(b"nobody").decode(),
	"bearer": "Bearer eyJhbGciOiJub25lIn0.e30.",
	"token": "token nobody:nothing",
	"digest": 'Digest username="twilio", realm="x", nonce="1", uri="/", response="0"',
	"unknown": "Negotiate abc",
	"bytes": b"Basic \xff\xfe".decode("latin-1"),
}


@pytest.fixture(scope="module")
def logins(site):
	"""Kind → a header with which Frappe lets a System Manager in."""
	user = make_system_manager(USER)
	secret = generate_keys(user)["api_secret"]
	pair = f"{frappe.db.get_value('User', user, 'api_key')}:{secret}"
	client = frappe.get_doc(
		{
			"doctype": "OAuth Client",
			"app_name": "Twilio",
			"scopes": "all openid",
			"redirect_uris": "http://localhost",
			"default_redirect_uri": "http://localhost",
			"grant_type": "Authorization Code",
			"response_type": "Code",
		}
	).insert()
	bearer = frappe.get_doc(
		{
			"doctype": "OAuth Bearer Token",
			"client": client.name,
			"user": user,
			"scopes": "all openid",
			"access_token": frappe.generate_hash(length=30),
			"refresh_token": frappe.generate_hash(length=30),
			"expires_in": 3600,
			"status": "Active",
		}
	).insert(ignore_permissions=True)
	frappe.db.commit()
	yield {
		"basic": "Basic " + base64.b64encode(pair.encode()).decode(),
		"token": f"token {pair}",
		"bearer": f"Bearer {bearer.access_token}",
	}
	frappe.delete_doc("OAuth Bearer Token", bearer.name, force=True, ignore_permissions=True)
	frappe.delete_doc("OAuth Client", client.name, force=True)
	frappe.db.commit()


KINDS = ("basic", "token", "bearer")


def post(stack, login, path=INBOUND, params=None, signed=True, http="POST", asked=None):
	params = params or inbound_params(stack)
	url = stack.web + path
	headers = {"Authorization": login}
	if signed:
		headers["X-Twilio-Signature"] = sign(stack.auth_token, url, params)
	return requests.request(http, asked or url, data=params, headers=headers, timeout=30), params


def owners(since) -> set[str]:
	"""Who the requests were that this site rejected."""
	frappe.db.rollback()
	return set(frappe.get_all(rejected_webhooks.LOG, {"creation": (">=", since)}, pluck="owner"))


@pytest.mark.parametrize("kind", KINDS)
def test_frappe_would_let_these_logins_in(stack, logins, kind):
	"""Otherwise the tests that follow would show nothing."""
	answer = requests.get(stack.web + WHO, headers={"Authorization": logins[kind]}, timeout=30)
	assert answer.json()["message"] == USER


@pytest.mark.parametrize("kind", NOBODYS)
def test_a_login_that_is_nobodys_is_no_reason_to_refuse(stack, now, kind):
	login = NOBODYS[kind]
	answer, params = post(stack, login)
	assert answer.status_code == 200, answer.text
	assert stored(params["MessageSid"])
	assert (
		post(stack, login, STATUS + "?message=x", {"MessageSid": "SM" + "0" * 32}, signed=False)[
			0
		].status_code
		== 403
	)
	answer = requests.get(
		stack.web + public_url.MEDIA, {"token": "x"}, headers={"Authorization": login}, timeout=30
	)
	assert (answer.status_code, answer.content) == (403, b"")


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_of_this_site_lets_nobody_in(stack, logins, now, kind):
	answer, params = post(stack, logins[kind])
	assert answer.status_code == 200, answer.text
	assert stored(params["MessageSid"])
	assert not [cookie for cookie in answer.cookies if cookie.name == "sid" and cookie.value != "Guest"]
	assert post(stack, logins[kind], signed=False)[0].status_code == 403
	assert owners(now) == {"Guest"}


@pytest.mark.parametrize(
	"spelling",
	[
		"/api/method/twilio_sms_channel%2Eapi%2Ewebhooks%2Einbound",
		INBOUND + "/",
		INBOUND + "/more",
		INBOUND + "?cmd=twilio_sms_channel.api.webhooks.inbound",
		"/?cmd=twilio_sms_channel.api.webhooks.inbound",
		"/api/method/frappe.ping?cmd=twilio_sms_channel.api.webhooks.inbound",
		"/api/v1/method/twilio_sms_channel.api.webhooks.inbound",
		"/api/v2/method/twilio_sms_channel.api.webhooks.inbound",
	],
)
def test_nor_does_it_under_another_spelling(stack, logins, now, spelling):
	answer, params = post(stack, logins["basic"], spelling, signed=False)
	assert not stored(params["MessageSid"])
	if answer.status_code == 404:
		# Where Frappe knows no such path nothing of ours is asked.
		assert "/api/v" in spelling or spelling.endswith(("/", "/more"))
		return
	assert owners(now) == {"Guest"}
	# With `cmd` Frappe looks at no answer of ours from v15 on.
	assert answer.status_code == 403 or "cmd=" in spelling, answer.text


@pytest.mark.parametrize("kind", [BASIC, DIGEST, OAUTH])
def test_a_text_arrives_although_a_rule_adds_a_login(stack, customer, kind):
	with security_of(stack) as security:
		profile = security.add_profile(kind, username="twilio", password="x", access_token="nobodys")
		security.add_rule(EXACT, stack.web + INBOUND, security.add_setting(profile=profile))
		assert customer.text(f"With {kind}")
