"""An admin confirms that this site takes over from the one that its data was backed up of."""

import frappe
from frappe import _
from frappe.utils import now_datetime

from twilio_sms_channel.infra import clock, site_identity
from twilio_sms_channel.messaging.sending import reconcile

CANCEL, LOOK_UP = "cancel", "look_up"


def confirm(waiting: str = CANCEL) -> int:
	"""Make this site the home of data that came here by a backup. Commits.

	Messages that waited in the backup are not simply sent: the site it was made of may have done so.

	:param waiting: CANCEL has them canceled, with the reason in their tickets; LOOK_UP has them looked up at Twilio, and
		sent where they are not there
	:return: how many messages that was
	"""
	with site_identity.locked():
		if not site_identity.is_copy():
			return 0
		count = (
			_cancel_all()
			if waiting == CANCEL
			else reconcile.mark_all_unconfirmed(_("This site took over from a backup."))
		)
		site_identity.move_in(beat=clock.utc(), confirmed_by=frappe.session.user, confirmed_on=now_datetime())
		# Before the lock is released: whoever waits for it sees the new home.
		frappe.db.commit()  # nosemgrep
		return count


def _cancel_all() -> int:
	return reconcile.cancel_all(
		_(
			"Canceled when this site took over from a backup, because it may have been sent before. Write it again if the customer still needs it."
		)
	)
