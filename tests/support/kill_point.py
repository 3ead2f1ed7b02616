"""Ends a process at a named point, as a crash would: for tests of what a crash leaves behind. Nothing is patched.

	TWILIO_SMS_KILL_AT="package.module:Class.function:call|return [then package.module:function:call|return …]"
	TWILIO_SMS_KILL_MARK=FILE

The points have to be passed in that order, in one thread; the process dies at the last one. Only one process does: the
one that makes the file, which also is the proof that the point was reached.

	TWILIO_SMS_STOP_AT="package.module:Class.function:call|return [then …]"

tells the process itself there to end (SIGTERM), as a bench that is updated does it to its workers.
"""

import importlib
import inspect
import operator
import os
import signal
import sys
import threading
from types import CodeType


def watch_children(parent_dies_too: bool) -> None:
	"""Have the children that this process forks from now on die at the point that the environment names, if any.

	:param parent_dies_too: the child's parent goes with it, so that it cannot tidy up
	:raises AttributeError, ImportError: there is no such function
	"""
	if path := os.environ.get("TWILIO_SMS_KILL_AT"):
		watch = _Watch([_point(word) for word in path.split(" then ")], parent_dies_too)
		os.register_at_fork(after_in_child=watch.begin)


def watch_this_process() -> None:
	"""Have this process stop at the point that the environment names, if any.

	:raises AttributeError, ImportError: there is no such function
	"""
	if path := os.environ.get("TWILIO_SMS_STOP_AT"):
		sys.setprofile(_Stop([_point(word) for word in path.split(" then ")]))


def _point(text: str) -> tuple[CodeType, str]:
	module, name, event = text.strip().split(":")
	if event not in ("call", "return"):
		raise ValueError(f"{text!r} ends neither with call nor with return")
	function = operator.attrgetter(name)(importlib.import_module(module))
	return inspect.unwrap(function).__code__, event


class _Path(threading.local):
	"""A profile function that follows a path of points, in each thread by itself."""

	def __init__(self, path: list[tuple[CodeType, str]]):
		self.path = path
		self.passed = 0

	def __call__(self, frame, event: str, _argument) -> None:
		code, wanted = self.path[self.passed]
		if event != wanted or frame.f_code is not code:
			return
		self.passed += 1
		if self.passed == len(self.path):
			self.passed = 0
			self.reached()


class _Stop(_Path):
	def reached(self) -> None:
		sys.setprofile(None)
		os.kill(os.getpid(), signal.SIGTERM)


class _Watch(_Path):
	def __init__(self, path: list[tuple[CodeType, str]], parent_dies_too: bool):
		super().__init__(path)
		self.parent_dies_too = parent_dies_too

	def begin(self) -> None:
		if os.path.exists(os.environ["TWILIO_SMS_KILL_MARK"]):
			return
		threading.setprofile(self)
		sys.setprofile(self)

	def reached(self) -> None:
		try:
			os.close(os.open(os.environ["TWILIO_SMS_KILL_MARK"], os.O_CREAT | os.O_EXCL))
		except FileExistsError:
			return
		if self.parent_dies_too:
			os.kill(os.getppid(), signal.SIGKILL)
		os.kill(os.getpid(), signal.SIGKILL)
