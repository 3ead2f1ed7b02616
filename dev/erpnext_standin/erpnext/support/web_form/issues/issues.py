def get_context(context) -> None:
	"""Frappe wants it; the form is all in its JSON."""
