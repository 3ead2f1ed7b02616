"""`make demo` and `make site ARGS=--empty`: a site that is served, filled or empty, and where to go in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import demo as story
import guides
import sites
import stack as stacks
from bench import bring_up
from browser import Browser
from cast import CUSTOMERS
from layout import DEV, MAILS, PYTHON, SITES
from processes import run
from services import HOST, port
from stack import Stack
from steps import Step, carry_out

GOES_ON = "\n  It all runs on until `make stop`. Logs are in .throwaway/logs.\n"


class Times:
	"""How long each part took."""

	def __init__(self):
		self.begun, self.parts = time.monotonic(), []

	@contextmanager
	def part(self, name: str) -> Iterator[None]:
		begun = time.monotonic()
		yield
		self.parts.append((name, time.monotonic() - begun))

	def told(self) -> str:
		parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.parts)
		return f"  Time: {parts}; in all {time.monotonic() - self.begun:.0f} s."


def forget(site: str) -> None:
	"""Have the site made from nothing, which may be the one that is served."""
	stacks.stop()
	sites.forget(site)


def demo(site: str, once: bool) -> int:
	"""Fill the site, unless it is, serve it, and tell the story on it.

	:param once: stop what was started here when the story is over
	"""
	times = Times()
	with times.part("bench and site"):
		bring_up(site)
	ran = stacks.stop()
	stacks.settle(site)
	with times.part("a month of messages"):
		_fill(site)
	with times.part("services"):
		stack, services = _start(site)
		for person in CUSTOMERS:
			phone = {"number": person.number, "name": person.name}
			Browser(stack.web_url).post(f"{stack.simulator_url}/simulator/api/handsets", phone)
	try:
		with times.part("story"):
			told = story.play(stack)
	finally:
		if once:
			for service in reversed(services):
				if service.name not in ran:
					service.stop()
	if told.trouble:
		print(f"\n✗ {told.trouble}")
	else:
		print("\n✓ All of it was as it should be.")
	if not once:
		guide = guides.to_demo(site, stack.web_url, stack.simulator_url, told.ticket)
		guide.write()
		print("\n" + "\n".join(guide.lines(f"{stack.web_url}/")))
		print(GOES_ON)
	print(times.told(), flush=True)
	return 1 if told.trouble else 0


def empty(site: str) -> int:
	"""Serve a site that knows no Twilio account, beside practice mode's, and say where the two meet."""
	times = Times()
	with times.part("bench and site"):
		bring_up(site)
	stacks.stop()
	stacks.settle(site)
	with times.part("services"):
		stack, _services = _start(site, "--empty")
	guide = guides.to_empty_site(site, stack.web_url, stack.simulator_url)
	guide.write()
	print("\n" + "\n".join(guide.lines(f"{stack.web_url}/")))
	print(GOES_ON)
	print(times.told(), flush=True)
	return 0


def take_pictures(site: str, empty_site: str, folder: Path) -> int:
	"""Take the documentation's pictures of the demo, and of a site that is being connected. Nothing runs afterwards."""
	try:
		for kind, made, serve in (
			("month", site, lambda made: demo(made, once=False)),
			("empty", empty_site, empty),
		):
			if failed := serve(made):
				return failed
			urls = (f"http://{HOST}:{port(name)}" for name in ("web", "simulator"))
			run([PYTHON, DEV / "demo_pictures.py", kind, folder, *urls], "take pictures", f"pictures-{kind}")
	finally:
		stacks.stop()
	return 0


def _fill(site: str) -> None:
	# The story sends its e-mails anew.
	shutil.rmtree(MAILS, ignore_errors=True)

	def plant() -> None:
		words = [PYTHON, DEV / "plant_month.py", site]
		run(words, "fill the site", f"plant-{site}", SITES, FRAPPE_REDIS_QUEUE=stacks.queue_url())

	carry_out([Step("A month of messages", plant)])


def _start(site: str, *options: str) -> tuple[Stack, list]:
	found = []
	carry_out([Step("Services", lambda: found.append(stacks.start(site, *options)))])
	return found[0]
