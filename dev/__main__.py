"""python3 dev COMMAND: a throwaway bench in .throwaway, made from package registries alone.

`python3 dev --help` lists the commands; the Makefile has one target for each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

PYTHONS = ((3, 10), (3, 11))


def use_suitable_python():
	"""Go on with a Python for which the packages of Frappe's version are ready-made."""
	if sys.version_info[:2] in PYTHONS:
		return
	for name in ("python3.11", "python3.10", "/usr/bin/python3.11", "/usr/bin/python3.10"):
		found = shutil.which(name)
		if found and subprocess.call([found, "-c", "import ssl"], stderr=subprocess.DEVNULL) == 0:
			os.execv(found, [found, *sys.argv])
	version = ".".join(str(part) for part in sys.version_info[:2])
	sys.exit(
		f"✗ Python {version} cannot make a throwaway bench\n"
		"  why:  packages that Frappe of this version needs are ready-made for Python 3.10 and 3.11 only\n"
		"  do:   install Python 3.11, so that `python3.11` is in PATH, and run the same command again;\n"
		"        or use a bench of your own: pytest tests --bench PATH --site NAME"
	)


use_suitable_python()

import addresses  # noqa: E402
import assets  # noqa: E402
import bench  # noqa: E402
import debian  # noqa: E402
import demo_site  # noqa: E402
import journey  # noqa: E402
import lock  # noqa: E402
import pages  # noqa: E402
import python_env  # noqa: E402
import release_notes  # noqa: E402
import services  # noqa: E402
import sites  # noqa: E402
import suite  # noqa: E402
from bench import Terminated, bring_up, foundation  # noqa: E402
from layout import (  # noqa: E402
	BENCH,
	BENCHMARK_SITE,
	DEFAULT_DESK,
	DEMO_SITE,
	DESKS,
	DEV,
	EMPTY_SITE,
	MORE_TEST_SITES,
	ROOT,
	TEST_SITE,
	make_folders,
	site_with,
)
from processes import known_services  # noqa: E402
from steps import carry_out  # noqa: E402
from trouble import Trouble, unexpected  # noqa: E402

# All on Helpdesk, and what touches a ticket system on the other kinds of sites as well.
EVERYWHERE = ("all",)


def site(arguments) -> int:
	if arguments.empty:
		made, more = site_with(arguments.desk, EMPTY_SITE), []
	else:
		made, *more = _test_sites(arguments.desk)
	if arguments.fresh:
		for name in (made, *more):
			(demo_site if arguments.empty else sites).forget(name)
	if arguments.empty:
		return demo_site.empty(made)
	bring_up(made)
	print(f"{made} is ready in {BENCH}")
	return 0


def test(arguments) -> int:
	made, *more = _test_sites(arguments.desk)
	if suite.names_tests(arguments.pytest):
		bring_up(made)
		return suite.run(arguments.pytest, arguments.desk)
	others = tuple(suite.OTHER_DESKS) if arguments.everywhere else ()
	bring_up(made, *more, *(site_with(desk, TEST_SITE) for desk in others))
	return suite.run_whole(arguments.pytest, arguments.desk, others)


def _test_sites(desk: str) -> list[str]:
	return [site_with(desk, name) for name in (TEST_SITE, *MORE_TEST_SITES)]


def test_twilio_oldest(arguments) -> int:
	bring_up(site_with(arguments.desk, TEST_SITE))
	packages = foundation()[-1]
	# Without its mark that step brings the newest back: here, or in the next run when this one is killed.
	packages.mark.unlink(missing_ok=True)
	try:
		python_env.install_oldest_twilio()
		print(f"✓ with {python_env.OLDEST_TWILIO}", flush=True)
		return suite.run(arguments.pytest, arguments.desk)
	finally:
		carry_out(foundation())


def kill_matrix(arguments) -> int:
	return _in_full(["tests/reliability/test_kills.py", "tests/reliability/test_restarts.py"], arguments)


def hostile(arguments) -> int:
	files = ("test_hostile_input.py", "test_webhook_security.py", "test_rcs_mixture.py")
	return _in_full([f"tests/reliability/{name}" for name in files] + ["-s"], arguments)


def outage(arguments) -> int:
	return _in_full(["tests/reliability/test_outage.py"], arguments)


def fault_matrix(arguments) -> int:
	return _in_full(["tests/reliability/test_faults.py", "-s"], arguments)


def _in_full(tests: list[str], arguments) -> int:
	bring_up(site_with(arguments.desk, TEST_SITE))
	return suite.run([*tests, "--in-full", *arguments.pytest], arguments.desk)


def bench_inbound(arguments) -> int:
	return _measure("inbound.py", arguments)


def bench_outbound(arguments) -> int:
	return _measure("outbound.py", arguments)


