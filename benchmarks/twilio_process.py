"""The simulator in a process of its own, so that its work takes no time of who is measured."""

from __future__ import annotations

import gc
import multiprocessing
import time

SPEED = 20


class TwilioProcess:
	"""A simulated Twilio with one account, for as long as the context lasts. `url` is its API's base URL.

	:param latency_s: how long each answer takes
	"""

	def __init__(self, account_sid: str, auth_token: str, latency_s: float):
		self.settings = (account_sid, auth_token, latency_s)

	def __enter__(self) -> TwilioProcess:
		spawn = multiprocessing.get_context("spawn")
		self._ours, theirs = spawn.Pipe()
		self._process = spawn.Process(target=_serve, args=(theirs, *self.settings), daemon=True)
		self._process.start()
		theirs.close()
		self.url = self._ours.recv()
		return self

	def __exit__(self, *_exception):
		self._ours.close()
		self._process.join(10)
		self._process.kill()

	def add_number(self, number: str, kind: str) -> None:
		self._ask("add_number", number, kind)

	def arrivals(self, number: str) -> list[float]:
		"""`time.monotonic()` of each accepted send request, ascending."""
		return self._ask("arrivals", number)

	def texts(self, number: str) -> list[tuple[str, str]]:
		"""(customer, text) of a number's texts, in the order in which they arrived."""
		return self._ask("texts", number)

	def answer_after(self, latency_s: float) -> None:
		self._ask("answer_after", latency_s)

	def call_back(self, yes: bool) -> None:
		"""Whether status callbacks are delivered; they are not until this is called."""
		self._ask("call_back", yes)

	def settle(self) -> None:
		"""Wait until every text is at its end."""
		self._ask("settle")

	def cpu_s(self) -> float:
		"""What the process has cost so far."""
		return self._ask("cpu_s")

	def _ask(self, *question):
		self._ours.send(question)
		return self._ours.recv()


class _Answers:
	"""The other side: a method for each question."""

	def __init__(self, account_sid: str, auth_token: str, latency_s: float):
		from twilio_sms_channel.simulator import Simulator

		self.sim = Simulator(speed=SPEED, latency_s=latency_s)
		self.account = self.sim.add_account(account_sid, auth_token)
		self.call_back(False)
		self.sim.start()

	def add_number(self, number: str, kind: str) -> None:
		self.sim.add_number(self.account.sid, number, kind=kind)

	def arrivals(self, number: str) -> list[float]:
		return self.sim.arrivals(number)

	def texts(self, number: str) -> list[tuple[str, str]]:
		texts = [m for m in self.sim.messages(direction="outbound", number=number) if m.arrived]
		return [(m.customer, m.body) for m in sorted(texts, key=lambda m: m.arrived)]

	def answer_after(self, latency_s: float) -> None:
		self.sim.latency_s = latency_s

	def call_back(self, yes: bool) -> None:
		if yes:
			self.sim.faults.off("callback_lost")
		else:
			self.sim.faults.always("callback_lost")

	def settle(self) -> None:
		self.sim.wait_idle(60)

	def cpu_s(self) -> float:
		return time.process_time()


def _serve(pipe, *settings) -> None:
	# Its pauses would be measured: requests that arrive meanwhile are read together.
	gc.disable()
	answers = _Answers(*settings)
	pipe.send(answers.sim.base_url)
	while True:
		try:
			name, *arguments = pipe.recv()
		except EOFError:
			return
		pipe.send(getattr(answers, name)(*arguments))
