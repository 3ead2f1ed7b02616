"""Carrying out what has to be done, as far as it is not done yet.

A step that ended well leaves a mark with the state of what it was made from. It is done again when that has changed,
and when it was interrupted, for then there is no mark.
"""

from __future__ import annotations

import errno
import hashlib
import re
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import processes
from layout import BENCH, DONE, write_whole
from trouble import Trouble

NOTEWORTHY_S = 1


@dataclass(frozen=True)
class Step:
	name: str
	work: Callable[[], str | None]  # may return a remark for its line
	needs: tuple[str, ...] = ()
	made_from: Callable[[], str] | None = None  # None: looked after at every run
	product: Path | None = None  # without it the step is not done, whatever its mark says

	@property
	def mark(self) -> Path:
		return DONE / re.sub(r"[^a-z0-9.]+", "-", self.name.lower())

	def carry_out(self) -> str | None:
		# Read before the work: what changes meanwhile is not in it.
		state = self.made_from() if self.made_from else None
		if state and self._is_done(state):
			return None
		self.mark.unlink(missing_ok=True)
		start = time.monotonic()
		remark = self.work()
		if state:
			write_whole(self.mark, state)
		seconds = time.monotonic() - start
		if not self.made_from and not remark and seconds < NOTEWORTHY_S:
			return None
		return f"✓ {self.name:<38} {seconds:6.1f} s" + (f"   {remark}" if remark else "")

	def _is_done(self, state: str) -> bool:
		has_product = not self.product or self.product.exists()
		return has_product and self.mark.exists() and self.mark.read_text() == state


def digest(*parts: object) -> str:
	"""A short name for the state of files, folders (given as their files) and values."""
	# A bench that was moved has its old place in many files.
	total = hashlib.sha256(str(BENCH).encode())
	for part in parts:
		if isinstance(part, Path):
			total.update(str(part).encode() + (part.read_bytes() if part.is_file() else b"absent"))
		else:
			total.update(repr(part).encode())
	return total.hexdigest()[:32]


def carry_out(steps: Iterable[Step]):
	"""Carry out all steps, side by side where none needs the other."""
	waiting = {step.name: step for step in steps}
	running: dict[Future, Step] = {}
	troubles: list[Trouble] = []
	board = Board()
	pool = ThreadPoolExecutor(max_workers=4)
	try:
		while waiting or running:
			ready = [
				step for step in waiting.values() if not set(step.needs) & (waiting.keys() | _names(running))
			]
			for step in [] if troubles else ready:
				running[pool.submit(step.carry_out)] = waiting.pop(step.name)
			if not running:
				break
			board.show(_names(running))
			done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
			for future in done:
				step = running.pop(future)
				try:
					line = future.result()
				except (Trouble, OSError) as error:
					troubles.append(error if isinstance(error, Trouble) else _trouble_of(step, error))
					board.line(f"✗ {step.name}")
				else:
					if line:
						board.line(line)
	except KeyboardInterrupt:
		processes.end_tools()
		raise
	finally:
		board.clear()
		pool.shutdown(wait=True, cancel_futures=True)
	if troubles:
		for other in troubles[1:]:
			print(other.told(), file=sys.stderr)
		raise troubles[0]


def _trouble_of(step: Step, error: OSError) -> Trouble:
	advice = "free some space (about 2.5 GB are needed)" if error.errno == errno.ENOSPC else "mend that"
	return Trouble(f"{step.name}: not done", str(error), f"{advice}, then run the same command again")


def _names(running: dict[Future, Step]) -> set[str]:
	return {step.name for step in running.values()}


class Board:
	"""A line for every finished step, and on a terminal one more for what is being done."""

	def __init__(self):
		self.live = sys.stdout.isatty()
		self.since = time.monotonic()

	def show(self, names: set[str]):
		if self.live and names:
			now = f"… {', '.join(sorted(names))} ({time.monotonic() - self.since:.0f} s)"
			print(f"\r\033[K{now[:100]}", end="", flush=True)

	def clear(self):
		if self.live:
			print("\r\033[K", end="", flush=True)

	def line(self, text: str):
		self.clear()
		print(text, flush=True)
