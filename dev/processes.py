"""Running tools that end, and services that stay."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from layout import BENCH, CACHE, CONFIG, LOGS
from trouble import Trouble, meaning

MARK = "THROWAWAY_SERVICE"
STOP_TIMEOUT_S = 20

_running: set[subprocess.Popen] = set()
_guard = threading.Lock()
_ended = threading.Event()
# Tools inherit the lock on the bench: when only this program is killed, the next run waits until the tool has ended.
inherited: tuple[int, ...] = ()


def environment(**more: str) -> dict[str, str]:
	"""The environment of everything that is started here.

	Frappe behaves differently where CI is set (its workers take every job for a test), and a virtual environment or
	bench of the caller's is not the one to be used. Python keeps what it compiled, beside nobody's sources: without that
	each of the many processes compiles Frappe anew.
	"""
	unwanted = {"CI", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"}
	kept = {
		name: value
		for name, value in os.environ.items()
		if name not in unwanted and not name.startswith(("FRAPPE_", "MAKE"))
	}
	return {**kept, "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"), **more}


def run(command: list, what: str, log: str, cwd: Path | None = None, **env: str) -> str:
	"""Run a tool to its end with its output in a log; `what` completes "could not …"."""
	if _ended.is_set():
		raise Trouble(f"did not {what}", "interrupted")
	file = LOGS / f"{log}.log"
	words = [str(word) for word in command]
	with file.open("a") as output:
		start = output.tell()
		output.write(f"$ {' '.join(words)}\n")
		output.flush()
		try:
			process = subprocess.Popen(
				words,
				cwd=cwd,
				env=environment(**env),
				stdin=subprocess.DEVNULL,
				stdout=output,
				stderr=subprocess.STDOUT,
				pass_fds=inherited,
			)
		except OSError as error:
			raise Trouble(f"could not {what}", str(error), f"see that {words[0]} is installed and runs")
		with _guard:
			_running.add(process)
		try:
			status = process.wait()
		finally:
			with _guard:
				_running.discard(process)
	printed = _read(file, start)
	if status:
		why, advice = meaning(printed)
		raise Trouble(f"could not {what} ({Path(words[0]).name} ended with {status})", why, advice, file)
	return printed.partition("\n")[2]


def _read(file: Path, start: int) -> str:
	with file.open(errors="replace") as output:
		output.seek(start)
		return output.read()


def end_tools():
	"""End the tools that still run, when the person at the keyboard has had enough."""
	_ended.set()
	with _guard:
		for process in _running:
			process.terminate()


@dataclass(frozen=True)
class Service:
	"""A process that outlives this program, is found again by the next run, and ended by `make stop`."""

	name: str
	command: list = field(default_factory=list)
	cwd: Path = BENCH
	env: dict[str, str] = field(default_factory=dict)

	@property
	def log(self) -> Path:
		return LOGS / f"{self.name}.log"

	@property
	def _pid_file(self) -> Path:
		return CONFIG / "pids" / f"{self.name}.json"

	@property
	def _mark(self) -> str:
		return f"{BENCH}:{self.name}"

	def pid(self) -> int | None:
		"""The running process, if it runs: a number alone may meanwhile belong to somebody else."""
		try:
			known = json.loads(self._pid_file.read_text())
		except (OSError, ValueError):
			known = {}
		if known and _born(known["pid"]) == known["born"]:
			return known["pid"]
		# Killed between starting it and writing that file.
		leaders = [pid for pid in self._marked() if _session(pid) == pid]
		return leaders[0] if leaders else None

	def start(self, is_ready: Callable[[], bool], timeout_s: float = 60):
		self._pid_file.parent.mkdir(parents=True, exist_ok=True)
		with self.log.open("a") as output:
			start = output.tell()
			process = subprocess.Popen(
				[str(word) for word in self.command],
				cwd=self.cwd,
				env=environment(**self.env, **{MARK: self._mark}),
				stdin=subprocess.DEVNULL,
				stdout=output,
				stderr=subprocess.STDOUT,
				start_new_session=True,
			)
		self._pid_file.write_text(json.dumps({"pid": process.pid, "born": _born(process.pid)}))
		deadline = time.monotonic() + timeout_s
		while not is_ready():
			if process.poll() is not None:
				self._pid_file.unlink(missing_ok=True)
				_, advice = meaning(_read(self.log, start))
				raise Trouble(
					f"{self.name} ended as soon as it was started",
					f"status {process.returncode}",
					advice,
					self.log,
				)
			if time.monotonic() > deadline:
				self.stop()
				raise Trouble(
					f"{self.name} did not answer within {timeout_s:.0f} seconds",
					"it runs, but slowly or into an error",
					"see its log; on a busy machine, run the same command again",
					self.log,
				)
			time.sleep(0.05)

	def stop(self) -> bool:
		"""End it, kindly first. True when there was something to end."""
		pid = self.pid()
		if not pid:
			self._pid_file.unlink(missing_ok=True)
			return False
		# A worker finishes its job at the first signal and gives it up at the second.
		for patience in (STOP_TIMEOUT_S / 2, STOP_TIMEOUT_S / 2):
			_signal(pid, signal.SIGTERM)
			if _gone(pid, patience):
				break
		for left in {pid, *self._marked()}:
			if left == pid and not self.pid():
				continue
			_signal(left, signal.SIGKILL)
		_gone(pid, 5)
		self._pid_file.unlink(missing_ok=True)
		return True

	def end(self, signal_number: int):
		"""End it by one signal, as whoever restarts it or a fault would.

		:raises Trouble: it does not run, or the signal does not end it
		"""
		pid = self.pid()
		if not pid:
			raise Trouble(f"{self.name} does not run", advice="make site")
		_signal(pid, signal_number)
		if not _gone(pid, STOP_TIMEOUT_S):
			raise Trouble(f"{self.name} did not end within {STOP_TIMEOUT_S} seconds", log=self.log)
		self._pid_file.unlink(missing_ok=True)

	def _marked(self) -> list[int]:
		wanted = f"{MARK}={self._mark}".encode()
		found = []
		for folder in Path("/proc").glob("[0-9]*"):
			try:
				if wanted in (folder / "environ").read_bytes().split(b"\0") and _born(int(folder.name)):
					found.append(int(folder.name))
			except OSError:
				continue
		return sorted(found)


def known_services() -> list[Service]:
	"""Everything that a run may have left running, what depends on others first."""
	names = {file.stem for file in (CONFIG / "pids").glob("*.json")}
	mark = f"{MARK}={BENCH}:".encode()
	for folder in Path("/proc").glob("[0-9]*"):
		try:
			words = (folder / "environ").read_bytes().split(b"\0")
		except OSError:
			continue
		names.update(word[len(mark) :].decode() for word in words if word.startswith(mark))
	return [
		Service(name) for name in sorted(names, key=lambda name: (name in ("MariaDB", *REDIS_NAMES), name))
	]


REDIS_NAMES = ("Redis-cache", "Redis-queue", "Redis-demo-queue")


def _born(pid: int) -> str | None:
	"""When a process began, None for one that has ended."""
	try:
		fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
		return None if fields[0] == "Z" else fields[19]
	except OSError:
		pass
	if Path("/proc/self").exists():
		return None
	answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
	return answer.stdout.strip() or None


def _session(pid: int) -> int | None:
	try:
		return os.getsid(pid)
	except OSError:
		return None


def _signal(pid: int, number: int):
	try:
		os.kill(pid, number)
	except ProcessLookupError:
		pass


def _gone(pid: int, patience_s: float) -> bool:
	deadline = time.monotonic() + patience_s
	while _born(pid):
		if time.monotonic() > deadline:
			return False
		time.sleep(0.05)
	return True
