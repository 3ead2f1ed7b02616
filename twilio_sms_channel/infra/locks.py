"""Named locks of the database: held by a connection, over any number of commits, and gone with it.

A worker that dies gives its locks back at that moment, which tells everybody that it died.
Source: https://mariadb.com/kb/en/get_lock/
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

import frappe

from twilio_sms_channel.infra import clock, db_errors

Answer = TypeVar("Answer")
TRIES_AT_ONCE = 3


def again(work: Callable[[], Answer]) -> Answer:
	"""Do something, from the beginning again when another transaction was in the way. Only at the beginning of a
	request or job: what the transaction has written so far is undone then.

	A request that has waited in vain does not: whoever asks would have to wait as long again. A job does.
	"""
	for attempt in range(1, TRIES_AT_ONCE + 1):
		try:
			return work()
		except Exception as e:
			waited = isinstance(e, frappe.QueryTimeoutError) and getattr(frappe.local, "request", None)
			if attempt == TRIES_AT_ONCE or waited or not db_errors.is_transient(e):
				raise
			frappe.db.rollback()
			frappe.clear_messages()
	raise AssertionError


def take(names: Iterable[str], wait_s: float = 0) -> set[str]:
	"""Take locks for this connection; those among them that it got. A name may be taken again, and is then held twice.

	:param wait_s: how long to wait for those that somebody else holds, in all; whoever waits takes none behind one that
		stays with somebody else
	"""
	names = list(names)
	if not wait_s:
		answers = _ask([("get_lock(%s, 0)", (_full(name),)) for name in names])
		return {name for name, got in zip(names, answers, strict=True) if got == 1}
	taken, until_s = set(), clock.running_s() + wait_s
	for name in names:
		if _ask([("get_lock(%s, %s)", (_full(name), max(until_s - clock.running_s(), 0)))]) != (1,):
			break
		taken.add(name)
	return taken


def release(names: Iterable[str]) -> None:
	"""Give locks back. Those that this connection does not hold are left alone."""
	_ask([("release_lock(%s)", (_full(name),)) for name in names])


def is_free(name: str) -> bool:
	return _ask([("is_free_lock(%s)", (_full(name),))]) == (1,)


def _ask(calls: list[tuple[str, tuple]]) -> tuple:
	if not calls:
		return ()
	functions = ", ".join(function for function, _values in calls)
	given = [value for _function, values in calls for value in values]
	# No table: functions of the database. Their names are constants of this module, what varies is a parameter.
	return frappe.db.sql(f"select {functions}", given)[0]  # nosemgrep


def _full(name: str) -> str:
	# All databases of a server share these names, which have at most 64 characters.
	return "tsms_" + hashlib.sha256(f"{frappe.conf.db_name}\0{name}".encode()).hexdigest()[:40]
