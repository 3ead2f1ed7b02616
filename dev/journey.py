"""A newcomer's way: README's first command, then a browser that knows of the demo only what that command printed."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path

import bench
from layout import BENCH, LOGS, ROOT, make_folders
from processes import environment
from trouble import Trouble

TEST = ROOT / "tests" / "browser" / "test_journey.py"
FILM = ROOT / "docs" / "images" / "story.gif"
PRINTED = LOGS / "demo-printed.txt"
MOST_S = 8 * 60


def walk(site: str, demo: list[str], printed: Path | None, is_filmed: bool) -> int:
	"""Have the demo made, unless it was, and go through it in a browser.

	:param demo: the command that makes it
	:param printed: what it printed when it was made, None to make it now
	:param is_filmed: make the animated picture of README anew
	"""
	begun = time.monotonic()
	if not printed:
		make_folders()
		printed = PRINTED
		_make(demo, printed)
	made_s = time.monotonic() - begun
	place = ["--bench", BENCH, "--site", site, "--printed", printed.resolve()]
	film = ["--film", FILM] if is_filmed else []
	status = bench.run("-m", "pytest", TEST, "-q", "-s", *place, *film)
	total_s = time.monotonic() - begun
	print(f"Demo {made_s:.0f} s, browser {total_s - made_s:.0f} s; in all {total_s:.0f} s.", flush=True)
	if not status and total_s > MOST_S:
		raise Trouble(
			f"the way took longer than {MOST_S / 60:.0f} minutes", "the times of the demo's parts are above"
		)
	return status


def _make(demo: list[str], printed: Path) -> None:
	"""Run the command with its output here and in a file."""
	command = shlex.join(demo)
	print(f"$ {command}", flush=True)
	with (
		printed.open("w") as file,
		subprocess.Popen(demo, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process,
	):
		for line in process.stdout:
			sys.stdout.write(line)
			sys.stdout.flush()
			file.write(line)
	if process.returncode:
		raise Trouble(f"`{command}` ended with {process.returncode}", "it says above why")
