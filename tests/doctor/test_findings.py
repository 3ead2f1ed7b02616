"""The list of findings, the endpoints and the command."""

import json
import re

import frappe
import pytest
from frappe.utils import add_to_date, get_datetime, now_datetime
from support.clinic import FINDING, NUMBER
from support.people import make_system_manager

from twilio_sms_channel import doctor
from twilio_sms_channel.doctor import cli, store

ENDPOINT = "twilio_sms_channel.api.setup."


def row(check: str) -> dict | None:
	frappe.db.rollback()
	return frappe.db.get_value(
		FINDING, {"check_name": check}, ["name", "first_seen", "last_seen", "told", "severity"], as_dict=True
	)


def test_a_finding_is_there_once_as_long_as_it_is_so(clinic):
	clinic.number_at_twilio().sms_url = ""
	clinic.findings()
	first = row("webhooks.none")
	yesterday = add_to_date(now_datetime(), days=-1, as_datetime=True).replace(microsecond=0)
	frappe.db.set_value(FINDING, first.name, {"first_seen": yesterday, "last_seen": yesterday})
	frappe.db.commit()
	clinic.findings()
	again = row("webhooks.none")
	assert (again.name, again.first_seen) == (first.name, yesterday)
	assert again.last_seen > get_datetime(yesterday)
	clinic.number_at_twilio().sms_url = clinic.webhook
	clinic.findings()
	assert row("webhooks.none") is None


def test_two_who_look_at_once_find_it_once(clinic):
	clinic.number_at_twilio().sms_url = ""
	reports = [doctor.runner.Report({}, whole=False) for _n in range(2)]
	finding = doctor.findings.Finding("webhooks.none", "Broken", "What", "Why", "How", NUMBER, clinic.number)
	for report in reports:
		report.findings.append(finding)
		# As if neither saw what the other wrote.
		report.names[finding.key] = store._insert(finding, {"severity": "Broken", "what": "What"})
	assert reports[0].names == reports[1].names
	assert frappe.db.count(FINDING) == 1


def test_what_could_not_be_looked_at_stays(clinic, sim):
	clinic.number_at_twilio().sms_url = ""
	clinic.findings()
	sim.faults.always("outage")
	clinic.findings()
	assert row("webhooks.none") and row("login.unreachable")
	sim.faults.off()
	clinic.number_at_twilio().sms_url = clinic.webhook
	clinic.findings()
	assert row("webhooks.none") is None and row("login.unreachable") is None


def test_looking_at_one_number_leaves_the_findings_about_others(clinic):
	for number in (clinic.number, clinic.toll_free):
		clinic.number_at_twilio(number).sms_url = ""
	clinic.findings()
	assert frappe.db.count(FINDING) == 2
	clinic.number_at_twilio().sms_url = clinic.webhook
	clinic.findings(number=clinic.number)
	assert frappe.get_all(FINDING, pluck="about") == [clinic.toll_free]
	assert len(clinic.findings(number=clinic.toll_free)) == 1


def test_a_number_that_is_switched_off_has_no_findings(clinic):
	clinic.number_at_twilio().sms_url = ""
	clinic.findings()
	frappe.db.set_value(NUMBER, clinic.number, "enabled", 0)
	frappe.db.commit()
	clinic.findings(number=clinic.number)
	assert row("webhooks.none") is None


def tonight(clinic) -> None:
	"""The nightly run, of one account."""
	store.tell(doctor.examine(account=clinic.account))
	frappe.db.commit()


def test_managers_are_told_once_of_what_is_broken(clinic):
	user = make_system_manager("tsms-told@example.com")
	about = {"for_user": user, "document_type": FINDING}
	frappe.db.delete("Notification Log", about)
	frappe.db.commit()
	clinic.number_at_twilio().sms_url = ""
	clinic.number_at_twilio(clinic.toll_free).sms_fallback_url = ""
	clinic.findings()
	assert not frappe.db.exists("Notification Log", about)
	doctor.nightly()
	tonight(clinic)
	told = frappe.get_all("Notification Log", about, pluck="subject")
	assert len(told) == 1
	frappe.db.set_value("Notification Log", about, "read", 1)
	tonight(clinic)
	assert frappe.db.count("Notification Log", about) == 1
	assert row("webhooks.none").told and not row("webhooks.fallback").told


def test_it_is_looked_every_night(site):
	jobs = {"method": "twilio_sms_channel.doctor.nightly", "frequency": "Daily Long"}
	assert frappe.db.exists("Scheduled Job Type", jobs)


# Endpoints ---------------------------------------------------------------------------------------------


def test_the_endpoints_look_and_mend(clinic, admin):
	clinic.number_at_twilio().sms_method = "GET"
	answer = admin.call(ENDPOINT + "diagnose", account=clinic.account).json()["message"]
	(finding,) = answer["findings"]
	assert (finding["check"], finding["about"], finding["remedy"]) == (
		"webhooks.method",
		clinic.number,
		"set_webhook",
	)
	assert {"check", "title", "account", "done", "why_not"} == set(answer["checked"][0])
	assert admin.call(ENDPOINT + "mend", finding=finding["name"]).json()["message"]["mended"]
	assert admin.call(ENDPOINT + "diagnose", number=clinic.number).json()["message"]["findings"] == []


def test_what_the_app_cannot_mend_is_refused(clinic, admin):
	clinic.at_twilio.type = "Trial"
	name = clinic.only_finding("trial.limits", clinic.account)["name"]
	answer = admin.call(ENDPOINT + "mend", finding=name)
	assert answer.status_code == 417 and "cannot fix this by itself" in answer.text


@pytest.mark.parametrize("endpoint", ["diagnose", "mend"])
def test_agents_are_not_let_in(clinic, agent, endpoint):
	assert agent.call(ENDPOINT + endpoint, finding="x", account=clinic.account).status_code == 403


# The command ---------------------------------------------------------------------------------------


def test_the_command_says_it_in_words_and_ends_as_monitoring_expects(clinic):
	clinic.number_at_twilio().sms_method = "GET"
	code, words = cli.examine(None, clinic.number, as_json=False)
	assert (code, "AT RISK: Twilio delivers messages for" in words) == (1, True)
	clinic.number_at_twilio().sms_url = ""
	assert cli.examine(None, clinic.number, as_json=False)[0] == 2


def test_the_command_ends_well_where_nothing_is_wrong(clinic, sim):
	code, words = cli.examine(clinic.account, None, as_json=False)
	assert (code, "Nothing is wrong." in words) == (0, True)
	assert cli.examine("nobody", None, as_json=False)[0] == 3
	code, words = cli.examine(None, "nobody", as_json=True)
	assert code == 3 and "nobody is not set up on this site" in json.loads(words)["error"]


def test_the_command_says_what_it_could_not_look_at(clinic, sim):
	sim.faults.always("outage")
	code, words = cli.examine(clinic.account, None, as_json=False)
	(line,) = re.findall(r"^Not checked: .+\n(?:  .+\n)*", words, re.MULTILINE)
	assert code == 2 and "Balance," in line and f"({clinic.account})" in line.replace("\n  ", " ")
