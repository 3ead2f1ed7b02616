"""How fast, how evenly and in which order texts go out, and what that costs.

`make bench-outbound`, or on a bench of one's own `python benchmarks/outbound.py --bench PATH --site NAME`.
README.md beside this file says what is measured and how to read it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from inbound import Refused, refuse_a_site_in_use, site_with_a_queue_of_its_own, use_python_of

RESULTS = Path(__file__).parent / "results" / "outbound.json"


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
	from outbound_report import report

	RESULTS.parent.mkdir(exist_ok=True)
	RESULTS.write_text(json.dumps(result, indent="\t") + "\n")
	print(report(result), flush=True)
	return 0


def parse() -> argparse.Namespace:
	parser = argparse.ArgumentParser(description="How fast, how evenly and in which order texts go out.")
	parser.add_argument(
		"--bench", required=True, help="path of the bench (the folder with apps/, env/ and sites/)"
	)
	parser.add_argument("--site", required=True, help="name of a site on it, with Helpdesk and this app")
	parser.add_argument("--quick", action="store_true", help="fewer texts, a twentieth of the backlog")
	parser.add_argument("--yes-fill", action="store_true", help="fill the site although it has tickets")
	return parser.parse_args()


def measure(bench: Path, arguments: argparse.Namespace) -> dict:
	from intake_time import WrongResult
	from outbound_run import FULL, QUICK, Run
	from web import WrongAnswer

	(bench / "logs").mkdir(exist_ok=True)
	try:
		return Run(QUICK if arguments.quick else FULL, bench, arguments.site).result()
	except (WrongAnswer, WrongResult) as error:
		raise Refused(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
	sys.exit(main())
