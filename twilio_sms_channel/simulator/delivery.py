"""Requests from Twilio to the app: webhooks and status callbacks, with Twilio's time-outs and retries.

Rules: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides. By default 5 s to connect, 15 s to
answer, 15 s in all, one retry and that on connection failure only; a `#rc=…&rp=…` on the URL changes them.
"""

import heapq
import itertools
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
import urllib3

from twilio_sms_channel.simulator.errors import WEBHOOK_ERRORS
from twilio_sms_channel.simulator.models import Notice, WebhookAttempt
from twilio_sms_channel.simulator.webhook_security import Signer
from twilio_sms_channel.simulator.world import World

USER_AGENT = "TwilioProxy/1.1"
CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 15.0
TOTAL_TIME_S = 15.0
MIN_OVERRIDE_S, MAX_CONNECT_OVERRIDE_S, MAX_READ_OVERRIDE_S = 0.1, 10.0, 15.0
DEFAULT_RETRIES, MAX_RETRIES = 1, 5
RETRY_PAUSE_S = 0.1
MAX_TWIML_BYTES = 64 * 1024
WORKERS = 16


@dataclass(frozen=True)
class Rules:
	"""How patiently and how often one URL is requested."""

	connect_s: float = CONNECT_TIMEOUT_S
	read_s: float = READ_TIMEOUT_S
	total_s: float = TOTAL_TIME_S
	retries: int = DEFAULT_RETRIES
	policy: frozenset[str] = frozenset({"ct"})
	"""of ct (could not connect), rt (no answer in time), 4xx, 5xx, all"""

	@classmethod
	def of(cls, url: str, defaults: "Rules | None" = None) -> "Rules":
		"""The rules in the URL's fragment over the defaults; what is out of range or unknown is left alone."""
		own = dict(parse_qsl(urlsplit(url).fragment))
		base = defaults or cls()

		def seconds(key: str, default: float, most: float) -> float:
			value = own.get(key, "")
			return min(max(int(value) / 1000, MIN_OVERRIDE_S), most) if value.isdecimal() else default

		rc = own.get("rc", "")
		return cls(
			connect_s=seconds("ct", base.connect_s, MAX_CONNECT_OVERRIDE_S),
			read_s=seconds("rt", base.read_s, MAX_READ_OVERRIDE_S),
			total_s=seconds("tt", base.total_s, MAX_READ_OVERRIDE_S),
			retries=min(int(rc), MAX_RETRIES) if rc.isdecimal() else base.retries,
			policy=frozenset(own["rp"].split(",")) if own.get("rp") else base.policy,
		)

	def allow_retry_after(self, outcome: str) -> bool:
		return bool(outcome) and ("all" in self.policy or outcome in self.policy)


@dataclass(frozen=True)
class Answer:
	"""What the last attempt brought."""

	attempt: WebhookAttempt
	content_type: str = ""
	body: bytes = b""


