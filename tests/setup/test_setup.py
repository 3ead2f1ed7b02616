"""Connecting an account: what Twilio says of its credentials, and which field to mend."""

import secrets

import frappe
import pytest
from support import desks
from support.stack import free_port
from support.twilio_accounts import ACCOUNT, ask, at_twilio, here, refused

from twilio_sms_channel.desks.registry import desk_of
from twilio_sms_channel.infra import public_url
from twilio_sms_channel.messaging.setup import connecting
from twilio_sms_channel.twilio_gateway import account_check

HEX = "0123456789abcdef" * 2


def verify(admin, doc):
	answer = admin.call("twilio_sms_channel.api.setup.verify", account=doc.name)
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	doc.reload()
	return doc


def test_good_credentials_are_active(stack, admin, sim):
	doc = verify(admin, frappe.get_doc("Twilio SMS Account", stack.account))
	assert doc.status == "Active"
	assert doc.last_checked


def test_an_api_key_is_used_where_there_is_one(stack, admin, sim):
	key = sim.add_api_key(stack.account_sid)
	doc = frappe.get_doc("Twilio SMS Account", stack.account)
	doc.update({"api_key_sid": key.sid, "api_key_secret": key.secret})
	doc.save()
	frappe.db.commit()
	try:
		seen = len(sim.requests)
		assert verify(admin, doc).status == "Active"
		assert {request.user for request in sim.requests[seen:]} == {key.sid, stack.account_sid}
		doc.update({"api_key_secret": "wrong"})
		doc.save()
		frappe.db.commit()
		assert verify(admin, doc).status == "Wrong Credentials"
	finally:
		doc.update({"api_key_sid": "", "api_key_secret": ""})
		doc.save()
		frappe.db.commit()


def test_a_wrong_token_is_said_so(stack, admin, sim):
	doc = here(None)
	sim.add_account(sid=doc.account_sid, auth_token="another")
	verify(admin, doc)
	assert doc.status == "Wrong Credentials"
	assert doc.status_detail.startswith("Auth Token:")


def test_a_suspended_account_is_said_so(stack, admin, sim):
	doc = verify(admin, here(at_twilio(sim, status="suspended")))
	assert (doc.status, "suspended" in doc.status_detail) == ("Suspended", True)


@pytest.fixture
def no_network():
	"""This process reaches no Twilio; the web server still does."""
	before = frappe.local.conf.twilio_sms_api_base_url
	frappe.local.conf.twilio_sms_api_base_url = f"http://127.0.0.1:{free_port()}"
	yield
	frappe.local.conf.twilio_sms_api_base_url = before


def test_no_network_is_said_so(stack, no_network):
	verdict = here(None).check()
	assert verdict.status == "Unreachable"
	assert "connection refused" in verdict.detail
	assert "credentials could not be checked" in verdict.detail


# Connecting, as the guided page does it


def test_two_things_typed_make_an_account_that_twilio_was_asked_about(stack, admin, sim):
	there = at_twilio(sim, friendly_name=f"Shop {secrets.token_hex(4)}")
	said = ask(admin, "connect", account_sid=there.sid, auth_token=there.auth_token)
	doc = frappe.get_doc(ACCOUNT, said["account"])
	assert (doc.name, doc.status, doc.account_type) == (there.friendly_name, "Active", "Full")
	assert doc.last_checked
	assert doc.get_password("auth_token") == there.auth_token


def test_a_trial_account_is_connected_and_its_limits_are_said(stack, admin, sim):
	there = at_twilio(sim, type="Trial", friendly_name=f"Trial {secrets.token_hex(4)}")
	said = ask(admin, "connect", account_sid=there.sid, auth_token=there.auth_token)
	assert "only numbers that were verified" in said["detail"]
	assert frappe.db.get_value(ACCOUNT, said["account"], "account_type") == "Trial"


def test_accounts_of_one_name_at_twilio_are_told_apart(stack, admin, sim):
	name = f"<b>My first</b> {secrets.token_hex(4)}"
	accounts = [at_twilio(sim, friendly_name=name) for _ in range(2)]
	made = [ask(admin, "connect", account_sid=a.sid, auth_token=a.auth_token)["account"] for a in accounts]
	plain = name.replace("<", "‹").replace(">", "›")
	assert made == [plain, f"{plain} ({accounts[1].sid[-4:]})"]


