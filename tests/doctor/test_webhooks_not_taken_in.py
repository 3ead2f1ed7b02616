"""Webhooks that this site rejected, or could not read: exactly that is found, and mending helps."""

import frappe
import pytest
from support.clinic import MESSAGE
from support.stack import eventually
from werkzeug.datastructures import MultiDict

from twilio_sms_channel.messaging.inbound import intake, rejected_webhooks, unread_webhooks
from twilio_sms_channel.twilio_gateway import payloads


@pytest.mark.parametrize(("status", "count"), [(403, 2), (404, 1)])
def test_webhooks_that_this_site_refused(clinic, status, count):
	for _n in range(count):
		frappe.get_doc(
			{
				"doctype": rejected_webhooks.LOG,
				"http_status": status,
				"reason": "the signature does not fit",
				"account_sid": clinic.sid,
				"to_number": clinic.number,
			}
		).insert(ignore_permissions=True)
	frappe.db.commit()
	finding = clinic.only_finding(f"refused.{status}")
	assert finding["severity"] == "Broken" and f"{count} webhooks" in finding["what"]
	clinic.texts(direction="Inbound", status="Threaded", minutes_ago=-1)
	assert clinic.findings() == {}


def test_webhooks_with_a_shared_key_that_is_not_here(clinic):
	frappe.get_doc(
		{
			"doctype": rejected_webhooks.LOG,
			"http_status": 403,
			"code": rejected_webhooks.UNKNOWN_KEY,
			"reason": "it names the shared key webhooks_sharedkey_1, which the account does not have here",
			"account_sid": clinic.sid,
			"to_number": clinic.number,
		}
	).insert(ignore_permissions=True)
	frappe.db.commit()
	finding = clinic.only_finding("refused.403")
	assert "webhooks_sharedkey_1" in finding["what"] and "with its ID" in finding["how"]


def test_webhooks_that_this_site_could_not_read(clinic):
	params = {
		"MessageSid": "SM" + frappe.generate_hash(length=8) + "a" * 24,
		"AccountSid": clinic.sid,
		"From": "+14155550132",
		"To": clinic.number,
		"Body": "Hello",
	}
	problem = payloads.MalformedWebhook("<b>To is missing")
	for said in (params, {**params, "MessageSid": ""}):
		unread_webhooks.keep(clinic.account, MultiDict(said), problem, is_report=False)
	finding = clinic.only_finding("unread.webhooks", clinic.account)
	assert finding["severity"] == "Broken" and "2 webhooks" in finding["what"]
	assert "‹b›To is missing" in frappe.db.get_value("Twilio SMS Finding", finding["name"], "what")
	assert clinic.mend(finding)["in_background"]
	eventually(
		lambda: frappe.db.get_value(MESSAGE, {"twilio_sid": params["MessageSid"]}, "status") == "Threaded"
	)
	left = clinic.only_finding("unread.webhooks", clinic.account)
	assert "1 webhooks" in left["what"] and "MessageSid is missing" in left["what"]
	frappe.db.delete(unread_webhooks.UNREAD, {"account": clinic.account})
	frappe.db.commit()
	assert clinic.findings() == {}


def test_messages_by_rcs_to_a_messaging_service_that_is_not_set_up(clinic):
	services = ["MG" + frappe.generate_hash(length=8) + end * 24 for end in "ab"]
	for place in (0, 0, 1):
		params = {
			"MessageSid": "SM" + frappe.generate_hash(length=8) + "a" * 24,
			"AccountSid": clinic.sid,
			"From": "rcs:+14155550132",
			"To": "rcs:acme_agent",
			"MessagingServiceSid": services[place],
		}
		problem = intake.UnknownService(services[place])
		unread_webhooks.keep(clinic.account, MultiDict(params), problem, is_report=False)
	finding = clinic.only_finding("unread.services", clinic.account)
	assert finding["severity"] == "Broken" and "3 messages" in finding["what"]
	assert ", ".join(services) in finding["what"] and "Import Numbers" in finding["how"]
	frappe.db.delete(unread_webhooks.UNREAD, {"account": clinic.account})
	frappe.db.commit()
	assert clinic.findings() == {}


def test_webhooks_to_a_number_that_is_not_set_up_are_a_notice(clinic):
	row = {"http_status": 404, "reason": "+15005550009 is not set up on this site", "account_sid": clinic.sid}
	for to in ("+15005550009", "+15005550010"):
		frappe.get_doc({"doctype": rejected_webhooks.LOG, **row, "to_number": to}).insert(
			ignore_permissions=True
		)
	frappe.db.commit()
	assert clinic.only_finding("refused.404", clinic.account)["severity"] == "Notice"


def test_webhooks_of_an_unknown_account_are_a_notice(clinic):
	row = {"http_status": 404, "reason": "not set up", "account_sid": "AC" + "9" * 32}
	frappe.get_doc({"doctype": rejected_webhooks.LOG, **row}).insert(ignore_permissions=True)
	frappe.db.commit()
	finding = clinic.only_finding("strangers.accounts", "")
	assert finding["severity"] == "Notice" and "AC" + "9" * 32 in finding["what"]
