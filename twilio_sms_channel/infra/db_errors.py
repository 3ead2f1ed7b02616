"""Errors of the database after which the same work goes well at once: another transaction was in the way."""

import frappe

# Two transactions that make the same contact, or wait for the same row, get in each other's way for a moment only.
TRANSIENT = (
	frappe.DuplicateEntryError,
	frappe.QueryDeadlockError,
	frappe.QueryTimeoutError,
	frappe.TimestampMismatchError,
)
# MariaDB from 11.6 on: another transaction was faster since this one began to read.
RECORD_HAS_CHANGED = 1020


def is_transient(error: Exception) -> bool:
	"""Whether what failed goes well when it is done again at once: another transaction was in the way."""
	return isinstance(error, TRANSIENT) or error.args[:1] == (RECORD_HAS_CHANGED,)
