"""The running parts that the tests need, started for one session and stopped again."""

import itertools
import os
import random
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import frappe
import requests
from aiosmtpd.controller import Controller
from frappe.installer import update_site_config
from frappe.utils.background_jobs import get_queue, get_redis_connection_without_auth

from support import desks, leaks
from support.jobs import QUEUES, is_idle
from support.people import Person
from support.worker import Worker
from twilio_sms_channel.simulator import Simulator

REPOSITORY = Path(__file__).parents[2]
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
SUPERVISED_EVERY_S = 0.5
INBOUND = "/api/method/twilio_sms_channel.api.webhooks.inbound"
ACCOUNT_NAME = "Example Shop"
MESSAGE = "Twilio SMS Message"
# Instead of two minutes: how long Twilio's list has to lack a text before it is sent again.
ABSENT_AFTER_S = 3
FAST = 50
SPECIAL_ENDINGS = tuple(str(code) for code in (*range(30003, 30009), 30011, 30019))


class Stack:
	"""Everything between a customer's phone and an agent's screen.

	`web` is the site's base URL, `simulator` the Twilio in this process, `number` and `other_number` are ours.
	With `url` the bench's own web server, worker and socket.io server do the work, which have to run.
	"""

	def __init__(self, bench: Path, site: str, url: str | None = None):
		self.bench, self.site, self.url = bench, site, url
		self.processes: dict[str, subprocess.Popen | Worker] = {}
		self.logs = bench / "logs" / "tests" / site
		self.answers_log = self.logs / "answers.log"

	def __enter__(self) -> "Stack":
		self.logs.mkdir(parents=True, exist_ok=True)
		for log in self.logs.glob("*.log"):
			log.unlink()
		self.mails: list = []
		self.mail = Controller(_Mailbox(self.mails), hostname="127.0.0.1", port=free_port())
		self.mail.start()
		self.simulator = Twilio(host="127.0.0.1", port=0, speed=20, hang_s=4)
		self.simulator.start()
		self.port = free_port()
		self.web = self.url or f"http://127.0.0.1:{self.port}"
		self.realtime = leaks.Realtime(get_redis_connection_without_auth(), self.logs / "realtime.log")
		self.realtime.start()
		self.before = frappe.get_site_config().get("twilio_sms_api_base_url")
		self._configure()
		if not self.url:
			self.start_web()
			self.start_worker()
		return self

	def __exit__(self, *_exc):
		self.stop(*self.processes)
		self.simulator.stop()
		self.mail.stop()
		self.realtime.stop()
		update_site_config("twilio_sms_api_base_url", self.before or "None")
		update_site_config("twilio_sms_api_timeout_s", "None")
		update_site_config("twilio_sms_absent_after_s", "None")

	def login(self, user: str) -> Person:
		return Person(self, user)

	def _configure(self) -> None:
		frappe.db.rollback()
		self._call_off_what_is_left()
		self.account_sid = "AC" + secrets.token_hex(16)
		self.auth_token = leaks.secret("the stack's auth token")
		self.simulator.add_account(
			sid=self.account_sid, auth_token=self.auth_token, friendly_name="Tests", status="active"
		)
		frappe.db.set_single_value("Twilio SMS Settings", "public_base_url", self.web)
		for system in desks.here():
			system.be_plain()
		# An account of an earlier run may have been left behind with its messages: it keeps its name for good.
		self.account = f"{ACCOUNT_NAME} {self.account_sid[-6:]}"
		frappe.get_doc(
			{
				"doctype": "Twilio SMS Account",
				"account_name": self.account,
				"account_sid": self.account_sid,
				"auth_token": self.auth_token,
			}
		).insert()
		# Fast ones: how fast a number may be is a matter of tests with numbers of their own.
		self.number, self.other_number = (self.add_number(segments_per_second=FAST) for _ in range(2))
		self._mail_account()
		frappe.db.commit()
		update_site_config("twilio_sms_api_base_url", self.simulator.base_url)
		update_site_config("twilio_sms_api_timeout_s", 2)
		update_site_config("twilio_sms_absent_after_s", ABSENT_AFTER_S)

	def _call_off_what_is_left(self) -> None:
		"""Texts of an earlier run: their Twilio is no more."""
		for status in ("Queued", "Sending", "Unconfirmed"):
			frappe.db.set_value(MESSAGE, {"status": status}, "status", "Canceled", update_modified=False)

	def add_number(self, **fields) -> str:
		"""A number of ours, known to the site and to the simulator. Commits."""
		# 0100 to 0199 are for examples: tests name some of them.
		number = fields.pop("phone_number", "") or f"+1415555{200 + secrets.randbelow(9800):04}"
		while frappe.db.exists("Twilio SMS Number", number):
			number = f"+1{secrets.choice((212, 312, 415, 503))}{2_000_000 + secrets.randbelow(8_000_000)}"
		frappe.get_doc(
			{
				"doctype": "Twilio SMS Number",
				"phone_number": number,
				"account": self.account,
				"mms_enabled": 1,
				**desks.default().of_number(),
				**fields,
			}
		).insert()
		frappe.db.commit()
		self.simulator.add_number(self.account_sid, number, sms_url=self.web + INBOUND)
		return number

	def _mail_account(self) -> None:
		"""A default outgoing account whose mails land in `self.mails`."""
		address = "helpdesk@example.com"
		# An address can be of one account only, and the site may have one.
		name = frappe.db.get_value("Email Account", {"email_id": address})
		frappe.db.set_value(
			"Email Account", {"default_outgoing": 1, "name": ("!=", name or "")}, "default_outgoing", 0
		)
		account = frappe.get_doc("Email Account", name) if name else frappe.new_doc("Email Account")
		account.update(
			{
				"email_account_name": name or "Twilio SMS Tests",
				"email_id": address,
				"enable_outgoing": 1,
				"default_outgoing": 1,
				"no_smtp_authentication": 1,
				"awaiting_password": 0,
				"smtp_server": "127.0.0.1",
				"smtp_port": self.mail.port,
				"use_tls": 0,
			}
		)
		account.save()

	def start_web(self, **env: str) -> None:
		"""Start the web server, which answers when this returns. `env` is added to its environment."""
		bind = ["--bind", f"127.0.0.1:{self.port}"]
		size = "--workers 2 --threads 4 --worker-class gthread --timeout 60 --preload".split()
		self._start("web", ["-m", "gunicorn", "support.wsgi:application", *bind, *size], env)
		deadline = time.monotonic() + START_TIMEOUT_S
		while time.monotonic() < deadline and self.processes["web"].poll() is None:
			try:
				if requests.get(f"{self.web}/api/method/ping", timeout=5).ok:
					return
			except requests.RequestException:
				time.sleep(0.2)
		raise RuntimeError(f"the web server did not start, see {self.logs / 'web.log'}")

	def start_worker(self, name: str = "worker", **env: str) -> Worker:
		"""Start a background worker; it is ready a moment later. `env` is added to its environment."""
		self.processes[name] = worker = Worker(self.logs / f"{name}.log", {**self._env, **env})
		return worker

	def start(self, name: str, module: str, *arguments: str, **env: str) -> subprocess.Popen:
		"""Start a module as a process. `env` is added to its environment."""
		return self._start(name, ["-m", module, *arguments], env)

	def stop(self, *names: str) -> None:
		"""End processes: kindly, then not. Those that ended by themselves are forgotten."""
		processes = [self.processes.pop(name) for name in names]
		for process in processes:
			process.terminate()
		for process in processes:
			try:
				process.wait(STOP_TIMEOUT_S)
			except subprocess.TimeoutExpired:
				process.kill()
				process.wait(STOP_TIMEOUT_S)

	@contextmanager
	def more_workers(self, count: int) -> Iterator[None]:
		"""So many workers besides the one that is always there."""
		names = [f"worker-{n}" for n in range(2, count + 2)]
		for name in names:
			self.start_worker(name)
		try:
			yield
		finally:
			self.stop(*names)

	@contextmanager
	def without_worker(self) -> Iterator[None]:
		"""No worker until the end of the block, except those that the block starts itself."""
		self.stop("worker")
		try:
			yield
		finally:
			if "worker" in self.processes:
				self.stop("worker")
			self.start_worker()
			# The job that a worker had just fetched when it was told to stop is lost: the sweep's work, each minute.
			self.wake()

	def wake(self) -> None:
		"""Have a worker send what waits, as the sweep does each minute."""
		from twilio_sms_channel.messaging.sending import worker

		worker.wake_if_needed()

	def wait_until_idle(self) -> None:
		"""Until no job waits or runs."""
		eventually(is_idle)

	def empty_queues(self) -> None:
		"""Forget the site's jobs that wait, as a Redis does that is restarted."""
		for name in QUEUES:
			for job in get_queue(name).jobs:
				if job.kwargs.get("site") == self.site:
					job.delete()

	@contextmanager
	def supervised_worker(self) -> Iterator[None]:
		"""A worker that dies is started again, as a bench's supervisor does it."""
		ended = threading.Event()

		def look_after() -> None:
			while not ended.wait(SUPERVISED_EVERY_S):
				if self.processes["worker"].poll() is not None:
					self.start_worker()

		thread = threading.Thread(target=look_after, name="supervisor", daemon=True)
		thread.start()
		try:
			yield
		finally:
			ended.set()
			thread.join(STOP_TIMEOUT_S)

	def run(self, *arguments: str, timeout_s: float = 300, **env: str) -> subprocess.CompletedProcess:
		"""Run the bench's Python in a process of its own, in the sites folder, to its end. `env` is added to its
		environment."""
		return subprocess.run(
			[str(self._python), *arguments],
			cwd=self.bench / "sites",
			env={**os.environ, **env},
			capture_output=True,
			text=True,
			timeout=timeout_s,
		)

	@property
	def _python(self) -> Path:
		return self.bench / "env" / "bin" / "python"

	@property
	def _env(self) -> dict[str, str]:
		paths = (str(REPOSITORY / "tests"), os.environ.get("PYTHONPATH"))
		return {
			"PYTHONPATH": os.pathsep.join(filter(None, paths)),
			"TWILIO_SMS_SITE": self.site,
			"TWILIO_SMS_ANSWERS_LOG": str(self.answers_log),
			leaks.FILE: leaks.planted.file,
		}

	def _start(self, name: str, arguments: list[str], env: dict[str, str]) -> subprocess.Popen:
		with (self.logs / f"{name}.log").open("a") as log:
			process = subprocess.Popen(
				[str(self._python), *arguments],
				cwd=self.bench / "sites",
				env={**os.environ, **self._env, **env},
				stdout=log,
				stderr=subprocess.STDOUT,
			)
		self.processes[name] = process
		return process


