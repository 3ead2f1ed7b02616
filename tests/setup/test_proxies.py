"""Behind a company's proxy: calls, files and the self-test take the same way out, and nothing is sent twice for it."""

import datetime
import http.server
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import frappe
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support import leaks, replies
from support.received_media import settled
from support.stack import REPOSITORY, eventually, free_port, status_of
from urllib3.exceptions import ProtocolError

from twilio_sms_channel import doctor
from twilio_sms_channel.doctor import self_test
from twilio_sms_channel.infra import masking, way_out
from twilio_sms_channel.messaging.outbound import outbox
from twilio_sms_channel.twilio_gateway import failures, media
from twilio_sms_channel.twilio_gateway.client import Gateway, Login
from twilio_sms_channel.twilio_gateway.errors import OutcomeUnknown, TryAgain

ACCOUNT = "Twilio SMS Account"
LOGIN = "shop:" + "s3cret-of-the-proxy"
VARIABLES = [
	name for word in ("http_proxy", "https_proxy", "no_proxy", "all_proxy") for name in (word, word.upper())
]
VARIABLES += ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]


class Proxy:
	def __init__(self, log: Path, login: str = LOGIN):
		self.port, self.log, self.login = free_port(), log, login
		log.touch()
		arguments = [str(self.port), str(log), *([login] if login else [])]
		self.process = subprocess.Popen(
			[sys.executable, "-m", "support.proxy", *arguments], cwd=REPOSITORY / "tests"
		)
		deadline = time.monotonic() + 20
		while way_out.Proxy(f"http://127.0.0.1:{self.port}").trouble():
			assert time.monotonic() < deadline and self.process.poll() is None
			time.sleep(0.05)

	@property
	def url(self) -> str:
		return f"http://{self.login}@127.0.0.1:{self.port}" if self.login else f"http://127.0.0.1:{self.port}"

	def passed_on(self) -> list[str]:
		return self.log.read_text().splitlines()

	def stop(self) -> None:
		self.process.terminate()
		self.process.wait(10)


@pytest.fixture
def proxy(tmp_path):
	running = Proxy(tmp_path / "proxy.log")
	yield running
	running.stop()


@pytest.fixture
def through(monkeypatch):
	"""Has this process go through a proxy, whatever the machine's environment says."""

	def go(url: str, **more: str) -> None:
		for name in VARIABLES:
			monkeypatch.delenv(name, raising=False)
		for name, value in {"HTTP_PROXY": url, "HTTPS_PROXY": url, **more}.items():
			monkeypatch.setenv(name, value)

	go("")
	return go


def gateway(stack) -> Gateway:
	return Gateway(frappe.get_doc(ACCOUNT, stack.account))


def test_calls_files_and_the_self_test_go_through_the_proxy(stack, sim, customer, proxy, through, picture):
	"""In the worker, which has no other way out, and in this process."""
	with stack.without_worker():
		stack.start_worker(HTTP_PROXY=proxy.url, HTTPS_PROXY=proxy.url, NO_PROXY="")
		message = customer.text("Hello", media=[("parcel.png", picture)])
		(file,) = settled(message)
		assert file.status == "Fetched"
		conversation = frappe.get_doc("Twilio SMS Conversation", message.conversation)
		answer = outbox.write(conversation, "Hi").name
		frappe.db.commit()
		eventually(lambda: status_of(answer) == "Delivered")
	api = f"{sim.base_url}/2010-04-01/Accounts/{stack.account_sid}/Messages"
	assert f"POST {api}.json" in proxy.passed_on()
	assert any(line.startswith(f"GET {api}/{message.twilio_sid}/Media/") for line in proxy.passed_on())
	assert any(line.startswith(f"GET {sim.base_url}/media-host/") for line in proxy.passed_on())
	through(proxy.url)
	assert self_test.run(stack.account_sid, stack.auth_token, stack.number).kind == "arrived"
	assert any(line.startswith(f"POST {stack.web}/") for line in proxy.passed_on())
	# What is named in NO_PROXY is reached directly.
	count = len(proxy.passed_on())
	through(proxy.url, NO_PROXY="127.0.0.1")
	assert gateway(stack).ask_time() and len(proxy.passed_on()) == count


