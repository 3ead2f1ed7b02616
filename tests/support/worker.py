"""Frappe's worker as `bench worker` starts it, forked from a process that has loaded before what its jobs would load each anew.

It can be told where to die, with the job it is doing, or where to stop: see `kill_point`.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Loaded by the process that forks workers, which begins with the first of them.
LOADED = ["pytest", "support.loaded"]
_forking = multiprocessing.get_context("forkserver")


class Worker:
	"""A worker that runs, with what is used here of `subprocess.Popen`.

	:param log: the file that it writes to
	:param env: added to its environment
	"""

	def __init__(self, log: Path, env: dict[str, str]):
		_forking.set_forkserver_preload(LOADED)
		self._process = _forking.Process(target=_work, args=(str(log), env), daemon=True)
		with _environment(env):
			self._process.start()
		self.pid = self._process.pid
		self.terminate, self.kill = self._process.terminate, self._process.kill

	def poll(self) -> int | None:
		return self._process.exitcode

	def wait(self, timeout_s: float) -> int:
		"""
		:return: what it ended with
		:raises subprocess.TimeoutExpired: it is still there
		"""
		self._process.join(timeout_s)
		if (result := self.poll()) is None:
			raise subprocess.TimeoutExpired("worker", timeout_s)
		return result


@contextmanager
def _environment(env: dict[str, str]) -> Iterator[None]:
	"""For the process that forks: it gets none otherwise, and finds its modules by it."""
	before = dict(os.environ)
	os.environ.update(env)
	try:
		yield
	finally:
		os.environ.clear()
		os.environ.update(before)


def _work(log: str, env: dict[str, str]) -> None:
	with open(log, "a") as file:
		for stream in (sys.stdout, sys.stderr):
			os.dup2(file.fileno(), stream.fileno())
	os.environ.update(env)

	import frappe.utils.background_jobs

	from support import kill_point

	kill_point.watch_children(parent_dies_too=True)
	kill_point.watch_this_process()
	frappe.utils.background_jobs.start_worker(queue="short,default,long", quiet=True)
