"""Nothing is found where nothing is wrong, and what was looked at is said."""

import frappe

from twilio_sms_channel import doctor


def test_a_healthy_site_has_no_findings_and_every_check_is_done(clinic):
	assert clinic.findings() == {}
	assert [check for check in clinic.answer["checked"] if not check["done"]] == []
	names = {check.name for check in (*doctor.CHECKS_OF_SITE, *doctor.CHECKS_OF_ACCOUNT)}
	assert {check["check"] for check in clinic.answer["checked"]} == names == set(doctor.titles())


def test_a_single_number_is_looked_at(clinic):
	clinic.number_at_twilio(clinic.toll_free).sms_url = ""
	assert clinic.findings(number=clinic.number) == {}
	assert list(clinic.findings(number=clinic.toll_free)) == [("webhooks.none", clinic.toll_free)]


def test_where_no_account_is_switched_on_that_is_said(clinic):
	"""Within a transaction, so that nobody else sees it."""
	frappe.db.rollback()
	frappe.db.set_value("Twilio SMS Account", {"enabled": 1}, "enabled", 0)
	report = doctor.examine()
	left_out = [(done.check, done.account) for done in report.checked if not done.done]
	frappe.db.rollback()
	assert left_out == [("accounts", "")]
	assert report.findings == []