@pytest.mark.parametrize("kind", ["down", "other login"])
def test_what_a_proxy_did_not_let_out_was_never_sent(stack, sim, proxy, through, kind):
	if kind == "down":
		through(f"http://{LOGIN}@127.0.0.1:{free_port()}")
	else:
		through(f"http://shop:wrong@127.0.0.1:{proxy.port}")
	since = len(sim.requests)
	with pytest.raises(TryAgain) as refused:
		gateway(stack).send("+19075550199", "Hi", sender=stack.number)
	assert "proxy" in str(refused.value) and LOGIN not in str(refused.value)
	assert len(sim.requests) == since


def test_a_message_waits_while_the_proxy_is_down(stack, sim, through, tmp_path):
	port = free_port()
	with stack.without_worker():
		stack.start_worker(HTTP_PROXY=f"http://{LOGIN}@127.0.0.1:{port}", NO_PROXY="")
		message = outbox.write(replies.conversation(stack, stack.number), "Hi").name
		frappe.db.commit()

		def reason():
			return frappe.db.get_value("Twilio SMS Message", message, "error_message")

		said = eventually(reason)
		assert f"through the proxy http://********@127.0.0.1:{port}" in said and "s3cret" not in said
		assert status_of(message) == "Queued"
		frappe.db.set_value("Twilio SMS Message", message, "status", "Canceled")
		frappe.db.commit()


@pytest.fixture(scope="module")
def https(tmp_path_factory):
	"""A Twilio with HTTPS, whose certificate only those accept that have it: (URL, certificate)."""
	folder = tmp_path_factory.mktemp("https")
	key = ec.generate_private_key(ec.SECP256R1())
	name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
	now = datetime.datetime.now(datetime.timezone.utc)
	certificate = (
		x509.CertificateBuilder()
		.subject_name(name)
		.issuer_name(name)
		.public_key(key.public_key())
		.serial_number(x509.random_serial_number())
		.not_valid_before(now - datetime.timedelta(days=1))
		.not_valid_after(now + datetime.timedelta(days=2))
		.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
		.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
		.sign(key, hashes.SHA256())
	)
	pem = folder / "server.pem"
	private = key.private_bytes(
		serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
	)
	pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
	(folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

	class Empty(http.server.BaseHTTPRequestHandler):
		def do_GET(self) -> None:
			content = b'{"messages": [], "page": 0, "page_size": 1}'
			self.send_response(200)
			self.send_header("Content-Type", "application/json")
			self.send_header("Content-Length", str(len(content)))
			self.end_headers()
			self.wfile.write(content)

		def log_message(self, *_arguments) -> None:
			pass

	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty)
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	context.load_cert_chain(pem)
	server.socket = context.wrap_socket(server.socket, server_side=True)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	yield f"https://localhost:{server.server_port}", str(folder / "ca.pem")
	server.shutdown()
	server.server_close()


def asked(url: str):
	sid = "AC" + "0" * 32
	return Login(sid, sid, leaks.secret("a login for HTTPS"), url, 5).client().messages.page(page_size=1)


def problem(url: str):
	with pytest.raises(failures.CALL_ERRORS) as raised:
		asked(url)
	return failures.problem(raised.value, 5)


def test_https_goes_through_a_tunnel(https, proxy, through):
	url, certificate = https
	through(proxy.url, REQUESTS_CA_BUNDLE=certificate)
	assert list(asked(url)) == []
	assert proxy.passed_on() == [f"CONNECT {url.removeprefix('https://')}"]


def test_a_tunnel_that_is_refused_or_inspected_reaches_nobody(https, proxy, through):
	url, certificate = https
	for proxy_url, words in (
		(f"http://shop:wrong@127.0.0.1:{proxy.port}", "407"),
		(f"http://127.0.0.1:{free_port()}", "connection refused"),
	):
		through(proxy_url, REQUESTS_CA_BUNDLE=certificate)
		found = problem(url)
		assert isinstance(found, TryAgain) and words in found.message, found.message
		assert "through the proxy http://" in found.message and "wrong" not in found.message
	# A proxy that opens HTTPS has a certificate of its own, which this site may not know.
	through(proxy.url)
	found = problem(url)
	assert isinstance(found, TryAgain) and "certificate is not accepted" in found.message


