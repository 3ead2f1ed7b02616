"""What was said in calls to Twilio that failed, or of which nobody knows how they ended, is kept for support."""

import frappe
import pytest
from frappe.model.base_document import get_controller
from support.replies import conversation
from support.stack import eventually
from support.webhooks import sid

from twilio_sms_channel.messaging.delivery import polling
from twilio_sms_channel.messaging.outbound import outbox

EXCHANGE, MESSAGE = "Twilio SMS Exchange", "Twilio SMS Message"


def reply(stack, body: str = "We are on it") -> str:
	name = outbox.write(conversation(stack, stack.number), body).name
	frappe.db.commit()
	return name


def status_of(name: str) -> str:
	frappe.db.rollback()
	return frappe.db.get_value(MESSAGE, name, "status")


def exchanges(name: str) -> list:
	frappe.db.rollback()
	return frappe.get_all(EXCHANGE, {"message": name}, ["*"], order_by="creation")


def test_what_went_well_is_not_kept(stack, sim):
	name = reply(stack)
	eventually(lambda: status_of(name) == "Delivered")
	assert not exchanges(name)


def test_a_refusal_is_kept_with_what_was_said(stack, sim):
	account = sim.world.accounts[stack.account_sid]
	before, account.geo_permissions = account.geo_permissions, set()
	try:
		name = reply(stack, "<b>Secret</b> words")
		eventually(lambda: status_of(name) == "Failed")
		(said,) = eventually(lambda: exchanges(name))
	finally:
		account.geo_permissions = before
	assert (said.purpose, said.outcome, said.http_status, said.times) == ("Send", "Rejected", 400, 1)
	assert said.error_code == frappe.db.get_value(MESSAGE, name, "error_code")
	assert "Body: <b>Secret</b> words" in said.request and f"message={name}" in said.request
	assert said.error_code in said.response and said.url.endswith("/Messages.json")
	assert stack.auth_token not in str(said)


@pytest.mark.parametrize(
	("fault", "status"), [("error_after", 500), ("timeout_after", 0), ("timeout_before", 0)]
)
def test_an_unknown_outcome_is_kept(stack, sim, fault, status):
	sim.faults.next(fault)
	name = reply(stack)
	(said,) = eventually(lambda: exchanges(name), timeout_s=20)
	assert (said.purpose, said.outcome, said.http_status) == ("Send", "Unknown", status)
	eventually(lambda: status_of(name) == "Delivered", timeout_s=40)


def test_an_outage_is_one_row_that_is_counted(stack, sim):
	sim.faults.next("rate_limit", 4)
	name = reply(stack)
	eventually(lambda: status_of(name) == "Delivered", timeout_s=30)
	(said,) = exchanges(name)
	assert (said.outcome, said.http_status, said.times) == ("Not Processed", 429, 4)
	assert said.last_at > said.creation


def test_a_look_up_that_fails_is_kept(stack, sim):
	sim.faults.always("outage")
	name = reply(stack)
	eventually(lambda: len(exchanges(name)) == 2, timeout_s=30)
	sim.faults.off()
	sent, looked_up = exchanges(name)
	assert [(said.purpose, said.method, said.http_status) for said in (sent, looked_up)] == [
		("Send", "POST", 503),
		("Look Up", "GET", 503),
	]
	assert "To=" in looked_up.url and "Unconfirmed" in status_of(name)
	# No scheduler is here that would have it looked up again.
	frappe.db.set_value(MESSAGE, name, "status", "Canceled")
	frappe.db.commit()


def test_a_status_that_cannot_be_read_is_kept(stack, sim):
	name = reply(stack)
	eventually(lambda: status_of(name) == "Delivered")
	stack.wait_until_idle()
	gone = {"twilio_sid": sid(), "status": "Sent", "next_attempt": frappe.utils.add_to_date(None, minutes=-1)}
	frappe.db.set_value(MESSAGE, name, gone)
	frappe.db.commit()
	polling.take_up()
	(said,) = exchanges(name)
	assert (said.purpose, said.outcome, said.http_status) == ("Read Status", "Rejected", 404)


def test_support_finds_it_from_the_message_and_agents_do_not(stack, sim, admin, agent):
	sim.faults.next("error_after")
	name = reply(stack)
	(said,) = eventually(lambda: exchanges(name), timeout_s=20)
	form = {"doctype": MESSAGE, "name": name}
	onload = admin.call("frappe.desk.form.load.getdoc", http="GET", **form).json()["docs"][0]["__onload"]
	assert onload["exchanges"] == 1
	seen = agent.call("frappe.desk.form.load.getdoc", http="GET", **form)
	assert not seen.ok or "exchanges" not in seen.json()["docs"][0].get("__onload", {})
	assert agent.call("frappe.client.get", http="GET", doctype=EXCHANGE, name=said.name).status_code == 403
	eventually(lambda: status_of(name) == "Delivered", timeout_s=40)


def test_it_goes_with_its_message_and_after_30_days(stack, sim):
	names = []
	for _n in range(2):
		sim.faults.next("error_after")
		names.append(reply(stack))
		eventually(lambda: exchanges(names[-1]), timeout_s=20)
		eventually(lambda: status_of(names[-1]) == "Delivered", timeout_s=40)
	stack.wait_until_idle()
	frappe.delete_doc(MESSAGE, names[0])
	frappe.db.commit()
	assert not exchanges(names[0])
	(said,) = exchanges(names[1])
	for days, left in ((20, 1), (31, 0)):
		long_ago = frappe.utils.add_days(frappe.utils.now_datetime(), -days)
		frappe.db.set_value(EXCHANGE, said.name, "last_at", long_ago)
		get_controller(EXCHANGE).clear_old_logs()
		frappe.db.commit()
		assert len(exchanges(names[1])) == left
	assert frappe.get_hooks("default_log_clearing_doctypes")[EXCHANGE] == [30]
