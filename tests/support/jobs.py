"""The queues that this app's jobs wait in."""

import time

from frappe.utils.background_jobs import get_queue

QUEUES = ("short", "default", "long")


def is_idle() -> bool:
	"""Whether no job waits or runs. One that a worker has just taken is in no list for a moment: it looks twice."""
	return _is_empty() and (time.sleep(0.1) or _is_empty())


def _is_empty() -> bool:
	return not any(queue.count + queue.started_job_registry.count for queue in map(get_queue, QUEUES))
