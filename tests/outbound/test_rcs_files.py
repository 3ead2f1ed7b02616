"""Files to customers who text by RCS: also where no MMS goes, and within the limits of RCS."""

import secrets

import frappe
import pytest
from support.reply_box import conversation_with
from support.sent_media import AS_LINK, MB, VCARD, a_pdf, refused, send
from support.sound_and_film import film

from twilio_sms_channel.content import media_types
from twilio_sms_channel.messaging.outbound import attachments, ticket_view

MESSAGE = "Twilio SMS Message"
# Where no MMS goes.
ABROAD = "+4479111{:05}"
PDF_OF_6_MB = a_pdf(6 * MB)


def conversation(stack, customer: str = "", way: str = "RCS", **fields):
	"""A conversation whose customer has texted last in this way, with a number of a service that has an RCS sender."""
	customer = customer or ABROAD.format(secrets.randbelow(100_000))
	service = {"messaging_service_sid": "MG" + secrets.token_hex(16), "rcs_sender": "rcs:acme_agent"}
	made = conversation_with(stack, customer, **{**service, **fields})
	frappe.get_doc(
		{
			"doctype": MESSAGE,
			"direction": "Inbound",
			"status": "Threaded",
			"number": made.number,
			"account": stack.account,
			"customer_number": customer,
			"conversation": made.name,
			"way": way,
			"received_at": frappe.utils.now_datetime(),
		}
	).insert(ignore_permissions=True)
	return made


@pytest.mark.parametrize(
	("name", "content", "content_type"),
	[
		("a.pdf", PDF_OF_6_MB, "application/pdf"),
		("a.mp4", film(b"isom", b"vide"), "video/mp4"),
	],
)
def test_files_go_by_rcs_where_no_mms_does(stack, name, content, content_type):
	message, (sent,), told = send(conversation(stack), (name, content))
	(row,) = message.media
	assert (row.status, row.content_type, sent) == ("Attached", content_type, content)
	assert "scaled" not in told


@pytest.mark.parametrize("way", ["SMS", None])
def test_to_who_texts_by_sms_they_do_not(stack, way):
	assert "reach the United States" in refused(conversation(stack, way=way), ("a.pdf", a_pdf()))


def test_what_rcs_does_not_carry_is_refused_or_goes_as_a_link(stack):
	assert "cannot be sent by text message" in refused(conversation(stack), ("ann.vcf", VCARD))
	message, _sent, _told = send(conversation(stack, **AS_LINK), ("ann.vcf", VCARD))
	assert message.media[0].status == "Linked"


def test_all_files_together_have_16_mb(stack):
	files = [(f"{n}.pdf", a_pdf(6 * MB + n)) for n in range(3)]
	assert "may have 16.0 MB" in refused(conversation(stack), *files)


def test_where_mms_goes_its_limits_hold_for_what_rcs_does_not_reach(stack):
	made = conversation(stack, f"+1415{2_000_000 + secrets.randbelow(8_000_000)}", mms_enabled=1)
	assert "may have 5.0 MB" in refused(made, ("a.pdf", PDF_OF_6_MB))


def test_the_composer_is_told_which_files_go(stack):
	made = conversation(stack)
	number = frappe.get_doc("Twilio SMS Number", made.number)
	limits = ticket_view._limits_of_files(number, made.customer_number)
	assert (limits["no_files"], limits["bytes"]) == ("", media_types.RCS.max_bytes)
	assert "application/pdf" in limits["types"] and "text/vcard" not in limits["types"]
	assert "vcf" not in limits["endings"] and "mp4" in limits["endings"]
	assert attachments.limits_of(number, ABROAD.format(0)) == media_types.MMS