class Courier:
	"""Runs everything that happens in the background: requests to the app, and things due later.

	:param world: the journal that attempts are written to
	:param rules: what holds where a URL says nothing
	"""

	def __init__(self, world: World, rules: Rules):
		self.world = world
		self.rules = rules
		self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="simulator-courier")
		self._idle = threading.Condition()
		self._pending = 0
		self._queues: dict[str, deque] = {}
		self._due: list = []
		self._count = itertools.count()
		self._wake = threading.Condition()
		self._stopped = False
		threading.Thread(target=self._run_clock, name="simulator-clock", daemon=True).start()

	def soon(self, job: Callable, *args) -> None:
		"""Run in the background."""
		self._begin()
		self._submit(job, args)

	def later(self, delay_s: float, job: Callable, *args) -> None:
		"""Run in the background after a delay."""
		if delay_s <= 0:
			return self.soon(job, *args)
		self._begin()
		self._at(delay_s, self._submit, job, args)

	def someday(self, delay_s: float, job: Callable, *args) -> None:
		"""As `later`, but nobody who waits for idleness waits for it."""
		self._at(delay_s, self.soon, job, *args)

	def wait_for_turns(self, key: str, condition: Callable[[], bool], timeout_s: float) -> bool:
		"""Wait until `condition` holds and no job of that key is left."""
		with self._idle:
			return self._idle.wait_for(lambda: key not in self._queues and condition(), timeout_s)

	def in_turn(self, key: str, job: Callable, *args) -> None:
		"""Run in the background, after all earlier jobs of the same key."""
		self._begin()
		with self._idle:
			queue = self._queues.get(key)
			if queue is not None:
				queue.append((job, args))
				return
			self._queues[key] = deque([(job, args)])
		self._submit(self._drain, (key,), finish=False)

	def wait_idle(self, timeout_s: float) -> bool:
		"""Wait until nothing is pending. False when it still is after `timeout_s`."""
		with self._idle:
			return self._idle.wait_for(lambda: self._pending == 0, timeout_s)

	def stop(self) -> None:
		with self._wake:
			self._stopped = True
			self._due.clear()
			self._wake.notify()
		self._pool.shutdown(wait=False, cancel_futures=True)

	def deliver(
		self,
		kind: str,
		message_sid: str,
		url: str,
		method: str,
		params: dict[str, str],
		signer: Signer,
		fallback: bool = False,
	) -> Answer:
		"""Request a webhook URL until the rules are exhausted. Never raises; each attempt is in the journal.

		:param kind: "inbound" or "status", for the journal
		:param url: as configured, with fragment
		:param fallback: whether this is the fallback URL
		"""
		rules = Rules.of(url, self.rules)
		token = str(uuid.uuid4())
		give_up_at = time.monotonic() + rules.total_s
		for number in range(1, rules.retries + 2):
			attempt, answer, outcome = self._attempt(
				kind, message_sid, url, method, params, signer, token, rules, give_up_at
			)
			attempt.number, attempt.fallback = number, fallback
			self.world.record(attempt)
			out_of_time = time.monotonic() + RETRY_PAUSE_S >= give_up_at
			if out_of_time or self._stopped or not rules.allow_retry_after(outcome):
				break
			if number <= rules.retries:
				time.sleep(RETRY_PAUSE_S)
		return answer

	def _attempt(
		self, kind, message_sid, url, method, params, signer, token, rules, give_up_at
	) -> tuple[WebhookAttempt, Answer, str]:
		"""One request; the last item is the retry policy's word for its failure, "" for none."""
		parts = urlsplit(url)
		signed_url, form = url, dict(params)
		if method == "GET":
			query = urlencode(params)
			parts = parts._replace(query=f"{parts.query}&{query}" if parts.query else query)
			signed_url, form = urlunsplit(parts), None
		headers = {
			"User-Agent": USER_AGENT,
			**signer.headers(url, signed_url, form),
			"I-Twilio-Idempotency-Token": token,
			"Accept": "*/*",
		}
		shown = {name: value for name, value in headers.items() if name != "Authorization"}
		attempt = WebhookAttempt(kind, message_sid, url, method, dict(params), shown)
		started = time.monotonic()
		left_s = max(give_up_at - started, MIN_OVERRIDE_S)
		outcome, content_type, body = "", "", b""
		try:
			with requests.Session() as session:
				# A proxy or a .netrc of this machine has no business between Twilio and the app.
				session.trust_env = False
				with session.request(
					method,
					urlunsplit(parts._replace(fragment="")),
					data=form,
					headers=headers,
					timeout=(min(rules.connect_s, left_s), min(rules.read_s, left_s)),
					stream=True,
				) as response:
					body = response.raw.read(MAX_TWIML_BYTES + 1, decode_content=True)
					content_type = response.headers.get("Content-Type", "")
					attempt.status_code = response.status_code
					if response.status_code >= 400:
						outcome = f"{response.status_code // 100}xx"
						attempt.error_code = 11200
		except (requests.ConnectTimeout, requests.exceptions.SSLError):
			outcome, attempt.error_code = "ct", 11205
		except requests.ConnectionError as e:
			outcome = "rt" if "RemoteDisconnected" in str(e) or "Connection aborted" in str(e) else "ct"
			attempt.error_code = 11205
		except (requests.Timeout, urllib3.exceptions.HTTPError):
			outcome, attempt.error_code = "rt", 11200
		except Exception as e:
			# An impossible URL or a broken answer: whatever the app did, practice mode goes on.
			outcome, attempt.error_code, attempt.error = "", 11200, f"{type(e).__name__}: {e}"
		attempt.latency_ms = round((time.monotonic() - started) * 1000)
		attempt.response_body = body[:4000].decode("utf-8", "replace")
		if not attempt.error:
			attempt.error = _say(outcome, attempt)
		return attempt, Answer(attempt, content_type, body), outcome

	def _drain(self, key: str) -> None:
		while True:
			with self._idle:
				if not self._queues[key]:
					del self._queues[key]
					self._idle.notify_all()
					return
				job, args = self._queues[key].popleft()
			self._run(job, args)

	def _submit(self, job, args, finish: bool = True) -> None:
		try:
			self._pool.submit(self._run if finish else job, *((job, args) if finish else args))
		except RuntimeError:  # stopped
			self._end()

	def _run(self, job, args) -> None:
		try:
			if not self._stopped:
				job(*args)
		except Exception as e:
			# Nobody waits for the result of a background job; the page at least says that it ended badly.
			self.world.record(Notice(f"Practice mode itself failed: {type(e).__name__}: {e}"))
		finally:
			self._end()

	def _begin(self) -> None:
		with self._idle:
			self._pending += 1

	def _end(self) -> None:
		with self._idle:
			self._pending -= 1
			self._idle.notify_all()

	def _at(self, delay_s: float, job: Callable, *args) -> None:
		with self._wake:
			heapq.heappush(self._due, (time.monotonic() + delay_s, next(self._count), job, args))
			self._wake.notify()

	def _run_clock(self) -> None:
		while True:
			with self._wake:
				if self._stopped:
					return
				wait_s = self._due[0][0] - time.monotonic() if self._due else None
				if wait_s is None or wait_s > 0:
					self._wake.wait(wait_s)
					continue
				_, _, job, args = heapq.heappop(self._due)
			job(*args)


def _say(outcome: str, attempt: WebhookAttempt) -> str:
	if outcome == "ct":
		return "The connection was refused or could not be made."
	if outcome == "rt":
		return "The connection broke, or no answer came in time."
	if attempt.error_code:
		return f"{WEBHOOK_ERRORS[attempt.error_code]}: answered {attempt.status_code}"
	return ""
