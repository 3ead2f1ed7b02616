"""A simulator, an app that it calls, and a Twilio client of Twilio's own."""

import json
import math
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from twilio_sms_channel.simulator import Simulator, http

OURS = "+14155550100"
ANN = "+14155550132"
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


@dataclass
class Received:
	method: str
	path: str
	headers: dict
	form: dict[str, str]


@dataclass
class Reply:
	status: int = 200
	content_type: str = "text/xml"
	body: bytes = b"<Response/>"
	headers: dict = field(default_factory=dict)
	delay_s: float = 0
	hang_up: bool = False


class App:
	"""Stands for the helpdesk: keeps what it is sent, answers what it is told to."""

	def __init__(self):
		self.received: list[Received] = []
		self.replies: dict[str, list[Reply]] = {}
		app = self

		class Handler(BaseHTTPRequestHandler):
			def handle_any(self):
				raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
				form = dict(parse_qsl(raw, keep_blank_values=True))
				app.received.append(Received(self.command, self.path, dict(self.headers), form))
				replies = app.replies.get(urlsplit(self.path).path, [Reply()])
				reply = replies.pop(0) if len(replies) > 1 else replies[0]
				time.sleep(reply.delay_s)
				if reply.hang_up:
					self.close_connection = True
					return
				self.send_response(reply.status)
				self.send_header("Content-Type", reply.content_type)
				self.send_header("Content-Length", str(len(reply.body)))
				for name, value in reply.headers.items():
					self.send_header(name, value)
				self.end_headers()
				if self.command != "HEAD":
					self.wfile.write(reply.body)

			do_GET = do_POST = do_HEAD = handle_any

			def log_message(self, *arguments):
				pass

		self._server = type("Server", (ThreadingHTTPServer,), {"request_queue_size": 128})(
			("127.0.0.1", 0), Handler
		)
		self.url = f"http://127.0.0.1:{self._server.server_port}"
		threading.Thread(target=self._server.serve_forever, args=(0.002,), daemon=True).start()

	def answers(self, path: str, *replies: Reply) -> None:
		"""Answer these in turn, the last one for ever."""
		self.replies[path] = list(replies)

	def at(self, path: str) -> list[Received]:
		return [r for r in self.received if urlsplit(r.path).path == path]

	def close(self):
		self._server.shutdown()
		self._server.server_close()


@pytest.fixture
def app():
	app = App()
	yield app
	app.close()


@pytest.fixture
def sim(monkeypatch):
	monkeypatch.setattr(http, "POLL_S", 0.002)
	with Simulator(speed=math.inf, seed=7, hang_s=0.3, slow_s=0.2, read_timeout_s=0.5, total_time_s=2) as sim:
		yield sim


@pytest.fixture
def account(sim):
	return sim.add_account()


@pytest.fixture
def number(sim, account, app):
	return sim.add_number(account.sid, OURS, sms_url=app.url + "/inbound")


@pytest.fixture
def client(sim, account, number):
	return client_of(sim, account.sid, account.auth_token, account.sid)


def client_of(sim, user: str, password: str, account_sid: str) -> Client:
	client = Client(user, password, account_sid, http_client=TwilioHttpClient(timeout=2))
	for host in (client.api, client.messaging, client.accounts, client.monitor):
		host.base_url = sim.base_url
	return client


@pytest.fixture
def log_in(sim):
	return lambda user, password, account_sid: client_of(sim, user, password, account_sid)


@pytest.fixture
def say(sim):
	"""Text us as Ann and wait until all of it is over."""

	def say(body: str = "Hello", from_: str = ANN, to: str = OURS, **options):
		message = sim.text(from_, to, body, **options)
		assert sim.wait_idle(5)
		return message

	return say


@pytest.fixture
def send(sim, client, app):
	"""Send to Ann with delivery reports and wait until all of it is over."""

	def send(body: str = "Hi", to: str = ANN, **options):
		options = {"from_": OURS, "status_callback": app.url + "/status?message=M1"} | options
		message = client.messages.create(to=to, body=body, **options)
		assert sim.wait_idle(5)
		return message

	return send


def refused(call) -> tuple[int, int]:
	"""Twilio's code and the HTTP status that `call` fails with."""
	with pytest.raises(TwilioException) as caught:
		call()
	if isinstance(caught.value, TwilioRestException):
		return caught.value.code, caught.value.status
	# What the SDK raises for a list has neither; the answer is its second argument.
	answer = caught.value.args[1]
	return json.loads(answer.text)["code"], answer.status_code
