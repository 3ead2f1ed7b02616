"""Fetching customers' files: from Twilio alone, by no way into this network, bounded in size and time."""

import gzip
import http.server
import resource
import threading
import time
import zlib

import frappe
import pytest
import requests
from support.received_media import rows, settled

from twilio_sms_channel.twilio_gateway import media as gateway_media

SID = "AC" + "0" * 32
GOOD = f"/2010-04-01/Accounts/{SID}/Messages/MM{'1' * 32}/Media/ME{'2' * 32}"


@pytest.mark.parametrize(
	"url",
	[
		"file:///etc/passwd",
		f"http://169.254.169.254{GOOD}",
		f"https://api.twilio.com.evil.example{GOOD}",
		f"https://api.twilio.com@evil.example{GOOD}",
		"{api}/2010-04-01/Accounts/AC" + "9" * 32 + GOOD[GOOD.index("/Messages") :],
		"{api}" + GOOD + "/../../../../../Accounts.json",
		"{api}" + GOOD + "?x=1",
		"{api}/2010-04-01/Accounts/" + SID + ".json",
		"",
	],
)
def test_any_other_url_is_refused(site, stack, url):
	account = frappe._dict(account_sid=SID)
	with pytest.raises(gateway_media.CannotFetch) as refusal:
		gateway_media.sids_of(url.replace("{api}", gateway_media.api_base_url()), account)
	assert not refusal.value.transient


@pytest.mark.parametrize(
	("address", "public"),
	[
		("127.0.0.1", False),
		("10.1.2.3", False),
		("169.254.169.254", False),
		("192.168.0.1", False),
		("100.64.0.1", False),
		("0.0.0.0", False),
		("::1", False),
		("fe80::1%eth0", False),
		("fd00::1", False),
		("::ffff:10.0.0.1", False),
		("224.0.0.1", False),
		("93.184.216.34", True),
		("2606:2800:220:1:248:1893:25c8:1946", True),
	],
)
def test_public_addresses(address, public):
	assert gateway_media.is_public(address) is public


def test_a_private_address_is_not_even_asked(site, tmp_path):
	"""A media host whose name leads to this machine: the connection is closed before a byte is sent."""
	asked = []

	class Server(http.server.BaseHTTPRequestHandler):
		def do_GET(self):
			asked.append(self.path)
			self.send_response(200)
			self.end_headers()

		def log_message(self, *_args):
			pass

	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	try:
		with requests.Session() as session:
			session.trust_env = False
			session.mount("https://", gateway_media._PublicAddressesOnly())
			with pytest.raises(requests.exceptions.ConnectionError) as refusal:
				session.get(f"https://localhost:{server.server_port}/secret", timeout=5, verify=False)
			assert "not a public address" in str(refusal.value)
	finally:
		server.shutdown()
	assert not asked


def test_credentials_stay_at_twilios_api(customer, sim, stack, picture):
	"""The redirect to the media host carries none, or the simulator's media host refuses it."""
	before = sim.media_base_url
	sim.media_base_url = f"http://localhost:{sim.port}"
	try:
		(row,) = settled(customer.text("Look", media=[("a.png", picture)]))
	finally:
		sim.media_base_url = before
	assert row.status == "Fetched", row.error


def test_files_go_through_the_proxy_that_the_api_goes_through(customer, sim, picture, monkeypatch):
	asked = []

	class Proxy(http.server.BaseHTTPRequestHandler):
		def do_GET(self):
			asked.append(self.path)
			with requests.Session() as session:
				session.trust_env = False
				answer = session.get(self.path, headers=dict(self.headers), allow_redirects=False, timeout=10)
			self.send_response(answer.status_code)
			for name in ("Content-Type", "Location"):
				if name in answer.headers:
					self.send_header(name, answer.headers[name])
			self.send_header("Content-Length", str(len(answer.content)))
			self.end_headers()
			self.wfile.write(answer.content)

		def log_message(self, *_args):
			pass

	message = customer.text("Look", media=[("a.png", picture)])
	(row,) = settled(message)
	account = frappe.get_doc("Twilio SMS Account", message.account)
	proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
	threading.Thread(target=proxy.serve_forever, daemon=True).start()
	for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
		monkeypatch.delenv(name, raising=False)
	monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
	try:
		assert [row.url for row in rows(message)] == [
			url for url, _kind in account.gateway().list_media(message.twilio_sid)
		]
		by_api = len(asked)
		assert gateway_media.download(row.url, account) == picture
	finally:
		proxy.shutdown()
	assert by_api
	assert asked[by_api] == row.url
	# Twilio's redirect to its media host goes the same way.
	assert len(asked) > by_api + 1


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[fd00::1]", "a.localhost"])
def test_a_redirect_to_this_network_is_refused_behind_a_proxy_too(site, host):
	with requests.Session() as session, pytest.raises(gateway_media.CannotFetch, match="not safe"):
		gateway_media._redirect("https://api.twilio.com/x", f"https://{host}/x", session)


