"""The log of webhooks that were turned away, kept short enough that nobody can fill the disk with it."""

import frappe
from redis.exceptions import RedisError

LOG = "Twilio SMS Rejected Webhook"
MAX_LINES_PER_MINUTE = 30
KEPT_CHARACTERS = 140


def note(request, http_status: int, reason: str, params) -> None:
	"""One line about a webhook that was turned away, at most 30 a minute. Commits.

	:param request: the werkzeug request; of its content only AccountSid and To are kept
	"""
	if not _within_limit():
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


def _within_limit() -> bool:
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
