"""An account that is used more than its admin expects: a finding, and a word to the managers once a day."""

import frappe
import pytest
from frappe.utils import add_days, now_datetime, today
from support.clinic import ACCOUNT, MESSAGE
from support.people import make_system_manager

from twilio_sms_channel.doctor import usage_alert

FINDING, MANAGER = "Twilio SMS Finding", "tsms-told@example.com"


@pytest.fixture(autouse=True)
def no_alert(clinic):
	yield
	limits(clinic, alert_messages=0, alert_amount=0, usage_told_on=None)
	frappe.db.delete(MESSAGE, {"account": clinic.account})
	clinic.findings()
	frappe.db.delete("Notification Log", {"document_type": FINDING})
	frappe.db.commit()


def limits(clinic, **fields) -> None:
	frappe.db.rollback()
	frappe.db.set_value(ACCOUNT, clinic.account, fields)
	frappe.db.commit()


def sent(clinic, count: int, direction: str = "Outbound", at=None, **fields) -> None:
	for _n in range(count):
		message = frappe.get_doc(
			{
				"doctype": MESSAGE,
				"direction": direction,
				"status": "Delivered" if direction == "Outbound" else "Threaded",
				"account": clinic.account,
				"number": clinic.number,
				"customer_number": "+14155550132",
				"twilio_sid": f"SM{frappe.generate_hash(length=32)}",
				**fields,
			}
		).insert(ignore_permissions=True, ignore_mandatory=True)
		frappe.db.set_value(MESSAGE, message.name, "creation", at or now_datetime(), update_modified=False)
	frappe.db.commit()


def told() -> list[str]:
	frappe.db.rollback()
	about = {"document_type": FINDING, "for_user": MANAGER}
	return frappe.get_all("Notification Log", about, pluck="subject")


def test_more_messages_than_expected(clinic):
	limits(clinic, alert_messages=3)
	sent(clinic, 3)
	sent(clinic, 5, direction="Inbound")
	sent(clinic, 5, at=add_days(now_datetime(), -1))
	# Twilio did not take these.
	sent(clinic, 5, twilio_sid=None, status="Queued", next_attempt=add_days(now_datetime(), 1))
	assert clinic.findings() == {}
	sent(clinic, 1)
	finding = clinic.only_finding("usage.messages", clinic.account)
	assert "4 messages" in finding["what"] and finding["severity"] == "Notice"
	limits(clinic, alert_messages=4)
	assert clinic.findings() == {}


def test_more_money_than_expected(clinic):
	limits(clinic, alert_amount=0.1)
	sent(clinic, 10, price=0.01, price_unit="USD")
	assert clinic.findings() == {}
	sent(clinic, 1, direction="Inbound", price=0.0075, price_unit="USD")
	assert "0.11" in clinic.only_finding("usage.amount", clinic.account)["what"]


def test_managers_are_told_once_a_day(clinic):
	make_system_manager(MANAGER)
	limits(clinic, alert_messages=1, alert_amount=0.01)
	usage_alert.look()
	assert told() == []
	sent(clinic, 2, price=0.01, price_unit="USD")
	for _n in range(2):
		usage_alert.look()
		frappe.db.commit()
	assert len(told()) == 1 and clinic.account in told()[0]
	# They have read it, and the next day is like this one.
	frappe.db.set_value("Notification Log", {"document_type": FINDING}, "read", 1)
	frappe.db.commit()
	limits(clinic, usage_told_on=add_days(today(), -1))
	usage_alert.look()
	frappe.db.commit()
	assert len(told()) == 2


def test_without_a_limit_nothing_is_said(clinic):
	sent(clinic, 5, price=10, price_unit="USD")
	usage_alert.look()
	assert told() == [] and clinic.findings() == {}


def test_a_job_of_the_scheduler_looks(site):
	job = "twilio_sms_channel.doctor.usage_alert.look"
	assert frappe.db.get_value("Scheduled Job Type", {"method": job}, "cron_format") == "*/10 * * * *"
