"""The throwaway bench: made, and its Python run in it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

import assets
import debian
import frappe_source
import processes
import python_env
import services
import sites
from layout import BENCH, NODE, PYTHON, ROOT, TOOLS, make_folders
from processes import environment
from steps import Step, carry_out

STARTED = time.monotonic()
LOOKS_EVERY_S = 0.5


class Terminated(KeyboardInterrupt):
	"""Told to end by another program, which unlike the terminal tells nobody else."""


def bring_up(*names: str):
	if not PYTHON.exists():
		print(f"Making a throwaway bench in {BENCH}; the first time takes some minutes.", flush=True)
	debian.check_space(ROOT, is_new=not PYTHON.exists())
	make_folders()
	debian.ask_for_root_early()
	npm_needs = () if debian.node() and debian.program("npm") else ("Debian packages",)
	carry_out(
		[
			*foundation(),
			Step("Node packages", assets.install_packages, npm_needs, assets.packages_made_from, NODE),
			Step("MariaDB", services.start_database, ("Debian packages",)),
			Step("Redis", services.start_redis, ("Debian packages",)),
			Step("Bench", lambda: _lay_out_bench(*names), ("Python packages", "MariaDB", "Redis")),
			Step("Desk bundles", assets.build, ("Bench", "Node packages"), assets.made_from, assets.BUILT),
			*(step for name in names for step in sites.steps(name, ("Bench",))),
		]
	)


def foundation() -> list[Step]:
	tools_need = () if debian.has_venv() else ("Debian packages",)
	tools_python = TOOLS / "bin" / "python"
	return [
		Step("Tools", python_env.make_tools, tools_need, python_env.tools_made_from, tools_python),
		Step("Debian packages", debian.install_missing),
		Step("Frappe source", frappe_source.make, ("Tools",), frappe_source.made_from, frappe_source.TREE),
		Step("Python packages", python_env.install, ("Frappe source",), python_env.made_from, PYTHON),
	]


def _lay_out_bench(*names: str):
	services.write_common_config()
	for name in names:
		sites.write_apps(name)
	assets.link_public_folders()


def run(*words: object) -> int:
	"""Run the bench's Python with its output here, and return its status."""
	return results_of(start(*words))[0]


def start(*words: object, stdout=None, **env: str) -> subprocess.Popen:
	command = [str(word) for word in (PYTHON, *words)]
	errors = subprocess.STDOUT if stdout else None
	return subprocess.Popen(
		command, cwd=ROOT, env=environment(**env), stdout=stdout, stderr=errors, pass_fds=processes.inherited
	)


def results_of(*children: subprocess.Popen) -> list[int]:
	while True:
		try:
			return [child.wait() for child in children]
		except Terminated:
			for child in children:
				child.send_signal(signal.SIGINT)
		except KeyboardInterrupt:
			# The terminal told the children as well; they are putting their servers away.
			continue


def results_in_turn(starts: list[Callable[[], subprocess.Popen]], at_once: int) -> list[int]:
	"""Start one after the other, so many side by side; their statuses."""
	waiting, running, results = list(starts), [], []
	while waiting or running:
		try:
			while waiting and len(running) < at_once:
				running.append(waiting.pop(0)())
			results += [child.returncode for child in running if child.poll() is not None]
			running = [child for child in running if child.returncode is None]
			time.sleep(LOOKS_EVERY_S)
		except KeyboardInterrupt as told:
			waiting.clear()
			for child in running if isinstance(told, Terminated) else ():
				child.send_signal(signal.SIGINT)
	return results


def say_ready(for_what: str):
	print(f"✓ ready after {time.monotonic() - STARTED:.1f} s; {for_what}", flush=True)
