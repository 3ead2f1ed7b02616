"""Frappe prints the values of fields as HTML."""

from twilio_sms_channel.content.outside import NO_MARKUP

PRINTED_RAW = ("Data", "Small Text", "Text", "Long Text", "Code")


def as_text(doc, method=None, *_settings) -> None:
	"""Before a document of this app is printed (event `before_print`): what came from outside is no markup.

	:param doc: read for this print alone, and never saved
	"""
	for row in (doc, *doc.get_all_children()):
		for field in row.meta.get("fields", {"fieldtype": ("in", PRINTED_RAW)}):
			value = None if field.get("is_virtual") else row.get(field.fieldname)
			if isinstance(value, str):
				row.set(field.fieldname, value.translate(NO_MARKUP))
	titles = doc.get("__link_titles") or {}
	titles.update({key: (title or "").translate(NO_MARKUP) for key, title in titles.items()})
