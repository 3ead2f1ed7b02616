"""Work that is done by Frappe's workers once the transaction is committed."""

import frappe
from redis.exceptions import RedisError


def later(method: str, message: str, queue: str = "short") -> None:
	"""Have a worker call `method(message=…)` after the commit of the running transaction.

	A queue that is down loses nothing: every row says how far it got and `messaging.sweep` finds it again.

	:param method: dotted path
	:param message: name of a Twilio SMS Message
	"""
	frappe.db.after_commit.add(lambda: _enqueue(method, message, queue))


def _enqueue(method: str, message: str, queue: str) -> None:
	try:
		frappe.enqueue(method, queue=queue, message=message)
	except (RedisError, OSError) as e:
		frappe.logger("twilio_sms").warning(f"{message} waits for the sweep, the queue is down: {e}")
