"""The tests, and which of them are run side by side."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bench
import services
from layout import BENCH, DEFAULT_DESK, DEV, LOGS, MORE_TEST_SITES, NODE, ROOT, TEST_SITE, desk_of, site_with

# Of pytest.
NO_TESTS = 5
AT_ONCE = 4
# A quarter of the suite's time each.
TESTED_BESIDE = (
	("browser", "life", "simulator"),
	("conversation", "permissions", "reliability"),
	("delivery", "outbound", "sending", "setup", "upkeep"),
)
# It restarts the services that all use.
TESTED_ALONE = "reliability/test_restarts.py"
TESTED_EVERYWHERE = "permissions/test_secrets.py"
# The documentation's site needs tools of its own: make test ARGS=tests/documentation, and the workflow Documentation.
NOT_TESTED = "documentation"
# Besides the one on which all is tested, the longest first: what touches a ticket system there, and folders with nothing
# in them that is not tested where each is alone. What is about Helpdesk has been, and it is the default beside ERPNext.
OTHER_DESKS = {
	# Its installing and uninstalling is a minute of its own, and so are more people: --desk=erpnext.
	"erpnext": ("(ticket_systems or erpnext) and not more_people", ("life",)),
	"both": (
		"(ticket_systems or erpnext) and not (on_helpdesk or as_alone)",
		("browser", "contract", "life"),
	),
}
# Databases of Redis; 5 is for the site that tests make themselves.
FIRST_QUEUE_OF_OTHERS = 6


def names_tests(words: list[str]) -> bool:
	"""Whether paths are given instead of the whole suite."""
	return any((ROOT / word.partition("::")[0]).exists() for word in words if word[:1] != "-")


def run_whole(words: list[str], desk: str = DEFAULT_DESK, others: tuple[str, ...] = ()) -> int:
	"""In parts side by side, on a site and with a queue of its own each: all wait a lot. Then what is run alone.

	:param others: on which what touches a ticket system is tested as well, as soon as another part is done
	"""
	tests = ROOT / "tests"
	alone, everywhere = tests / TESTED_ALONE, tests / TESTED_EVERYWHERE
	elsewhere, logs, parts = [alone, tests / NOT_TESTED], [], []
	site, *more = (site_with(desk, name) for name in (TEST_SITE, *MORE_TEST_SITES))
	for place, (other, patterns) in enumerate(zip(more, TESTED_BESIDE, strict=True), 1):
		found = [path for pattern in patterns for path in sorted(tests.glob(pattern))]
		these = [path for path in found if path not in (*elsewhere, everywhere)]
		logs.append(_log(other))
		parts.append(_beside(other, place, [*these, everywhere, f"--ignore={alone}", *words]))
		elsewhere += these
	parts.insert(0, lambda: _start(["tests", *(f"--ignore={path}" for path in elsewhere), *words], site))
	for place, other in enumerate((site_with(name, TEST_SITE) for name in others), FIRST_QUEUE_OF_OTHERS):
		logs.append(_log(other))
		touching, folders = OTHER_DESKS[desk_of(other)]
		left_out = (alone, *(tests / folder for folder in (NOT_TESTED, *folders)))
		ignored = [f"--ignore={path}" for path in left_out]
		parts.append(_beside(other, place, ["tests", *ignored, "-m", touching, *words]))
	results = bench.results_in_turn(parts, AT_ONCE)
	for log in logs:
		print(log.read_text() if log.exists() else f"{log} was not written", flush=True)
	if set(results) <= {0, 1, NO_TESTS}:
		results += bench.results_of(_start([alone, *words], site))
	# A choice by name can be one of tests of one kind only.
	found = [result for result in results if result != NO_TESTS]
	return max(found, default=NO_TESTS)


def _beside(site: str, place: int, words: list[object]) -> Callable[[], subprocess.Popen]:
	"""What starts a part that is told of afterwards."""
	queue = f"redis://{services.HOST}:{services.port('redis_demo_queue')}/{place}"

	def start() -> subprocess.Popen:
		with _log(site).open("w") as output:
			return _start(words, site, stdout=output, FRAPPE_REDIS_QUEUE=queue)

	return start


def _log(site: str) -> Path:
	return LOGS / f"tests-{site}.log"


def run(words: list[str], desk: str = DEFAULT_DESK) -> int:
	tests = [] if names_tests(words) else ["tests"]
	return bench.results_of(_start([*tests, *words], site_with(desk, TEST_SITE)))[0]


def _start(words: list[object], site: str, stdout=None, **env: str) -> subprocess.Popen:
	bench.say_ready(f"running the tests on {site}")
	place = [
		"--bench",
		BENCH,
		"--site",
		site,
		"--desk",
		desk_of(site),
		"--npm-packages",
		NODE / "node_modules",
	]
	restart = shlex.join([sys.executable, str(DEV), "restart", "{service}", "--signal", "{signal}"])
	return bench.start(
		"-m", "pytest", *place, "--restart-services-with", restart, *words, stdout=stdout, **env
	)
