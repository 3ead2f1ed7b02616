"""Work that is done by Frappe's workers once the transaction is committed."""

import frappe
from frappe.utils import add_to_date, now_datetime
from frappe.utils.background_jobs import get_queue
from redis.exceptions import RedisError

# A mark that outlives its job holds up nothing: the sweep takes texts up after a minute.
MARKED_FOR_S = 60


def later(method: str, message: str = "", queue: str = "short", once_for: str = "") -> None:
	"""Have a worker call `method(message=…)` after the commit of the running transaction.

	A queue that is down loses nothing: every row says how far it got and `messaging.sweep` finds it again.

	:param method: dotted path
	:param message: name of a Twilio SMS Message; "" for a method that looks for its work itself
	:param once_for: what the job is about, when one that waits already will do this work as well; the job has to call
		`begun` before it looks for its work
	"""
	frappe.db.after_commit.add(lambda: _enqueue(method, message, queue, once_for))


def as_administrator() -> None:
	"""Go on as the user who may do everything: a job acts for the customer, who is no user."""
	# Not again: Frappe forgets all it knows about DocTypes when the user changes.
	if frappe.session.user != "Administrator":
		frappe.set_user("Administrator")


def begun(once_for: str) -> None:
	"""From now on, work that comes up needs another job."""
	try:
		frappe.cache().delete(_mark(once_for))
	except RedisError:
		pass


def others_wait() -> bool:
	"""Whether jobs wait for a worker, in the queues that this app's jobs wait in."""
	try:
		return any(get_queue(name).count for name in ("short", "default"))
	except RedisError:
		return False


def due(status: str, limit: int = 500) -> list[str]:
	"""Messages in a status that a worker should have taken on: their job was lost, or their next attempt is due.

	:return: names of Twilio SMS Messages, oldest first
	"""
	now = now_datetime()
	Message = frappe.qb.DocType("Twilio SMS Message")
	job_was_lost = Message.next_attempt.isnull() & (Message.creation < add_to_date(now, minutes=-1))
	return (
		frappe.qb.from_(Message)
		.select(Message.name)
		.where(Message.status == status)
		.where((Message.next_attempt <= now) | job_was_lost)
		.orderby(Message.creation)
		.limit(limit)
	).run(pluck=True)


def _enqueue(method: str, message: str, queue: str, once_for: str) -> None:
	try:
		if not once_for or frappe.cache().set(_mark(once_for), 1, nx=True, ex=MARKED_FOR_S):
			frappe.enqueue(method, queue=queue, **({"message": message} if message else {}))
	except (RedisError, OSError) as e:
		frappe.logger("twilio_sms").warning(f"{method} {message} waits for the sweep, the queue is down: {e}")


def _mark(once_for: str) -> bytes:
	return frappe.cache().make_key(f"twilio_sms_job:{once_for}")
