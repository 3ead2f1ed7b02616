"""Practice mode's account: known by a field, good only while practice mode runs, and connected like any other."""

import secrets

import frappe
import pytest
from support.empty_site import empty_site
from support.people import make_agent
from support.stack import INBOUND, eventually, free_port
from support.twilio_accounts import ACCOUNT, NUMBER, ask, at_twilio, here, new_number, refused
from support.users import insert_rows
from support.webhooks import rejections, signed, stored, text

from twilio_sms_channel import practice
from twilio_sms_channel.infra import site_config
from twilio_sms_channel.patches import mark_practice_account
from twilio_sms_channel.reports import boot
from twilio_sms_channel.simulator import Simulator


@pytest.fixture
def practising(stack):
	"""The stack's simulator is practice mode's for the block."""
	site_config.write(**{site_config.PRACTICE_KEY: 1})
	yield
	site_config.write(**{site_config.PRACTICE_KEY: None})


@pytest.fixture
def empty(stack):
	stack.wait_until_idle()
	with empty_site():
		yield


def test_what_is_connected_while_practising_is_a_practice_account(admin, sim, practising):
	there = at_twilio(sim, friendly_name=f"Practice {secrets.token_hex(3)}")
	credentials = {"account_sid": there.sid, "auth_token": there.auth_token}
	made = ask(admin, "connect", **credentials)
	assert frappe.db.get_value(ACCOUNT, {"account_sid": there.sid}, "is_practice") == 1, made


def test_whoever_sets_up_is_sent_to_the_phones_and_not_to_twilios_console(admin, sim, practising):
	assert shown_to("Administrator") == frappe.conf.twilio_sms_api_base_url
	assert shown_to(make_agent("tsms-agent@example.com")) == ""
	real = {"account_sid": "AC" + secrets.token_hex(16), "auth_token": secrets.token_hex(16)}
	said = refused(admin, "connect", **real)
	assert "practice mode is running" in said and "console" not in said
	known = {"account_sid": at_twilio(sim).sid, "auth_token": secrets.token_hex(16)}
	said = refused(admin, "connect", **known)
	assert "Auth Token: it is not that of practice mode" in said


def test_without_practice_mode_nobody_hears_of_its_phones(stack):
	assert shown_to("Administrator") == ""


def shown_to(user: str) -> str:
	frappe.set_user(user)
	bootinfo = frappe._dict()
	try:
		boot.extend(bootinfo)
	finally:
		frappe.set_user("Administrator")
	return bootinfo.twilio_sms["practice_url"]


def test_no_form_makes_an_account_practice_modes(sim):
	account = here(at_twilio(sim))
	account.is_practice = 1
	account.save()
	assert not frappe.db.get_value(ACCOUNT, account.name, "is_practice")
	# Nor a new one, by the API or an import.
	assert not here(at_twilio(sim), is_practice=1).is_practice


def test_its_signature_counts_while_practice_mode_runs(stack, sim, now):
	there = at_twilio(sim)
	frappe.db.set_value(ACCOUNT, here(there).name, "is_practice", 1)
	number = new_number()
	frappe.get_doc({"doctype": NUMBER, "phone_number": number, "account": _named(there)}).insert()
	frappe.db.commit()
	post = lambda params: signed(stack, INBOUND, params, token=there.auth_token)  # noqa: E731

	params = text(stack, AccountSid=there.sid, To=number)
	assert post(params).status_code == 404
	assert not stored(params["MessageSid"])
	assert rejections(now)
	site_config.write(**{site_config.PRACTICE_KEY: 1})
	try:
		assert post(params).status_code == 200
	finally:
		site_config.write(**{site_config.PRACTICE_KEY: None})
	assert stored(params["MessageSid"])


def test_an_empty_site_has_the_simulator_make_credentials_up(empty):
	sim = Simulator()
	practice._fill(sim, practice.site_account())
	(account,) = sim.world.accounts.values()
	assert account.is_shown
	assert len(account.sid) == 34
	assert not frappe.get_all(ACCOUNT)
	# New at Twilio: the guided page offers to have them post here.
	assert {n.sms_url for n in sim.world.numbers.values()} == {practice.NEW_NUMBERS_WEBHOOK}


def test_a_site_that_practises_keeps_its_account(empty):
	first = practice.set_up_site()
	sim = Simulator()
	practice._fill(sim, practice.set_up_site())
	assert list(sim.world.accounts) == [first.account_sid]
	assert all(number.sms_url.endswith(INBOUND) for number in sim.world.numbers.values())
	practice._refuse_real_accounts()


