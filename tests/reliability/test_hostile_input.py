"""Generated requests to the webhook for texts, signed and not: nothing makes it stumble, nothing unsigned is stored,
and what is stored is what was signed, to the last blank: as a message, or as it came where it cannot be read.

In short (`make test`) always the same 1,500 requests; in full (`make hostile`) 10,000 new ones.

Left out is what Frappe itself stumbles over, or takes for something else, before it calls any app: JSON that is none (it
answers 500), the parameters `cmd` and `fn`, and the pages in which it tells browsers that a method is not allowed (status 200,
or 500 with a Host that is none).
"""

import http.client
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import frappe
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.hostile import Ask, asks
from support.hostile_headers import HOSTS
from support.stack import INBOUND, MESSAGE

from twilio_sms_channel.content import outside

MEDIA, UNREAD = "Twilio SMS Media", "Twilio SMS Unread Webhook"
AT_ONCE = 4
TIMEOUT_S = 60
KEPT_TYPE_CHARACTERS, KEPT_URL_CHARACTERS, KEPT_BODY_CHARACTERS, KEPT_MEDIA = 140, 2000, 16_000, 50
# A telephone number, a short code, or a name, which has a letter; everything else is cleaned before it is kept.
PROPER_SENDER = re.compile(r"\+[0-9]{5,15}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9&+_-][A-Za-z0-9 &+_-]{0,15}")
KEPT_SENDER = re.compile(r"[^<>\x00-\x1f\u202a-\u202e]{1,34}")
PROPER_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


@pytest.fixture(scope="module")
def endpoint(stack):
	"""A number of ours for this test alone, while no worker is there to thread what comes in. Emptied afterwards."""
	with stack.without_worker():
		endpoint = Endpoint(stack, stack.add_number())
		try:
			yield endpoint
		finally:
			endpoint.pool.shutdown()
			frappe.db.rollback()
			names = frappe.get_all(MESSAGE, {"number": endpoint.number}, pluck="name")
			frappe.db.delete(MEDIA, {"parent": ("in", names)})
			frappe.db.delete(MESSAGE, {"name": ("in", names)})
			frappe.db.delete(UNREAD, {"account": stack.account})
			frappe.db.commit()
			stack.empty_queues()


class Endpoint:
	"""The webhook, over a few connections that stay open."""

	def __init__(self, stack, number: str):
		self.stack, self.number = stack, number
		self.url = stack.web + INBOUND
		self.pool = ThreadPoolExecutor(AT_ONCE)
		self.connections = threading.local()
		self.sent = self.stored = self.unread = 0
		# Which of them Frappe refuses itself, with 400 or 500, hangs on its version and on Werkzeug's.
		self.hosts = [host for host in HOSTS if self._is_served(host)]

	def _is_served(self, host: bytes) -> bool:
		"""Whether Frappe answers as usual to a Host, a refusal's page included."""
		statuses = []
		for method, path in ("GET", "/api/method/frappe.ping"), ("PUT", INBOUND):
			connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=TIMEOUT_S)
			with closing(connection):
				connection.putrequest(method, path, skip_host=True)
				connection.putheader("Host", host)
				connection.endheaders()
				statuses.append(connection.getresponse().status)
		return statuses[0] == 200 and statuses[1] < 500

	def send(self, batch: list[Ask]) -> list[int]:
		"""HTTP status of each request's answer."""
		self.sent += len(batch)
		return list(self.pool.map(self._send, batch))

	def _send(self, ask: Ask) -> int:
		try:
			return self._request(ask)
		except (ConnectionError, http.client.RemoteDisconnected):
			# The server ends connections that idle; nobody ends this one.
			return self._request(ask)

	def _request(self, ask: Ask) -> int:
		connection = getattr(self.connections, "open", None)
		if not connection:
			connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=TIMEOUT_S)
			self.connections.open = connection
		try:
			connection.putrequest(ask.method, ask.target, skip_host=True, skip_accept_encoding=True)
			for name, value in ask.headers:
				connection.putheader(name, value)
			connection.endheaders(ask.content)
			answer = connection.getresponse()
			answer.read()
			return answer.status
		except BaseException:
			connection.close()
			self.connections.open = None
			raise


