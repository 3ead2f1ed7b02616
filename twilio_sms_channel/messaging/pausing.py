"""An account that Twilio does not let send: its texts wait, one alarm is raised, and they go on once it is mended."""

import frappe
from frappe import _
from frappe.utils import now_datetime

from twilio_sms_channel.messaging.notify import tell_managers
from twilio_sms_channel.twilio_gateway import errors

ACCOUNT = "Twilio SMS Account"
# Wrong credentials, an account that is suspended or closed, one that does not exist: no text of the account would be taken.
CODES = ("20003", "20005", "20403", "20404", "30002")


def pause(account: str, code: str, reason: str) -> None:
	"""Let all texts of an account wait. The first call tells the site's managers.

	:param code: one of `CODES`
	:param reason: Twilio's words
	"""
	if frappe.db.get_value(ACCOUNT, account, "paused_since", for_update=True):
		return
	why = errors.explain(code, reason)
	_set(account, paused_since=now_datetime(), paused_reason=why)
	tell_managers(_("Texts of the Twilio account {0} wait: {1}").format(account, why), ACCOUNT, account)


def resume(account: str) -> None:
	"""Let the texts of an account leave again."""
	_set(account, paused_since=None, paused_reason=None)


def paused() -> list[str]:
	"""The accounts that wait."""
	return frappe.get_all(ACCOUNT, {"paused_since": ("is", "set"), "enabled": 1}, pluck="name")


def look_again() -> None:
	"""Ask Twilio about the paused accounts, and let those go on that it accepts. Commits."""
	for name in paused():
		verdict = frappe.get_doc(ACCOUNT, name).check()
		if verdict.status == "Active":
			resume(name)
		_set(name, **verdict.facts())
		frappe.db.commit()


def _set(account: str, **values) -> None:
	# Whoever mends the account has its form open: `modified` stays, or it could not be saved.
	frappe.db.set_value(ACCOUNT, account, values, update_modified=False)