def test_the_phones_show_what_they_showed_before(stack, sim, empty):
	account = practice.set_up_site()
	number, _other = practice.NUMBERS
	about = {"doctype": "Twilio SMS Message", "account": account.name, "number": number, "status": "Threaded"}
	inbound = {**about, "direction": "Inbound", "customer_number": "+12065550119"}
	for minute, (sid, body) in enumerate((("SM1", "Hello"), ("SM2", "STOP"))):
		at = f"2026-03-01 10:0{minute}:00"
		insert_rows(
			frappe.get_doc({**inbound, "twilio_sid": sid, "body": body, "received_at": at}), f"practice-{sid}"
		)
	sent = {
		"direction": "Outbound",
		"status": "Undelivered",
		"twilio_sid": "SM3",
		"twilio_status": "undelivered",
	}
	lost = {**about, **sent, "customer_number": "+13105550164", "body": "Hi", "error_code": "30003"}
	insert_rows(frappe.get_doc({**lost, "sent_at": "2026-03-01 10:05:00"}), "practice-SM3")
	by_rcs = {
		**inbound,
		"customer_number": "+12125550187",
		"way": "RCS",
		"twilio_sid": "SM4",
		"body": "By RCS",
	}
	insert_rows(frappe.get_doc({**by_rcs, "received_at": "2026-03-01 10:06:00"}), "practice-SM4")
	frappe.db.commit()
	sim = Simulator()
	practice._fill(sim, account)
	messages = sim.messages()
	assert [(m.sid, m.direction, m.body, m.status) for m in messages] == [
		("SM1", "inbound", "Hello", "received"),
		("SM2", "inbound", "STOP", "received"),
		("SM3", "outbound-api", "Hi", "undelivered"),
		("SM4", "inbound", "By RCS", "received"),
	]
	assert (messages[3].customer, messages[3].ours) == ("+12125550187", practice.rcs_sender_of(number))
	assert [h.number for h in sim.world.handsets.values() if h.rcs] == ["+12125550187"]
	assert messages[0].created.isoformat() == "2026-03-01T10:00:00+00:00"
	assert messages[2].error_code == 30003
	assert {customer for _, customer in sim.world.opted_out} == {"+12065550119"}
	assert not sim.webhook_attempts


def test_the_site_can_be_migrated_while_it_practises(stack):
	port = free_port()
	words = ("--site", stack.site, "twilio-sms", "simulator", "--no-connect", "--empty", "--port", str(port))
	stack.start("practice", "frappe.utils.bench_helper", "frappe", *words)
	try:
		eventually(lambda: "Ctrl-C" in (stack.logs / "practice.log").read_text())
		frappe.db.sql("set lock_wait_timeout = 5")
		frappe.db.sql_ddl("alter table `tabTwilio SMS Account` comment = ''")
	finally:
		frappe.db.sql("set lock_wait_timeout = default")
		stack.stop("practice")


def test_services_and_numbers_keep_their_sids_when_practice_mode_starts_again(empty):
	account, sids = practice.set_up_site(), []
	for _start in range(2):
		sim = Simulator()
		practice._fill(sim, account)
		sids.append({(number.sid, number.service_sid) for number in sim.world.numbers.values()})
	assert sids[0] == sids[1]
	# A number, a Messaging Service and an RCS sender each.
	assert len({sid for pair in sids[0] for sid in pair}) == 3 * len(practice.NUMBERS)


def test_numbers_that_were_set_up_before_there_was_rcs_get_it(empty):
	practice.set_up_site()
	number = next(iter(practice.NUMBERS))
	frappe.db.set_value(NUMBER, number, {"messaging_service_sid": None, "rcs_sender": None})
	sim = Simulator()
	practice._fill(sim, practice.set_up_site())
	known = frappe.db.get_value(NUMBER, number, ["messaging_service_sid", "rcs_sender"])
	at_twilio = sim.world.numbers[practice.rcs_sender_of(number)]
	assert known == (at_twilio.service_sid, at_twilio.phone_number)


def test_a_real_account_may_be_called_practice(empty):
	frappe.get_doc(
		{
			"doctype": ACCOUNT,
			"account_name": practice.PRACTICE_ACCOUNT,
			"account_sid": "AC" + secrets.token_hex(16),
			"auth_token": secrets.token_hex(16),
		}
	).insert()
	with pytest.raises(practice.CannotPractise, match="the Twilio account Practice"):
		practice._refuse_real_accounts()
	mark_practice_account.execute()
	assert not practice.site_account()
	assert practice.set_up_site().name != practice.PRACTICE_ACCOUNT


def test_an_account_of_before_the_field_is_marked(empty):
	account = practice.set_up_site()
	frappe.db.set_value(ACCOUNT, account.name, "is_practice", 0)
	mark_practice_account.execute()
	assert practice.site_account().name == account.name


def _named(there) -> str:
	return frappe.db.get_value(ACCOUNT, {"account_sid": there.sid})