class Twilio(Simulator):
	"""The simulator; what it gives out as a secret is known as one."""

	def add_account(self, *args, **kwargs):
		account = super().add_account(*args, **kwargs)
		leaks.planted.learn(self)
		return account

	def add_api_key(self, *args, **kwargs):
		key = super().add_api_key(*args, **kwargs)
		leaks.planted.learn(self)
		return key


class Customer:
	"""Somebody with a phone who has never texted before."""

	numbers = itertools.count(random.randint(0, 700_000))

	def __init__(self, stack: Stack):
		self.stack = stack
		# +1 907 (Alaska) with numbers of ordinary form; those whose endings mean something to the simulator are left out.
		self.number = next(
			number
			for n in self.numbers
			if (number := f"+1907{3_000_000 + n * 9 % 6_900_000:07}")[-4:-2] != "00"
			and not number.endswith(SPECIAL_ENDINGS)
		)

	def text(self, body: str, to: str | None = None, media=None, wait: bool = True, **extra):
		"""Type a text on the handset; returns the Twilio SMS Message document once it is in its ticket."""
		to = to or self.stack.number
		sent = self.stack.simulator.text(from_=self.number, to=to, body=body, media=media or [], **extra)
		return self.arrived(sent) if wait else sent

	@staticmethod
	def arrived(sent):
		"""What `text` returned without waiting, as the document it is once it is in its ticket."""
		taken_in = {"twilio_sid": sent.sid, "status": ("!=", "Received")}
		return frappe.get_doc(MESSAGE, eventually(lambda: frappe.db.get_value(MESSAGE, taken_in)))

	def text_after_stop(self, body: str = "START", **extra):
		"""Text in a later second than the last text: Twilio's times have no parts of one, and a tie goes to STOP."""
		time.sleep(1.05 - time.time() % 1)
		return self.text(body, **extra)

	def inbox(self) -> list:
		"""Texts on the handset that came from us, oldest first; not what Twilio itself answers to STOP."""
		return [
			m
			for m in self.stack.simulator.messages(customer=self.number, direction="outbound")
			if not m.automatic
		]


