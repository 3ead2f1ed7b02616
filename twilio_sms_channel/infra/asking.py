"""What is refused once, with the reason: whoever does the same again a moment later means it."""

import frappe
from redis.exceptions import RedisError

REMEMBERED_FOR_S = 120
# Nobody has read the reason sooner: that was a double click.
READ_IN_S = 1.5


def first(about: str, reason: str, exception: type[Exception], title: str) -> None:
	"""Refuse, unless the user was told of it a moment ago.

	:param about: what the user is about to do
	:param reason: for people; says that doing it once more does it
	:raises exception: the first time, and again until it can have been read
	"""
	meant = frappe.local.flags.setdefault("twilio_sms_meant", set())
	key = f"{about}:{frappe.session.user}"
	if key in meant:
		# A request asks again when it begins again, because another transaction was in the way.
		return
	if not _is_answer(key):
		frappe.throw(reason, exception, title=title)
	if getattr(frappe.local, "request", None):
		meant.add(key)


def _is_answer(key: str) -> bool:
	"""Whether the user has been asked, and had the time to read it; otherwise they are asked now. By Redis's clock alone."""
	cache = frappe.cache()
	key = cache.make_key(f"twilio_sms_asked:{key}")
	try:
		if cache.set(key, b"1", nx=True, ex=REMEMBERED_FOR_S):
			return False
		if cache.pttl(key) > (REMEMBERED_FOR_S - READ_IN_S) * 1000:
			return False
		# Of two answers at the same moment one counts.
		return bool(cache.delete(key))
	except RedisError:
		return False
