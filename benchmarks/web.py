"""Frappe's web server as a bench in production runs it, and clients that ask it as fast as it answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from figures import quantile

HERE = Path(__file__).parent
HOST = "127.0.0.1"
WORKERS = 2
CLIENTS = 4
START_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 30
PING = "/api/method/ping"


class WrongAnswer(Exception):
	"""A request was not answered with 200."""


@dataclass(frozen=True)
class Round:
	"""Some seconds of one kind of request."""

	answered: int
	per_second: float
	p50_ms: float
	p99_ms: float


class WebServer:
	"""Gunicorn with two workers of the kind that bench's own configuration chooses, for as long as the context lasts.

	A sync worker closes the connection with each answer, so every request here brings a connection of its own.

	:param sites: the bench's sites folder
	:param site: name of the site, which every request names as its host
	:param log: file for what the server prints
	:param answers_any_name: whether the site is served whatever host a request names
	"""

	def __init__(self, sites: Path, site: str, log: Path, answers_any_name: bool = False):
		self.sites, self.site, self.log = sites, site, log
		self.application = "one_site:application" if answers_any_name else "frappe.app:application"

	def __enter__(self) -> WebServer:
		self.port = _free_port()
		options = {"bind": f"{HOST}:{self.port}", "workers": WORKERS, "worker-class": "sync", "timeout": 120}
		words = [f"--{name}={value}" for name, value in options.items()]
		with self.log.open("w") as output:
			self.process = subprocess.Popen(
				[sys.executable, "-m", "gunicorn", *words, "--preload", self.application],
				cwd=self.sites,
				env={**os.environ, "PYTHONPATH": str(HERE), "TWILIO_SMS_BENCHMARK_SITE": self.site},
				stdout=output,
				stderr=subprocess.STDOUT,
			)
		try:
			self._wait_until_it_answers()
		except BaseException:
			self.__exit__()
			raise
		return self

	def __exit__(self, *_exception):
		self.process.terminate()
		try:
			self.process.wait(20)
		except subprocess.TimeoutExpired:
			self.process.kill()
			self.process.wait(20)

	def request(self, path: str, headers: dict[str, str] | None = None, body: str | None = None) -> bytes:
		"""The bytes of a GET request, or of a POST request when there is a body."""
		content = (body or "").encode()
		lines = [
			f"{'GET' if body is None else 'POST'} {path} HTTP/1.1",
			f"Host: {self.site}",
			*(f"{name}: {value}" for name, value in (headers or {}).items()),
			*([] if body is None else [f"Content-Length: {len(content)}"]),
			"Connection: close",
		]
		return "\r\n".join([*lines, "", ""]).encode() + content

	def round(self, requests: list[Iterable[bytes]], seconds: float) -> Round:
		"""Have one client for each of the `requests` send these, one after the other, until the time is over.

		:raises WrongAnswer: one was not answered with 200, or a client ran out of requests before the time was over
		"""
		clients = [_Client(self.port, its_requests) for its_requests in requests]
		begin = time.perf_counter()
		for client in clients:
			client.ask_until(begin + seconds)
		for client in clients:
			client.join(seconds + 2 * ANSWER_TIMEOUT_S)
		elapsed = time.perf_counter() - begin
		for client in clients:
			if client.is_alive() or client.error:
				raise WrongAnswer(client.error or "a client did not end")
		took = [second for client in clients for second in client.took]
		return Round(len(took), len(took) / elapsed, 1000 * quantile(took, 0.5), 1000 * quantile(took, 0.99))

	def _wait_until_it_answers(self):
		deadline = time.monotonic() + START_TIMEOUT_S
		while time.monotonic() < deadline and self.process.poll() is None:
			try:
				ask(self.port, self.request(PING))
				return
			except OSError:
				time.sleep(0.1)
		raise WrongAnswer(f"the web server did not start, see {self.log}")


class _Client(threading.Thread):
	def __init__(self, port: int, requests: Iterable[bytes]):
		super().__init__(daemon=True)
		self.port, self.requests = port, iter(requests)
		self.took: list[float] = []
		self.error = ""

	def ask_until(self, end: float):
		self.end = end
		self.start()

	def run(self):
		try:
			while (begin := time.perf_counter()) < self.end:
				ask(self.port, next(self.requests))
				self.took.append(time.perf_counter() - begin)
		except StopIteration:
			self.error = "the prepared requests were too few"
		except (OSError, WrongAnswer) as error:
			self.error = f"{type(error).__name__}: {error}"


def ask(port: int, request: bytes) -> bytes:
	"""Send one request and return the whole answer.

	:raises WrongAnswer: its status is not 200
	:raises OSError: there was no answer
	"""
	with socket.create_connection((HOST, port), timeout=ANSWER_TIMEOUT_S) as connection:
		connection.sendall(request)
		parts = []
		while part := connection.recv(65536):
			parts.append(part)
	answer = b"".join(parts)
	if answer[9:12] != b"200":
		raise WrongAnswer(answer[:2000].decode(errors="replace") or "an empty answer")
	return answer


def _free_port() -> int:
	with socket.socket() as probe:
		probe.bind((HOST, 0))
		return probe.getsockname()[1]
