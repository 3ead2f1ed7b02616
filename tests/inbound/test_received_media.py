"""Files that customers send."""

import io

import frappe
import pytest
from frappe.utils import add_to_date, now_datetime
from PIL import Image
from support.received_media import MEDIA, rows, settled
from support.stack import content_of, eventually, ticket_of
from support.tickets import says_in_feed

from twilio_sms_channel.messaging.inbound import media as media_stage
from twilio_sms_channel.messaging.inbound import media_words
from twilio_sms_channel.twilio_gateway import media as gateway_media


def test_ten_files_arrive_in_order(customer, sim, picture):
	files = [(f"{n}.png", picture + bytes([n])) for n in range(10)]
	message = customer.text("Ten", media=files)
	fetched = settled(message, 10)
	assert [content_of(row.file) for row in fetched] == [data for _, data in files]
	assert all(frappe.db.get_value("File", row.file, "is_private") for row in fetched)


def a_pdf() -> bytes:
	data = io.BytesIO()
	Image.new("RGB", (8, 8)).save(data, "PDF")
	return data.getvalue()


@pytest.mark.parametrize(
	("name", "content", "declared", "ending", "kind"),
	[
		(
			"photo.jpg",
			b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
			"image/svg+xml",
			"bin",
			None,
		),
		("page.png", b"<!doctype html><script>alert(1)</script>", "image/png", "bin", None),
		("card.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD", "text/vcard", "vcf", "text/vcard"),
		("x.pdf", a_pdf(), "image/gif", "pdf", "application/pdf"),
		("../../etc/passwd.sh", b"#!/bin/sh\necho hacked", "image/png", "bin", None),
	],
	ids=["svg", "html", "vcard", "pdf", "script"],
)
def test_a_file_is_what_it_contains(customer, sim, agent, stack, name, content, declared, ending, kind):
	message = customer.text("File", media=[(name, content, declared)])
	(row,) = settled(message)
	assert row.status == "Fetched", row.error
	assert row.file_name.endswith(f"-1.{ending}")
	assert "/" not in row.file_name
	assert row.content_type == (kind or "application/octet-stream")
	about = {"ticket": ticket_of(message).name}
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", **about).json()["message"]
	answer = agent.session.get(stack.web + state["messages"][0]["media"][0]["file_url"], timeout=30)
	assert answer.content == content
	if ending == "bin":
		assert "html" not in answer.headers["Content-Type"]
		assert "svg" not in answer.headers["Content-Type"]


def test_words_that_come_as_a_file_are_the_texts_words(customer, sim, agent):
	message = customer.text("", media=[("text_0.txt", "Where is it? Grüße".encode(), "text/plain")])
	assert message.body == "Where is it? Grüße"
	ticket = ticket_of(message)
	assert ticket.subject == "Where is it? Grüße"
	assert says_in_feed(agent, ticket, "Where is it? Grüße")
	(row,) = settled(message)
	assert (row.content_type, row.file_name[-4:]) == ("text/plain", ".txt")

	stop = customer.text("", media=[("text_0.txt", b"Stop\r\n", "text/plain; charset=utf-8")])
	frappe.db.rollback()
	assert frappe.db.get_value("Twilio SMS Conversation", stop.conversation, "opted_out")


def test_words_that_come_late_count_as_well(customer, sim):
	message = customer.text("", media=[("x", b"STOP", "application/x-unknown")])
	(row,) = settled(message)
	assert (message.body or "", row.content_type) == ("", "application/octet-stream")
	# As if they could not be fetched while the text was put into its ticket.
	late = {"status": "Waiting", "file": None, "content_type": "text/plain"}
	frappe.db.set_value(MEDIA, row.name, late)
	frappe.db.commit()
	media_stage.fetch(message.name)
	message.reload()
	assert message.body == "STOP"
	assert frappe.db.get_value("Communication", message.communication, "content") == "STOP"
	assert ticket_of(message).subject == "STOP"
	assert frappe.db.get_value("Twilio SMS Conversation", message.conversation, "opted_out")


def test_words_that_cannot_be_read_or_added_hold_up_neither_text_nor_file(customer, sim):
	message = customer.text("", media=[("x", b"Hello", "application/x-unknown")])
	(row,) = settled(message)
	late = {"status": "Waiting", "file": None, "content_type": "text/plain"}
	frappe.db.set_value(MEDIA, row.name, late)
	frappe.db.set_value(message.doctype, message.name, "account", "Deleted")
	frappe.db.commit()
	media_words.read(message.name)
	assert frappe.db.exists("Error Log", {"method": f"The words of message {message.name} could not be read"})
	# Its number was deleted, so that there is no conversation to be found.
	frappe.db.set_value(message.doctype, message.name, {"account": message.account, "number": "+14155550199"})
	frappe.db.commit()
	media_stage.fetch(message.name)
	assert frappe.db.exists(
		"Error Log", {"method": f"The words of message {message.name} could not be added"}
	)
	(row,) = settled(message)
	assert row.file and row.content_type == "text/plain"
	frappe.db.set_value(message.doctype, message.name, "number", message.number)
	frappe.db.commit()


