"""What is done beside a message: bells, notices, lines of history, live updates. A message never depends on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import frappe
from rq.timeouts import JobTimeoutException

# Something asks for a field that is empty, or names what was deleted.
LACK = frappe.MandatoryError, frappe.LinkValidationError, frappe.DoesNotExistError


def is_for_lack(error: Exception) -> bool:
	"""Whether what failed lacks something, which is nobody's refusal."""
	return isinstance(error, LACK)


@dataclass
class Outcome:
	failed: bool = False


@contextmanager
def courtesy(
	what: str, *, writes: bool = True, but: Callable[[Exception], bool] | None = None
) -> Iterator[Outcome]:
	"""Do what a message does not depend on. What fails is taken back and logged, and the message goes on.

	Also a decorator; the function's answer is None when it failed.

	:param what: for the Error Log
	:param writes: whether it writes to the database
	:param but: says of an error whether it is raised all the same
	:raises Exception: what failed, when the database has undone the whole transaction with it, the message too: then
		all of it has to be done again
	:raises rq.timeouts.JobTimeoutException: the worker's time is up
	"""
	outcome = Outcome()
	said = len(frappe.local.message_log or [])
	back = Back() if writes else None
	try:
		yield outcome
	except JobTimeoutException:
		raise
	except Exception as error:
		# Nobody can know what the ticket system and other apps raise.
		trace = frappe.get_traceback()
		if back and not back.go():
			raise
		if but and but(error):
			raise
		outcome.failed = True
		# Nobody who reads it here could do anything about it.
		del frappe.local.message_log[said:]
		frappe.log_error(title=what[:140], message=trace)


class Back:
	"""A point of the running transaction to go back to."""

	def __init__(self):
		self.point = f"courtesy_{frappe.generate_hash(length=10)}"
		self.was_committed = False
		frappe.db.after_commit.add(self._note_commit)
		frappe.db.savepoint(self.point)

	def go(self) -> bool:
		"""Undo what was written since. False when the transaction is lost as a whole."""
		try:
			frappe.db.rollback(save_point=self.point)
		except Exception:
			# Each database driver has errors of its own for a savepoint that is gone. The answer says that it is, and
			# the caller raises what failed first.
			if not self.was_committed:
				return False
			# Another app's code has committed the message and all the rest; there is only its own remainder to undo.
			frappe.db.rollback()
		return True

	def _note_commit(self) -> None:
		self.was_committed = True
