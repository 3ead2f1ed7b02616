"""What the app writes into site_config.json: whole or not at all, and one key for secrets however many processes ask."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import frappe
import pytest
from cryptography.fernet import Fernet
from support.stack import free_port

from twilio_sms_channel import practice
from twilio_sms_channel.doctor import repairs
from twilio_sms_channel.infra import site_config, site_identity

KEY = "twilio_sms_test_value"


@pytest.fixture
def path(site):
	path = Path(frappe.get_site_path("site_config.json"))
	before, mode = path.read_text(), path.stat().st_mode
	yield path
	path.write_text(before)
	path.chmod(mode)
	frappe.local.conf = frappe.get_site_config()


def test_nobody_ever_reads_half_a_config(path):
	path.chmod(0o640)
	ended, unreadable, reads = threading.Event(), [], 0

	def read() -> None:
		nonlocal reads
		while not ended.is_set():
			try:
				assert json.loads(path.read_text())["db_name"]
			except Exception as e:
				unreadable.append(e)
			reads += 1

	reader = threading.Thread(target=read)
	reader.start()
	try:
		for n in range(300):
			site_config.write(**{KEY: n})
	finally:
		ended.set()
		reader.join()
	assert not unreadable
	assert reads > 300
	assert frappe.get_site_config()[KEY] == frappe.local.conf[KEY] == 299
	assert path.stat().st_mode & 0o777 == 0o640
	site_config.write(**{KEY: None})
	assert KEY not in frappe.get_site_config()
	assert KEY not in frappe.local.conf
	assert [file.name for file in path.parent.iterdir() if file.name.startswith(".site_config")] == []


def test_a_link_stays_a_link(path, tmp_path):
	there = tmp_path / "config.json"
	there.write_text(path.read_text())
	path.unlink()
	path.symlink_to(there)
	try:
		site_config.write(**{KEY: 1})
		assert path.is_symlink()
		assert json.loads(there.read_text())[KEY] == 1
	finally:
		path.unlink()


def test_all_that_the_app_writes_there_goes_this_way():
	"""Frappe's own function writes into the file that others read."""
	app = Path(practice.__file__).parent
	assert [str(file) for file in app.rglob("*.py") if "update_site_config" in file.read_text()] == []
	assert site_config in (vars(module).get("site_config") for module in (practice, site_identity, repairs))


def test_practice_mode_leaves_a_site_alone_that_practises_already(path, sim):
	site_config.write(**{practice.CONFIG_KEY: sim.base_url})
	with pytest.raises(practice.CannotPractise, match=f"already talks to {sim.base_url}"):
		practice._refuse_second_simulator()
	# What a simulator left behind that was killed is in nobody's way.
	for gone in (f"http://127.0.0.1:{free_port()}", None):
		site_config.write(**{practice.CONFIG_KEY: gone})
		practice._refuse_second_simulator()


@pytest.fixture
def without_key(path):
	"""The site of somebody who has stored no secret yet."""
	config = json.loads(path.read_text())
	config.pop("encryption_key", None)
	path.write_text(json.dumps(config))
	frappe.local.conf.pop("encryption_key", None)


def test_all_processes_agree_on_the_key_for_secrets(path, without_key, site):
	def worker(_n: int) -> str:
		"""A thread of its own is to Frappe what a process is; its config was read before anybody made a key."""
		frappe.init(site=site, sites_path=".")
		frappe.local.conf = frappe._dict(stale)
		try:
			site_config.keep_encryption_key()
			return frappe.local.conf.encryption_key
		finally:
			frappe.destroy()

	stale = dict(frappe.local.conf)
	with ThreadPoolExecutor(8) as pool:
		keys = set(pool.map(worker, range(16)))
	assert keys == {json.loads(path.read_text())["encryption_key"]}
	Fernet(keys.pop())


def test_a_token_survives_a_process_that_has_not_heard_of_the_key_yet(path, without_key):
	from twilio_sms_channel.install import after_migrate

	after_migrate()
	key = json.loads(path.read_text())["encryption_key"]
	# From v16 on Frappe knows for a minute only what it read before.
	frappe.local.conf.pop("encryption_key")
	account = frappe.get_doc(
		{
			"doctype": "Twilio SMS Account",
			"account_name": frappe.generate_hash(length=10),
			"account_sid": "AC" + "0123456789abcdef" * 2,
			"auth_token": "0123456789abcdef" * 2,
		}
	).insert()
	try:
		for _process in range(2):
			frappe.local.conf.pop("encryption_key", None)
			assert (
				frappe.get_doc(account.doctype, account.name).get_password("auth_token")
				== "0123456789abcdef" * 2
			)
		assert json.loads(path.read_text())["encryption_key"] == key
	finally:
		frappe.db.rollback()
