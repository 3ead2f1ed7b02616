"""For each thing that can be wrong with the site and its texts: exactly that is found, and mending helps."""

import json
import os
import subprocess
from contextlib import contextmanager

import frappe
import pytest
from frappe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs
from frappe.installer import update_site_config
from frappe.utils import add_to_date, now_datetime
from frappe.utils.background_jobs import get_workers
from support.clinic import MESSAGE, SWEEP, common_config
from support.replies import conversation
from support.stack import eventually, free_port

from twilio_sms_channel import doctor
from twilio_sms_channel.desks import registry
from twilio_sms_channel.infra import site_identity
from twilio_sms_channel.messaging.outbound import outbox

JOB_TYPE = "Scheduled Job Type"


@contextmanager
def config(**values):
	"""Something in the site config, until the end of the block; for all processes of the site."""
	before = {key: frappe.get_site_config().get(key) for key in values}
	_configure(values)
	try:
		yield
	finally:
		_configure(before)


def _configure(values: dict) -> None:
	for key, value in values.items():
		update_site_config(key, "None" if value is None else value)
		if value is None:
			# Frappe takes it out of the file, but puts the word into what this process knows.
			frappe.local.conf.pop(key, None)


def command(clinic, *words, **env):
	"""`bench --site SITE twilio-sms doctor`."""
	stack = clinic.stack
	python = str(stack.bench / "env" / "bin" / "python")
	start = [python, *"-m frappe.utils.bench_helper frappe --site".split(), stack.site]
	return subprocess.run(
		[*start, "twilio-sms", "doctor", *words],
		cwd=stack.bench / "sites",
		env={**os.environ, "PYTHONPATH": "", **env},
		capture_output=True,
		text=True,
		timeout=120,
	)


# The machinery -------------------------------------------------------------------------------------


def test_a_restored_copy(clinic):
	an_hour_old(a_reply(clinic))
	with config(twilio_sms_home=frappe.generate_hash(length=20)):
		finding = clinic.only_finding("home.copy", "Twilio SMS Settings")
		clinic.number_at_twilio().sms_url = ""
		webhook = clinic.findings()["webhooks.none", clinic.number]
		with pytest.raises(site_identity.IsCopy):
			clinic.mend(webhook)
		assert not clinic.number_at_twilio().sms_url
		assert clinic.mend(finding)["mended"]
		assert clinic.mend(webhook)["mended"]
		assert clinic.findings() == {}
	# It took over under the other id.
	frappe.db.set_single_value(
		site_identity.HOME, "home", f"{frappe.conf.twilio_sms_home}@{frappe.local.site}"
	)
	frappe.db.commit()


def test_no_worker_runs(clinic):
	with clinic.stack.without_worker():
		try:
			# One that was ended takes its name out of the queue a moment later.
			eventually(lambda: not get_workers(), timeout_s=10)
		except AssertionError:
			pytest.skip("this bench has workers that are not the tests' own")
		finding = clinic.only_finding("workers.missing", "")
		assert "short, default, long" in finding["what"]


def test_a_queue_that_is_down_is_told_by_the_command_with_its_exit_code(clinic):
	dead = f"redis://127.0.0.1:{free_port()}"
	done = command(clinic, "--account", clinic.account, "--json", FRAPPE_REDIS_QUEUE=dead)
	assert done.returncode == 2, done.stderr
	said = json.loads(done.stdout)
	assert [finding["check"] for finding in said["findings"]] == ["workers.queue"]
	assert said["exit_code"] == 2


def test_the_scheduler_is_switched_off(clinic):
	frappe.db.set_single_value("System Settings", "enable_scheduler", 0)
	frappe.db.commit()
	finding = clinic.only_finding("scheduler.off", "")
	assert clinic.mend(finding)["mended"]
	assert clinic.findings() == {}


@pytest.mark.parametrize("key", ["pause_scheduler", "disable_scheduler"])
def test_the_scheduler_is_switched_off_in_the_site_config(clinic, key):
	with config(**{key: 1}):
		assert not clinic.only_finding("scheduler.off", "")["remedy"]
	assert clinic.findings() == {}


def test_the_scheduled_job_was_stopped(clinic):
	name = frappe.db.get_value(JOB_TYPE, {"method": SWEEP})
	frappe.db.set_value(JOB_TYPE, name, "stopped", 1)
	frappe.db.commit()
	assert clinic.mend(clinic.only_finding("scheduler.job_stopped", name))["mended"]
	assert clinic.findings() == {}


def test_the_scheduled_job_is_missing(clinic):
	frappe.db.delete(JOB_TYPE, {"method": SWEEP})
	frappe.db.commit()
	try:
		assert clinic.mend(clinic.only_finding("scheduler.job_missing", ""))["mended"]
	finally:
		if not frappe.db.exists(JOB_TYPE, {"method": SWEEP}):
			sync_jobs()
			frappe.db.commit()
	assert clinic.findings() == {}


