"""What time it is for everything that waits.

The database's clock counts, which all machines of a site share. Frappe keeps times in the site's time zone, where an hour
comes twice in autumn, and any clock can be set: so nobody waits for a moment that lies further ahead than anything is
ever put off, and how long ago something was is told as a least and a most.
"""

import time
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import frappe
from frappe.utils.data import convert_utc_to_system_timezone, get_system_timezone

# What was written by a clock that is this much ahead was not written before the clock was set back.
CLOCKS_DIFFER = timedelta(minutes=1)
# macOS has no clock that counts sleep under this name.
_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def utc() -> datetime:
	"""Without time zone."""
	# No table: the database's clock.
	return frappe.db.sql("select utc_timestamp(6)")[0][0]  # nosemgrep


def running_s() -> float:
	"""Seconds by a clock that nobody sets, and that goes on while the machine sleeps: for spans within one process."""
	return time.clock_gettime(_RUNNING)


def now() -> datetime:
	"""In the site's time zone and without it, as fields have it."""
	return local(utc())


def ago(**span: float) -> datetime:
	"""A moment before now, as fields have it.

	:param span: as `datetime.timedelta` takes it: `minutes=10`
	"""
	return now() - timedelta(**span)


def epoch_s() -> int:
	"""Whole seconds since 1970, for what expires outside of the database."""
	return int(utc().replace(tzinfo=timezone.utc).timestamp())


def local(moment: datetime) -> datetime:
	"""
	:param moment: UTC, without time zone
	"""
	return convert_utc_to_system_timezone(moment).replace(tzinfo=None)


def passed(moment: datetime, at: datetime) -> tuple[float, float]:
	"""How many seconds have passed at least, and at most. Both are below 0 when the clock was set back meanwhile.

	:param moment: as fields have it
	:param at: UTC, without time zone
	"""
	first, last = (to_utc(moment, latest=latest).replace(tzinfo=None) for latest in (False, True))
	# What has not come yet is not when it was.
	least = last if last <= at else first
	return (at - least).total_seconds(), (at - first).total_seconds()


def is_due(field, at: datetime, most_s: float):
	"""Whether a moment to wait for has come, or lies further ahead than one ever waits: the clock was set back.

	:param field: of the query builder
	:param most_s: how far ahead it may be
	"""
	return (field <= at) | (field > at + timedelta(seconds=most_s))


def is_older(field, at: datetime, seconds: float):
	"""Whether something was written that long ago, or before the clock was set back."""
	return (field < at - timedelta(seconds=seconds)) | (field > at + CLOCKS_DIFFER)


def to_utc(moment: datetime, latest: bool = False) -> datetime:
	"""A time of the site, which is without zone, in UTC and with zone.

	:param latest: of the two that it may be in the night of autumn when an hour comes twice; by default the earlier one
	"""
	zone = ZoneInfo(get_system_timezone())
	both = [moment.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1)]
	return max(both) if latest else min(both)
