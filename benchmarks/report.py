"""The results as a person reads them."""

from __future__ import annotations

from figures import Goal, table

GOALS = (
	Goal("webhook_vs_ping", "webhooks per second, of pings", 0.40, at_least=True),
	Goal("webhook_vs_insert", "webhooks per second, of REST inserts", 2.5, at_least=True),
	Goal("threading_vs_email", "time to thread a text, of an e-mail", 0.8, at_least=False),
	Goal("growth", "time on the full site, of the empty one", 1.2, at_least=False),
)


def report(result: dict) -> str:
	"""Tables, goals, and the settings that matter, from what the JSON file holds."""
	parts = [
		_requests(result),
		_threading(result),
		_queries(result),
		_growth(result),
		_goals(result),
		_foot(result),
	]
	return "\n" + "\n\n".join(parts)


def _requests(result: dict) -> str:
	head = ["Requests, 4 clients, 2 workers", "per second", "p50 ms", "p99 ms", "of ping"]
	rows = []
	for site, kinds in result["requests"].items():
		for kind, measured in kinds.items():
			speeds = [
				f"{measured['per_second']:.1f}",
				f"{measured['p50_ms']:.1f}",
				f"{measured['p99_ms']:.1f}",
			]
			of_ping = measured["per_second"] / kinds["ping"]["per_second"]
			rows.append([f"{kind}, {site} site", *speeds, f"{of_ping:.2f}"])
	return table(head, rows)


def _threading(result: dict) -> str:
	head = ["Threading, milliseconds", "first", "next", "per message"]
	rows = [
		[
			kind,
			*(
				f"{times[column]:.1f}" if column in times else ""
				for column in ("first", "next", "per_message")
			),
		]
		for kind, times in result["threading_ms"].items()
	]
	return table(head, rows)


def _queries(result: dict) -> str:
	empty, full = (result["queries_per_message"][site] for site in ("empty", "full"))
	head = ["Queries", "empty site", "full site"]
	rows = [[kind.replace("_", " "), str(empty[kind]), str(full[kind])] for kind in empty]
	old, emails = result["queries_of_old_customers_text"], result["queries_per_email"]
	rows.append(["text of an old customer", "", str(old)])
	rows += [[kind.replace("_", " "), str(count), ""] for kind, count in emails.items()]
	return table(head, rows)


def _growth(result: dict) -> str:
	head = ["Full site, of the empty one", "measured", "normalised"]
	rows = [
		[kind, f"{growth['measured']:.2f}", f"{growth['normalised']:.2f}"]
		for kind, growth in result["growth_of"].items()
	]
	return table(head, rows)


def _goals(result: dict) -> str:
	rows = [
		[goal.text, f"{result[goal.figure]:.2f}", goal.words(), _verdict(goal.holds(result[goal.figure]))]
		for goal in GOALS
	]
	rows.append(["queries on both sites", "", "the same", _verdict(same_queries(result))])
	return table(["Goals", "", "", ""], rows)


def same_queries(result: dict) -> bool:
	"""Whether the site's size makes no difference to the number of queries."""
	queries = result["queries_per_message"]
	of_old_customers = result["queries_of_old_customers_text"]
	return queries["empty"] == queries["full"] and of_old_customers == queries["empty"]["next_text"]


def _verdict(holds: bool) -> str:
	return "held" if holds else "MISSED"


def _foot(result: dict) -> str:
	settings, plan = result["settings"], result["plan"]
	amounts = plan["amounts"]
	database = ", ".join(f"{name} = {value}" for name, value in settings["database"].items())
	return "\n".join(
		[
			f"Full site: {amounts['conversations']:,} conversations and tickets, {plan['messages']:,} messages, "
			f"{amounts['contacts']:,} contacts.",
			f"{settings['cpus']} CPUs, load {settings['load_before']} before; Frappe {settings['frappe']}, "
			f"twilio {settings['twilio']}, Python {settings['python']}; measured for {result['seconds']} s.",
			f"MariaDB: {database}.",
		]
	)