def test_a_redirect_to_plain_http_or_elsewhere_is_refused(site, stack):
	for location in (
		"http://media.example.com/x",
		"ftp://media.example.com/x",
		"https://user@media.example.com/",
	):
		with requests.Session() as session, pytest.raises(gateway_media.CannotFetch):
			gateway_media._redirect("https://api.twilio.com/x", location, session)


def packed_zeros(megabytes: int = 200) -> bytes:
	"""A few kilobytes that unpack to that much; made without ever having it all."""
	packer = zlib.compressobj(wbits=31)
	return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


class HostileHost(http.server.BaseHTTPRequestHandler):
	"""Twilio's media host as an attacker would like it to be."""

	def do_GET(self):
		self.server.asked.append(dict(self.headers))
		try:
			getattr(self, self.server.kind)()
		except OSError:
			# Whoever fetched has hung up.
			pass

	def _headers(self, **headers) -> None:
		self.send_response(200)
		for name, value in headers.items():
			self.send_header(name.replace("_", "-"), value)
		self.end_headers()

	def packed_twice(self):
		bomb = gzip.compress(packed_zeros())
		self._headers(Content_Encoding="gzip, gzip", Content_Length=str(len(bomb)))
		self.wfile.write(bomb)

	def packed_once(self):
		bomb = packed_zeros()
		self._headers(Content_Encoding="gzip", Content_Length=str(len(bomb)))
		self.wfile.write(bomb)

	def byte_by_byte(self):
		self._headers(Content_Length="1000000")
		self._drip(b"x")

	def byte_by_byte_without_end(self):
		self._headers()
		self._drip(b"x")

	def headers_byte_by_byte(self):
		self._drip(b"HTTP/1.0 200 OK\r\nX-A: ")

	def _drip(self, piece: bytes) -> None:
		for _ in range(100):
			for byte in piece:
				self.wfile.write(bytes([byte]))
				time.sleep(0.2)

	def broken_off(self):
		self._headers(Content_Length="1000000")
		self.wfile.write(b"x" * 1000)

	def plain(self):
		self._headers(Content_Length="5")
		self.wfile.write(b"hello")

	def log_message(self, *_args):
		pass


@pytest.mark.parametrize(
	("kind", "words"),
	[
		("packed_twice", "came compressed"),
		("packed_once", "came compressed"),
		("byte_by_byte", "took too long"),
		("byte_by_byte_without_end", "took too long"),
		("headers_byte_by_byte", "took too long"),
		("broken_off", "arrived incomplete|could not be fetched"),
		("plain", ""),
	],
)
def test_what_a_hostile_media_host_sends_is_bounded_in_size_and_time(site, stack, monkeypatch, kind, words):
	# Packing takes longer than the drops of a second.
	monkeypatch.setattr(gateway_media, "WHOLE_FILE_S", 20 if "packed" in kind else 1)
	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HostileHost)
	server.kind, server.asked, server.daemon_threads = kind, [], True
	threading.Thread(target=server.serve_forever, daemon=True).start()
	before = frappe.conf.twilio_sms_api_base_url
	frappe.conf.twilio_sms_api_base_url = f"http://127.0.0.1:{server.server_port}"
	account = frappe.get_doc("Twilio SMS Account", stack.account)
	url = f"{gateway_media.api_base_url()}/2010-04-01/Accounts/{stack.account_sid}/Messages/MM{'b' * 32}/Media/ME{'c' * 32}"
	memory, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
	try:
		if words:
			with pytest.raises(gateway_media.CannotFetch, match=words):
				gateway_media._download(url, account)
		else:
			assert gateway_media._download(url, account) == b"hello"
	finally:
		frappe.conf.twilio_sms_api_base_url = before
		server.shutdown()
	assert server.asked[0]["Accept-Encoding"] == "identity"
	# The machine may have other things to do as well.
	assert time.monotonic() - began < (25 if "packed" in kind else 10)
	assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 40 * 1024
