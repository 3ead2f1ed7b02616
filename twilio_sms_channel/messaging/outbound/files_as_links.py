"""Sending a message again whose files a network did not take: with links to them in its words."""

import frappe
from frappe import _

from twilio_sms_channel.content import media_links, segments, text
from twilio_sms_channel.messaging.delivery import message_status
from twilio_sms_channel.messaging.outbound import message_actions, outbox
from twilio_sms_channel.messaging.sending import send_again

MESSAGE = "Twilio SMS Message"


class CannotSendAsLink(frappe.ValidationError):
	"""The message has no files that went as MMS, or may still arrive."""


def send(message: str) -> None:
	"""Queue a message again, at an agent's wish, with a link in place of each file.

	:param message: name of an outbound Twilio SMS Message
	:raises CannotSendAsLink: it has no files, arrived meanwhile, or was sent as an e-mail
	:raises outbox.CannotText: it would be too long
	:raises send_again.MayHaveArrived: the first time that an agent tries what may be on the customer's phone
	"""
	_refuse_unfit(doc := frappe.get_doc(MESSAGE, message))
	_refuse_too_long(doc)
	# It asks Twilio first, while nothing is locked.
	send_again.send_again(message)
	doc = frappe.get_doc(MESSAGE, message, for_update=True)
	if doc.status != "Queued":
		return
	files = _attached(doc)
	links = [media_links.for_customer(file.file) for file in files]
	body = "\n".join([doc.body, *links] if doc.body else links)
	count = segments.count(body)
	for file in files:
		file.db_set("status", "Linked")
	doc.db_set({"body": body, "encoding": count.encoding, "segments": count.segments})
	# Not saved again: Helpdesk would take it for another reply.
	frappe.db.set_value(
		"Communication", doc.communication, "content", text.to_html(body), update_modified=False
	)
	message_status.refresh(doc)


def _attached(message) -> list:
	return [file for file in message.media if file.status == "Attached"]


def _refuse_unfit(message) -> None:
	if not message_actions.can_link(message):
		frappe.throw(
			_("Only a message with files that did not arrive can be sent with links to them."),
			CannotSendAsLink,
			title=_("It was not sent again"),
		)


def _refuse_too_long(message) -> None:
	links = len(_attached(message))
	length = len(message.body or "") + links * (media_links.length() + 1)
	if reason := outbox.why_too_long(length, links):
		outbox.refuse(reason)
