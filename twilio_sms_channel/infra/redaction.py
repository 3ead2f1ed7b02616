"""Secrets stay out of Error Log and logs, where Frappe writes down the values of variables when something fails unexpectedly.

Frappe leaves out variables that are called token or secret, but not the same in a form, in a request's arguments, or
in what Twilio's SDK calls `auth` (frappe.utils: _get_traceback_sanitizer).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from twilio_sms_channel.infra.masking import redact


def redact_error(doc, event: str | None = None) -> None:
	"""Before an Error Log is stored."""
	doc.error, doc.method = redact(doc.error or ""), redact(doc.method or "")


def forget_form() -> None:
	"""From now on, what fails is logged without the secrets of the form that is being saved."""
	form = frappe.local.form_dict
	if isinstance(form.get("doc"), str):
		form["doc"] = redact(form["doc"])


@contextmanager
def logged_without_values(about: str) -> Iterator[None]:
	"""What fails unexpectedly while secrets are handled is logged without the values of variables.

	:param about: title of the Error Log
	:raises frappe.ValidationError: which says where to look; what is refused on purpose is raised as it is
	"""
	try:
		yield
	except Exception as e:
		# Whatever it is: Frappe would write down the arguments along with it.
		if getattr(e, "http_status_code", 500) < 500:
			raise
		frappe.log_error(title=about, message=redact(frappe.get_traceback()), defer_insert=True)
	else:
		return
	frappe.throw(
		_("This failed unexpectedly, and nothing was saved. Look into the Error Log for: {0}").format(about)
	)
