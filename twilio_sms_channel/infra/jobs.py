"""Work that is done by Frappe's workers once the transaction is committed."""

import time
from collections.abc import Callable

import frappe
from frappe.utils.background_jobs import get_job, get_queue
from redis.exceptions import RedisError
from rq import Queue
from rq.job import JobStatus
from rq.timeouts import JobTimeoutException

from twilio_sms_channel.infra import clock, compat, locks

# A job whose worker was killed counts as started for minutes; its mark holds up nothing for longer than this.
MARKED_FOR_S = 60
SWEEP = "twilio_sms_channel.messaging.upkeep.sweep.run"
# The scheduler runs the sweep each minute, from v16 on every four minutes unless it is told otherwise.
SWEEP_LATE_S = 300
# Whose job has not begun by then is taken for lost.
LOST_AFTER_S = 60
# A job that takes up what was left lying lets others have the worker after that. A job takes a second to begin: where
# nobody waits, it stays for longer.
TAKE_UP_FOR_S, TAKE_UP_AT_MOST_S = 5, 60


def enqueue_after_commit(method: str, message: str = "", queue: str = "short", dedupe_key: str = "") -> None:
	"""Have a worker call `method(message=…)` after the commit of the running transaction.

	A queue that is down loses nothing: every row says how far it got and `messaging.upkeep.sweep` finds it again.

	:param method: dotted path
	:param message: name of a Twilio SMS Message; "" for a method that looks for its work itself
	:param dedupe_key: what the job is about, when one that waits already will do this work as well; the job has to call
		`release` before it looks for its work
	"""
	frappe.db.after_commit.add(lambda: _enqueue(method, message, queue, dedupe_key))


def as_administrator() -> None:
	"""Go on as the user who may do everything: a job acts for the customer, who is no user."""
	# Not again: Frappe forgets all it knows about DocTypes when the user changes.
	if frappe.session.user != "Administrator":
		# Only in jobs of this app: what they work on was stored by a signed webhook, or by a user with the right to.
		frappe.set_user("Administrator")  # nosemgrep


def release(dedupe_key: str) -> None:
	"""From now on, work that comes up needs another job; what came up until now, the caller sees. Rolls back."""
	try:
		frappe.cache().delete(_mark(dedupe_key))
	except RedisError:
		pass
	# A transaction that has read already would not see what others left to this job meanwhile.
	frappe.db.rollback()


def swept() -> None:
	"""The sweep runs: for a while nobody else has to call it."""
	try:
		# `_mark` is this site's alone. Written as `_call_late_sweep` does.
		frappe.cache().set(_mark(SWEEP), b"1", ex=SWEEP_LATE_S)  # nosemgrep
	except RedisError:
		pass


def resume_stalled(
	job: str, waiting: Callable[[], list[str]], work: Callable[[str], None], queue: str
) -> None:
	"""Do a few seconds of what was left lying; another job goes on, at once where a worker is idle, otherwise after those
	that wait by then (worker).

	:param job: the job that calls this, of which any number may run at once
	:param waiting: what is to be done: names, who waits longest first
	:param work: does one of them; it may have been done meanwhile
	"""
	as_administrator()
	release(job)
	begun = time.monotonic()
	names = waiting()
	others_know = False
	for place, name in enumerate(names):
		passed_s = time.monotonic() - begun
		if passed_s > TAKE_UP_AT_MOST_S or (passed_s > TAKE_UP_FOR_S and _others_wait(queue)):
			_go_on(job, queue)
			return
		lock = f"{job}:{name}"
		if not locks.take([lock]):
			continue
		try:
			if not others_know and place + 1 < len(names):
				_go_on(job, queue)
				others_know = True
			work(name)
		except JobTimeoutException:
			raise
		except Exception:
			# Work runs other apps' code, which raises anything. One that cannot be done must not keep the others waiting.
			frappe.db.rollback()
			frappe.clear_messages()
			frappe.log_error(title=f"{job} failed for {name}", message=frappe.get_traceback())
			# Each name has a transaction of its own: what the next one rolls back must not take the log with it.
			frappe.db.commit()  # nosemgrep
		finally:
			locks.release([lock])


