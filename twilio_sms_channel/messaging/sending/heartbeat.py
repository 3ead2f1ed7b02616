"""Noticing that time has passed which the database knows nothing of, as after restoring an older backup on its own site.

While the site works, a sign of life is written each minute. When it is found old, either nothing ran for a while or
the database went back in time. Both look alike, and in the second case messages that wait have been sent: all are looked up
at Twilio before they leave.
"""

import frappe
from frappe import _
from frappe.utils import get_datetime

from twilio_sms_channel.infra import clock, site_identity
from twilio_sms_channel.messaging.sending import reconcile

# A worker may be busy with something else for some minutes.
STANDSTILL_S = 600
WRITTEN_EVERY_S = 60
# What was written a moment ago was written here.
JUST_NOW_S = 60


def may_send() -> bool:
	"""Whether this site may send what waits; called before it does. Gives the sign of life. Commits."""
	if site_identity.is_copy():
		return False
	if _is_due(site_identity.stored("beat")) and _is_due(
		before := site_identity.stored("beat", for_update=True)
	):
		if _passed_since(before["beat"]) > STANDSTILL_S:
			reconcile.mark_all_unconfirmed(
				_("Nothing was sent for a while, or a backup was restored."), JUST_NOW_S
			)
		_write(clock.utc())
	# The sign of life is stored, and its row unlocked, before anything is sent.
	frappe.db.commit()  # nosemgrep
	return True


def _is_due(stored: dict[str, str]) -> bool:
	beat = stored.get("beat")
	# One in the future was given before the clock was set back.
	return bool(beat) and not 0 <= _passed_since(beat) <= WRITTEN_EVERY_S


def _passed_since(beat: str) -> float:
	# In UTC: a site may be given another time zone.
	return (clock.utc() - get_datetime(beat)).total_seconds()


def _write(now) -> None:
	Singles = frappe.qb.DocType("Singles")
	frappe.qb.update(Singles).set(Singles.value, str(now)).where(
		(Singles.doctype == site_identity.HOME) & (Singles.field == "beat")
	).run()
