"""Connecting an account and its numbers."""

import secrets

import frappe
import pytest
from support.stack import free_port


def account(stack, **fields):
	doc = frappe.get_doc(
		{
			"doctype": "Twilio SMS Account",
			"account_name": f"Account {secrets.token_hex(4)}",
			"account_sid": "AC" + secrets.token_hex(16),
			"auth_token": secrets.token_hex(16),
			**fields,
		}
	).insert()
	frappe.db.commit()
	return doc


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
	doc = account(stack)
	sim.add_account(sid=doc.account_sid, auth_token="another")
	verify(admin, doc)
	assert doc.status == "Wrong Credentials"
	assert "credentials" in doc.status_detail


def test_a_suspended_account_is_said_so(stack, admin, sim):
	doc = account(stack)
	sim.add_account(sid=doc.account_sid, auth_token=doc.get_password("auth_token"), status="suspended")
	assert verify(admin, doc).status in ("Suspended", "Wrong Credentials")


def test_no_network_is_said_so(stack):
	doc = account(stack)
	before = frappe.local.conf.twilio_sms_api_base_url
	frappe.local.conf.twilio_sms_api_base_url = f"http://127.0.0.1:{free_port()}"
	try:
		status, detail = doc.check()
	finally:
		frappe.local.conf.twilio_sms_api_base_url = before
	assert status == "Unreachable"
	assert "connection refused" in detail


def test_blanks_around_pasted_credentials_are_removed(stack):
	sid = "AC" + secrets.token_hex(16)
	doc = account(stack, account_sid=f" {sid}\n", auth_token="  token ")
	assert doc.account_sid == sid
	assert doc.get_password("auth_token") == "token"


@pytest.mark.parametrize("sid", ["SK" + "0" * 32, "AC123", "nonsense"])
def test_a_sid_of_the_wrong_kind_is_refused_with_the_reason(stack, sid):
	with pytest.raises(frappe.ValidationError, match="starts with AC"):
		account(stack, account_sid=sid)


def test_an_account_cannot_be_connected_twice(stack):
	with pytest.raises(frappe.UniqueValidationError):
		account(stack, account_sid=stack.account_sid)


def test_secrets_are_stored_encrypted_and_not_given_out(stack, admin):
	doc = frappe.get_doc("Twilio SMS Account", stack.account)
	assert frappe.db.get_value("Twilio SMS Account", doc.name, "auth_token") != stack.auth_token
	shown = admin.session.get(f"{stack.web}/api/resource/Twilio SMS Account/{doc.name}").text
	assert stack.auth_token not in shown


def test_numbers_are_imported_and_brought_up_to_date(stack, admin, sim):
	doc = account(stack)
	sim.add_account(sid=doc.account_sid, auth_token=doc.get_password("auth_token"))
	number = f"+1312{secrets.randbelow(8_000_000) + 2_000_000}"
	sim.add_number(doc.account_sid, number, friendly_name="Front desk", mms=False)
	method = "twilio_sms_channel.api.setup.import_numbers"
	assert admin.call(method, account=doc.name).json()["message"] == {"added": [number], "updated": []}
	sim.add_number(doc.account_sid, number, friendly_name="Front desk", mms=True)
	assert admin.call(method, account=doc.name).json()["message"] == {"added": [], "updated": [number]}
	frappe.db.rollback()
	row = frappe.get_doc("Twilio SMS Number", number)
	assert (row.account, row.description, row.mms_enabled) == (doc.name, "Front desk", 1)


def test_the_webhook_is_set_and_another_systems_url_is_not_replaced_unasked(stack, admin, sim):
	number = stack.add_number()
	at_twilio = sim.world.numbers[number]
	at_twilio.sms_url = "https://other.example.com/hook"
	method = "twilio_sms_channel.api.setup.configure_webhooks"
	asked = admin.call(method, number=number).json()["message"]
	assert asked["other"] == "https://other.example.com/hook"
	assert sim.world.numbers[number].sms_url == "https://other.example.com/hook"
	done = admin.call(method, number=number, replace=1).json()["message"]
	ours = stack.web + "/api/method/twilio_sms_channel.api.webhooks.inbound"
	assert done["url"].startswith(ours)
	assert sim.world.numbers[number].sms_url.startswith(ours + "#rc=")
	assert sim.world.numbers[number].sms_fallback_url.startswith(ours)


def test_a_text_arrives_through_the_webhook_that_was_set(stack, admin, customer, sim):
	number = stack.add_number()
	admin.call("twilio_sms_channel.api.setup.configure_webhooks", number=number, replace=1)
	assert customer.text("Hello", to=number).status == "Threaded"


@pytest.mark.parametrize(
	("typed", "stored", "kind"),
	[
		("+1 (415) 555-2671", "+14155552671", "Long Code"),
		("+1 800 555 2672", "+18005552672", "Toll-Free"),
		("72346", "72346", "Short Code"),
		("ACME Shop", "ACME Shop", "Alphanumeric Sender"),
	],
)
def test_numbers_are_taken_in_any_spelling(stack, typed, stored, kind):
	frappe.delete_doc("Twilio SMS Number", stored, force=True, ignore_missing=True)
	doc = frappe.get_doc(
		{"doctype": "Twilio SMS Number", "phone_number": typed, "account": stack.account}
	).insert()
	assert (doc.name, doc.number_type) == (stored, kind)


@pytest.mark.parametrize("typed", ["hello?!", "<script>", "+", "12"])
def test_what_is_no_number_is_refused_with_the_reason(stack, typed):
	with pytest.raises(frappe.ValidationError, match="not a phone number"):
		frappe.get_doc(
			{"doctype": "Twilio SMS Number", "phone_number": typed, "account": stack.account}
		).insert()


@pytest.mark.parametrize(
	("method", "args"),
	[
		("verify", {"account": "x"}),
		("import_numbers", {"account": "x"}),
		("configure_webhooks", {"number": "x"}),
	],
)
def test_agents_cannot_set_up(agent, method, args):
	assert agent.call(f"twilio_sms_channel.api.setup.{method}", **args).status_code == 403


@pytest.mark.parametrize("url", ["help.example.com", "https://help.example.com/path", "javascript:alert(1)"])
def test_a_public_address_is_a_base_url(url):
	settings = frappe.get_doc("Twilio SMS Settings")
	settings.public_base_url = url
	with pytest.raises(frappe.ValidationError, match="Public Base URL"):
		settings.save()


@pytest.mark.parametrize(
	("table", "columns"),
	[
		("Twilio SMS Account", ["account_sid"]),
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
		("HD Ticket", "twilio_sms_reply_channel"),
		("HD Ticket", "twilio_sms_conversation"),
		("Contact Phone", "twilio_sms_e164"),
		("Twilio SMS Number", "team"),
		("Twilio SMS Number", "ticket_type"),
		("Twilio SMS Number", "priority"),
	):
		assert frappe.get_meta(doctype).has_field(field), f"{doctype}.{field}"


def test_contacts_from_before_the_app_are_found_by_their_number(site):
	from twilio_sms_channel.messaging import contacts

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
	from twilio_sms_channel.messaging import contacts

	for name in ("One", "Two"):
		frappe.get_doc(
			{"doctype": "Contact", "first_name": name, "phone_nos": [{"phone": "+19079990043"}]}
		).insert()
	assert contacts.find("+19079990043") is None
	assert contacts.find_or_create("+19079990043") is None
