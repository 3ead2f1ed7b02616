"""The log of webhooks that were turned away, kept short enough that nobody can fill the disk with it.

Who sent them cannot be told: an address is easily invented. They are counted by the account that they name, so that
strangers do not hide what happens to an account of this site, and all together.
"""

import frappe
from frappe import _
from redis.exceptions import RedisError

from twilio_sms_channel.content import outside

LOG, ACCOUNT = "Twilio SMS Rejected Webhook", "Twilio SMS Account"
MAX_PER_MINUTE_OF_ACCOUNT, MAX_PER_MINUTE = 30, 60
# Invented ones would be without number.
UNKNOWN = "unknown"
NOT_SIGNED, WRONG_SIGNATURE, TOO_LARGE = "not_signed", "wrong_signature", "too_large"
UNKNOWN_KEY = "unknown_shared_key"
UNKNOWN_ACCOUNT, UNKNOWN_NUMBER, UNKNOWN_MESSAGE = "unknown_account", "unknown_number", "unknown_message"
MALFORMED, UNEXPECTED_SELF_TEST = "malformed", "unexpected_self_test"
HTTP_STATUS = {
	NOT_SIGNED: 403,
	WRONG_SIGNATURE: 403,
	UNKNOWN_KEY: 403,
	UNEXPECTED_SELF_TEST: 403,
	UNKNOWN_ACCOUNT: 404,
	UNKNOWN_NUMBER: 404,
	UNKNOWN_MESSAGE: 404,
	MALFORMED: 400,
	TOO_LARGE: 413,
}
"""Why a webhook is turned away → what it is answered."""


def note(request, code: str, reason: str, params) -> bool:
	"""One line about a webhook that was turned away, as long as there are not too many within a minute. Commits.

	:param request: the werkzeug request; of its content only AccountSid and To are kept
	:param code: one of `HTTP_STATUS`
	:param reason: the same as a sentence, with what it was about
	:return: False when there are too many
	"""
	try:
		if not _within_limits(params.get("AccountSid") or ""):
			return False
	except RedisError:
		# Without a counter no line: an attacker must not gain by Redis being down.
		return True
	frappe.get_doc(
		{
			"doctype": LOG,
			"http_status": HTTP_STATUS[code],
			"code": code,
			"reason": outside.plain(reason),
			"account_sid": outside.plain(params.get("AccountSid")),
			"to_number": outside.plain(params.get("To")),
			"url": outside.plain(request.path),
			"ip_address": outside.ip_address(frappe.local.request_ip),
		}
	).insert(ignore_permissions=True)
	# Twilio can be set to use GET, at whose end Frappe rolls back.
	frappe.db.commit()  # nosemgrep
	return True


def how_to_mend(code: str | None) -> str:
	"""What to do about a webhook that was turned away, in the user's language.

	:param code: one of `HTTP_STATUS`
	"""
	if not code:
		return ""
	if code in (NOT_SIGNED, TOO_LARGE):
		return _(
			"It did not come from Twilio. Nothing needs to be done: strangers who try addresses end here."
		)
	if code == WRONG_SIGNATURE:
		return _(
			"Enter the account's Auth Token again if it was changed in the Twilio console. Make the Public Base URL in Twilio SMS Settings exactly the address that Twilio has: https or http, host and port are part of the signature."
		)
	if code == UNKNOWN_KEY:
		return _(
			"If the key is yours: a rule of the Webhooks configuration API has Twilio sign with it. Enter the key with its ID on the Twilio SMS Account, or take the key out of the rule's Setting."
		)
	if code == UNKNOWN_ACCOUNT:
		return _(
			"Connect the account that owns the number. A subaccount is an account of its own, with a SID and an Auth Token of its own."
		)
	if code == UNKNOWN_NUMBER:
		return _(
			"Import the number, or take this site's webhook off it in the Twilio console if its messages belong elsewhere."
		)
	if code == UNKNOWN_MESSAGE:
		return _(
			"It tells of a message that this site does not have, because it was deleted or an older backup was restored. Nothing needs to be done."
		)
	return _(
		"It was signed by Twilio, but is not as Twilio writes webhooks. Check that nothing between Twilio and this site changes requests."
	)


def within_limit() -> bool:
	"""Whether one more fault of this site's own may be logged in this minute."""
	try:
		return _count("faults") <= MAX_PER_MINUTE
	except RedisError:
		return False


def _within_limits(account_sid: str) -> bool:
	whose = account_sid if frappe.db.exists(ACCOUNT, {"account_sid": account_sid}) else UNKNOWN
	return _count(whose) <= MAX_PER_MINUTE_OF_ACCOUNT and _count("all") <= MAX_PER_MINUTE


def _count(what: str) -> int:
	"""How many there were in this minute, with this one."""
	minute = frappe.utils.now_datetime().strftime("%H%M")
	key = frappe.cache().make_key(f"twilio_sms_rejected:{minute}:{what}")
	count = frappe.cache().incr(key)
	if count == 1:
		frappe.cache().expire(key, 120)
	return count