@pytest.mark.parametrize(
	("planted", "field"),
	[
		({"account_sid": "AC" + "0" * 32}, "Account SID: Twilio knows no account"),
		({"auth_token": "0" * 32}, "Auth Token: Twilio rejected it"),
		(
			{"api_key_sid": "SK" + "0" * 32, "api_key_secret": "x"},
			"API Key SID: Twilio knows no such API key",
		),
		({"api_key_secret": "wrong"}, "API Key Secret: Twilio rejected"),
		({"status": "suspended"}, "account is suspended or closed"),
	],
)
def test_what_twilio_refuses_names_the_field_and_saves_nothing(stack, admin, sim, planted, field):
	there = at_twilio(sim, status=planted.pop("status", "active"))
	typed = {"account_sid": there.sid, "auth_token": there.auth_token}
	if "api_key_secret" in planted:
		typed["api_key_sid"] = sim.add_api_key(there.sid).sid
	before = frappe.db.count(ACCOUNT)
	said = refused(admin, "connect", **(typed | planted))
	assert field in said
	assert there.auth_token not in said and there.auth_token not in str(
		frappe.get_all("Error Log", ["error"])
	)
	assert frappe.db.count(ACCOUNT) == before


def test_without_network_nothing_is_connected(stack, no_network):
	before = frappe.db.count(ACCOUNT)
	with pytest.raises(frappe.ValidationError, match="could not be reached"):
		connecting.connect({"account_sid": "AC" + HEX, "auth_token": HEX}, None)
	assert frappe.db.count(ACCOUNT) == before


def test_what_twilio_says_to_test_credentials_is_explained(stack):
	from twilio_sms_channel.twilio_gateway.errors import Refused

	problem = Refused("Resource not accessible with Test Account Credentials", 20008)
	verdict = account_check._no(problem, None, "")
	assert (verdict.field, "test credentials" in verdict.detail) == ("account_sid", True)


def test_an_account_or_a_name_that_is_here_already_is_said_so(stack, admin, sim):
	args = {"account_sid": stack.account_sid, "auth_token": stack.auth_token}
	assert f"connected already, as <strong>{stack.account}" in refused(admin, "connect", **args)
	there = at_twilio(sim)
	args = {"account_sid": there.sid, "auth_token": there.auth_token, "account_name": stack.account}
	assert "Name: another account is called" in refused(admin, "connect", **args)


# The plain form asks before it saves


def test_a_form_asks_before_it_saves_and_nothing_is_kept(stack, admin, sim):
	doc = here(at_twilio(sim))
	args = {"account_sid": doc.account_sid, "account": doc.name}
	# A stored token comes as asterisks.
	assert ask(admin, "check_credentials", auth_token="*" * 32, **args)["status"] == "Active"
	wrong = ask(admin, "check_credentials", auth_token="0" * 32, **args)
	assert (wrong["status"], wrong["field"]) == ("Wrong Credentials", "auth_token")
	doc.reload()
	assert doc.status == "Not Checked"
	assert ask(admin, "verify", account=doc.name)["status"] == "Active"


# What people paste


@pytest.mark.parametrize("around", [" {} ", "{}\n", '"{}"', "\u201c{}\u201d", "\u200b{}\ufeff", "'{}',"])
def test_what_pasting_brings_along_is_removed(stack, around):
	sid = "AC" + secrets.token_hex(16)
	token = secrets.token_hex(16)
	broken = token[:16] + "\r\n " + token[16:]
	doc = here(None, account_sid=around.format(sid), auth_token=around.format(broken))
	assert doc.account_sid == sid
	assert doc.get_password("auth_token") == token


@pytest.mark.parametrize(
	("field", "pasted", "said"),
	[
		(
			"account_sid",
			"SK" + HEX,
			"Account SID: this is the SID of an API key. The Account SID starts with AC",
		),
		("account_sid", "MG" + HEX, "Account SID: this is the SID of a Messaging Service"),
		("account_sid", "PN" + HEX, "Account SID: this is the SID of a phone number"),
		("account_sid", HEX, "Account SID: this looks like an auth token"),
		(
			"account_sid",
			"AC123",
			"Account SID: it starts with AC as it should, but has 5 characters instead of 34",
		),
		("account_sid", "nonsense", "Account SID: it starts with AC"),
		("auth_token", "AC" + HEX, "Auth Token: this is the SID of an account"),
		("auth_token", HEX[1:], "Auth Token: it has 31 characters instead of 32"),
		("auth_token", "\u2022" * 32, "Auth Token: it consists of 0-9 and a-f only"),
		("next_auth_token", HEX * 2, "Next Auth Token: it has 64 characters instead of 32"),
		("api_key_sid", "AC" + HEX, "API Key SID: this is the SID of an account"),
		("api_key_sid", "key", "API Key SID: it starts with SK"),
	],
)
def test_what_stands_in_the_wrong_field_is_refused_with_the_reason(stack, field, pasted, said):
	with pytest.raises(frappe.ValidationError, match=said) as refusal:
		here(None, **{field: pasted})
	assert HEX[1:] not in str(refusal.value)


def test_an_account_cannot_be_connected_twice(stack):
	with pytest.raises(frappe.UniqueValidationError):
		here(None, account_sid=stack.account_sid)