def test_a_passing_404_is_waited_out(customer, sim, picture):
	sim.faults.next("media_missing", 2)
	(row,) = settled(customer.text("Look", media=[("a.png", picture)]))
	assert row.status == "Fetched", row.error


def test_lost_media_says_why_and_can_be_fetched_again(customer, sim, agent, picture):
	message = customer.text("Look", media=[("a.png", picture)])
	(row,) = settled(message)
	# An address that is no longer Twilio's, as after a forged webhook or a move to another account.
	frappe.db.set_value(
		MEDIA, row.name, {"status": "Waiting", "file": None, "url": "https://example.com/a.png"}
	)
	frappe.db.commit()
	media_stage.fetch(message.name)
	(failed,) = rows(message)
	assert failed.status == "Failed"
	assert failed.error == "The file's address is not one of Twilio's."
	ticket = ticket_of(message)
	state = agent.call("twilio_sms_channel.api.ticket.state", http="GET", ticket=ticket.name).json()[
		"message"
	]
	assert state["messages"][0]["can_retry"]
	assert says_in_feed(agent, ticket, "could not be fetched: The file")
	frappe.db.set_value(MEDIA, row.name, "url", row.url)
	frappe.db.commit()
	assert agent.call("twilio_sms_channel.api.ticket.retry", message=message.name).status_code == 200
	eventually(lambda: rows(message, "Fetched"))


def test_a_number_that_takes_no_files_says_so(customer, sim, agent, stack, picture):
	number = stack.add_number(accept_attachments=0)
	message = customer.text("Look", media=[("a.png", picture)], to=number)
	(row,) = rows(message)
	assert (row.status, row.file) == ("Not Accepted", None)
	ticket = ticket_of(message)
	assert says_in_feed(agent, ticket, "does not accept files")


def test_twilios_copy_is_deleted_when_the_setting_says_so(customer, sim, picture):
	frappe.db.set_single_value("Twilio SMS Settings", "delete_media_at_twilio", 1)
	frappe.db.commit()
	try:
		message = customer.text("Look", media=[("a.png", picture)])
		eventually(lambda: [r.twilio_copy for r in rows(message)] == ["Deleted"])
	finally:
		frappe.db.set_single_value("Twilio SMS Settings", "delete_media_at_twilio", 0)
		frappe.db.commit()
	(row,) = rows(message)
	assert content_of(row.file) == picture
	account = frappe.get_doc("Twilio SMS Account", message.account)
	with pytest.raises(gateway_media.CannotFetch):
		gateway_media._download(row.url, account)


def test_an_account_whose_secrets_cannot_be_read_holds_up_no_other_ones_files(
	customer, sim, picture, unreadable
):
	message, other = (customer.text("Look", media=[("a.png", picture)]) for _ in range(2))
	kept, deleted = (settled(each)[0].name for each in (message, other))
	frappe.db.set_value("Twilio SMS Message", message.name, "account", unreadable)
	facts = {"twilio_copy": "To Delete", "modified": add_to_date(now_datetime(), minutes=-5)}
	for name in (kept, deleted):
		frappe.db.set_value(MEDIA, name, facts, update_modified=False)
	frappe.db.commit()
	media_stage.clean_up()

	def copies():
		return [row.twilio_copy for each in (message, other) for row in rows(each)]

	# A worker may have taken one of them meanwhile.
	eventually(lambda: copies()[1] == "Deleted")
	assert copies() == ["To Delete", "Deleted"]
	assert message.name not in media_stage.undeleted(), "others come first for a while"
	# A file of it says why it is not there; it can be fetched once the secrets can be read.
	frappe.db.set_value(MEDIA, kept, {"status": "Waiting", "twilio_copy": None})
	frappe.db.commit()
	media_stage.fetch(message.name)
	(row,) = rows(message)
	assert row.error and row.status in ("Waiting", "Failed")
	assert not frappe.get_message_log()
	frappe.db.set_value(MEDIA, kept, "status", "Failed")
	frappe.db.commit()


def test_twilios_copy_stays_otherwise(customer, sim, picture):
	message = customer.text("Look", media=[("a.png", picture)])
	(row,) = settled(message)
	assert not row.twilio_copy
	assert gateway_media.download(row.url, frappe.get_doc("Twilio SMS Account", message.account)) == picture
