"""An account that Twilio does not let send: its messages wait, one alarm is raised, and they go on once it is mended."""

import frappe
from frappe import _
from frappe.utils import get_datetime

from twilio_sms_channel.infra import clock
from twilio_sms_channel.infra.alerts import tell_managers
from twilio_sms_channel.twilio_gateway import account_check, errors
from twilio_sms_channel.twilio_gateway.credentials import SECRET_IS_UNREADABLE

ACCOUNT, MESSAGE = "Twilio SMS Account", "Twilio SMS Message"
# Wrong credentials, an account that is suspended or closed, one that does not exist: no message of the account would be taken.
CODES = ("20003", "20005", "20403", "20404", "30002", errors.MISSING_PERMISSION)
CREDENTIALS_REFUSED = ("20003", "20404", errors.MISSING_PERMISSION)
# Twilio reports most failures within seconds.
PRESENT_MINUTES = 10
PAUSED = ("paused_since", "paused_reason", "paused_code")


def pause(account: str, code: str, reason: str) -> None:
	"""Let all messages of an account wait. The first call tells the site's managers.

	:param code: one of `CODES`
	:param reason: Twilio's words
	"""
	if frappe.db.get_value(ACCOUNT, account, "paused_since", for_update=True):
		return
	why = errors.explain(code, reason)
	status = account_check.WRONG if code in CREDENTIALS_REFUSED else account_check.SUSPENDED
	_set(
		account,
		paused_since=clock.now(),
		paused_reason=why,
		paused_code=code,
		status=status,
		status_detail=why,
	)
	tell_managers(_("Messages of the Twilio account {0} wait: {1}").format(account, why), ACCOUNT, account)


def keep(account: str, verdict: account_check.Verdict) -> None:
	"""Keep what Twilio says of an account; its messages leave again when Twilio accepts it."""
	goes_on = dict.fromkeys(PAUSED) if verdict.status == account_check.ACTIVE else {}
	_set(account, **verdict.facts(), **goes_on)


def paused() -> list[str]:
	"""The accounts that wait."""
	return frappe.get_all(ACCOUNT, {"paused_since": ("is", "set"), "enabled": 1}, pluck="name")


def halted() -> list[str]:
	"""The accounts of which Twilio takes no message as far as is known: those that wait, and those that it last refused."""
	refused = {"status": ("in", (account_check.WRONG, account_check.SUSPENDED))}
	return list({*paused(), *frappe.get_all(ACCOUNT, refused, pluck="name")})


def pause_by_report(message: str, code: str, reason: str) -> None:
	"""Let the account's messages wait because of what Twilio reports of one of them, unless that tells of the past.

	A message that was sent some time ago, or before Twilio last said that the account is in order, says nothing about
	now. Should it be so all the same, the next message is refused and pauses the account.

	:param message: name of the Twilio SMS Message that the report is about
	"""
	sent = frappe.db.get_value(MESSAGE, message, ["account", "sent_at", "creation"], as_dict=True)
	sent_at = get_datetime(sent.sent_at or sent.creation)
	about = frappe.db.get_value(ACCOUNT, sent.account, ["status", "last_checked"], as_dict=True)
	was_fine_since = about.status == "Active" and about.last_checked and about.last_checked > sent_at
	ago_s, _longest = clock.passed(sent_at, clock.utc())
	if ago_s < PRESENT_MINUTES * 60 and not was_fine_since:
		pause(sent.account, code, reason)


def look_again() -> None:
	"""Ask Twilio about the paused accounts, and let those go on that it accepts. Commits."""
	# Whether the API key may send now, only a message would tell: an admin says when it is mended.
	lacks_permission = {"paused_code": errors.MISSING_PERMISSION}
	for name in set(paused()) - set(frappe.get_all(ACCOUNT, lacks_permission, pluck="name")):
		try:
			keep(name, frappe.get_doc(ACCOUNT, name).check())
		except SECRET_IS_UNREADABLE:
			# The doctor says so. Other accounts go on.
			frappe.clear_messages()
		# Account by account: Twilio takes seconds to answer about the next one, and no row is locked meanwhile.
		frappe.db.commit()  # nosemgrep


def _set(account: str, **values) -> None:
	# Whoever mends the account has its form open: `modified` stays, or it could not be saved.
	frappe.db.set_value(ACCOUNT, account, values, update_modified=False)