def test_a_connection_that_breaks_after_the_tunnel_may_have_carried_the_request(https, proxy, through):
	broken = requests.exceptions.ConnectionError(
		ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))
	)
	assert isinstance(failures.problem(broken, 5), OutcomeUnknown)


def test_the_doctor_says_which_way_is_taken(stack, proxy, through):
	through(proxy.url)
	report = doctor.examine(account=stack.account, only="proxy").as_dict()
	frappe.db.commit()
	(done,) = report["checked"]
	assert done["title"] == f"Way to Twilio: through the proxy http://********@127.0.0.1:{proxy.port}"
	assert report["findings"] == []
	through("")
	(done,) = doctor.examine(account=stack.account, only="proxy").as_dict()["checked"]
	frappe.db.commit()
	assert done["title"] == "Way to Twilio: without a proxy"


@pytest.mark.parametrize(
	("url", "words"),
	[
		(f"http://{LOGIN}@127.0.0.1:1", "refused"),
		(f"http://{LOGIN}@proxy.invalid:3128", "proxy.invalid"),
		("http://127.0.0.1:99999", "99999"),
		# A password that is not quoted, and looks like a path, a port or a fragment.
		("http://user:s3cret/x@127.0.0.1:1", "not an address"),
		("http://user:99s3cret#x@127.0.0.1:1", "not an address"),
		("http://[s3cret:3128", "not an address"),
	],
)
def test_a_proxy_that_does_not_answer_is_named(stack, through, url, words):
	through(url)
	report = doctor.examine(account=stack.account, only="proxy")
	(finding,) = report.findings
	frappe.db.rollback()
	assert finding.check == "proxy.unreachable" and words in finding.what.lower()
	assert "s3cret" not in str(report.as_dict())


def test_a_proxy_whose_address_makes_no_sense_sends_nothing(stack, sim, through):
	since = len(sim.requests)
	for url in (f"http://{LOGIN}@127.0.0.1:99999", "http://", "socks5://127.0.0.1:1080"):
		through(url)
		with pytest.raises(TryAgain) as refused:
			gateway(stack).send("+19075550199", "Hi", sender=stack.number)
		assert "s3cret" not in str(refused.value)
	assert len(sim.requests) == since


def test_the_doctor_looks_at_all_else_without_a_way_out(stack, through):
	through(f"http://{LOGIN}@127.0.0.1:99999")
	report = doctor.examine(account=stack.account).as_dict()
	frappe.db.rollback()
	assert {"proxy.unreachable", "simulator.gone", "round_trip.failed"} <= {
		finding["check"] for finding in report["findings"]
	}
	assert "s3cret" not in str(report)


def test_workers_that_take_another_way_are_told(stack, admin, through):
	"""The web server of the suite has no proxy."""
	diagnose = "twilio_sms_channel.api.setup.diagnose"

	def found(proxy_of_worker: str) -> list:
		through(proxy_of_worker)
		way_out.note_of_worker("https://api.twilio.com")
		through("")
		findings = admin.call(diagnose, account=stack.account).json()["message"]["findings"]
		return [finding for finding in findings if finding["check"].startswith("proxy.")]

	try:
		(told,) = found("http://127.0.0.1:1")
		assert told["check"] == "proxy.differs"
		assert "no proxy here, http://127.0.0.1:1 in the worker" in told["what"]
		assert found("") == []
	finally:
		frappe.cache().delete_value(way_out.NOTED)


def test_a_proxys_login_is_no_log_s_business(site):
	for text in (f"proxies={{'https': 'http://{LOGIN}@proxy:3128'}}", f"Proxy http://{LOGIN}@proxy"):
		assert "s3cret" not in masking.redact(text) and "proxy" in masking.redact(text)
	assert masking.redact("https://help.example.com/a:b@c") == "https://help.example.com/a:b@c"
	assert "s3cret" not in repr(way_out.Proxy(f"http://{LOGIN}@proxy:3128"))


def test_media_of_another_site_is_not_fetched_for_a_proxy(through, proxy):
	"""The proxy connects in this site's place: the name alone can be looked at."""
	through(proxy.url)
	for host in ("10.0.0.1", "169.254.169.254", "[fd00::1]"):
		with pytest.raises(media.CannotFetch, match="not safe"):
			media._redirect("https://api.twilio.com/x", f"https://{host}/y", requests.Session())