def test_hostile_requests_are_refused_or_stored_exactly(endpoint, request):
	in_full = request.config.getoption("--in-full")
	wanted = 10_000 if in_full else 800
	begun = frappe.utils.now_datetime()

	@settings(
		max_examples=wanted // AT_ONCE + 1,
		derandomize=not in_full,
		database=None,
		deadline=None,
		report_multiple_bugs=False,
		suppress_health_check=list(HealthCheck),
		print_blob=True,
	)
	@given(
		st.lists(
			asks(endpoint.url, endpoint.stack, endpoint.number, endpoint.hosts),
			min_size=AT_ONCE,
			max_size=AT_ONCE,
		)
	)
	def send_and_look(batch):
		before = frappe.db.count(MESSAGE)
		statuses = endpoint.send(batch)
		frappe.db.rollback()
		rows, media = _stored([ask.sid for ask in batch])
		unread = frappe.get_all(UNREAD, {"account": endpoint.stack.account}, pluck="parameters")
		for ask, status in zip(batch, statuses, strict=True):
			_judge(ask, status, rows.get(ask.sid), media, endpoint.number, unread)
		endpoint.unread += len(unread)
		frappe.db.delete(UNREAD, {"account": endpoint.stack.account})
		frappe.db.commit()
		assert frappe.db.count(MESSAGE) - before == len(rows), "something was stored under another SID"
		endpoint.stored += len(rows)

	send_and_look()
	print(f"{endpoint.sent} requests, {endpoint.stored} of them stored, {endpoint.unread} kept unread")
	assert endpoint.sent >= wanted
	# Enough of them get past the signature, and enough do not.
	assert wanted / 4 < endpoint.stored < wanted * 3 / 4
	assert endpoint.unread
	frappe.db.rollback()
	assert frappe.get_all("Error Log", {"creation": (">=", begun)}, ["method", "error"]) == []


def _stored(sids: list[str]) -> tuple[dict, dict]:
	rows = frappe.get_all(
		MESSAGE,
		# From v16 on "in" with an empty text finds rows without a SID.
		filters={"twilio_sid": ("in", [sid for sid in sids if sid])},
		fields=["name", "twilio_sid", "body", "customer_number", "number", "status"],
	)
	media: dict[str, list] = {row.name: [] for row in rows}
	for item in frappe.get_all(
		MEDIA, {"parent": ("in", list(media))}, ["parent", "url", "content_type"], order_by="idx"
	):
		media[item.parent].append((item.url, item.content_type))
	return {row.twilio_sid: row for row in rows}, media


def _judge(ask: Ask, status: int, row, media: dict, number: str, unread: list[str]) -> None:
	if status != 200:
		assert 400 <= status < 500, f"{ask}\nwas answered {status}"
		assert not row, f"{ask}\nwas answered {status}, but stored"
		assert not ask.must_be_taken, f"{ask}\nwas answered {status}"
		return
	assert ask.is_signed, f"{ask}\nwas taken in without a valid signature"
	if not row and not ask.must_be_taken:
		said = sorted([name, value] for name, value in ask.signed_params.items(multi=True))
		assert said in [sorted(json.loads(kept)) for kept in unread], (
			f"{ask}\nwas answered 200, but not stored"
		)
		return
	assert row, f"{ask}\nwas answered 200, but not stored"
	assert PROPER_SID.fullmatch(row.twilio_sid)
	said = ask.signed_params
	assert (row.number, row.status) == (number, "Received")
	sender = said.get("From", "")
	if PROPER_SENDER.fullmatch(sender) and sender == sender.strip():
		assert row.customer_number == sender
	assert KEPT_SENDER.fullmatch(row.customer_number)
	assert row.body == said.get("Body", "").replace("\x00", "")[:KEPT_BODY_CHARACTERS]
	places = sorted(int(name[8:]) for name in said if re.fullmatch(r"MediaUrl[0-9]{1,4}", name))
	assert media[row.name] == [
		(
			outside.url(said[f"MediaUrl{n}"]),
			outside.content_type(said.get(f"MediaContentType{n}", "")[:KEPT_TYPE_CHARACTERS]),
		)
		for n in places[:KEPT_MEDIA]
		if 0 < len(said[f"MediaUrl{n}"]) <= KEPT_URL_CHARACTERS
	]


def test_a_request_that_says_it_is_far_too_large_is_refused_unread(stack):
	connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=TIMEOUT_S)
	with closing(connection):
		connection.putrequest("POST", INBOUND)
		connection.putheader("Content-Type", "application/x-www-form-urlencoded")
		connection.putheader("Content-Length", str(10**9))
		connection.endheaders()
		assert 400 <= connection.getresponse().status < 500
