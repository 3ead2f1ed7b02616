"""After an outage: compare all numbers with Twilio's list at once, instead of with the next hour.

`heartbeat` notices the gap and keeps in Twilio SMS Home when it ended. That stays until every number was compared since,
so a worker that is killed in between is followed by the next one.
"""

import time
from collections.abc import Iterator
from datetime import datetime

import frappe
from frappe.utils import get_datetime

from twilio_sms_channel.infra import clock, jobs, locks, site_identity
from twilio_sms_channel.infra.retry_policies import COMPARISONS
from twilio_sms_channel.messaging.sending import heartbeat
from twilio_sms_channel.messaging.upkeep import backfill

ACCOUNT, NUMBER = "Twilio SMS Account", "Twilio SMS Number"
# From then on the hourly comparison is enough: Twilio rejects the account, or a secret cannot be read.
FOR_S = 3600


def is_due() -> bool:
	"""Whether numbers have not been compared since the last outage."""
	return _ended_at() is not None


def run() -> None:
	"""Compare all numbers that have not been compared since the last outage (worker). Commits.

	What fails is tried again for half a minute, then with the next tick of the scheduler.
	"""
	jobs.as_administrator()
	jobs.release(heartbeat.CATCH_UP)
	if site_identity.is_copy() or not (lock := locks.take([backfill.LOCK])):
		return
	try:
		if ended_at := _ended_at():
			_compare_all(ended_at)
	finally:
		locks.release(lock)


def _compare_all(ended_at: datetime) -> None:
	left, failures = list(_not_compared_since(ended_at)), 0
	while left := [name for name in left if any(result.error for result in backfill.run(name))]:
		failures += 1
		if COMPARISONS.is_exhausted(failures):
			return
		time.sleep(COMPARISONS.wait_s(failures))
	heartbeat.forget_outage(ended_at)
	# The last number was compared.
	frappe.db.commit()  # nosemgrep


def _not_compared_since(moment: datetime) -> Iterator[str]:
	"""
	:param moment: in UTC
	"""
	for name in backfill.numbers():
		until = frappe.db.get_value(NUMBER, name, "backfilled_until")
		if not until or clock.to_utc(until).replace(tzinfo=None) < moment:
			yield name


def _ended_at() -> datetime | None:
	"""When the last outage ended, in UTC; None when all has been caught up with, or is left to the hourly comparison."""
	stored = site_identity.stored(heartbeat.OUTAGE).get(heartbeat.OUTAGE)
	ended_at = get_datetime(stored) if stored else None
	return ended_at if ended_at and (clock.utc() - ended_at).total_seconds() < FOR_S else None
