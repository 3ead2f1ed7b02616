"""A request that comes too late is not sent, whatever it waited for."""

import datetime
import json
import ssl
import threading
import time
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from twilio_sms_channel.infra import clock
from twilio_sms_channel.messaging.sending import calls
from twilio_sms_channel.twilio_gateway import errors, window
from twilio_sms_channel.twilio_gateway.client import Login, creation

BODY = b"once"
SID = "SM" + "0" * 32
ANSWER = json.dumps({"sid": SID, "status": "queued", "num_segments": "1"}).encode()


@pytest.fixture
def certificate(tmp_path) -> str:
	"""Path of a certificate for localhost, with its key."""
	key = ec.generate_private_key(ec.SECP256R1())
	name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
	begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
	made = (
		x509.CertificateBuilder()
		.subject_name(name)
		.issuer_name(name)
		.public_key(key.public_key())
		.serial_number(x509.random_serial_number())
		.not_valid_before(begin)
		.not_valid_after(begin + datetime.timedelta(days=2))
		.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
		.sign(key, hashes.SHA256())
	)
	path = tmp_path / "localhost.pem"
	path.write_bytes(
		made.public_bytes(serialization.Encoding.PEM)
		+ key.private_bytes(
			serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
		)
	)
	return str(path)


class _Handler(BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"

	def setup(self) -> None:
		time.sleep(self.server.before_handshake_s)
		self.request = self.server.context.wrap_socket(self.request, server_side=True)
		super().setup()

	def do_GET(self) -> None:
		self._answer(404, b"nothing here")

	def do_POST(self) -> None:
		self.server.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
		self._answer(201, ANSWER)

	def _answer(self, status: int, content: bytes) -> None:
		self.send_response(status)
		self.send_header("Content-Length", str(len(content)))
		self.end_headers()
		self.wfile.write(content)

	def log_message(self, *_args) -> None:
		pass


class SlowServer(ThreadingHTTPServer):
	"""Waits before each handshake, and keeps what is posted to it."""

	daemon_threads = True

	def __init__(self, certificate: str, before_handshake_s: float):
		self.before_handshake_s, self.asked = before_handshake_s, []
		self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		self.context.load_cert_chain(certificate)
		super().__init__(("127.0.0.1", 0), _Handler)
		self.url = f"https://localhost:{self.server_port}"
		threading.Thread(target=self.serve_forever, daemon=True).start()

	def handle_error(self, *_args) -> None:
		"""Whoever is too late hangs up."""


@pytest.fixture
def server(certificate):
	"""Starts servers that wait so many seconds before a handshake."""
	running = []

	def start(before_handshake_s: float) -> SlowServer:
		running.append(SlowServer(certificate, before_handshake_s))
		return running[-1]

	yield start
	for one in running:
		one.shutdown()
		one.server_close()


@pytest.mark.parametrize(("before_handshake_s", "leaves"), [(0, True), (1.5, False)])
def test_a_request_is_not_sent_after_its_time(server, certificate, before_handshake_s, leaves):
	slow = server(before_handshake_s)
	session = requests.Session()
	session.trust_env = False
	session.mount("https://", window.WindowAdapter())
	with window.until(clock.running_s() + 1):
		if leaves:
			assert session.post(slow.url, data=BODY, verify=certificate, timeout=10).content == ANSWER
		else:
			with pytest.raises(window.SlowConnection):
				session.post(slow.url, data=BODY, verify=certificate, timeout=10)
	time.sleep(0.2)
	assert len(slow.asked) == leaves


def test_where_connecting_is_always_slow_the_next_message_finds_it_connected(
	server, certificate, monkeypatch
):
	"""A dead first name server costs each connection five seconds: no message would ever leave."""
	monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate)
	slow = server(1.5)
	login = Login("AC" + "0" * 32, "AC" + "0" * 32, "secret", slow.url, 10)
	options = creation("+14155550123", "Hello", sender="+14155550100")
	first = Future()
	try:
		first.set_result(calls._send(login, options, clock.running_s() + 1))
	except window.MissedWindow as e:
		first.set_exception(e)
	problem = calls.Call(None, login, first).result
	assert isinstance(problem, errors.TryAgain) and "name servers" in problem.message
	assert slow.asked == []

	assert calls._send(login, options, clock.running_s() + 1).sid == SID
	assert len(slow.asked) == 1