def _measure(program: str, arguments) -> int:
	sites.forget(BENCHMARK_SITE)
	try:
		bring_up(BENCHMARK_SITE)
		bench.say_ready("measuring")
		words = ["--quick"] if arguments.quick else []
		return bench.run(ROOT / "benchmarks" / program, "--bench", BENCH, "--site", BENCHMARK_SITE, *words)
	finally:
		sites.drop(BENCHMARK_SITE)


def demo(arguments) -> int:
	made = site_with(arguments.desk, DEMO_SITE)
	if arguments.fresh:
		demo_site.forget(made)
	return demo_site.demo(made, arguments.once)


def walk(arguments) -> int:
	words = [f"--desk={arguments.desk}"] if arguments.desk != DEFAULT_DESK else []
	# The picture shows a conversation of the month that nobody has gone on with.
	words += ["--fresh"] if arguments.fresh or arguments.film else []
	# Always: the ARGS of `make journey` would otherwise count here as well.
	command = ["make", "demo", f"ARGS={' '.join(words)}"]
	return journey.walk(site_with(arguments.desk, DEMO_SITE), command, arguments.printed, arguments.film)


def status(arguments) -> int:
	running = [(service.name, pid) for service in known_services() if (pid := service.pid())]
	for name, pid in running:
		print(f"{name:<18} process {pid}")
	if not running:
		print("nothing runs")
	return 0


def stop(arguments) -> int:
	stopped = [service.name for service in known_services() if service.stop()]
	print(f"stopped: {', '.join(stopped)}" if stopped else "nothing ran")
	return 0


def restart(arguments) -> int:
	number = services.restart(
		arguments.service, getattr(signal, f"SIG{arguments.signal}"), arguments.down_for
	)
	print(f"{arguments.service} is back on port {number}")
	return 0


def clean(arguments) -> int:
	stop(arguments)
	shutil.rmtree(BENCH, ignore_errors=True)
	if BENCH.exists():
		raise Trouble(
			f"{BENCH} could not be removed", "some of it belongs to somebody else", f"sudo rm -r {BENCH}"
		)
	return 0


def lint(arguments) -> int:
	make_folders()
	carry_out(foundation()[: 1 if debian.has_venv() else 2])
	return max(python_env.ruff("check"), python_env.ruff("format", "--check"))


def docs(arguments) -> int:
	make_folders()
	carry_out(pages.tools())
	if arguments.serve:
		return pages.serve()
	if arguments.publish:
		pages.publish(arguments.publish)
	else:
		pages.build()
	return 0


def screenshots(arguments) -> int:
	"""Of the demo, which looks like a real site; the others by the browser tests, which check that they tell the truth."""
	taken = arguments.taken or BENCH / "shots"
	if arguments.taken:
		make_folders()
		carry_out(foundation())
	else:
		shutil.rmtree(taken, ignore_errors=True)
		if not arguments.of_demo:
			bring_up(TEST_SITE)
			if failed := suite.run(["tests/browser", "--shots", str(taken)]):
				return failed
		# Those of the same name are taken again.
		for name in (DEMO_SITE, EMPTY_SITE):
			demo_site.forget(name)
		if failed := demo_site.take_pictures(DEMO_SITE, EMPTY_SITE, taken):
			return failed
	return bench.run(DEV / "screenshots.py", taken)


def translations(arguments) -> int:
	make_folders()
	carry_out(foundation())
	words = [f"--{word}" for word in ("check", "list") if getattr(arguments, word)]
	return bench.run(DEV / "translations.py", *words)


def renew(arguments) -> int:
	make_folders()
	carry_out(foundation())
	python_env.renew_constraints()
	assets.renew_lock()
	return 0


def write_addresses(arguments) -> int:
	for path in addresses.renew():
		print(f"wrote {path.relative_to(ROOT)}")
	return 0


def tell_release_notes(arguments) -> int:
	changelog = release_notes.CHANGELOG.read_text(encoding="utf-8")
	print(release_notes.of(arguments.tag, changelog, release_notes.version()))
	return 0