def _others_wait(queue: str) -> bool:
	"""Whether jobs wait for a worker besides the next one of a job in this queue, which has it go on."""
	try:
		return any(get_queue(name).count > (name == queue) for name in {"short", "default", queue})
	except RedisError:
		return True


def _go_on(job: str, queue: str) -> None:
	enqueue_after_commit(job, queue=queue, dedupe_key=job)
	# The job is enqueued after a commit: other workers go on now, while this one works.
	frappe.db.commit()  # nosemgrep


def has_backlog() -> bool:
	"""Whether jobs wait for a worker, in the queues that this app's jobs wait in."""
	try:
		return any(get_queue(name).count for name in ("short", "default"))
	except RedisError:
		return False


def stalled(status: str, most_s: float, limit: int = 500) -> list[str]:
	"""Messages in a status that a worker should have taken on: their job was lost, or their next attempt is due.

	:param most_s: how far ahead a next attempt can be
	:return: names of Twilio SMS Messages, oldest first
	"""
	now = clock.now()
	Message = frappe.qb.DocType("Twilio SMS Message")
	job_was_lost = Message.next_attempt.isnull() & clock.is_older(Message.creation, now, LOST_AFTER_S)
	return (
		frappe.qb.from_(Message)
		.select(Message.name)
		.where(Message.status == status)
		.where(clock.is_due(Message.next_attempt, now, most_s) | job_was_lost)
		.orderby(Message.creation)
		.limit(limit)
	).run(pluck=True)


def _enqueue(method: str, message: str, queue: str, dedupe_key: str) -> None:
	job = frappe.generate_hash(length=12)
	try:
		if not dedupe_key or _is_needed(dedupe_key, job):
			frappe.enqueue(method, queue=queue, job_id=job, **({"message": message} if message else {}))
		_call_late_sweep()
	except (RedisError, OSError, compat.QUEUE_IS_FULL) as e:
		if isinstance(e, frappe.ValidationError):
			# The message is written down already; whoever wrote it has nothing to do about it.
			frappe.clear_last_message()
		frappe.logger("twilio_sms").warning(f"{method} {message} waits for the sweep, the queue is down: {e}")


def _call_late_sweep() -> None:
	"""A scheduler that does not run must not hold up what waits for the sweep, as long as messages come and go."""
	# `_mark` is this site's alone. `set_value` cannot say whether it was there.
	if frappe.cache().set(_mark(SWEEP), b"1", nx=True, ex=SWEEP_LATE_S):  # nosemgrep
		frappe.enqueue(SWEEP, queue="default")


def _is_needed(dedupe_key: str, job: str) -> bool:
	"""Whether no other job will do this work; `job` is marked as the one that will."""
	cache, mark = frappe.cache(), _mark(dedupe_key)
	if cache.set(mark, job, nx=True, ex=MARKED_FOR_S):
		return True
	marked = cache.get(mark)
	if marked and _will_begin(marked.decode()):
		return False
	cache.set(mark, job, ex=MARKED_FOR_S)
	return True


def _will_begin(name: str) -> bool:
	"""Whether a job waits in its queue, or has just been started.

	RQ forgets one that a worker has fetched, but not started, when the worker is told to stop (rq.worker: Worker._shutdown).
	In doubt there is a second job: that does no harm.
	"""
	job = get_job(name)
	if not job:
		return False
	if job.get_status(refresh=False) == JobStatus.STARTED:
		return True
	return Queue(job.origin, connection=job.connection).get_job_position(job.id) is not None


def _mark(dedupe_key: str) -> bytes:
	return frappe.cache().make_key(f"twilio_sms_job:{dedupe_key}")
