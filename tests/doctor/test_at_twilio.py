"""What Twilio has and this site does not: exactly that is found, and mending helps."""

import secrets

import frappe
from frappe.utils import add_to_date, now_datetime
from support.stack import eventually

NUMBER = "Twilio SMS Number"


def test_messages_that_twilio_holds_for_longer_than_a_night(clinic):
	held = {"status": "Accepted", "twilio_status": "scheduled", "twilio_sid": "SM" + secrets.token_hex(16)}
	(name,) = clinic.texts(**held, sent_at=add_to_date(now_datetime(), hours=-20))
	assert clinic.findings() == {}
	frappe.db.set_value("Twilio SMS Message", name, "sent_at", add_to_date(now_datetime(), hours=-25))
	frappe.db.commit()
	finding = clinic.only_finding("held.long", clinic.account)
	assert finding["severity"] == "At Risk" and "1 messages" in finding["what"]
	frappe.db.set_value("Twilio SMS Message", name, "status", "Canceled")
	frappe.db.commit()
	assert clinic.findings() == {}


def test_a_number_that_was_not_compared_for_hours(clinic):
	long_ago = add_to_date(now_datetime(), hours=-7)
	facts = {"backfilled_until": long_ago, "backfill_result": "Stopped: Twilio did not answer."}
	frappe.db.set_value(NUMBER, clinic.number, facts, update_modified=False)
	frappe.db.commit()
	finding = clinic.only_finding("comparison.behind", clinic.account)
	assert "Stopped: Twilio did not answer." in finding["what"]
	assert clinic.mend(finding)["in_background"]
	eventually(lambda: clinic.findings() == {})
