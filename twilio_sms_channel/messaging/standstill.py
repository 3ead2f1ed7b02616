"""Noticing that time has passed which the database knows nothing of, as after restoring an older backup on its own site.

While the site works, a sign of life is written each minute. When it is found old, either nothing ran for a while or
the database went back in time. Both look alike, and in the second case texts that wait have been sent: all are looked up
at Twilio before they leave.
"""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from twilio_sms_channel.messaging import home, unconfirmed

# A worker may be busy with something else for some minutes.
STANDSTILL = timedelta(minutes=10)
WRITTEN_EVERY = timedelta(minutes=1)
# What was written a moment ago was written here.
JUST_NOW = timedelta(minutes=1)


def may_send() -> bool:
	"""Whether this site may send what waits; called before it does. Gives the sign of life. Commits."""
	if home.is_copy():
		return False
	if _is_due(home.stored("beat")) and _is_due(before := home.stored("beat", for_update=True)):
		now = now_datetime()
		if now - get_datetime(before["beat"]) > STANDSTILL:
			unconfirmed.doubt(_("Nothing was sent for a while, or a backup was restored."), now - JUST_NOW)
		_write(now)
	frappe.db.commit()
	return True


def _is_due(stored: dict[str, str]) -> bool:
	beat = stored.get("beat")
	return bool(beat) and now_datetime() - get_datetime(beat) > WRITTEN_EVERY


def _write(now) -> None:
	Singles = frappe.qb.DocType("Singles")
	frappe.qb.update(Singles).set(Singles.value, str(now)).where(
		(Singles.doctype == home.HOME) & (Singles.field == "beat")
	).run()
