"""Where the site says it is: one address for web, workers and scheduler, however it became known."""

import frappe
import pytest
from support.stack import INBOUND

from twilio_sms_channel.doctor.checks import address
from twilio_sms_channel.infra import public_url
from twilio_sms_channel.messaging.upkeep import sweep
from twilio_sms_channel.patches import keep_public_base_url

SETTINGS = "Twilio SMS Settings"
OFFERS = "twilio_sms_channel.api.setup.available_numbers"


def entered() -> str:
	frappe.db.rollback()
	return frappe.db.get_single_value(SETTINGS, "public_base_url") or ""


def enter(url: str) -> None:
	frappe.db.set_single_value(SETTINGS, "public_base_url", url)
	frappe.db.commit()


@pytest.fixture
def nothing_entered(stack):
	if frappe.local.conf.get("host_name") or frappe.local.conf.get("hostname"):
		pytest.skip("the site config has a host_name, which holds for every process")
	enter("")
	yield
	enter(stack.web)


def test_the_guided_page_stores_the_address_that_it_shows(stack, sim, admin, nothing_entered):
	def offers(**headers: str) -> dict:
		answer = admin.session.post(
			f"{stack.web}/api/method/{OFFERS}", json={"account": stack.account}, headers=headers, timeout=30
		)
		return answer.json()["message"]

	# A proxy that ends TLS may tell nothing of it: the browser knows.
	said = offers(Origin="https://help.example.com")
	assert said["public_base_url"] == "https://help.example.com" == entered()
	assert public_url.base() == "https://help.example.com"
	# Once entered it stays, whoever looks from where.
	assert offers(Origin="https://other.example.com")["public_base_url"] == "https://help.example.com"
	enter("")
	with request_with({"X-Forwarded-Proto": "https"}, "http://text.example.com"):
		public_url.keep_what_is_shown()
	frappe.db.commit()
	assert entered() == "https://text.example.com"


@pytest.mark.usefixtures("nothing_entered")
def test_whoever_only_looks_at_a_webhook_stores_no_address(stack, sim, admin):
	answer = admin.session.post(
		f"{stack.web}/api/method/twilio_sms_channel.api.setup.look_at_webhook",
		json={"number": stack.number},
		headers={"Origin": "https://help.example.com"},
		timeout=30,
	)
	assert answer.status_code == 200, answer.text
	assert entered() == ""


@pytest.mark.usefixtures("nothing_entered")
def test_nothing_is_stored_that_could_not_work(stack, monkeypatch):
	monkeypatch.delitem(frappe.local.conf, "twilio_sms_api_base_url", raising=False)
	for headers in (
		{"Origin": "http://help.example.com"},
		{"Origin": "https://localhost:8000"},
		{"Origin": "https://helpdesk"},
		{"Origin": "https://me:secret@help.example.com"},
		{"Origin": "null"},
	):
		with request_with(headers):
			public_url.keep_what_is_shown()
			# Neither does a request change what this process takes for the address.
			assert public_url.base() == public_url.of_site()
		assert entered() == ""
	with request_with({"Origin": "https://help.example.com"}):
		frappe.local.conf[public_url.site_config.PRACTICE_KEY] = 1
		public_url.keep_what_is_shown()
		del frappe.local.conf[public_url.site_config.PRACTICE_KEY]
	assert entered() == ""


class request_with:
	"""A web request of somebody's browser."""

	def __init__(self, headers: dict[str, str], url: str = "http://192.168.1.5"):
		self.headers, self.url = headers, url

	def __enter__(self) -> None:
		from werkzeug.test import EnvironBuilder
		from werkzeug.wrappers import Request

		frappe.local.request = Request(
			EnvironBuilder(method="POST", base_url=self.url, headers=self.headers).get_environ()
		)

	def __exit__(self, *_exc) -> None:
		frappe.local.request = None


@pytest.mark.usefixtures("nothing_entered")
def test_what_stands_at_twilio_is_kept_when_an_older_version_is_updated(stack, sim):
	number = stack.add_number()
	others = {"webhook_url": ("is", "set"), "name": ("!=", number)}
	before = frappe.get_all("Twilio SMS Number", others, ["name", "webhook_url"])
	frappe.db.set_value("Twilio SMS Number", others, "webhook_url", None, update_modified=False)
	url = "https://help.example.com" + INBOUND + "#rc=3"
	frappe.db.set_value("Twilio SMS Number", number, "webhook_url", url, update_modified=False)
	keep_public_base_url.execute()
	assert frappe.db.get_single_value(SETTINGS, "public_base_url") == "https://help.example.com"
	frappe.db.rollback()
	assert before == frappe.get_all("Twilio SMS Number", others, ["name", "webhook_url"])


@pytest.mark.usefixtures("nothing_entered")
def test_the_doctor_compares_what_processes_take_for_the_address(stack, monkeypatch):
	def found() -> dict[str, str]:
		return {finding.check: finding.what for finding in address.check_address()}

	monkeypatch.setitem(frappe.local.conf, "host_name", "https://help.example.com")
	public_url.note("web")
	sweep.run()
	assert "address.differs" not in found()
	# A machine whose common_site_config.json says otherwise.
	monkeypatch.setitem(frappe.local.conf, "host_name", "https://worker.example.com")
	sweep.run()
	monkeypatch.setitem(frappe.local.conf, "host_name", "https://help.example.com")
	assert "https://worker.example.com" in found()["address.differs"]
	assert "in the worker process" in found()["address.differs"]
	enter("https://help.example.com")
	assert found() == {}
	enter("")
	sweep.run()
	monkeypatch.setitem(frappe.local.conf, "host_name", "https://me:secret@help.example.com")
	assert "secret" not in str(found())
	assert "address.login" in found()


@pytest.mark.usefixtures("nothing_entered")
def test_whoever_presses_the_button_sees_what_the_config_says_by_now(stack):
	for process in public_url.PROCESSES:
		key = f"{public_url.NOTED}:{process}"
		frappe.cache().set_value(key, "https://before.example.com", expires_in_sec=60)
	assert [finding.check for finding in address.check_address()].count("address.differs") == 1
	with request_with({}):
		findings = [finding.check for finding in address.check_address()]
	assert "address.differs" not in findings
	assert set(public_url.noted().values()) == {public_url.base()}


def test_a_login_in_the_address_is_refused_with_the_reason(stack, admin):
	answer = admin.session.put(
		f"{stack.web}/api/resource/{SETTINGS}/{SETTINGS}",
		json={"public_base_url": "https://me:secret@help.example.com"},
		timeout=30,
	)
	assert answer.status_code == 417
	assert "leave out the login" in answer.text
	assert "Enter https://help.example.com." in answer.text
	assert entered() == stack.web
