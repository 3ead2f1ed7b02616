"""All that a site's database holds, so that two moments can be compared."""

import json
import re

import frappe

from twilio_sms_channel.desks import ticket_fields
from twilio_sms_channel.infra import site_identity
from twilio_sms_channel.people import contacts

# Frappe's own records of what happened, which only ever grow.
LOGS = {
	"Access Log",
	"Activity Log",
	"Deleted Document",
	"Error Log",
	"Installed Application",
	"Permission Log",
	"Route History",
	"Scheduled Job Log",
	"Submission Queue",
	"Version",
	"View Log",
}
# When and by whom something was written, and names drawn at random.
MOMENTS = {"creation", "modified", "modified_by", "owner", "last_execution", "migration_hash"}
RANDOM = re.compile(r"[0-9a-z]{10}")


def schema() -> list[str]:
	"""Tables, columns and indexes, a line each."""
	asked = {
		"table": "select table_name, engine, table_collation from information_schema.tables",
		"column": "select table_name, column_name, ordinal_position, column_type, is_nullable, column_default, extra "
		"from information_schema.columns",
		"index": "select table_name, index_name, non_unique, seq_in_index, column_name, sub_part "
		"from information_schema.statistics",
	}
	lines = []
	for kind, query in asked.items():
		for row in frappe.db.sql(f"{query} where table_schema = database()"):
			table, *facts = row
			if kind == "column":
				# A column that went and came back stands at the end.
				del facts[1]
			lines.append(f"{kind} {table}: {' '.join(map(str, facts))}")
	return sorted(lines)


def rows() -> list[str]:
	"""Every row of every table but those of `LOGS`, without moments and random names, a line each."""
	lines = []
	tables = "select table_name from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE'"
	# Sequences, which count up, are none.
	for (table,) in frappe.db.sql(tables):
		if table.removeprefix("tab") not in LOGS:
			lines += [f"{table} {line}" for line in _rows(table)]
	return sorted(lines)


def config() -> list[str]:
	"""The site's own configuration, without what is drawn at random."""
	with open(frappe.get_site_path("site_config.json")) as file:
		known = json.load(file)
	# Made by Frappe when the first secret is stored, and kept.
	known.pop("encryption_key", None)
	if site_identity.CONFIG_KEY in known:
		known[site_identity.CONFIG_KEY] = "an id"
	return sorted(f"site_config {key}: {json.dumps(value)}" for key, value in known.items())


def whole() -> dict[str, list[str]]:
	return {"schema": schema(), "rows": rows(), "config": config()}


def _rows(table: str) -> list[str]:
	found = frappe.db.sql(f"select * from `{table}`", as_dict=True)
	for row in found:
		if row.get("defkey") == "installed_apps":
			# In the order of installation.
			row.defvalue = " ".join(sorted(json.loads(row.defvalue)))
	return [
		json.dumps(
			{key: value for key, value in row.items() if _counts(key, value, row)},
			default=str,
			sort_keys=True,
		)
		for row in found
	]


def _counts(field: str, value, row: dict) -> bool:
	if value is None or field in MOMENTS or (field == "value" and row.get("field") in MOMENTS):
		return False
	if row.get("doctype") == site_identity.HOME and field == "value":
		return False
	# What a new column of ours holds in rows of others.
	if field in (contacts.SELF_ENTERED, ticket_fields.OPTED_OUT) and not value:
		return False
	return not (field == "name" and (row.get("parenttype") or RANDOM.fullmatch(str(value))))
