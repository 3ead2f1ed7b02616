"""How fast texts come in.

`make bench-inbound`, or on a bench of one's own `python benchmarks/inbound.py --bench PATH --site NAME`.
README.md beside this file says what is measured and how to read it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "inbound.json"
# A database of Redis's for the jobs of the run, which nobody is to carry out.
QUEUE_DATABASE = 9
QUEUE_MARK = "twilio_sms_channel benchmark"


class Refused(Exception):
	"""The run cannot be done here."""


def main() -> int:
	"""Measure, print, write the results; 0 also when a goal was missed, 1 when a result was wrong or not to be had."""
	arguments = parse()
	bench = Path(arguments.bench).resolve()
	use_python_of(bench)
	os.chdir(bench / "sites")
	try:
		with site_with_a_queue_of_its_own(arguments.site):
			refuse_a_site_in_use(arguments)
			result = measure(bench, arguments)
	except Refused as refused:
		print(f"✗ {refused}", file=sys.stderr)
		return 1
	except KeyboardInterrupt:
		print("\n✗ interrupted", file=sys.stderr)
		return 130
	from report import report

	RESULTS.parent.mkdir(exist_ok=True)
	RESULTS.write_text(json.dumps(result, indent="\t") + "\n")
	print(report(result), flush=True)
	return 0


def parse() -> argparse.Namespace:
	parser = argparse.ArgumentParser(description="How fast texts come in.")
	parser.add_argument(
		"--bench", required=True, help="path of the bench (the folder with apps/, env/ and sites/)"
	)
	parser.add_argument("--site", required=True, help="name of a site on it, with Helpdesk and this app")
	parser.add_argument("--quick", action="store_true", help="fewer seconds, a twentieth of the rows")
	parser.add_argument("--yes-fill", action="store_true", help="fill the site although it has tickets")
	return parser.parse_args()


def use_python_of(bench: Path):
	"""Go on in the bench's own environment: Frappe and the apps are importable there only."""
	if Path(sys.prefix).resolve() != (bench / "env").resolve():
		python = str(bench / "env" / "bin" / "python")
		os.execv(python, [python, *sys.argv])


@contextmanager
def site_with_a_queue_of_its_own(site: str) -> Iterator[None]:
	"""Frappe, connected to the site as Administrator. Its jobs go where no worker looks, and are gone afterwards."""
	import frappe
	from frappe.utils.background_jobs import get_redis_conn

	frappe.init(site=site, sites_path=".")
	queue = f"{frappe.conf.redis_queue.rstrip('/')}/{QUEUE_DATABASE}"
	# Frappe's own variable; the web server inherits it.
	os.environ["FRAPPE_REDIS_QUEUE"] = queue
	frappe.init(site=site, sites_path=".", force=True)
	if frappe.conf.redis_queue != queue:
		raise Refused("this Frappe does not take the address of its queue from FRAPPE_REDIS_QUEUE")
	redis = get_redis_conn()
	# Not empty and not ours; what a run left that was killed is ours.
	if redis.dbsize() and not redis.exists(QUEUE_MARK):
		raise Refused(f"database {QUEUE_DATABASE} of the Redis that Frappe's queue is in would be emptied")
	redis.set(QUEUE_MARK, 1)
	frappe.connect()
	frappe.set_user("Administrator")
	try:
		yield
	finally:
		redis.flushdb()
		frappe.destroy()


def refuse_a_site_in_use(arguments: argparse.Namespace):
	"""
	:raises Refused: somebody works on the site, or an earlier run filled it
	"""
	import frappe
	from people import OUR_NUMBER

	if frappe.db.exists("Twilio SMS Number", OUR_NUMBER):
		raise Refused(f"{arguments.site} was filled by an earlier run; take another site.")
	tickets = frappe.db.count("HD Ticket")
	if tickets and not arguments.yes_fill:
		raise Refused(
			f"{arguments.site} has {tickets} tickets, and would get very many more. --yes-fill says it may."
		)


def measure(bench: Path, arguments: argparse.Namespace) -> dict:
	from intake_time import WrongResult
	from measuring import FULL, QUICK, Run
	from web import WebServer, WrongAnswer

	log = bench / "logs" / "bench-inbound.log"
	log.parent.mkdir(exist_ok=True)
	try:
		with WebServer(Path.cwd(), arguments.site, log) as web:
			return Run(QUICK if arguments.quick else FULL, web).result()
	except (WrongAnswer, WrongResult) as error:
		raise Refused(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
	sys.exit(main())
