"""Files of outgoing texts: what goes along, as what, and what is refused."""

import os
import re

import frappe
import pytest
from PIL import Image
from support.reply_box import animation, conversation_with, noise, upload, written
from support.sent_media import HTML, MB, SVG, VCARD, WEBM, ZIP, a_pdf, refused, send
from support.sound_and_film import film, webm

from twilio_sms_channel.content import media_links, media_types
from twilio_sms_channel.messaging.inbound import media
from twilio_sms_channel.messaging.outbound import attachments, outbox
from twilio_sms_channel.simulator.media import ACCEPTED_MEDIA


def test_the_list_of_types_is_the_simulators():
	assert media_types.ACCEPTED == ACCEPTED_MEDIA - {"image/jpg"}


@pytest.mark.parametrize(
	("name", "content", "content_type"),
	[
		("a.png", written(Image.new("RGB", (9, 9)), "PNG"), "image/png"),
		("an.gif", animation(), "image/gif"),
		("a.bmp", written(Image.new("RGB", (9, 9)), "BMP"), "image/bmp"),
		("a.pdf", a_pdf(), "application/pdf"),
		("film.mp4", WEBM, "video/webm"),
		("ann.txt", VCARD, "text/vcard"),
		("sound.wav", b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 30, "audio/vnd.wave"),
		("note.rtf", b"{\\rtf1 hello}", "text/rtf"),
		("list.csv", b"BMW;Audi\n1;2\n", "text/csv"),
		("voice.3gp", film(b"3gp4", b"soun"), "audio/3gpp"),
	],
)
def test_a_file_goes_as_what_it_contains(stack, name, content, content_type):
	message, (sent,), told = send(conversation_with(stack), (name, content))
	row = message.media[0]
	assert (row.status, row.content_type, row.changed or "", sent) == ("Attached", content_type, "", content)
	assert row.size == len(content)
	assert "scaled" not in told
	file = frappe.get_doc("File", row.file)
	assert (file.attached_to_doctype, file.attached_to_name) == ("Communication", message.communication)
	assert file.is_private
	assert len(media_links.urls_for_twilio(message)) == 1


def test_a_file_goes_whose_name_frappe_took_for_markup(stack):
	"""It stores "a <b>.png" with an end, and takes no name with a slash."""
	name = upload("a.png", written(Image.new("RGB", (9, 9)), "PNG"))
	frappe.db.set_value("File", name, "file_name", "a <b>.png</b>")
	message = outbox.write(conversation_with(stack), "Look", files=[name])
	assert message.media[0].file_name == "a ‹b›.png"


@pytest.mark.parametrize(
	("name", "content", "said"),
	[
		("a.zip", ZIP, ", not .zip."),
		("picture.png", SVG, ", not SVG, "),
		# Not as a PDF: from v16 on Frappe refuses what is none by itself.
		("page.mov", HTML, ", not HTML, "),
		("letter.docx", ZIP + b"word/", ", not .docx."),
		("run.png", b"#!/bin/sh\necho", "not what its name says (.png)"),
		("note.txt", b"a;b\n1;2\n", ", not .txt."),
		("film.mp4", b"\0\1\2" * 9, "not what its name says (.mp4)"),
		("pic.webp", b"RIFF\x24\0\0\0WEBPVP8 " + b"no picture", "damaged"),
		("drawing", SVG, ", not SVG."),
	],
)
def test_what_phones_do_not_take_is_refused_by_name(stack, name, content, said):
	why = refused(conversation_with(stack), ("fine.png", noise(4, 4)), (name, content))
	assert why.startswith(f"{name} ") and "cannot be sent by text message" in why
	assert said in why
	assert "send this as e-mail" in why


@pytest.mark.parametrize(
	("name", "content"),
	[("<img src=x onerror=alert(1)>.exe", ZIP), ("R&D.<img src=x>", ZIP), ("&lt;img src=x&gt;.pdf", b"")],
)
def test_a_files_name_is_no_markup_in_what_people_are_told(stack, name, content):
	file = upload("harmless.zip", content or a_pdf(13))
	frappe.db.set_value("File", file, "file_name", name)
	if not content:
		os.unlink(frappe.get_doc("File", file).get_full_path())
	with pytest.raises(outbox.CannotText, match="img src=x") as why:
		outbox.write(conversation_with(stack), "Look", files=[file])
	told = f"{why.value} {frappe.local.message_log}"
	frappe.clear_messages()
	assert not re.search(r"[<&]", str(why.value)), why.value
	assert "<img" not in told and "&lt;" not in told