def parse(words: list[str]) -> argparse.Namespace:
	parser = argparse.ArgumentParser(
		prog="python3 dev", description="A throwaway bench, made from package registries alone."
	)
	commands = parser.add_subparsers(dest="command", required=True)

	def command(name, function, text, locks=True, waits=True):
		made = commands.add_parser(name, help=text, description=text)
		made.set_defaults(function=function, locks=locks, waits=waits)
		return made

	for name, function, text in (
		("test", test, "make the test site, if need be, and run the tests on it"),
		("test-twilio-oldest", test_twilio_oldest, "the same with the oldest Twilio library that is allowed"),
		(
			"kill-matrix",
			kill_matrix,
			"processes killed at every stage, services restarted under 500 messages",
		),
		("fault-matrix", fault_matrix, "1,000 replies under each of the faults that sending may meet"),
		(
			"hostile",
			hostile,
			"10,000 hostile requests to the webhook, 1,000 mixed messages by RCS, SMS and MMS",
		),
		("outage", outage, "10,000 messages while the site is away for four hours"),
	):
		command(name, function, text).add_argument("pytest", nargs="*", help="for pytest, after --")
	made = command("site", site, "make the test site")
	made.add_argument("--fresh", action="store_true", help="from nothing")
	made.add_argument(
		"--empty", action="store_true", help="serve a site without an account, to connect practice mode's"
	)
	_add_desk(made)
	once = command("demo", demo, "start a ticket desk with simulated phones and tell a story on it")
	_add_desk(once)
	once.add_argument("--fresh", action="store_true", help="on a site made from nothing")
	once.add_argument("--once", action="store_true", help="stop what was started when the story is over")
	# The demo that it makes holds the lock itself.
	way = command("journey", walk, "make the demo, and go through it in a browser as a newcomer", locks=False)
	_add_desk(way)
	way.add_argument("--fresh", action="store_true", help="on a site made from nothing")
	way.add_argument("--printed", type=Path, metavar="FILE", help="the demo runs; FILE has what it printed")
	way.add_argument("--film", action="store_true", help="make docs/images/story.gif of it")
	for name, function, text in (
		("bench-inbound", bench_inbound, "measure how fast messages come in, on a site of its own"),
		(
			"bench-outbound",
			bench_outbound,
			"measure how fast and how evenly messages go out, on a site of its own",
		),
	):
		command(name, function, text).add_argument(
			"--quick", action="store_true", help="a short look: fewer seconds, a twentieth of the rows"
		)
	command("status", status, "what runs", locks=False)
	# Also for the tests, while they hold the lock.
	again = command("restart", restart, "end a service and start it again", locks=False)
	again.add_argument("service", choices=["MariaDB", *services.REDIS])
	again.add_argument("--signal", choices=["TERM", "KILL"], default="TERM", help="what ends it")
	again.add_argument("--down-for", type=float, default=2, metavar="SECONDS", help="(2)")
	command("stop", stop, "end everything that was started here", waits=False)
	command("clean", clean, "stop, and remove the whole bench", waits=False)
	command("lint", lint, "check the sources' style")
	languages = command("translations", translations, "bring the translations up to date with the sources")
	languages.add_argument(
		"--check", action="store_true", help="write nothing; 1 when something lacks or is old"
	)
	languages.add_argument("--list", action="store_true", help="print what is untranslated")
	# Touches nothing that the tests use, so that pages can be written while they run.
	documentation = command("docs", docs, "build the documentation as a site", locks=False)
	documentation.add_argument(
		"--serve", action="store_true", help="show it on a port of this machine instead"
	)
	documentation.add_argument(
		"--publish", metavar="REF", help="push it to the branch gh-pages, for main or a tag such as v1.2.3"
	)
	pictures = command("screenshots", screenshots, "take the documentation's pictures anew")
	pictures.add_argument("--of-demo", action="store_true", help="only those of the demo")
	pictures.add_argument("--from", dest="taken", metavar="FOLDER", help="take none, use those in FOLDER")
	command("renew", renew, "write down the newest versions that fit together")
	text = "write the addresses in pyproject.toml wherever else they stand"
	command("addresses", write_addresses, text, locks=False)
	notes = command("release-notes", tell_release_notes, "print a release's notes", locks=False)
	notes.add_argument("tag", help="such as v1.2.3")

	arguments = parser.parse_args(words)
	if "pytest" in arguments:
		# `make test ARGS=…` is all for pytest, save which sites there have to be.
		desks = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
		_add_desk(desks, *EVERYWHERE, default=EVERYWHERE[0])
		known, arguments.pytest = desks.parse_known_args(arguments.pytest)
		arguments.everywhere = known.desk in EVERYWHERE
		arguments.desk = DEFAULT_DESK if arguments.everywhere else known.desk
	return arguments


def _add_desk(parser: argparse.ArgumentParser, *more: str, default: str = DEFAULT_DESK):
	text = f"which ticket systems the site has ({default})"
	parser.add_argument("--desk", choices=[*DESKS, *more], default=default, help=text)


def _terminate(signal_number, frame):
	raise Terminated


def main(words: list[str]) -> int:
	arguments = parse(words)
	signal.signal(signal.SIGTERM, _terminate)
	try:
		if not arguments.locks:
			return arguments.function(arguments)
		with lock.held(f"python3 dev {' '.join(words)}", arguments.waits):
			return arguments.function(arguments)
	except Trouble as trouble:
		print(trouble.told(), file=sys.stderr)
		return 1
	except KeyboardInterrupt:
		print("\n✗ interrupted; the same command goes on from here", file=sys.stderr)
		return 130
	except Exception as error:
		print(unexpected(error).told(), file=sys.stderr)
		return 1


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
