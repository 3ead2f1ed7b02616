"""Files that customers send."""

import gzip
import http.server
import io
import resource
import threading
import time
import zlib

import frappe
import pytest
import requests
from frappe.utils import add_to_date, now_datetime
from PIL import Image
from support.sound_and_film import film, webm
from support.stack import content_of, eventually, ticket_of

from twilio_sms_channel.content import media_types
from twilio_sms_channel.messaging.inbound import media as media_stage
from twilio_sms_channel.messaging.inbound import media_words
from twilio_sms_channel.twilio_gateway import media as gateway_media

MEDIA = "Twilio SMS Media"


def rows(message, status=None):
	frappe.db.rollback()
	filters = {"parent": message.name, **({"status": status} if status else {})}
	return frappe.get_all(MEDIA, filters=filters, fields=["*"], order_by="idx")


def settled(message, count=1):
	return eventually(
		lambda: (
			(found := [r for r in rows(message) if r.status != "Waiting"]) and len(found) == count and found
		),
		timeout_s=40,
	)


def test_ten_files_arrive_in_order(customer, sim, picture):
	files = [(f"{n}.png", picture + bytes([n])) for n in range(10)]
	message = customer.text("Ten", media=files)
	fetched = settled(message, 10)
	assert [content_of(row.file) for row in fetched] == [data for _, data in files]
	assert all(frappe.db.get_value("File", row.file, "is_private") for row in fetched)


def a_pdf() -> bytes:
	data = io.BytesIO()
	Image.new("RGB", (8, 8)).save(data, "PDF")
	return data.getvalue()


@pytest.mark.parametrize(
	("name", "content", "declared", "ending", "kind"),
	[
		(
			"photo.jpg",
			b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
			"image/svg+xml",
			"bin",
			None,
		),
		("page.png", b"<!doctype html><script>alert(1)</script>", "image/png", "bin", None),
		("card.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD", "text/vcard", "vcf", "text/vcard"),
		("x.pdf", a_pdf(), "image/gif", "pdf", "application/pdf"),
		("../../etc/passwd.sh", b"#!/bin/sh\necho hacked", "image/png", "bin", None),
	],
	ids=["svg", "html", "vcard", "pdf", "script"],
)
def test_a_file_is_what_it_contains(customer, sim, agent, stack, name, content, declared, ending, kind):
	message = customer.text("File", media=[(name, content, declared)])
	(row,) = settled(message)
	assert row.status == "Fetched", row.error
	assert row.file_name.endswith(f"-1.{ending}")
	assert "/" not in row.file_name
	assert row.content_type == (kind or "application/octet-stream")
	answer = agent.session.get(stack.web + frappe.db.get_value("File", row.file, "file_url"), timeout=30)
	assert answer.content == content
	if ending == "bin":
		assert "html" not in answer.headers["Content-Type"]
		assert "svg" not in answer.headers["Content-Type"]


VCARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoë\r\nEND:VCARD"


