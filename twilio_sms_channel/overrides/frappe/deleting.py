"""What is deleted stays in *Deleted Document*, whole. Of messages the words do not: whoever deletes them wants that."""

from frappe import _

from twilio_sms_channel.desks.registry import desk_or_none_of

# What a field that must not be empty says instead, so that the document can be restored.
PLACEHOLDER = "SMS"


def forget_words(doc, method: str | None = None) -> None:
	"""Take the words out of a document that was just deleted (hook `after_delete`), before Frappe keeps a copy of it."""
	if doc.doctype == "Communication":
		if doc.communication_medium == "SMS":
			doc.update({"subject": PLACEHOLDER, "content": "", "text_content": ""})
	elif (desk := desk_or_none_of(doc.doctype)) and doc.get("twilio_sms_conversation"):
		doc.update({"subject": _("Text message"), **dict.fromkeys(desk.word_fields, "")})
