"""The line that a message from a name ends with: nobody can answer a name, but a number."""

import frappe
from frappe import _

ALPHANUMERIC = "Alphanumeric Sender"


def of(number, body: str = "") -> str:
	"""The line, "" where there is none.

	:param number: the Twilio SMS Number that the message goes out from
	:param body: of the message: a number that it names is not named twice
	"""
	to = number.get("reply_to_number") if number.number_type == ALPHANUMERIC else ""
	if not to or to in body:
		return ""
	# In the language of the site: that of whoever writes need not be the customer's.
	language = frappe.db.get_single_value("System Settings", "language", cache=True)
	# Phones make a link of it.
	return _("Reply to: {0}", lang=language).format(to)


def add(body: str, number) -> str:
	"""A message's words as they are sent from this number."""
	return "\n".join(part for part in (body, of(number, body)) if part)
