"""An account that may not send: its texts wait, one alarm tells of it, and it goes on by itself."""

import secrets
import time

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from support.planted import stored
from support.replies import all_sent, write
from support.stack import eventually, status_of

from twilio_sms_channel import doctor
from twilio_sms_channel.api import setup
from twilio_sms_channel.messaging.delivery import account_pause, message_status
from twilio_sms_channel.messaging.upkeep import sweep


@pytest.mark.parametrize("trouble", ["wrong token", "suspended"])
def test_an_account_that_may_not_send_waits_with_one_alarm_and_goes_on_by_itself(
	stack, sim, conversation_of, trouble
):
	number = stack.add_number(segments_per_second=10)
	conversations = [conversation_of(number) for _ in range(3)]
	account = sim.world.accounts[stack.account_sid]
	right = account.auth_token
	alarms = {"document_type": "Twilio SMS Account", "document_name": stack.account}
	frappe.db.delete("Notification Log", alarms)
	frappe.db.commit()
	try:
		if trouble == "suspended":
			account.status = "suspended"
		else:
			account.auth_token = "0" * 32
		names = [write(c, "Wait") for c in conversations]
		frappe.db.commit()
		eventually(lambda: frappe.db.get_value("Twilio SMS Account", stack.account, "paused_since"))
		# Calls that were under way already.
		time.sleep(1)
		asked = len(sim.requests)
		sweep.run()
		time.sleep(1)
		# The sweep asks after the account alone.
		assert len([r for r in sim.requests[asked:] if r.method == "POST"]) == 0
		frappe.db.rollback()
		assert {status_of(name) for name in names} == {"Queued"}
		status = frappe.db.get_value("Twilio SMS Account", stack.account, "status")
		assert status == ("Suspended" if trouble == "suspended" else "Wrong Credentials")
		told = frappe.get_all("Notification Log", alarms, ["for_user", "subject"])
		assert len(told) == len({row.for_user for row in told}) > 0
		assert "wait" in told[0].subject
	finally:
		account.status, account.auth_token = "active", right
	sweep.run()
	eventually(lambda: all_sent(names))
	state = frappe.db.get_value("Twilio SMS Account", stack.account, ["paused_since", "status"])
	assert state == (None, "Active")
	assert len(sim.arrivals(number)) >= 3
	for conversation in conversations:
		assert len(sim.messages(customer=conversation.customer_number, direction="outbound")) == 1


def test_new_credentials_let_the_texts_go_at_once(stack):
	frappe.db.set_value("Twilio SMS Account", stack.account, "status", "Active")
	account_pause.pause(stack.account, "20003", "Authenticate")
	doc = frappe.get_doc("Twilio SMS Account", stack.account)
	assert doc.status == "Wrong Credentials"
	assert doc.paused_since and "credentials" in doc.paused_reason
	doc.auth_token = stack.auth_token
	doc.save()
	state = frappe.db.get_value("Twilio SMS Account", stack.account, ["paused_since", "status"])
	assert state == (None, "Not Checked")
	frappe.db.commit()
	# Whoever asks Twilio by hand lets them go as well.
	account_pause.pause(stack.account, "20003", "Authenticate")
	frappe.db.commit()
	assert setup.verify(stack.account)["status"] == "Active"
	frappe.db.commit()
	assert not frappe.db.get_value("Twilio SMS Account", stack.account, "paused_since")


def test_a_paused_account_goes_on_although_another_ones_secrets_cannot_be_read(stack, unreadable):
	names = (unreadable, stack.account)
	for name in names:
		frappe.db.set_value("Twilio SMS Account", name, "paused_since", now_datetime(), update_modified=False)
	frappe.db.commit()
	try:
		account_pause.look_again()
		paused = {
			name: bool(frappe.db.get_value("Twilio SMS Account", name, "paused_since")) for name in names
		}
	finally:
		frappe.db.set_value("Twilio SMS Account", stack.account, "paused_since", None, update_modified=False)
		frappe.db.commit()
	assert paused == {unreadable: True, stack.account: False}
	assert not frappe.get_message_log()
	# The doctor tells of it.
	report = doctor.examine(unreadable, only="secrets")
	assert [finding.check for finding in report.findings] == ["secrets.unreadable"]


@pytest.mark.parametrize(
	("status", "sent_minutes_ago", "checked_minutes_ago", "pauses"),
	[
		("Sent", 1, None, True),
		("Sent", 60, None, False),
		("Sent", 5, 1, False),
		("Sent", 1, 5, True),
		("Delivered", 1, None, False),
	],
)
def test_a_report_about_an_old_text_does_not_pause_the_account(
	stack, status, sent_minutes_ago, checked_minutes_ago, pauses
):
	def ago(minutes):
		return add_to_date(now_datetime(), minutes=-minutes) if minutes else None

	learnt = ["status", "status_detail", "last_checked", "paused_since", "paused_reason"]
	was = frappe.db.get_value("Twilio SMS Account", stack.account, learnt, as_dict=True)
	checked = {"status": "Active", "last_checked": ago(checked_minutes_ago), "paused_since": None}
	frappe.db.set_value("Twilio SMS Account", stack.account, checked, update_modified=False)
	values = {"number": stack.number, "account": stack.account, "customer_number": "+14155550132"}
	text = {"direction": "Outbound", "status": status, "sent_at": ago(sent_minutes_ago), **values}
	name = stored({"doctype": "Twilio SMS Message", "twilio_sid": "SM" + secrets.token_hex(16), **text})
	try:
		for code in ("30002", "20003"):
			message_status.apply_callback(name, "failed", code, "suspended")
			is_paused = frappe.db.get_value("Twilio SMS Account", stack.account, "paused_since")
			assert bool(is_paused) == pauses
	finally:
		frappe.db.rollback()
		# Frappe commits when it notifies somebody who had read everything.
		frappe.db.set_value("Twilio SMS Account", stack.account, was, update_modified=False)
		frappe.db.commit()