def test_the_scheduler_does_not_run(clinic):
	frappe.db.set_value(
		JOB_TYPE, {"method": SWEEP}, "last_execution", add_to_date(now_datetime(), minutes=-20)
	)
	frappe.db.commit()
	clinic.only_finding("scheduler.late", "")


def test_a_scheduler_that_waits_for_the_future(clinic):
	"""As on a site made in one time zone and moved to another one, west of it."""
	in_hours = add_to_date(now_datetime(), hours=13)
	others = frappe.get_all(JOB_TYPE, {"method": ("!=", SWEEP)}, pluck="name", limit=1)
	before = frappe.db.get_value(JOB_TYPE, others[0], ["creation", "last_execution"], as_dict=True)
	frappe.db.set_value(JOB_TYPE, {"method": SWEEP}, "last_execution", in_hours)
	frappe.db.set_value(
		JOB_TYPE, others[0], {"creation": in_hours, "last_execution": None}, update_modified=False
	)
	frappe.db.commit()
	try:
		assert clinic.mend(clinic.only_finding("scheduler.future", ""))["mended"]
		assert clinic.findings() == {}
		assert frappe.get_doc(JOB_TYPE, {"method": SWEEP}).get_next_execution() < add_to_date(
			now_datetime(), minutes=2
		)
	finally:
		frappe.db.set_value(JOB_TYPE, others[0], before, update_modified=False)
		frappe.db.commit()


def test_a_scheduler_that_looks_rarely(clinic):
	"""As on v16 without a setting."""
	with common_config(clinic.stack.bench, scheduler_tick_interval=240):
		finding = clinic.only_finding("scheduler.tick", "")
		assert finding["severity"] == "Notice"
		assert "240" in finding["what"] and "scheduler_tick_interval 60" in finding["how"]
	assert clinic.findings() == {}


@pytest.mark.ticket_systems
def test_a_site_with_neither_ticket_system(clinic):
	installed = frappe.get_installed_apps()

	def set_installed(apps: list[str]) -> None:
		frappe.db.rollback()
		frappe.db.set_global("installed_apps", json.dumps(apps))
		frappe.db.commit()
		frappe.clear_cache()
		frappe.local.cache.pop("installed_apps", None)

	set_installed([app for app in installed if app not in registry.known_apps()])
	try:
		ended = command(clinic, "--account", clinic.account, "--json")
		assert ended.stdout, ended.stderr
		answer = json.loads(ended.stdout)
		in_words = command(clinic, "--account", clinic.account)
	finally:
		set_installed(installed)
	assert [finding["check"] for finding in answer["findings"]] == ["desk.missing"]
	assert ended.returncode == answer["exit_code"] == in_words.returncode == 2
	assert "Findings: 1." in in_words.stdout and "ERPNext" in in_words.stdout
	assert doctor.examine(only="desk").findings == []


def test_a_site_that_knows_no_country(clinic):
	before = frappe.db.get_default("country")
	set_before = frappe.db.get_single_value("Twilio SMS Settings", "default_country")
	try:
		frappe.db.set_single_value("Twilio SMS Settings", "default_country", None)
		frappe.db.set_default("country", "")
		found = doctor.examine(only="country").findings
		frappe.db.set_default("country", "Germany")
		assert doctor.examine(only="country").findings == []
	finally:
		frappe.db.rollback()
		frappe.db.set_default("country", before or "")
		frappe.db.set_single_value("Twilio SMS Settings", "default_country", set_before)
		frappe.db.commit()
	assert [finding.check for finding in found] == ["country.unknown"]


@pytest.mark.parametrize("allowed", [None, ["other.app.door"], '["other.app.door"]'])
def test_twilios_endpoints_are_blocked(clinic, allowed):
	with config(block_endpoints=1, **({"allowed_custom_endpoints": allowed} if allowed else {})):
		finding = clinic.only_finding("endpoints.blocked", "")
		assert "twilio_sms_channel.api.webhooks.inbound" in finding["how"]
		endpoints = [
			f"twilio_sms_channel.api.{name}" for name in ("webhooks.inbound", "webhooks.status", "media.get")
		]
		with config(allowed_custom_endpoints=endpoints):
			assert clinic.findings() == {}


def test_practice_mode_that_is_gone(clinic):
	with config(twilio_sms_api_base_url=f"http://127.0.0.1:{free_port()}"):
		finding = clinic.only_finding("simulator.gone", "")
		assert clinic.mend(finding)["mended"]
		assert not frappe.get_site_config().get("twilio_sms_api_base_url")
	assert clinic.findings() == {}