@pytest.mark.parametrize(
	("content", "declared", "kind", "ending"),
	[
		# Words in a file, whatever they begin with.
		(b"BMW will not start", "text/plain", "text/plain", "txt"),
		("Grüße 👋".encode("utf-16"), "text/plain; charset=utf-16", "text/plain", "txt"),
		("Grüße".encode("latin-1"), "text/plain", "text/plain", "txt"),
		(b"<b>bold</b>", "text/plain", "text/plain", "txt"),
		(b"a;b\n1;2\n", "text/csv", "text/csv", "csv"),
		(b"a;b\n1;2\n", "text/comma-separated-values", "text/csv", "csv"),
		(b"X-WR-CALNAME:Ann\r\n", "text/calendar", "text/calendar", "ics"),
		# Known by their first line, behind whatever.
		(("\r\n\n " + VCARD).encode(), "text/x-vcard", "text/vcard", "vcf"),
		(VCARD.encode("utf-16"), "application/octet-stream", "text/vcard", "vcf"),
		(VCARD.encode("utf-16-be"), "text/x-vcard", "text/vcard", "vcf"),
		(b"\xef\xbb\xbf\nBEGIN:VCALENDAR\nEND:VCALENDAR", "", "text/calendar", "ics"),
		(b"\r\n%PDF-1.4\n1 0 obj", "", "application/pdf", "pdf"),
		(b"\n{\\rtf1 hello}", "", "text/rtf", "rtf"),
		# Sound is no film.
		(film(b"3gp4", b"soun"), "video/3gpp", "audio/3gpp", "3gp"),
		(film(b"3gp5", b"soun", b"vide"), "audio/3gpp", "video/3gpp", "3gp"),
		(film(b"3gp5"), "audio/3gpp", "audio/3gpp", "3gp"),
		(film(b"3g2a", b"vide"), "", "video/3gpp2", "3g2"),
		(film(b"isom", b"soun"), "video/mp4", "audio/mp4", "m4a"),
		(film(b"mp42", b"vide"), "", "video/mp4", "mp4"),
		(webm(b"A_OPUS"), "video/webm", "audio/webm", "weba"),
		(webm(b"V_VP9", b"A_OPUS"), "audio/webm", "video/webm", "webm"),
		(webm(), "audio/webm", "audio/webm", "weba"),
		(b"\x0b\x77" + b"\1\0" * 20, "", "audio/ac3", "ac3"),
		(b".snd\0\0\0\x18", "", "audio/basic", "au"),
		(b"\0\xff\x01\xfe" * 9, "audio/mpeg", "audio/mpeg", "mp3"),
		# What is declared makes no picture, no PDF, no page of anything.
		(b"\0\1\2", "text/plain", "application/octet-stream", "bin"),
		(b"words", "image/png", "application/octet-stream", "bin"),
		(b"words", "audio/mpeg", "application/octet-stream", "bin"),
		(b"<p>words", "text/html", "application/octet-stream", "bin"),
		(b"words", "application/pdf", "application/octet-stream", "bin"),
		(b"", "text/plain", "application/octet-stream", "bin"),
		(b"\0\1\2", "audio/L24", "application/octet-stream", "bin"),
	],
	ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_kinds_of_files(content, declared, kind, ending):
	assert media_types.kind_of(content, declared) == (kind, ending)


def test_words_that_come_as_a_file_are_the_texts_words(customer, sim, agent):
	message = customer.text("", media=[("text_0.txt", "Where is it? Grüße".encode(), "text/plain")])
	assert message.body == "Where is it? Grüße"
	ticket = ticket_of(message)
	assert ticket.subject == "Where is it? Grüße"
	feed = agent.call("helpdesk.helpdesk.doctype.hd_ticket.api.get_one", http="GET", name=ticket.name)
	assert "Where is it? Grüße" in feed.json()["message"]["communications"][0]["content"]
	(row,) = settled(message)
	assert (row.content_type, row.file_name[-4:]) == ("text/plain", ".txt")

	stop = customer.text("", media=[("text_0.txt", b"Stop\r\n", "text/plain; charset=utf-8")])
	frappe.db.rollback()
	assert frappe.db.get_value("Twilio SMS Conversation", stop.conversation, "opted_out")


def test_words_that_come_late_count_as_well(customer, sim):
	message = customer.text("", media=[("x", b"STOP", "application/x-unknown")])
	(row,) = settled(message)
	assert (message.body or "", row.content_type) == ("", "application/octet-stream")
	# As if they could not be fetched while the text was put into its ticket.
	late = {"status": "Waiting", "file": None, "content_type": "text/plain"}
	frappe.db.set_value(MEDIA, row.name, late)
	frappe.db.commit()
	media_stage.fetch(message.name)
	message.reload()
	assert message.body == "STOP"
	assert frappe.db.get_value("Communication", message.communication, "content") == "STOP"
	assert ticket_of(message).subject == "STOP"
	assert frappe.db.get_value("Twilio SMS Conversation", message.conversation, "opted_out")


def test_words_that_cannot_be_read_or_added_hold_up_neither_text_nor_file(customer, sim):
	message = customer.text("", media=[("x", b"Hello", "application/x-unknown")])
	(row,) = settled(message)
	late = {"status": "Waiting", "file": None, "content_type": "text/plain"}
	frappe.db.set_value(MEDIA, row.name, late)
	frappe.db.set_value(message.doctype, message.name, "account", "Deleted")
	frappe.db.commit()
	media_words.read(message.name)
	assert frappe.db.exists("Error Log", {"method": f"The words of text {message.name} could not be read"})
	# Its number was deleted, so that there is no conversation to be found.
	frappe.db.set_value(message.doctype, message.name, {"account": message.account, "number": "+14155550199"})
	frappe.db.commit()
	media_stage.fetch(message.name)
	assert frappe.db.exists("Error Log", {"method": f"The words of text {message.name} could not be added"})
	(row,) = settled(message)
	assert row.file and row.content_type == "text/plain"
	frappe.db.set_value(message.doctype, message.name, "number", message.number)
	frappe.db.commit()


def test_a_passing_404_is_waited_out(customer, sim, picture):
	sim.faults.next("media_missing", 2)
	(row,) = settled(customer.text("Look", media=[("a.png", picture)]))
	assert row.status == "Fetched", row.error


def test_lost_media_says_why_and_can_be_fetched_again(customer, sim, agent, picture):
	message = customer.text("Look", media=[("a.png", picture)])
	(row,) = settled(message)
	# An address that is no longer Twilio's, as after a forged webhook or a move to another account.
	frappe.db.set_value(
		MEDIA, row.name, {"status": "Waiting", "file": None, "url": "https://example.com/a.png"}
	)
	frappe.db.commit()
	media_stage.fetch(message.name)
	(failed,) = rows(message)
	assert failed.status == "Failed"
	assert failed.error == "The file's address is not one of Twilio's."
	ticket = ticket_of(message)
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert state["messages"][0]["can_retry"]
	feed = agent.call("helpdesk.helpdesk.doctype.hd_ticket.api.get_one", http="GET", name=ticket.name)
	assert "could not be fetched: The file" in feed.json()["message"]["communications"][0]["content"]
	frappe.db.set_value(MEDIA, row.name, "url", row.url)
	frappe.db.commit()
	assert agent.call("twilio_sms_channel.api.ticket.retry", message=message.name).status_code == 200
	eventually(lambda: rows(message, "Fetched"))


def test_a_number_that_takes_no_files_says_so(customer, sim, agent, stack, picture):
	number = stack.add_number(accept_attachments=0)
	message = customer.text("Look", media=[("a.png", picture)], to=number)
	(row,) = rows(message)
	assert (row.status, row.file) == ("Not Accepted", None)
	ticket = ticket_of(message)
	feed = agent.call("helpdesk.helpdesk.doctype.hd_ticket.api.get_one", http="GET", name=ticket.name)
	assert "does not accept files" in feed.json()["message"]["communications"][0]["content"]


def test_twilios_copy_is_deleted_when_the_setting_says_so(customer, sim, picture):
	frappe.db.set_single_value("Twilio SMS Settings", "delete_media_at_twilio", 1)
	frappe.db.commit()
	try:
		message = customer.text("Look", media=[("a.png", picture)])
		eventually(lambda: [r.twilio_copy for r in rows(message)] == ["Deleted"])
	finally:
		frappe.db.set_single_value("Twilio SMS Settings", "delete_media_at_twilio", 0)
		frappe.db.commit()
	(row,) = rows(message)
	assert content_of(row.file) == picture
	account = frappe.get_doc("Twilio SMS Account", message.account)
	with pytest.raises(gateway_media.CannotFetch):
		gateway_media._download(row.url, account)


def test_an_account_whose_secrets_cannot_be_read_holds_up_no_other_ones_files(
	customer, sim, picture, unreadable
):
	message, other = (customer.text("Look", media=[("a.png", picture)]) for _ in range(2))
	kept, deleted = (settled(each)[0].name for each in (message, other))
	frappe.db.set_value("Twilio SMS Message", message.name, "account", unreadable)
	facts = {"twilio_copy": "To Delete", "modified": add_to_date(now_datetime(), minutes=-5)}
	for name in (kept, deleted):
		frappe.db.set_value(MEDIA, name, facts, update_modified=False)
	frappe.db.commit()
	media_stage.clean_up()
	copies = [row.twilio_copy for each in (message, other) for row in rows(each)]
	assert copies == ["To Delete", "Deleted"]
	assert message.name not in media_stage.undeleted(), "others come first for a while"
	# A file of it says why it is not there; it can be fetched once the secrets can be read.
	frappe.db.set_value(MEDIA, kept, {"status": "Waiting", "twilio_copy": None})
	frappe.db.commit()
	media_stage.fetch(message.name)
	(row,) = rows(message)
	assert row.error and row.status in ("Waiting", "Failed")
	assert not frappe.get_message_log()
	frappe.db.set_value(MEDIA, kept, "status", "Failed")
	frappe.db.commit()


def test_twilios_copy_stays_otherwise(customer, sim, picture):
	message = customer.text("Look", media=[("a.png", picture)])
	(row,) = settled(message)
	assert not row.twilio_copy
	assert gateway_media.download(row.url, frappe.get_doc("Twilio SMS Account", message.account)) == picture


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
	assert not refusal.value.passing


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
