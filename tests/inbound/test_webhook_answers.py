"""What the webhooks answer when nothing is wrong with the request: not now, or not to you."""

import secrets
from contextlib import contextmanager

import frappe
import pytest
import requests
from frappe.installer import update_site_config
from support.stack import INBOUND, eventually
from support.webhooks import STATUS, rejections, sid, signed, stored, text

ACCOUNT = "Twilio SMS Account"


@pytest.fixture
def account(stack):
	"""An account of its own with one number."""
	token = secrets.token_hex(16)
	doc = frappe.get_doc(
		{
			"doctype": ACCOUNT,
			"account_name": f"Answers {token[:6]}",
			"account_sid": "AC" + secrets.token_hex(16),
			"auth_token": token,
		}
	).insert()
	number = frappe.get_doc(
		{
			"doctype": "Twilio SMS Number",
			"phone_number": f"+1617{secrets.randbelow(7_000_000) + 2_000_000}",
			"account": doc.name,
		}
	).insert()
	frappe.db.commit()
	return frappe._dict(name=doc.name, sid=doc.account_sid, token=token, number=number.name)


def spoil_token(account: str, value: str | None) -> None:
	"""As after a restored backup: what is stored is of another site's key. None: nothing is stored at all."""
	row = {"doctype": ACCOUNT, "name": account, "fieldname": "auth_token"}
	if value is None:
		frappe.db.sql("delete from __Auth where doctype=%(doctype)s and name=%(name)s", row)
	else:
		frappe.db.sql(
			"update __Auth set password=%(value)s where doctype=%(doctype)s and name=%(name)s",
			{**row, "value": value},
		)
	# What a process remembers of a token holds for as long as the account was not saved.
	frappe.db.set_value(ACCOUNT, account, "modified", frappe.utils.now_datetime())
	frappe.db.commit()


def test_what_cannot_be_taken_in_now_is_answered_5xx_so_that_twilio_tries_again(stack, account):
	begun = frappe.utils.now_datetime()
	params = text(stack, AccountSid=account.sid, To=account.number)
	report = {"MessageSid": sid(), "AccountSid": account.sid, "MessageStatus": "sent"}
	assert signed(stack, STATUS, report, token=account.token).status_code == 204
	for left in ("nonsense", None):
		spoil_token(account.name, left)
		assert signed(stack, INBOUND, params, token=account.token).status_code == 503
		assert signed(stack, STATUS, report, token=account.token).status_code == 503
	frappe.db.rollback()
	assert frappe.db.exists(
		"Error Log", {"creation": (">=", begun), "method": ("like", "%webhook%taken in%")}
	)
	doc = frappe.get_doc(ACCOUNT, account.name)
	doc.auth_token = account.token
	doc.save()
	frappe.db.commit()
	assert signed(stack, INBOUND, params, token=account.token).status_code == 200


def test_somebody_with_a_browser_is_told_what_the_address_is_for(stack):
	frappe.cache().delete_keys("twilio_sms_rejected:")
	begun = frappe.utils.now_datetime()
	for path in (INBOUND, STATUS, STATUS + "?message=<script>"):
		answer = requests.get(stack.web + path, headers={"Accept": "text/html,*/*"}, timeout=30)
		assert answer.status_code == 403
		assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
		assert "This address is for Twilio" in answer.text
		assert "<script" not in answer.text
	assert not rejections(begun)
	assert requests.get(stack.web + INBOUND, timeout=30).text == ""


@contextmanager
def site_config(**values):
	"""Keys of the site config meanwhile; from v16 on a process reads it again within a minute."""
	for key, value in values.items():
		update_site_config(key, value)
	try:
		yield
	finally:
		for key in values:
			update_site_config(key, "None")


@pytest.mark.parametrize("reads", [0, 1], ids=["closed", "reads are allowed"])
def test_while_the_site_is_being_maintained_twilio_is_told_to_try_again(stack, customer, reads):
	message, report = (
		text(stack),
		{"MessageSid": sid(), "AccountSid": stack.account_sid, "MessageStatus": "sent"},
	)
	with site_config(maintenance_mode=1, allow_reads_during_maintenance=reads):
		eventually(lambda: signed(stack, INBOUND, text(stack)).status_code == 503, 90)
		assert signed(stack, INBOUND, message).status_code == 503
		assert signed(stack, INBOUND, text(stack, Body="STOP"), http="GET").status_code == 503
	eventually(lambda: signed(stack, STATUS, report).status_code == 204, 90)
	assert not stored(message["MessageSid"])
	eventually(lambda: signed(stack, INBOUND, message).status_code == 200, 90)
	assert stored(message["MessageSid"])


@pytest.mark.parametrize("table", ["Twilio SMS Message", "Twilio SMS Number", "Twilio SMS Erased Text"])
def test_while_a_table_is_being_migrated_twilio_is_told_to_try_again(stack, customer, table):
	message = text(stack)
	frappe.db.sql_ddl(f"rename table `tab{table}` to `tab{table} moved`")
	try:
		assert signed(stack, INBOUND, message).status_code == 503
	finally:
		frappe.db.sql_ddl(f"rename table `tab{table} moved` to `tab{table}`")
	assert signed(stack, INBOUND, message).status_code == 200
	assert stored(message["MessageSid"])
