"""Twilio's regions: hosts and tokens of their own, and one SID in all of them."""

import secrets

import frappe
import pytest
from support.leaks import secret
from support.stack import status_of
from support.twilio_accounts import ACCOUNT, NUMBER, ask, at_twilio, here, new_number, refused
from support.webhooks import STATUS, rejections, sid, signed, stored, text

from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.twilio_gateway import errors, media, regions
from twilio_sms_channel.twilio_gateway.client import Gateway

INBOUND = "/api/method/twilio_sms_channel.api.webhooks.inbound"
MESSAGE = "Twilio SMS Message"


@pytest.fixture
def twilio_itself(stack):
	"""Twilio in place of the simulator; nobody calls it."""
	simulator = frappe.local.conf.pop("twilio_sms_api_base_url")
	yield
	frappe.local.conf.twilio_sms_api_base_url = simulator


def in_region(stack, region: str):
	doc = frappe.get_doc(ACCOUNT, stack.account)
	doc.region = region
	return doc


@pytest.mark.parametrize(
	("region", "place"), [("", ""), ("US1", ""), ("IE1", "dublin.ie1."), ("AU1", "sydney.au1.")]
)
def test_each_region_has_its_own_hosts(stack, twilio_itself, monkeypatch, region, place):
	# The SDK reads these.
	monkeypatch.setenv("TWILIO_REGION", "de1")
	monkeypatch.setenv("TWILIO_EDGE", "frankfurt")
	gateway = Gateway(in_region(stack, region))
	client = gateway.login.thread_client()
	assert client.get_hostname(client.api.absolute_url("x")) == f"https://api.{place}twilio.com/x"
	messaging = gateway.host("messaging")
	assert (
		messaging.twilio.get_hostname(messaging.absolute_url("v1"))
		== f"https://messaging.{place}twilio.com/v1"
	)
	assert gateway.with_token().login.base_url == f"https://api.{place}twilio.com"


def test_what_is_told_in_one_region_alone_is_not_asked_elsewhere(stack, twilio_itself):
	for host in regions.HOSTS_OF_US1:
		assert Gateway(in_region(stack, "US1")).host_url(host) == f"https://{host}.twilio.com"
		with pytest.raises(errors.Refused, match="region US1 alone"):
			Gateway(in_region(stack, "AU1")).host_url(host)


def test_the_simulator_is_all_regions(stack, sim):
	gateway = Gateway(in_region(stack, "IE1"))
	assert gateway.host("messaging").base_url == gateway.login.base_url == sim.base_url
	assert gateway.ask_time()


@pytest.mark.parametrize(
	("host", "good"),
	[
		("https://api.twilio.com", True),
		("https://api.us1.twilio.com", True),
		("https://api.dublin.ie1.twilio.com", True),
		("https://api.sydney.au1.twilio.com", True),
		("http://api.dublin.ie1.twilio.com", False),
		("https://api.dublin.ie1.twilio.com.evil.example", False),
		("https://api.ie1.twilio.com", False),
		("https://api.twilio.com:8443", False),
		("http://127.0.0.1", False),
	],
)
def test_files_are_at_the_api_of_any_region(twilio_itself, host, good):
	account = frappe._dict(account_sid="AC" + "0" * 32)
	url = f"{host}/2010-04-01/Accounts/{account.account_sid}/Messages/MM{'1' * 32}/Media/ME{'2' * 32}"
	if good:
		assert media.sids_of(url, account) == ("MM" + "1" * 32, "ME" + "2" * 32)
		return
	with pytest.raises(media.CannotFetch):
		media.sids_of(url, account)


def test_a_wrong_token_may_be_one_of_another_region(admin, sim):
	there = at_twilio(sim)
	args = {"account_sid": there.sid, "auth_token": secret(), "region": "IE1"}
	said = ask(admin, "check_credentials", **args)
	assert (said["status"], said["field"]) == ("Wrong Credentials", "auth_token")
	assert "asked in the region IE1" in said["detail"] and "check Region" in said["detail"]
	assert "Region: choose one of US1, IE1, AU1" in refused(admin, "connect", **{**args, "region": "DE1"})


