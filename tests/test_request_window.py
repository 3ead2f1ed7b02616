"""A request that comes too late is not sent, whatever it waited for."""

import datetime
import socket
import ssl
import threading
import time

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from twilio_sms_channel.infra import clock
from twilio_sms_channel.twilio_gateway import window

BODY = b"once"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


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


class SlowServer:
	"""Waits before the handshake, and keeps what it was asked."""

	def __init__(self, certificate: str, before_handshake_s: float):
		self.wait_s, self.asked = before_handshake_s, []
		self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		self.context.load_cert_chain(certificate)
		self.socket = socket.create_server(("127.0.0.1", 0))
		self.url = f"https://localhost:{self.socket.getsockname()[1]}/"
		threading.Thread(target=self._serve, daemon=True).start()

	def _serve(self) -> None:
		connection, _address = self.socket.accept()
		time.sleep(self.wait_s)
		with self.context.wrap_socket(connection, server_side=True) as secure:
			asked = b""
			# What is not read when a connection is closed takes the answer with it.
			while not asked.endswith(BODY) and (more := secure.recv(10_000)):
				asked += more
			if asked:
				self.asked.append(asked)
				secure.sendall(ANSWER)


@pytest.mark.parametrize(("before_handshake_s", "leaves"), [(0, True), (1.5, False)])
def test_a_request_is_not_sent_after_its_time(certificate, before_handshake_s, leaves):
	server = SlowServer(certificate, before_handshake_s)
	session = requests.Session()
	session.trust_env = False
	session.mount("https://", window.WindowAdapter())
	with window.until(clock.running_s() + 1):
		if leaves:
			assert session.post(server.url, data=BODY, verify=certificate, timeout=10).text == "OK"
		else:
			with pytest.raises(window.MissedWindow):
				session.post(server.url, data=BODY, verify=certificate, timeout=10)
	time.sleep(0.2)
	assert len(server.asked) == leaves
