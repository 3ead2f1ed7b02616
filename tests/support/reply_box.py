"""Replies written in the test's own process and transaction, which is rolled back in the end."""

import io
import random

import frappe
import pytest
from PIL import Image

from support import desks
from twilio_sms_channel.infra import own_writes
from twilio_sms_channel.messaging.outbound import outbox

CUSTOMER = "+14155550132"
WRITTEN = ("Twilio SMS Message", "Communication", "File", "Twilio SMS Conversation")


def conversation_with(stack, customer: str = CUSTOMER, number: str = "", **fields):
	"""A conversation of a customer with a new number of ours, in a ticket of its own. Commits nothing.

	:param number: in any form that a Twilio SMS Number takes; without it a long code
	:param fields: of the number
	"""
	name = our_number(stack, number, **fields)
	contact = frappe.get_doc({"doctype": "Contact", "first_name": f"Ann {name}"}).insert()
	doctype = desks.default().doctype
	ticket = frappe.get_doc({"doctype": doctype, "subject": "Order 4711", "contact": contact.name})
	ticket.flags.ignore_mandatory = True
	conversation = frappe.get_doc(
		{
			"doctype": "Twilio SMS Conversation",
			"number": name,
			"customer_number": customer,
			"contact": contact.name,
		}
	).insert(ignore_permissions=True)
	ticket.update({"twilio_sms_conversation": conversation.name, "twilio_sms_reply_channel": "SMS"})
	own_writes.ours(ticket).insert(ignore_permissions=True)
	conversation.ticket_doctype, conversation.ticket = doctype, str(ticket.name)
	own_writes.ours(conversation).save()
	# Tickets' names can be numbers, which Frappe puts into a link that it checks; the database has them as text.
	conversation.reload()
	return conversation


def our_number(stack, number: str = "", **fields) -> str:
	"""A number of ours that only this transaction knows; its name."""
	number = number or f"+1503{random.randint(2000000, 9999999)}"
	doc = {"doctype": "Twilio SMS Number", "phone_number": number, "account": stack.account, "mms_enabled": 1}
	return frappe.get_doc({**doc, **fields}).insert().name


def counted() -> list[int]:
	return [frappe.db.count(doctype) for doctype in WRITTEN]


def refused(conversation, body="Hello", files=None) -> str:
	"""Why a reply is refused; nothing was written."""
	before = counted()
	with pytest.raises(outbox.CannotText) as why:
		outbox.write(conversation, body, files=files)
	frappe.clear_messages()
	assert counted() == before
	return str(why.value)


def upload(name: str, content: bytes, **fields) -> str:
	"""A private File, by its name."""
	doc = {"doctype": "File", "file_name": name, "content": content, "is_private": 1}
	return frappe.get_doc({**doc, **fields}).insert().name


def noise(width: int, height: int, kind: str = "PNG", mode: str = "RGB", **options) -> bytes:
	"""A picture that no format makes small."""
	channels = len(Image.new(mode, (1, 1)).getbands())
	picture = Image.frombytes(mode, (width, height), random.Random(1).randbytes(width * height * channels))
	return written(picture, kind, **options)


def animation(kind: str = "GIF", size: int = 16, frames: int = 3) -> bytes:
	pictures = [Image.frombytes("L", (size, size), random.randbytes(size * size)) for _ in range(frames)]
	return written(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=100)


def written(picture: Image.Image, kind: str, **options) -> bytes:
	data = io.BytesIO()
	picture.save(data, kind, **options)
	return data.getvalue()
