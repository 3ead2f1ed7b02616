"""Accounts at the simulated Twilio, for the tests of setting up."""

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from cryptography.fernet import Fernet
from frappe.utils.password import encrypt

from support.leaks import secret

ACCOUNT, NUMBER = "Twilio SMS Account", "Twilio SMS Number"


def at_twilio(sim, **facts):
	"""An account that only Twilio knows so far."""
	return sim.add_account(sid="AC" + secrets.token_hex(16), auth_token=secret(), **facts)


def here(account, **fields):
	"""A Twilio SMS Account for one at Twilio, or for credentials that Twilio does not know. Commits."""
	doc = frappe.get_doc(
		{
			"doctype": ACCOUNT,
			"account_name": f"Account {secrets.token_hex(4)}",
			"account_sid": account.sid if account else "AC" + secrets.token_hex(16),
			"auth_token": account.auth_token if account else secret(),
			**fields,
		}
	).insert()
	frappe.db.commit()
	return doc


def make_unreadable(account: str) -> None:
	"""As after a move to a site with another encryption key: its own does not open the account's secrets. Commits."""
	frappe.db.sql(
		"update `__Auth` set password = %s where doctype = %s and name = %s and encrypted = 1",
		(encrypt(secret(), Fernet.generate_key()), ACCOUNT, account),
	)
	frappe.db.commit()


def new_number(area_code: int = 312) -> str:
	"""A phone number that nobody has."""
	while frappe.db.exists(NUMBER, number := f"+1{area_code}{random.randint(2_000_000, 9_999_999)}"):
		pass
	return number


def new_short_code() -> str:
	while frappe.db.exists(NUMBER, code := str(random.randint(20_000, 99_999))):
		pass
	return code


def ask(person, endpoint: str, http: str = "POST", **args):
	"""What an endpoint of the set-up answers; the site's changes are seen afterwards."""
	answer = person.call(f"twilio_sms_channel.api.setup.{endpoint}", http=http, **args)
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	return answer.json().get("message")


def refused(person, endpoint: str, **args) -> str:
	"""What an endpoint of the set-up says when it refuses."""
	answer = person.call(f"twilio_sms_channel.api.setup.{endpoint}", **args)
	assert answer.status_code in (409, 417), answer.text
	frappe.db.rollback()
	return answer.json()["_server_messages"]


def switch_off_what_is_left() -> None:
	"""Accounts and numbers of earlier runs on this site: their Twilio is no more. Commits."""
	for doctype in (ACCOUNT, "Twilio SMS Number"):
		frappe.db.set_value(doctype, {"enabled": 1}, "enabled", 0, update_modified=False)
	frappe.clear_cache()
	frappe.db.commit()


@contextmanager
def alone(account: str) -> Iterator[None]:
	"""The site's other accounts, of which Twilio knows some by other credentials, are switched off meanwhile. Commits."""
	others = frappe.get_all(ACCOUNT, {"enabled": 1, "name": ("!=", account)}, pluck="name")

	def switch(on: int) -> None:
		frappe.db.rollback()
		for name in others:
			frappe.db.set_value(ACCOUNT, name, "enabled", on, update_modified=False)
		frappe.db.commit()

	switch(0)
	try:
		yield
	finally:
		switch(1)


def forget_refusals(account: str) -> None:
	"""What an earlier test had Twilio say of an account. Commits."""
	refused = frappe.db.get_value(ACCOUNT, account, ["paused_since", "status"])
	if refused[0] or refused[1] in ("Wrong Credentials", "Suspended"):
		facts = {"paused_since": None, "paused_reason": None, "status": "Not Checked", "status_detail": None}
		frappe.db.set_value(ACCOUNT, account, facts, update_modified=False)
		frappe.db.commit()
