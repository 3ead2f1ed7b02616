"""Files that are attached a second time: their contents stay as they are, byte by byte."""

import io
import random

import frappe
import pytest
from PIL import Image
from support.reply_box import noise, upload
from support.stack import content_of, eventually, ticket_of

from twilio_sms_channel.content import files
from twilio_sms_channel.overrides.frappe.file import FileMixin

pytestmark = pytest.mark.helpdesk

MERGE = "helpdesk.helpdesk.doctype.hd_ticket.api.merge_ticket"


def readable_png() -> bytes:
	"""A picture that a reader of texts takes for one: each of its bytes is a character of windows-1250."""
	while True:
		data = io.BytesIO()
		Image.new("RGB", (3, 3), tuple(random.randbytes(3))).save(data, "PNG")
		try:
			data.getvalue().decode("windows-1250")
			return data.getvalue()
		except UnicodeDecodeError:
			continue


def photo() -> bytes:
	"""A JPEG with what cameras write into it."""
	exif = Image.Exif()
	exif[0x010F] = "A camera"
	return noise(random.randint(40, 90), 40, "JPEG", exif=exif, quality=93)


def stored(name: str, content: bytes, **fields):
	"""A File whose name was taken, and what it holds."""
	upload(name, content + b"another")
	file = frappe.get_doc("File", upload(name, content, **fields))
	return file, files.content_of(file)


@pytest.mark.parametrize("content", [readable_png, photo], ids=["png", "jpeg"])
def test_a_file_that_is_attached_again_is_the_same_file(stack, customer, content):
	ticket = ticket_of(customer.text("Look"))
	file, held = stored("copied.png" if content is readable_png else "copied.jpg", content())
	copy = frappe.get_doc("File", files.attach_again(file, "HD Ticket", str(ticket.name)))
	assert (copy.file_url, copy.content_hash, copy.is_private) == (file.file_url, file.content_hash, 1)
	assert (copy.attached_to_doctype, copy.attached_to_name) == ("HD Ticket", str(ticket.name))
	# The one that goes first leaves the other's contents.
	file.delete()
	frappe.db.commit()
	assert content_of(copy.name) == held


@pytest.mark.parametrize("content", [readable_png, photo], ids=["png", "jpeg"])
def test_merging_leaves_files_as_they_are(stack, sim, customer, agent, content):
	other = ticket_of(
		customer.text("One"),
	)
	message = customer.text("Look", media=[("a", content())], to=stack.add_number())
	file = eventually(
		lambda: (
			frappe.db.rollback()
			or frappe.db.get_value("Twilio SMS Media", {"parent": message.name, "status": "Fetched"}, "file")
		)
	)
	file, held = frappe.get_doc("File", file), content_of(file)
	source = ticket_of(message)
	# What an agent attached to the ticket is copied by Helpdesk itself, by its address.
	attached = {"attached_to_doctype": "HD Ticket", "attached_to_name": str(source.name)}
	on_ticket, held_on_ticket = stored("attached.png", readable_png(), **attached)
	frappe.db.commit()
	answer = agent.call(MERGE, source=str(source.name), target=str(other.name))
	assert answer.status_code == 200, answer.text
	frappe.db.rollback()
	copies = frappe.get_all(
		"Communication",
		{"reference_name": str(other.name), "communication_medium": "SMS", "content": "Look"},
		pluck="name",
	)
	there = {"attached_to_doctype": "Communication", "attached_to_name": ("in", copies)}
	found = frappe.get_all("File", there, ["name", "file_url"])
	assert found and {row.file_url for row in found} == {file.file_url}
	assert {content_of(row.name) for row in found} == {held}
	there = {"attached_to_doctype": "HD Ticket", "attached_to_name": str(other.name)}
	for name in frappe.get_all("File", {**there, "file_name": ("like", "attached%")}, pluck="name"):
		assert content_of(name) == held_on_ticket
	assert content_of(on_ticket.name) == held_on_ticket


def test_a_file_that_is_inserted_by_its_address_is_left_as_it_is(stack):
	file, held = stored("by-address.png", readable_png())

	extended = type(file)
	if not issubclass(extended, FileMixin):
		# As Frappe v16 has it by itself.
		extended = type("Extended", (FileMixin, extended), {})
	again = {"doctype": "File", "file_url": file.file_url, "is_private": 1, "attached_to_doctype": "User"}
	again = extended({**again, "attached_to_name": "Administrator"}).insert()
	assert (again.file_url, content_of(again.name)) == (file.file_url, held)
	assert content_of(file.name) == held


def test_a_reply_by_email_leaves_pictures_as_they_are(stack, customer):
	ticket = ticket_of(customer.text("Look"))
	file, held = stored("mailed.jpg", photo())
	frappe.db.commit()
	ticket.attach_file_with_doc("HD Ticket", ticket.name, file.file_url)
	ticket.attach_file_with_doc("HD Ticket", ticket.name, file.file_url)
	frappe.db.commit()
	there = {"attached_to_doctype": "HD Ticket", "attached_to_name": str(ticket.name)}
	(again,) = frappe.get_all("File", there, ["name", "file_url"])
	assert (again.file_url, content_of(again.name)) == (file.file_url, held)
