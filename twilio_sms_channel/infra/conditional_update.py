"""Updates that happen only while a row is in an expected state, and rows that have to be there still."""

import frappe
from frappe import _
from frappe.utils import now_datetime
from rq.timeouts import JobTimeoutException

from twilio_sms_channel.infra.courtesies import Back
from twilio_sms_channel.infra.db_errors import is_transient


class TakenBack(frappe.QueryDeadlockError):
	"""Another app's code has undone the transaction without an error: nothing that was written in it is there."""

	http_status_code = 417


def require(doctype: str, name: str, **facts) -> None:
	"""Make sure that a row which was written in the running transaction is there still.

	Hooks of other apps run while a document is inserted, and some roll back.

	:param facts: field = value that was written as well
	:raises TakenBack: it is not; then the whole transaction is undone, also what was written after that
	"""
	if not frappe.db.exists(doctype, {"name": name, **facts}):
		_refuse(doctype)


def insert(document, **how) -> None:
	"""Insert a document that has hooks of other apps, and make sure that it is there then.

	:param how: of Document.insert
	:raises TakenBack: see `require`; whatever has failed because of that
	"""
	back = Back()
	try:
		document.insert(**how)
	except JobTimeoutException:
		raise
	except Exception as error:
		if is_transient(error) or back.go():
			raise
		_refuse(document.doctype)
	require(document.doctype, document.name)


def _refuse(doctype: str) -> None:
	frappe.db.rollback()
	frappe.clear_messages()
	frappe.throw(
		_(
			"Another app on this site undid what was being saved ({0}), so nothing was saved. Try again. If it happens again, an admin has to find the app whose code rolls back there."
		).format(_(doctype)),
		TakenBack,
	)


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
	# Callers build it with frappe.qb, once; what varies is a parameter.
	frappe.db.sql(statement, values)  # nosemgrep
	return _was_one()


def _was_one() -> bool:
	return frappe.db._cursor.rowcount == 1