@pytest.mark.parametrize(
	("base", "check"),
	[("http://127.0.0.1:8000", "address.private"), ("http://help.example.com", "address.not_https")],
)
def test_an_address_that_twilio_cannot_or_should_not_use(clinic, base, check):
	frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", base)
	with config(twilio_sms_api_base_url=None):
		# Nobody but the simulator may be asked here.
		found = doctor.examine(only="address").findings
	assert [(finding.check, base in finding.what) for finding in found] == [(check, True)]
	frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", "https://help.example.com")
	with config(twilio_sms_api_base_url=None):
		assert doctor.examine(only="address").findings == []


# Texts ---------------------------------------------------------------------------------------------


def test_an_error_that_an_admin_can_mend_counts_at_once_and_until_a_text_gets_through(clinic):
	clinic.texts(status="Failed", error_code="21606")
	finding = clinic.only_finding("errors.21606")
	assert finding["severity"] == "At Risk" and "21606" in finding["why"]
	clinic.texts(minutes_ago=1)
	assert clinic.findings() == {}


def test_errors_of_others_doing_count_when_they_are_many(clinic):
	clinic.texts(9, status="Undelivered", error_code="30003")
	assert clinic.findings() == {}
	clinic.texts(1, status="Undelivered", error_code="30003")
	assert "10 messages" in clinic.only_finding("errors.30003")["what"]
	clinic.texts(41)
	assert clinic.findings() == {}


@pytest.mark.parametrize("code", ["21610", "30003", "99999"])
def test_a_single_error_that_is_nobodys_fault_is_no_finding(clinic, code):
	clinic.texts(status="Failed", error_code=code)
	assert clinic.findings() == {}


def a_reply(clinic) -> str:
	"""A reply of an agent of which no worker knows."""
	name = outbox.write(conversation(clinic.stack, clinic.number), "We are on it").name
	frappe.db.after_commit.reset()
	frappe.db.commit()
	return name


def an_hour_old(name: str, **fields) -> None:
	then = add_to_date(now_datetime(), minutes=-60)
	frappe.db.set_value(MESSAGE, name, {"creation": then, "modified": then, **fields}, update_modified=False)
	frappe.db.commit()


@pytest.mark.parametrize("status", ["Queued", "Sending"])
def test_answers_that_wait(clinic, status):
	name = a_reply(clinic)
	an_hour_old(name, status=status, tried_at=None if status == "Queued" else add_to_date(None, hours=-1))
	finding = clinic.only_finding("stuck.outbound", clinic.account)
	clinic.mend(finding)
	eventually(lambda: frappe.db.get_value(MESSAGE, name, "twilio_sid"))
	assert clinic.findings() == {}


def test_answers_that_wait_behind_others_are_no_finding(clinic):
	an_hour_old(a_reply(clinic))
	clinic.texts(sent_at=now_datetime())
	assert clinic.findings() == {}


def test_answers_that_are_tried_again_and_again_without_leaving_are_a_finding(clinic):
	an_hour_old(a_reply(clinic), tried_at=now_datetime())
	assert clinic.only_finding("stuck.outbound", clinic.account)


def test_answers_that_are_unconfirmed_for_long(clinic):
	name = a_reply(clinic)
	an_hour_ago, tomorrow = add_to_date(now_datetime(), hours=-1), add_to_date(now_datetime(), days=1)
	# What an agent has to decide about holds up nothing.
	an_hour_old(name, status="Unconfirmed", tried_at=an_hour_ago, next_attempt=tomorrow, needs_decision=1)
	assert clinic.findings() == {}
	an_hour_old(name, needs_decision=0)
	finding = clinic.only_finding("unconfirmed.long", clinic.account)
	assert finding["severity"] == "At Risk"
	assert clinic.mend(finding)["in_background"]
	eventually(lambda: frappe.db.get_value(MESSAGE, name, "twilio_sid"))
	assert clinic.findings() == {}


def test_customers_texts_that_wait(clinic):
	(name,) = clinic.texts(direction="Inbound", status="Received", received_at=now_datetime())
	finding = clinic.only_finding("stuck.inbound", clinic.account)
	assert clinic.mend(finding)["in_background"]
	eventually(lambda: frappe.db.get_value(MESSAGE, name, "status") == "Threaded")
	assert clinic.findings() == {}


def test_customers_texts_that_failed(clinic):
	(name,) = clinic.texts(direction="Inbound", status="Failed", received_at=now_datetime(), attempts=6)
	finding = clinic.only_finding("failed.inbound", clinic.account)
	clinic.mend(finding)
	eventually(lambda: frappe.db.get_value(MESSAGE, name, "status") == "Threaded")
	assert clinic.findings() == {}