def test_another_region_is_checked_anew(sim):
	doc = here(at_twilio(sim))
	assert doc.region == "US1"
	doc.db_set(
		{"paused_since": frappe.utils.now_datetime(), "paused_reason": "Why", "status": "Wrong Credentials"}
	)
	doc.reload()
	doc.region = "AU1"
	doc.save()
	assert (doc.paused_since, doc.status) == (None, "Not Checked")


@pytest.fixture
def twins(stack, admin, sim):
	"""The stack's account in another region as well, with a number there. Account, token, number."""
	at_home = sim.world.accounts[stack.account_sid]
	at_home.secondary_auth_token = token = secret()
	# The simulator has no regions: the other one's token logs in as well.
	connected = {"account_sid": stack.account_sid, "auth_token": token, "region": "IE1"}
	account = ask(admin, "connect", **connected, account_name=f"Twin {secrets.token_hex(4)}")["account"]
	number = new_number()
	frappe.get_doc({"doctype": NUMBER, "phone_number": number, "account": account}).insert()
	frappe.db.commit()
	yield account, token, number
	at_home.secondary_auth_token = ""
	frappe.db.set_value(ACCOUNT, account, "enabled", 0)
	# Another test may connect it again.
	frappe.db.set_value(ACCOUNT, account, "account_sid", "AC" + secrets.token_hex(16))
	frappe.db.commit()


def test_an_account_is_connected_once_in_each_region(stack, admin, twins):
	account, token, _number = twins
	again = {"account_sid": stack.account_sid, "auth_token": token}
	for region in ("IE1", "US1"):
		assert "connected already" in refused(admin, "connect", **again, region=region)
	with pytest.raises(frappe.UniqueValidationError, match="connected already"):
		frappe.get_doc(
			{
				"doctype": ACCOUNT,
				"account_name": "Third",
				"account_sid": stack.account_sid,
				"auth_token": token,
			}
		).insert()
	assert frappe.db.get_value(ACCOUNT, account, "account_sid") == stack.account_sid


def test_webhooks_of_either_region_are_taken_for_the_number_s_account(stack, twins, now):
	account, token, number = twins
	cases = (
		(stack.number, stack.auth_token, stack.account),
		(number, token, account),
		# A number that was moved to the other region at Twilio, and not here yet.
		(stack.number, token, stack.account),
		(number, stack.auth_token, account),
	)
	for to, signed_with, whose in cases:
		params = text(stack, To=to)
		answer = signed(stack, INBOUND, params, signed_with)
		assert answer.status_code == 200, (to, answer.text)
		message = stored(params["MessageSid"])
		assert frappe.db.get_value(MESSAGE, message, "account") == whose
	assert rejections(now) == []
	assert frappe.db.get_value(ACCOUNT, account, "auth_token_used")
	assert signed(stack, INBOUND, text(stack), secret()).status_code == 403


def test_a_report_of_either_region_reaches_its_message(stack, twins, conversation_of):
	_account, token, _number = twins
	with stack.without_worker():
		for signed_with in (stack.auth_token, token):
			message = outbox.write(conversation_of(stack.number), "Hi").name
			twilio_sid = sid()
			frappe.db.set_value(MESSAGE, message, {"status": "Accepted", "twilio_sid": twilio_sid})
			frappe.db.commit()
			report = {"AccountSid": stack.account_sid, "MessageSid": twilio_sid, "MessageStatus": "delivered"}
			report |= {"From": stack.number, "To": "+19075550199"}
			answer = signed(stack, f"{STATUS}?message={message}", report, signed_with)
			assert answer.status_code == 204, answer.text
			assert status_of(message) == "Delivered"
