"""Updates that happen only while a row is in an expected state."""

import frappe
from frappe.utils import now_datetime


def update(doctype: str, name: str, values: dict, **expected) -> bool:
	"""Set fields of a row if it still is as expected, without the hooks of saving. True when it was.

	:param expected: field = value, or a list of values of which it has to have one
	"""
	Row = frappe.qb.DocType(doctype)
	query = frappe.qb.update(Row).where(Row.name == name)
	for field, value in expected.items():
		query = query.where(
			Row[field].isin(value) if isinstance(value, list | tuple) else Row[field] == value
		)
	# Also makes every match a change: databases count either.
	for field, value in {"modified": now_datetime(), **values}.items():
		query = query.set(Row[field], value)
	query.run()
	return _was_one()


def changed(statement: str, values: dict) -> bool:
	"""Run an UPDATE of one row. True when it was there, and as expected.

	The statement has to change every row that it matches: databases count either.
	"""
	frappe.db.sql(statement, values)
	return _was_one()


def _was_one() -> bool:
	return frappe.db._cursor.rowcount == 1
