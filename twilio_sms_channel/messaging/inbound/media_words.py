"""The words of a message that came as a file: some phones and networks send them as a text/plain part of an MMS."""

import frappe
from rq.timeouts import JobTimeoutException

from twilio_sms_channel.content.media_types import WORDS, plain, text_of
from twilio_sms_channel.messaging.conversation import conversations
from twilio_sms_channel.messaging.inbound import threading
from twilio_sms_channel.twilio_gateway.errors import TwilioProblem
from twilio_sms_channel.twilio_gateway.media import CannotFetch, download
from twilio_sms_channel.twilio_gateway.payloads import MAX_ACCEPTED_BODY_CHARACTERS

MESSAGE, MEDIA = "Twilio SMS Message", "Twilio SMS Media"


def read(message: str) -> None:
	"""Fetch the words of a message that has none in itself, before it is put into a ticket.

	What cannot be fetched now delays nothing: see `add`.

	:param message: name of an inbound Twilio SMS Message
	"""
	doc = frappe.db.get_value(MESSAGE, message, ["body", "account", "direction"], as_dict=True)
	if not doc or (doc.body or "").strip():
		return
	parts = frappe.get_all(
		MEDIA, {"parent": message, "status": "Waiting"}, ["url", "content_type"], order_by="idx"
	)
	urls = [part.url for part in parts if plain(part.content_type) == WORDS]
	if not urls:
		return
	try:
		account = frappe.get_doc("Twilio SMS Account", doc.account)
		said = [_said(download(url, account)) for url in urls]
		if body := _body(said):
			frappe.db.set_value(MESSAGE, message, "body", body)
		frappe.db.commit()
	except JobTimeoutException:
		raise
	except Exception as e:
		# Whatever it is, the message goes on without these words; they come with the file.
		frappe.db.rollback()
		frappe.clear_messages()
		if not isinstance(e, (CannotFetch, TwilioProblem)):
			frappe.log_error(
				title=f"The words of message {message} could not be read", message=frappe.get_traceback()
			)
			frappe.db.commit()


def add(message, content: bytes) -> None:
	"""Words that came after their message was put into its ticket. They count as if they had been there.

	:param message: the inbound Twilio SMS Message, whose body is empty
	:param content: of its file
	"""
	if not (body := _body([_said(content)])):
		return
	with conversations.locked(message.number, message.customer_number) as conversation:
		doc = frappe.get_doc(MESSAGE, message.name)
		if doc.communication and not (doc.body or "").strip():
			doc.db_set("body", body)
			threading.add_words(doc, conversation)
	message.body = body


def _said(content: bytes) -> str:
	return (text_of(content) or "").strip()


def _body(said: list[str]) -> str:
	return "\n".join(words for words in said if words)[:MAX_ACCEPTED_BODY_CHARACTERS]
