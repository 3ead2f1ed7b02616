"""A signed text of the site to itself: it takes the way that Twilio's texts take, and leaves no trace."""

import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import frappe
import pytest
import requests
from support.clinic import ACCOUNT, MESSAGE
from support.stack import INBOUND, free_port
from twilio.request_validator import RequestValidator

from twilio_sms_channel.doctor import self_test
from twilio_sms_channel.messaging.inbound import rejected_webhooks, self_test_webhook
from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT

TRACES = (
	*(
		"Communication",
		"Contact",
		"Error Log",
		"Error Snapshot",
		"HD Ticket",
		"Issue",
		"Notification Log",
		"Version",
	),
	*(MESSAGE, "Twilio SMS Conversation", "Twilio SMS Media", rejected_webhooks.LOG, "Twilio SMS Finding"),
)


def rows() -> dict[str, int]:
	frappe.db.rollback()
	return {doctype: frappe.db.count(doctype) for doctype in TRACES if frappe.db.table_exists(doctype)}


class Front(ThreadingHTTPServer):
	"""What stands between the internet and the site, and is not quite right."""

	def __init__(self, behave):
		self.behave = behave
		super().__init__(("127.0.0.1", 0), _Request)
		threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.server_port}"


class _Request(BaseHTTPRequestHandler):
	def do_POST(self):
		body = self.rfile.read(int(self.headers["Content-Length"]))
		status, headers = self.server.behave(self, body)
		self.send_response(status)
		for header in {"Content-Length": "0", **headers}.items():
			self.send_header(*header)
		self.end_headers()

	def log_message(self, *arguments):
		pass


def answering(status: int, **headers):
	return lambda request, body: (status, headers)


def changing_the_query(site: str):
	def behave(request, body):
		headers = {name: request.headers[name] for name in ("Content-Type", "X-Twilio-Signature")}
		answer = requests.post(f"{site}{request.path}?from=proxy", body, headers=headers, timeout=20)
		return answer.status_code, {}

	return behave


def passing_on(site: str, errors_become: int | None = None):
	"""A proxy; other than Twilio's messages, what it answers is its own.

	:param errors_become: what it makes of answers that Twilio takes for final
	"""

	def behave(request, body):
		headers = {name: request.headers[name] for name in ("Content-Type", "X-Twilio-Signature")}
		answer = requests.post(site + request.path, body, headers=headers, timeout=20)
		final = 400 <= answer.status_code < 500
		return errors_become if errors_become and final else answer.status_code, {}

	return behave


def silent(request, body):
	time.sleep(0.6)
	return 200, {}


@pytest.fixture
def at(clinic):
	"""Have the site known by another address, at Twilio as well."""

	def move(url: str) -> None:
		frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", url)
		frappe.db.commit()
		for number in (clinic.number, clinic.toll_free):
			at_twilio = clinic.number_at_twilio(number)
			at_twilio.sms_url = at_twilio.sms_fallback_url = url + INBOUND + RETRY_FRAGMENT

	return move


def test_it_arrives_and_leaves_no_trace(clinic):
	clinic.stack.wait_until_idle()
	before, used = rows(), frappe.db.get_value(ACCOUNT, clinic.account, ["auth_token_used", "modified"])
	jobs = clinic.stack.simulator.webhook_attempts[:]
	assert self_test.run(clinic.sid, clinic.token, clinic.number).kind == "arrived"
	clinic.stack.wait_until_idle()
	assert rows() == before
	assert frappe.db.get_value(ACCOUNT, clinic.account, ["auth_token_used", "modified"]) == used
	assert clinic.stack.simulator.webhook_attempts == jobs


