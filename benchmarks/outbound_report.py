"""The outbound results as a person reads them."""

from __future__ import annotations

from figures import Goal, table

GOALS = (
	Goal("short_code_per_s", "texts per second of a short code (100 allowed)", 85, at_least=True),
	Goal("short_code_max_over_5_s", "most a second, averaged over any 5 s", 100, at_least=False),
	Goal("long_code_pace_error", "long code, off its second", 0.1, at_least=False),
	Goal("order_kept", "conversations in the order written", 1, at_least=True),
	Goal("claim_growth", "time of a claim, 50,000 waiting, of 50", 1.2, at_least=False),
	Goal("overhead_vs_sdk", "time of the app, of the SDK call", 3, at_least=False),
)
FAULT_COLUMNS = ("replies", "sent_once", "sent_twice", "lost", "visible_failures")


def report(result: dict) -> str:
	"""Tables, goals, and the settings that matter, from what the JSON file holds."""
	parts = [
		_pace(result),
		_claims(result),
		_overhead(result),
		_faults(result),
		_goals(result),
		_foot(result),
	]
	return "\n" + "\n\n".join(parts)


def _pace(result: dict) -> str:
	head = ["Pace, 2 workers", "texts", "per second", "most a second over 5 s", "simulator, CPU ms a text"]
	runs = {
		"short code": result["short_code"],
		"short code, with callbacks": result["short_code_with_callbacks"],
		"long code": result["long_code"],
	}
	rows = [
		[
			name,
			str(run["texts"]),
			f"{run['per_s']:.2f}",
			f"{run['max_over_5_s']:.1f}",
			f"{run['simulator_cpu_ms']:.2f}",
		]
		for name, run in runs.items()
	]
	long_code = result["long_code"]
	shares = ", ".join(f"{name} {long_code[name]:.4f}" for name in ("mean", "median", "p95"))
	return f"{table(head, rows)}\nLong code, deviation from its second: {shares}."


def _claims(result: dict) -> str:
	head = ["Claims, milliseconds", "few wait", "many wait", "growth"]
	rows = [
		[name, f"{claim['few_ms']:.2f}", f"{claim['many_ms']:.2f}", f"{claim['growth']:.2f}"]
		for name, claim in result["claims_ms"].items()
	]
	return table(head, rows)


def _overhead(result: dict) -> str:
	head = ["A text, milliseconds", "by the clock", "CPU of the process"]
	rows = [
		[name, f"{times['wall_ms']:.2f}", f"{times['cpu_ms']:.2f}"]
		for name, times in result["overhead_ms"].items()
	]
	ratio = ["ratio", f"{result['overhead_vs_sdk']:.2f}", f"{result['overhead_vs_sdk_cpu']:.2f}"]
	return table(head, [*rows, ratio])


def _faults(result: dict) -> str:
	if not result["fault_matrix"]:
		return "Faults: `make fault-matrix` has not been run."
	head = ["Faults (make fault-matrix)", *(column.replace("_", " ") for column in FAULT_COLUMNS)]
	rows = [[row["fault"], *(str(row[column]) for column in FAULT_COLUMNS)] for row in result["fault_matrix"]]
	return table(head, rows)


def _goals(result: dict) -> str:
	rows = [
		[
			goal.text,
			f"{result[goal.figure]:.3f}",
			goal.words(),
			"held" if goal.holds(result[goal.figure]) else "MISSED",
		]
		for goal in GOALS
	]
	return table(["Goals", "", "", ""], rows)


def _foot(result: dict) -> str:
	settings = result["settings"]
	database = ", ".join(f"{name} = {value}" for name, value in settings["database"].items())
	return "\n".join(
		[
			f"{settings['cpus']} CPUs, load {settings['load_before']} before; Frappe {settings['frappe']}, "
			f"twilio {settings['twilio']}, Python {settings['python']}; the simulator answers after "
			f"{settings['latency_s']} s; measured for {result['seconds']} s.",
			f"MariaDB: {database}.",
		]
	)
