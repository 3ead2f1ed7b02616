"""What Twilio makes of a webhook's answer (https://www.twilio.com/docs/messaging/twiml)."""

from xml.etree import ElementTree

from twilio_sms_channel.simulator.delivery import MAX_TWIML_BYTES
from twilio_sms_channel.simulator.errors import WEBHOOK_ERRORS


class TwimlError(ValueError):
	"""A webhook's answer that Twilio cannot use. `code` is Twilio's."""

	def __init__(self, code: int, detail: str = ""):
		self.code = code
		super().__init__(WEBHOOK_ERRORS[code] + (f": {detail}" if detail else ""))


def read_twiml(content_type: str, body: bytes) -> list[str]:
	"""The texts of the `<Message>` elements, or of a text/plain answer. An empty body asks for nothing.

	:raises TwimlError: 12300 other content type, 12100 not XML, 12102 another root, 12200 unknown verb, 11750 too long
	"""
	if not body.strip():
		return []
	if len(body) > MAX_TWIML_BYTES:
		raise TwimlError(11750)
	kind = content_type.split(";")[0].strip().lower()
	if kind == "text/plain":
		return [body.decode("utf-8", "replace").strip()]
	if kind not in ("text/xml", "application/xml", "text/html"):
		raise TwimlError(12300, kind or "none")
	try:
		# Entities have no place in TwiML, and expanding them could exhaust the memory.
		if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
			raise TwimlError(12100, "a document type is not allowed")
		root = ElementTree.fromstring(body)
	except (ElementTree.ParseError, ValueError, LookupError) as e:
		raise e if isinstance(e, TwimlError) else TwimlError(12100, str(e))
	if root.tag != "Response":
		raise TwimlError(12102)
	replies = []
	for verb in root:
		if verb.tag not in ("Message", "Sms", "Redirect"):
			raise TwimlError(12200, str(verb.tag))
		text = verb.findtext("Body") or verb.text or ""
		if verb.tag != "Redirect" and text.strip():
			replies.append(text.strip())
	return replies
