"""Documents that this app itself writes: their saves may change fields that nobody else may."""

# Known by its identity: nothing that comes with a request can be this object.
_OURS = object()
MARK = "twilio_sms_written_by"


def ours(doc):
	"""Mark a document as written by this app: its saves may change what it keeps. Returns it."""
	doc.flags[MARK] = _OURS
	return doc


def is_ours(doc) -> bool:
	return doc.flags.get(MARK) is _OURS
