"""Documents that this app itself writes: their saves may change fields that nobody else may."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

# Known by its identity: nothing that comes with a request can be this object.
_OURS = object()
MARK = "twilio_sms_written_by"


def ours(doc):
	"""Mark a document as written by this app: its saves may change what it keeps. Returns it."""
	doc.flags[MARK] = _OURS
	return doc


def is_ours(doc) -> bool:
	return doc.flags.get(MARK) is _OURS or doc.doctype == frappe.local.flags.get(MARK)


@contextmanager
def all_ours(doctype: str) -> Iterator[None]:
	"""Mark the documents of a DocType that somebody else's code saves for this app."""
	before = frappe.local.flags.get(MARK)
	frappe.local.flags[MARK] = doctype
	try:
		yield
	finally:
		frappe.local.flags[MARK] = before