@pytest.mark.parametrize(
	("behave", "words"),
	[
		(answering(301, Location="https://www.example.com/"), "redirects to https://www.example.com/"),
		(answering(403), "answered 403 before the message came to this app"),
		(answering(404), "does not know the webhook's address"),
		(answering(502), "answered with the error 502"),
		(answering(200), "something other than this site"),
		(silent, "did not answer in time"),
		("proxy", "the signature does not fit"),
	],
)
def test_what_goes_wrong_on_the_way_is_told(clinic, at, monkeypatch, behave, words):
	monkeypatch.setattr(self_test, "READ_TIMEOUT_S", 5 if behave == "proxy" else 0.3)
	with Front(changing_the_query(clinic.stack.web) if behave == "proxy" else behave) as front:
		at(front.url)
		# What earlier tests left to the worker is written as well.
		clinic.stack.wait_until_idle()
		before = rows()
		finding = clinic.only_finding("round_trip.failed", clinic.account)
		# A signature that does not fit has a worker read the number's webhook again.
		clinic.stack.wait_until_idle()
		front.shutdown()
	assert finding["severity"] == "Broken" and words in finding["what"]
	assert rows() == {**before, "Twilio SMS Finding": before["Twilio SMS Finding"] + 1}


@pytest.mark.parametrize(
	("url", "words"),
	[
		("http://no-such-host.invalid", "is not known"),
		("http://127.0.0.1:{port}", "cannot be connected to"),
		("https://127.0.0.1:{plain}", "the certificate of"),
	],
)
def test_an_address_that_cannot_be_reached_is_told(clinic, at, url, words):
	with Front(answering(200)) as front:
		at(url.format(port=free_port(), plain=front.server_port))
		assert words in clinic.only_finding("round_trip.failed", clinic.account)["what"]
		front.shutdown()


def test_where_texts_arrive_a_server_that_cannot_reach_itself_is_at_risk(clinic, at):
	at(f"http://127.0.0.1:{free_port()}")
	clinic.texts(direction="Inbound", status="Threaded")
	assert clinic.only_finding("round_trip.failed", clinic.account)["severity"] == "At Risk"


# Who may not use it --------------------------------------------------------------------------------


def post(clinic, token: str, **changes) -> requests.Response:
	params = {
		"MessageSid": "SM" + secrets.token_hex(16),
		"AccountSid": clinic.sid,
		"From": "+19075550199",
		"To": clinic.number,
		"Body": "Hello",
		"NumMedia": "0",
		**changes,
	}
	url = clinic.stack.web + INBOUND
	headers = {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, params)}
	return requests.post(url, data=params, headers=headers, timeout=20)


@pytest.mark.parametrize("word", ["", "0" * 32, "x" * 5000])
def test_a_word_that_this_site_does_not_expect_is_refused_even_when_signed(clinic, word):
	answer = post(clinic, clinic.token, **{self_test_webhook.PARAMETER: word})
	assert answer.status_code == 403
	assert not frappe.db.exists(MESSAGE, {"account": clinic.account})


def test_without_the_auth_token_the_word_is_worth_nothing(clinic):
	word = self_test_webhook.announce()
	assert post(clinic, "0" * 32, **{self_test_webhook.PARAMETER: word}).status_code == 403
	arrived, reason = self_test_webhook.outcome(word)
	assert not arrived and "signature" in reason


def test_the_word_is_good_for_one_text(clinic):
	word = self_test_webhook.announce()
	assert post(clinic, clinic.token, **{self_test_webhook.PARAMETER: word}).status_code == 200
	assert post(clinic, clinic.token, **{self_test_webhook.PARAMETER: word}).status_code == 403
	assert self_test_webhook.outcome(word) == (True, "")
	frappe.db.rollback()
	assert not frappe.db.exists(MESSAGE, {"account": clinic.account})


def test_a_text_that_the_database_does_not_take_did_not_arrive(clinic):
	"""It goes as far as any other: to a number that is not set up there is no row."""
	outcome = self_test.run(clinic.sid, clinic.token, "+15005550001")
	assert (outcome.kind, "not set up" in outcome.detail) == ("refused", True)


@pytest.mark.parametrize("errors_become", [None, 503])
def test_a_proxy_that_passes_on_errors_which_twilio_takes_for_final_is_found(clinic, at, errors_become):
	with Front(passing_on(clinic.stack.web, errors_become)) as front:
		at(front.url)
		clinic.stack.wait_until_idle()
		before = rows()
		# The message was signed for the address of the proxy, which the site knows as its own.
		if errors_become:
			assert clinic.findings() == {}
		else:
			finding = clinic.only_finding("reverse_proxy.errors", clinic.account)
			assert finding["severity"] == "Notice" and "417" in finding["what"]
		front.shutdown()
	assert rows()[MESSAGE] == before[MESSAGE]
