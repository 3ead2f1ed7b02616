"""What is refused once, with the reason: whoever does the same again a moment later means it."""

import frappe

REMEMBERED_FOR_S = 120


def first(about: str, reason: str, exception: type[Exception], title: str) -> None:
	"""Refuse, unless the user was told of it a moment ago.

	:param about: what the user is about to do
	:param reason: for people; says that doing it once more does it
	:raises exception: the first time
	"""
	key = f"twilio_sms_asked:{about}:{frappe.session.user}"
	if not frappe.cache().get_value(key, expires=True):
		frappe.cache().set_value(key, 1, expires_in_sec=REMEMBERED_FOR_S)
		frappe.throw(reason, exception, title=title)
	frappe.cache().delete_value(key)
