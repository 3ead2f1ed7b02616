"""The log of webhooks that were turned away, kept short enough that nobody can fill the disk with it."""

import frappe
from frappe import _
from redis.exceptions import RedisError

LOG = "Twilio SMS Rejected Webhook"
MAX_LINES_PER_MINUTE = 30
KEPT_CHARACTERS = 140


def note(request, http_status: int, reason: str, params) -> None:
	"""One line about a webhook that was turned away, at most 30 a minute. Commits.

	:param request: the werkzeug request; of its content only AccountSid and To are kept
	"""
	if not within_limit():
		return
	frappe.get_doc(
		{
			"doctype": LOG,
			"http_status": http_status,
			"reason": reason[:KEPT_CHARACTERS],
			"account_sid": (params.get("AccountSid") or "")[:KEPT_CHARACTERS],
			"to_number": (params.get("To") or "")[:KEPT_CHARACTERS],
			"url": request.path[:KEPT_CHARACTERS],
			"ip_address": (frappe.local.request_ip or "")[:KEPT_CHARACTERS],
		}
	).insert(ignore_permissions=True)
	frappe.db.commit()


def how_to_mend(reason: str | None) -> str:
	"""What to do about a webhook that was turned away, in the user's language.

	:param reason: as it was noted, see `api/webhooks.py`
	"""
	remedies = (
		(
			"AccountSid is missing",
			_("It did not come from Twilio. Nothing needs to be done: strangers who try addresses end here."),
		),
		(
			"the signature does not fit",
			_(
				"Enter the account's Auth Token again if it was changed in the Twilio console. Make the Public Base URL in Twilio SMS Settings exactly the address that Twilio has: https or http, host and port are part of the signature."
			),
		),
		(
			"the account (or subaccount)",
			_(
				"Connect the account that owns the number. A subaccount is an account of its own, with a SID and an Auth Token of its own."
			),
		),
		(
			"message ",
			_(
				"It tells of a text that this site does not have, because it was deleted or an older backup was restored. Nothing needs to be done."
			),
		),
		(
			"is not set up on this site",
			_(
				"Import the number, or take this site's webhook off it in the Twilio console if its texts belong elsewhere."
			),
		),
	)
	for said, what_to_do in remedies:
		if said in (reason or ""):
			return what_to_do
	return _(
		"It was signed by Twilio, but is not as Twilio writes webhooks. Check that nothing between Twilio and this site changes requests."
	)


def within_limit() -> bool:
	"""Whether one more line may be written in this minute."""
	minute = frappe.utils.now_datetime().strftime("%H%M")
	key = frappe.cache().make_key(f"twilio_sms_rejected:{minute}")
	try:
		lines = frappe.cache().incr(key)
		if lines == 1:
			frappe.cache().expire(key, 120)
	except RedisError:
		# Without a counter no line: an attacker must not gain by Redis being down.
		return False
	return lines <= MAX_LINES_PER_MINUTE
