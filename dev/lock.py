"""One run at a time on a throwaway bench."""

import fcntl
import os
import sys
from contextlib import contextmanager
from datetime import datetime

import processes
from layout import BENCH
from trouble import Trouble

FILE = BENCH / "lock"


@contextmanager
def held(command: str, wait: bool = True):
	BENCH.mkdir(exist_ok=True)
	file = FILE.open("a+")
	try:
		fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
	except OSError:
		file.seek(0)
		holder = file.read().strip() or "another run"
		if not wait:
			raise Trouble(
				f"{BENCH.name} is in use",
				f"by {holder}",
				"wait until it is done, or end it with Ctrl-C where it runs",
			)
		print(
			f"… {BENCH.name} is in use by {holder}; waiting for it (Ctrl-C to give up)",
			file=sys.stderr,
			flush=True,
		)
		fcntl.flock(file, fcntl.LOCK_EX)
	file.truncate(0)
	file.write(f"`{command}`, process {os.getpid()}, since {datetime.now():%H:%M:%S}")
	file.flush()
	processes.inherited = (file.fileno(),)
	try:
		yield
	finally:
		processes.inherited = ()
		file.close()