class _Mailbox:
	def __init__(self, mails: list):
		self.mails = mails

	async def handle_DATA(self, _server, _session, envelope):
		self.mails.append(envelope)
		return "250 OK"


def eventually(ask, timeout_s: float = 60, every_s: float = 0.05):
	"""What `ask()` gives once it gives something true; each time with a fresh view of the database."""
	deadline = time.monotonic() + timeout_s
	while True:
		frappe.db.rollback()
		if answer := ask():
			return answer
		if time.monotonic() > deadline:
			raise AssertionError(f"waited {timeout_s} s in vain")
		time.sleep(every_s)


def lifted(ticket) -> None:
	"""Until an opt-out is lifted: START so soon after STOP counts once Twilio has told which was the last."""
	conversation = ticket.twilio_sms_conversation
	eventually(lambda: not frappe.db.get_value("Twilio SMS Conversation", conversation, "opted_out"))


def status_of(message: str) -> str:
	frappe.db.rollback()
	return frappe.db.get_value(MESSAGE, message, "status")


def free_port() -> int:
	with socket.socket() as s:
		s.bind(("127.0.0.1", 0))
		return s.getsockname()[1]


def ticket_of(message) -> "frappe.model.document.Document":
	"""The ticket that a message is in."""
	frappe.db.rollback()
	return frappe.get_doc(
		*frappe.db.get_value("Communication", message.communication, ["reference_doctype", "reference_name"])
	)


def content_of(file: str) -> bytes:
	"""What a File holds. Not by its get_content(), which from v16 on makes text of pictures."""
	return Path(frappe.get_doc("File", file).get_full_path()).read_bytes()