def test_secrets_are_stored_encrypted_and_not_given_out(stack, admin):
	doc = frappe.get_doc("Twilio SMS Account", stack.account)
	assert frappe.db.get_value("Twilio SMS Account", doc.name, "auth_token") != stack.auth_token
	shown = admin.session.get(f"{stack.web}/api/resource/Twilio SMS Account/{doc.name}").text
	assert stack.auth_token not in shown


@pytest.mark.parametrize(
	("method", "args"),
	[
		("connect", {"account_sid": "x", "auth_token": "x"}),
		("verify", {"account": "x"}),
		("import_numbers", {"account": "x"}),
		("configure_webhooks", {"number": "x"}),
	],
)
def test_agents_cannot_set_up(agent, method, args):
	assert agent.call(f"twilio_sms_channel.api.setup.{method}", **args).status_code == 403


@pytest.mark.parametrize(
	("method", "numbers", "says"),
	[
		*(("import_numbers", n, "are not a list") for n in ("[1]", '["unfinished', [{"a": 1}], '{"a": 1}')),
		*(
			("configure_numbers", n, "Say for each number")
			for n in ("[1]", '{"unfinished', "null", "+14155550132")
		),
	],
)
def test_numbers_written_in_another_way_are_refused_in_words(stack, admin, method, numbers, says):
	answer = admin.call(f"twilio_sms_channel.api.setup.{method}", account=stack.account, numbers=numbers)
	assert (answer.status_code, answer.json()["exc_type"]) == (417, "ValidationError"), answer.text
	assert says in answer.json()["_server_messages"]


@pytest.mark.parametrize("url", ["help.example.com", "https://help.example.com/path", "javascript:alert(1)"])
def test_a_public_address_is_a_base_url(url):
	settings = frappe.get_doc("Twilio SMS Settings")
	settings.public_base_url = url
	with pytest.raises(frappe.ValidationError, match="Public Base URL"):
		settings.save()


@pytest.mark.parametrize(
	("url", "fine"),
	[
		("http://help.example.com", False),
		("https://help.example.com", True),
		("http://127.0.0.1:8000", True),
		("http://localhost", True),
	],
)
def test_a_public_address_is_with_https_unless_it_is_this_machine(stack, url, fine):
	settings = frappe.get_doc("Twilio SMS Settings")
	settings.public_base_url = url
	simulator = frappe.local.conf.pop("twilio_sms_api_base_url")
	try:
		if fine:
			settings.validate()
		else:
			with pytest.raises(frappe.ValidationError, match="is without HTTPS"):
				settings.validate()
	finally:
		frappe.local.conf.twilio_sms_api_base_url = simulator
	# Practice mode is on this machine.
	assert public_url.trouble() == ""
	settings.validate()


@pytest.mark.parametrize(
	("table", "columns"),
	[
		("Twilio SMS Account", ["account_sid", "region"]),
		("Twilio SMS Number", ["phone_number"]),
		("Twilio SMS Conversation", ["number", "customer_number"]),
		("Twilio SMS Message", ["twilio_sid"]),
	],
)
def test_uniqueness_lives_in_the_database(site, table, columns):
	indexes = {}
	for row in frappe.db.sql(f"show index from `tab{table}`", as_dict=True):
		if not row.Non_unique:
			indexes.setdefault(row.Key_name, []).append(row.Column_name)
	assert columns in indexes.values()


def test_the_apps_fields_are_on_tickets_contacts_and_numbers(site):
	for doctype, field in (
		(desks.default().doctype, "twilio_sms_reply_channel"),
		(desks.default().doctype, "twilio_sms_conversation"),
		("Contact Phone", "twilio_sms_e164"),
		*(("Twilio SMS Number", field) for field in desk_of(desks.default().doctype).routing_fields),
	):
		assert frappe.get_meta(doctype).has_field(field), f"{doctype}.{field}"


def test_contacts_from_before_the_app_are_found_by_their_number(site):
	from twilio_sms_channel.people import contacts

	contact = frappe.get_doc(
		{"doctype": "Contact", "first_name": "Old", "phone_nos": [{"phone": "+1 (907) 999-0042"}]}
	).insert()
	frappe.db.set_value("Contact Phone", contact.phone_nos[0].name, "twilio_sms_e164", None)
	assert contacts.find("+19079990042") is None
	contacts.backfill_e164()
	try:
		assert contacts.find("+19079990042") == contact.name
	finally:
		contact.delete()
		frappe.db.commit()


def test_a_number_that_two_contacts_share_belongs_to_neither(site):
	from twilio_sms_channel.people import contacts

	for name in ("One", "Two"):
		frappe.get_doc(
			{"doctype": "Contact", "first_name": name, "phone_nos": [{"phone": "+19079990043"}]}
		).insert()
	assert contacts.find("+19079990043") is None
	assert contacts.find_or_create("+19079990043") is None