SAMPLES = {
	"image/jpeg": written(Image.new("RGB", (9, 9)), "JPEG"),
	"image/png": written(Image.new("RGB", (9, 9)), "PNG"),
	"image/gif": written(Image.new("P", (9, 9)), "GIF"),
	"image/bmp": written(Image.new("RGB", (9, 9)), "BMP"),
	"image/tiff": written(Image.new("RGB", (9, 9)), "TIFF"),
	"image/webp": written(Image.new("RGB", (9, 9)), "WEBP"),
	"image/heic": film(b"heic"),
	"image/heif": film(b"mif1"),
	"video/mpeg": b"\0\0\1\xba" + b"\0" * 30,
	"video/mp4": film(b"mp42", b"vide", b"soun"),
	"video/quicktime": film(b"qt  ", b"vide"),
	"video/webm": webm(b"V_VP8"),
	"video/3gpp": film(b"3gp4", b"vide"),
	"video/3gpp2": film(b"3g2a", b"vide"),
	"audio/basic": b".snd\0\0\0\x18",
	"audio/mp4": film(b"M4A ", b"soun"),
	"audio/mpeg": b"ID3\4" + b"\0" * 30,
	"audio/ogg": b"OggS\0\2" + b"\0" * 30,
	"audio/vnd.rn-realaudio": b".ra\xfd\0\4",
	"audio/vnd.wave": b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 30,
	"audio/3gpp": film(b"3gp4", b"soun"),
	"audio/3gpp2": film(b"3g2a", b"soun"),
	"audio/ac3": b"\x0b\x77" + b"\1\0" * 9,
	"audio/webm": webm(b"A_OPUS"),
	"audio/amr": b"#!AMR\n" + b"\0" * 9,
	"text/vcard": VCARD,
	"text/csv": b"a;b\n",
	"text/rtf": b"{\\rtf1 hello}",
	"text/calendar": b"BEGIN:VCALENDAR\r\nEND:VCALENDAR",
	"application/pdf": a_pdf(),
}


def test_all_that_the_composer_takes_can_leave(stack):
	"""Each type that it is told, and each ending, is of a file that goes along under that ending."""
	assert {media_types.plain(name) for name in attachments.types()} == SAMPLES.keys()
	number = frappe.get_cached_doc("Twilio SMS Number", stack.number)
	endings = set()
	for kind, content in SAMPLES.items():
		for ending in media_types.ENDINGS[kind]:
			endings.add(ending)
			uploaded = upload(f"{kind.replace('/', ' ')}.{ending}", content)
			(file,) = attachments.prepare([uploaded], number, "+14155550132")
			assert not file.as_link
			if kind != "image/webp":
				assert (file.content_type, file.file_name.rpartition(".")[2]) == (kind, ending)
	assert endings == set(attachments.endings())


def test_ten_files_of_five_megabytes_together_fit(stack):
	files = [(f"{n}.pdf", a_pdf(MB // 2 - 3000 + n)) for n in range(10)]
	message, sent, _told = send(conversation_with(stack), *files)
	assert sent == [content for _name, content in files]
	assert [row.changed or "" for row in message.media] == [""] * 10


@pytest.mark.parametrize("content", [a_pdf(6 * MB), animation(size=1350, frames=3)], ids=["pdf", "animation"])
def test_what_cannot_be_made_smaller_is_refused(stack, content):
	assert len(content) > 5 * MB
	why = refused(conversation_with(stack), ("big", content))
	assert why.startswith("big (") and "MB) cannot be sent by text message" in why


@pytest.mark.parametrize(
	("name", "content", "sent_as"),
	[
		("a.jpg.png", animation(), "a.jpg.gif"),
		("photo.jpeg", written(Image.new("RGB", (9, 9)), "JPEG"), "photo.jpeg"),
		("film.mp4", WEBM, "film.webm"),
		("scan.png", a_pdf(), "scan.pdf"),
		("scan", a_pdf(), "scan.pdf"),
		("clip.3GP", film(b"3gp4", b"vide"), "clip.3GP"),
		("clip.mp4", film(b"3gp4", b"vide"), "clip.3gp"),
		("clip.3gp", film(b"isom", b"vide"), "clip.mp4"),
	],
)
def test_its_name_says_what_it_contains(stack, name, content, sent_as):
	message, _sent, _told = send(conversation_with(stack), (name, content))
	assert message.media[0].file_name == sent_as


def test_a_file_that_is_gone_from_the_disk_is_refused(stack):
	name = upload("gone.pdf", a_pdf(11))
	os.unlink(frappe.get_doc("File", name).get_full_path())
	with pytest.raises(outbox.CannotText, match=r"gone.*is not stored on this site"):
		outbox.write(conversation_with(stack), "Look", files=[name])


def test_kind_of_knows_no_svg_and_no_html():
	assert {media.kind_of(content)[0] for content in (SVG, HTML, b"", b"x")} == {"application/octet-stream"}
