"""Noticing that time has passed which the database knows nothing of, as after restoring an older backup on its own site.

While the site works, a sign of life is written each minute. When it is found old, either nothing ran for a while or
the database went back in time. Both look alike. In the second case messages that wait have been sent: all are looked up
at Twilio before they leave. In both, customers have written meanwhile, and Twilio has stopped trying to say so: its list
is compared at once.
"""

from datetime import datetime

import frappe
from frappe import _
from frappe.utils import get_datetime

from twilio_sms_channel.infra import clock, jobs, site_identity
from twilio_sms_channel.messaging.sending import reconcile

# A worker may be busy with something else for some minutes.
STANDSTILL_S = 600
# From v16 on the scheduler runs every four minutes. A comparison too many does no harm.
COMPARED_AFTER_S = 300
CATCH_UP = "twilio_sms_channel.messaging.upkeep.catch_up.run"
# Field of Twilio SMS Home.
OUTAGE = "outage_ended_at"
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
		gap_s, now = _passed_since(before["beat"]), clock.utc()
		if gap_s > STANDSTILL_S:
			reconcile.mark_all_unconfirmed(
				_("Nothing was sent for a while, or a backup was restored."), JUST_NOW_S
			)
		if gap_s > COMPARED_AFTER_S:
			_note_outage(now)
		_write(now)
	# The sign of life is stored, and its row unlocked, before anything is sent.
	frappe.db.commit()  # nosemgrep
	return True


def forget_outage(ended_at: datetime) -> None:
	"""Everything was compared since an outage, unless another one has come after it. The caller commits."""
	Singles = frappe.qb.DocType("Singles")
	of_outage = (Singles.doctype == site_identity.HOME) & (Singles.field == OUTAGE)
	frappe.qb.from_(Singles).where(of_outage & (Singles.value == str(ended_at))).delete().run()


def _note_outage(ended_at: datetime) -> None:
	frappe.db.set_single_value(site_identity.HOME, OUTAGE, str(ended_at), update_modified=False)
	jobs.enqueue_after_commit(CATCH_UP, queue="long", dedupe_key=CATCH_UP)


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
