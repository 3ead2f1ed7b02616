"""Files of outgoing texts: what goes along, what is made smaller, what goes as a link, and who can open a link."""

import base64
import io
import os
import random
import re
import secrets
import time
from pathlib import Path
from urllib.parse import unquote

import frappe
import pytest
import requests
from PIL import Image
from support.reply_box import animation, conversation_with, noise, upload, written
from support.sound_and_film import film, webm
from support.stack import content_of, eventually, status_of, ticket_of

from twilio_sms_channel.content import images, media_links, media_types
from twilio_sms_channel.infra import public_url
from twilio_sms_channel.messaging.inbound import media
from twilio_sms_channel.messaging.outbound import attachments, outbox
from twilio_sms_channel.simulator.media import ACCEPTED_MEDIA

MB = 1024**2
AS_LINK = {"unsendable_files": "Send as Link"}
ABROAD = "+447911123456"
# Others than those that customers send: Frappe keeps equal contents under the name that was first.
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(2)'/>"
HTML = b"<!doctype html><script>alert(2)</script>"
ZIP = b"PK\x03\x04" + b"\0" * 60
WEBM = (
	b"\x1a\x45\xdf\xa3"
	+ b"\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
	+ b"\0" * 300
)
VCARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD\r\n"  # fmt: skip


def a_pdf(size: int = 0) -> bytes:
	"""
	:param size: of a comment behind it
	"""
	pdf = written(Image.new("RGB", (8, 8)), "PDF")
	return pdf + b"\n%" + random.Random(2).randbytes(size) if size else pdf


def send(conversation, *files: tuple[str, bytes], body="Look"):
	"""The message with its media rows, and what they hold."""
	message = outbox.write(conversation, body, files=[upload(*file) for file in files])
	told = [m.get("message") for m in frappe.get_message_log()] if hasattr(frappe, "get_message_log") else []
	told += [str(m) for m in frappe.local.message_log]
	frappe.clear_messages()
	return message, [content_of(item.file) for item in message.media], " ".join(map(str, told))


def refused(conversation, *files: tuple[str, bytes]) -> str:
	names = [upload(*file) for file in files]
	before = frappe.db.count("Communication"), frappe.db.count("File")
	with pytest.raises(outbox.CannotText) as why:
		outbox.write(conversation, "Look", files=names)
	frappe.clear_messages()
	assert (frappe.db.count("Communication"), frappe.db.count("File")) == before
	return str(why.value)


def as_picture(content: bytes) -> Image.Image:
	picture = Image.open(io.BytesIO(content))
	picture.load()
	return picture


# --- what goes along --------------------------------------------------------------------------------------------


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
	assert why.startswith(f"{name} ") and "cannot be sent by text" in why
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
	assert why.startswith("big (") and "MB) cannot be sent by text" in why


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


# --- pictures made to fit ---------------------------------------------------------------------------------------


def test_a_large_photo_is_scaled_down_and_the_agent_knows(stack):
	# Without an ending: of a .jpg Frappe itself would make a smaller one.
	photo = noise(2640, 2400, "JPEG", quality=95)
	assert len(photo) > 5 * MB
	message, (sent,), told = send(conversation_with(stack), ("photo", photo))
	row = message.media[0]
	assert len(sent) <= 5 * MB and row.size == len(sent)
	picture = as_picture(sent)
	assert picture.format == "JPEG" and picture.width / picture.height == pytest.approx(1.1, rel=0.01)
	assert row.changed == f"photo: {attachments.size(len(photo))} scaled down to {attachments.size(row.size)}"
	assert row.changed in told


def test_all_files_together_fit_and_small_ones_stay(stack):
	small = noise(40, 40)
	photos = [(f"{n}.png", noise(1000, 900)) for n in range(4)]
	message, sent, _told = send(conversation_with(stack), ("small.png", small), *photos)
	assert sum(map(len, sent)) <= 5 * MB
	assert sent[0] == small
	assert [row.file_name for row in message.media] == ["small.png", "0.jpg", "1.jpg", "2.jpg", "3.jpg"]
	assert [row.content_type for row in message.media[1:]] == ["image/jpeg"] * 4


def test_photos_make_room_for_what_cannot_be_scaled(stack):
	pdf = a_pdf(3 * MB)
	_message, sent, _told = send(conversation_with(stack), ("a.png", noise(1100, 1000)), ("a.pdf", pdf))
	assert sent[1] == pdf
	assert sum(map(len, sent)) <= 5 * MB


@pytest.mark.parametrize(
	("name", "content", "kind"),
	[
		("a.webp", written(Image.new("RGB", (90, 60), "teal"), "WEBP"), "JPEG"),
		("a.webp", written(Image.new("RGBA", (90, 60), (0, 128, 128, 90)), "WEBP", lossless=True), "PNG"),
		("a.bmp", noise(600, 500, "BMP"), "JPEG"),
		("a.tiff", noise(500, 500, "TIFF", "CMYK"), "JPEG"),
		("a.tiff", noise(800, 700, "TIFF", "L"), "JPEG"),
	],
	ids=["webp", "webp with alpha", "bmp", "cmyk", "grey"],
)
def test_types_that_phones_do_not_show_become_others(stack, name, content, kind):
	message, (sent,), _told = send(conversation_with(stack), (name, content))
	picture = as_picture(sent)
	assert (picture.format, picture.size) == (kind, as_picture(content).size)
	assert message.media[0].content_type == f"image/{kind.lower()}"
	assert message.media[0].changed.startswith(f"{name}: ")


def test_transparent_parts_become_white_where_only_jpeg_is_small_enough():
	content = noise(400, 400, "PNG", "RGBA")
	clear = as_picture(content)
	clear.paste((9, 9, 9, 0), (0, 0, 200, 200))
	small, content_type, ending = images.fitted(written(clear, "PNG"), 200 * 1024)
	assert (content_type, ending) == ("image/jpeg", "jpg")
	assert all(channel > 240 for channel in as_picture(small).getpixel((10, 10)))


@pytest.mark.parametrize("max_bytes", [5 * MB, 60 * 1024])
def test_a_photo_stands_upright(max_bytes):
	lying = Image.new("RGB", (600, 400), "white")
	lying.paste((255, 0, 0), (0, 0, 600, 100))
	exif = Image.Exif()
	exif[0x0112] = 6
	content = written(lying, "JPEG", exif=exif)
	assert images.lies_on_its_side(content)
	upright, _type, _ending = images.fitted(content, max_bytes)
	picture = as_picture(upright)
	assert picture.size == (400, 600)
	assert picture.getpixel((390, 300))[1] < 60, "what was the top is on the right"
	assert not images.lies_on_its_side(upright)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_kind_of_colour_can_be_scaled(mode):
	kind = "TIFF" if mode not in ("1", "P", "LA") else "PNG"
	picture = Image.linear_gradient("L").convert("I" if mode == "I;16" else mode)
	if mode == "I;16":
		picture = picture.convert("I;16")
	small, content_type, _ending = images.fitted(written(picture, kind), 5 * MB)
	assert as_picture(small).size == (256, 256)
	assert content_type in ("image/jpeg", "image/png")


def bomb(width=40_000, height=40_000) -> bytes:
	"""A PNG that says it is huge."""
	import struct
	import zlib

	def chunk(kind, data):
		return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

	header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
	return (
		b"\x89PNG\r\n\x1a\n"
		+ chunk(b"IHDR", header)
		+ chunk(b"IDAT", zlib.compress(b"\0" * 999))
		+ chunk(b"IEND", b"")
	)


@pytest.mark.parametrize(
	("content", "reason"),
	[
		(bomb(), images.TOO_MANY_PIXELS),
		(bomb(9000, 9000), images.TOO_MANY_PIXELS),
		(animation(), images.ANIMATED),
		(animation("WEBP"), images.ANIMATED),
		(animation("TIFF"), images.ANIMATED),
		(b"\x89PNG\r\n\x1a\n" + b"no picture", images.DAMAGED),
		(b"BM no bitmap", images.DAMAGED),
	],
)
def test_what_is_not_scaled(content, reason):
	with pytest.raises(images.CannotScale) as why:
		images.fitted(content, 1000)
	assert why.value.reason == reason


def test_no_picture_becomes_a_stamp():
	with pytest.raises(images.CannotScale) as why:
		images.fitted(noise(2000, 330), 3000)
	assert why.value.reason == images.TOO_LARGE


# --- pasted into the reply box ----------------------------------------------------------------------------------


def test_pictures_pasted_into_the_reply_box_go_along(agent, customer, sim, picture):
	ticket = ticket_of(customer.text("How?"))
	attached, pasted = (
		frappe.get_doc("File", upload(name, picture + name.encode(), attached_to_doctype="HD Ticket", attached_to_name=str(ticket.name)))
		for name in ("attached.png", "pasted in.png")
	)  # fmt: skip
	frappe.db.commit()
	data = base64.b64encode(picture + b"data").decode()
	html = (
		f'<p>Like this: <img src="{attached.file_url}"><img src="{pasted.file_url}?fid={pasted.name}"> or this'
		f' <img src="data:image/png;base64,{data}"></p><blockquote><img src="/private/files/not-there.png">How?</blockquote>'
	)
	answer = agent.reply(ticket.name, html, attachments=[attached.name])
	assert answer.status_code == 200, answer.text
	eventually(lambda: [m for m in customer.inbox() if len(m.media) == 3])
	received = customer.inbox()[0]
	assert received.body == "Like this: or this"
	contents = [item.content for item in received.media]
	assert contents[:2] == [picture + b"attached.png", picture + b"pasted in.png"]
	assert len(contents) == 3 and as_picture(contents[2]).size == as_picture(picture).size


@pytest.mark.parametrize(
	"source",
	["/private/files/not-there.png", "/files/../../site_config.json", "data:image/png;base64", "data:,"],
)
def test_a_pasted_picture_that_is_not_there_is_refused(agent, customer, sim, source):
	ticket = ticket_of(customer.text("How?"))
	answer = agent.reply(ticket.name, f'<p>So <img src="{source}"></p>')
	assert answer.status_code == 417, answer.text
	assert "not stored on this site" in answer.text
	assert customer.inbox() == []


def test_a_picture_that_the_agent_may_not_read_does_not_go_along(agent, customer, sim, picture):
	ticket = ticket_of(customer.text("How?"))
	secret = frappe.get_doc("File", upload("secret.png", picture + b"secret"))
	frappe.db.commit()
	answer = agent.reply(ticket.name, f'<p>So <img src="{secret.file_url}"></p>')
	assert answer.status_code == 403
	assert customer.inbox() == []


# --- as links ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
	("customer_number", "fields", "file"),
	[
		("+14155550132", {"mms_enabled": 0}, ("a.png", noise(4, 4))),
		(ABROAD, {}, ("a.png", noise(4, 4))),
		(ABROAD, {"number": "Example"}, ("a.png", noise(4, 4))),
		("+14155550132", {}, ("a.zip", ZIP)),
		("+14155550132", {}, ("a.pdf", a_pdf(6 * MB))),
		("+14155550132", {}, ("big.gif", animation(size=1350, frames=3))),
	],
	ids=["number", "country", "name", "type", "size", "animation"],
)
def test_a_file_that_cannot_go_as_mms_goes_as_a_link(stack, customer_number, fields, file):
	conversation = conversation_with(stack, customer_number, **AS_LINK, **fields)
	message, (stored,), told = send(conversation, file)
	body, link = message.body.split("\n")
	assert body == "Look"
	assert len(link) == media_links.length()
	assert link in frappe.db.get_value("Communication", message.communication, "content")
	assert (message.media[0].status, stored) == ("Linked", file[1])
	assert f"{file[0]}: sent as a link" in told
	assert media_links.urls_for_twilio(message) == []
	assert message.encoding == "GSM-7"
	assert message.segments == -(-len(message.body) // 160) or message.segments == -(
		-len(message.body) // 153
	)


def test_files_that_can_go_as_mms_still_do(stack, picture):
	message, _sent, _told = send(conversation_with(stack, **AS_LINK), ("a.png", picture), ("a.zip", ZIP))
	assert [row.status for row in message.media] == ["Attached", "Linked"]
	assert len(media_links.urls_for_twilio(message)) == 1
	assert message.body.count("\n") == 1


def test_links_count_towards_the_1600_characters(stack, picture):
	conversation = conversation_with(stack, ABROAD, **AS_LINK)
	room = 1600 - media_links.length() - 1
	message, _sent, _told = send(conversation, ("a.png", picture), body="x" * room)
	assert len(message.body) == 1600
	with pytest.raises(outbox.CannotText, match="1601 characters with the links"):
		send(conversation, ("a.png", picture), body="x" * (room + 1))


def test_a_link_alone_is_a_text(stack, picture):
	message, _sent, _told = send(conversation_with(stack, ABROAD, **AS_LINK), ("a.png", picture), body="")
	assert message.body.startswith("http")


# --- who can open a link ----------------------------------------------------------------------------------------


@pytest.fixture
def own_picture(picture) -> bytes:
	"""A PNG that nobody has had before: Frappe keeps equal contents at one address."""
	return picture + secrets.token_bytes(8)


@pytest.fixture
def sent(stack, own_picture):
	"""A message with a PNG as MMS, committed; not given to Twilio."""
	message = outbox.write(conversation_with(stack), "Look", files=[upload("a picture.png", own_picture)])
	frappe.db.after_commit.reset()
	message.db_set("status", "Canceled")
	frappe.db.commit()
	return message


def fetch(stack, token, http="GET", **headers) -> requests.Response:
	return requests.request(
		http, stack.web + public_url.MEDIA, params={"token": token}, headers=headers, timeout=30
	)


def differing(answer: requests.Response) -> dict:
	"""What could tell one answer from another."""
	return {"status": answer.status_code, "body": answer.content} | {
		name: value for name, value in answer.headers.items() if name not in ("Date", "X-Frappe-Request-Id")
	}


def test_twilio_gets_the_file_with_a_short_name_and_no_cookie(stack, sent, own_picture):
	answer = requests.get(media_links.urls_for_twilio(sent)[0], timeout=30)
	assert (answer.status_code, answer.content) == (200, own_picture)
	assert answer.headers["Content-Type"] == "image/png"
	# Frappe adds to a name that was there before.
	assert re.fullmatch(r"inline; filename=a-picture\w{0,7}\.png", answer.headers["Content-Disposition"])
	assert answer.headers["X-Content-Type-Options"] == "nosniff"
	assert not answer.cookies and "Set-Cookie" not in answer.headers


def test_head_says_what_get_says(stack, sent):
	token = media_links.sign(sent.media[0].file)
	get, head = fetch(stack, token), fetch(stack, token, "HEAD")
	assert head.content == b""
	without = {"Date": "", "X-Frappe-Request-Id": ""}
	assert {**head.headers, **without} == {**get.headers, **without}
	assert int(head.headers["Content-Length"]) == len(get.content)


def test_a_part_of_a_file_is_given_to_whoever_asks_for_one(stack, sent, own_picture):
	"""iPhones play no film of a server that gives none."""
	token, size = media_links.sign(sent.media[0].file), len(own_picture)
	whole = fetch(stack, token)
	assert whole.headers["Accept-Ranges"] == "bytes"
	for ranges, first, end in (
		("bytes=0-3", 0, 4),
		("bytes=0-0", 0, 1),
		("bytes=5-", 5, size),
		("bytes=-5", size - 5, size),
		(f"bytes=-{size + 9}", 0, size),
		(f"bytes=2-{size + 9}", 2, size),
	):
		answer = fetch(stack, token, Range=ranges)
		assert (answer.status_code, answer.content) == (206, own_picture[first:end]), ranges
		assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{size}"
		assert answer.headers["Content-Type"] == "image/png"
	for ranges in (f"bytes={size}-", "bytes=99999-99999999"):
		answer = fetch(stack, token, Range=ranges)
		assert (answer.status_code, answer.content) == (416, b""), ranges
		assert answer.headers["Content-Range"] == f"bytes */{size}"
	for ranges in ("bytes=x", "bytes=", "bytes=3-1", "lines=1-2", "bytes=0-1,3-4"):
		answer = fetch(stack, token, Range=ranges)
		assert (answer.status_code, answer.content) == (200, own_picture), ranges
		assert "Content-Range" not in answer.headers
	same, changed = {"If-Range": whole.headers["ETag"]}, {"If-Range": '"another"'}
	assert fetch(stack, token, Range="bytes=0-3", **same).status_code == 206
	assert fetch(stack, token, Range="bytes=0-3", **changed).status_code == 200
	head = fetch(stack, token, "HEAD", Range="bytes=0-3")
	assert (head.status_code, int(head.headers["Content-Length"])) == (200, size)


def test_a_file_keeps_its_name_for_people(stack, customer, picture):
	conversation = conversation_with(stack, ABROAD, **AS_LINK)
	name = f"Müller & Söhne {secrets.token_hex(3)} – Größe\u202e.png"
	message = outbox.write(conversation, "Look", files=[upload(name, picture + secrets.token_bytes(8))])
	frappe.db.after_commit.reset()
	message.db_set("status", "Canceled")
	frappe.db.commit()
	disposition = requests.get(message.body.split("\n")[1], timeout=30).headers["Content-Disposition"]
	short, _, whole = disposition.removeprefix("inline; filename=").partition("; filename*=UTF-8''")
	assert short.isascii() and short.startswith("Muller-Sohne")
	assert unquote(whole) == name.replace("\u202e", "")


def json_token(shape: str) -> str:
	return base64.urlsafe_b64encode(shape.encode()).decode() + ".AAAA"


@pytest.mark.parametrize(
	"token",
	[
		*("", ".", "..", "x", "a.b.c", "a.1." + "A" * 22, "é.é.é", "\x00", "\x00" * 99, "👋.1." + "👋" * 22),
		*("x" * 4000, "." * 4000, "a.ffffffffffffff." + "A" * 22, "%00.%00.%00", "' or 1=1 -- .1.x"),
		*(json_token("{}"), json_token("[1]"), json_token("null"), json_token('["a","b",9e99]'), "=.=.="),
	],
	ids=lambda token: ascii(token)[:12],
)
@pytest.mark.parametrize("http", ["GET", "HEAD"])
def test_made_up_tokens_are_403_and_nothing_else(stack, token, http):
	answer, empty = fetch(stack, token, http), fetch(stack, "x", http)
	assert (answer.status_code, answer.content) == (403, b"")
	assert differing(answer) == differing(empty)
	assert "Set-Cookie" not in answer.headers


def test_no_token_or_several(stack):
	url = stack.web + public_url.MEDIA
	for query in ("", "?token[]=x", "?token=x&token=y", "?other=1"):
		answer = requests.get(url + query, timeout=30)
		assert (answer.status_code, answer.content) == (403, b""), query


def test_a_token_is_good_for_one_file_until_it_expires(stack, sent, own_picture):
	file = sent.media[0].file
	good = media_links.sign(file)
	assert fetch(stack, good).status_code == 200
	name, expires, mac = good.split(".")
	later = f"{int(expires, 16) + 1:x}"
	other = outbox.write(conversation_with(stack), "Look", files=[upload("b.png", own_picture + b"b")])
	other.db_set("status", "Canceled")
	unsent = upload("unsent.png", own_picture + b"unsent")
	frappe.db.after_commit.reset()
	frappe.db.commit()
	flipped = mac[:-2] + ("A" if mac[-2] != "A" else "B") + mac[-1]
	bad = {
		"expired": media_links.sign(file, -1),
		"later": f"{name}.{later}.{mac}",
		"flipped": f"{name}.{expires}.{flipped}",
		"shorter": good[:-1],
		"longer": good + "A",
		"upper case": f"{name}.{expires.upper()}.{mac}" if expires != expires.upper() else good + "=",
		"leading zero": f"{name}.0{expires}.{mac}",
		"another message's file": f"{other.media[0].file}.{expires}.{mac}",
		"a file of no message": media_links.sign(unsent),
		"the upload": media_links.sign(frappe.db.get_value("File", {"file_name": ("like", "a picture%"), "attached_to_name": ("is", "not set")}) or "x"),
		"no file": media_links.sign("0123456789"),
		"with a blank": good + " ",
		"with a line break": good + "\n",
	}  # fmt: skip
	expected = differing(fetch(stack, "x"))
	for what, token in bad.items():
		assert differing(fetch(stack, token)) == expected, what
	assert fetch(stack, media_links.sign(other.media[0].file)).content == own_picture + b"b"


@pytest.mark.parametrize(
	"what", ["replaced", "overwritten", "moved", "row gone", "deleted", "gone from the disk"]
)
def test_a_file_that_is_no_longer_the_one_is_403(stack, sent, what):
	file = frappe.get_doc("File", sent.media[0].file)
	token, path = media_links.sign(file.name), Path(file.get_full_path())
	assert fetch(stack, token).status_code == 200
	before = path.read_bytes()
	other = frappe.get_all("Communication", {"name": ("!=", file.attached_to_name)}, pluck="name", limit=1)[0]
	if what == "replaced":
		file.db_set("content_hash", "0" * 32)
	elif what == "overwritten":
		path.write_bytes(b"something else")
	elif what == "moved":
		file.db_set("attached_to_name", other)
	elif what == "row gone":
		frappe.db.delete("Twilio SMS Media", {"parent": sent.name})
	elif what == "deleted":
		frappe.db.delete("File", {"name": file.name})
	else:
		path.unlink()
	frappe.db.commit()
	try:
		answer = fetch(stack, token)
		assert (answer.status_code, answer.content) == (403, b"")
	finally:
		path.write_bytes(before)


def test_a_received_file_is_opened_by_no_token(stack, customer, sim, picture):
	message = customer.text("Look", media=[("a.png", picture + b"theirs")])
	file = eventually(
		lambda: frappe.db.get_value("Twilio SMS Media", {"parent": message.name, "status": "Fetched"}, "file")
	)
	assert fetch(stack, media_links.sign(file)).status_code == 403  # fmt: skip


def test_a_private_file_stays_private_otherwise(stack, sent):
	file = frappe.get_doc("File", sent.media[0].file)
	assert file.file_url.startswith("/private/files/")
	assert requests.get(stack.web + file.file_url, timeout=30).status_code == 403
	assert fetch(stack, media_links.sign(file.name)).status_code == 200
	assert requests.get(stack.web + file.file_url, timeout=30).status_code == 403


@pytest.mark.parametrize(
	("name", "content"), [("x.svg", SVG), ("x.html", HTML), ("x.zip", ZIP), ("x.vcf", VCARD)]
)
def test_what_a_browser_could_run_is_only_stored(stack, name, content):
	conversation = conversation_with(stack, ABROAD, **AS_LINK)
	message = outbox.write(conversation, "Look", files=[upload(name, content)])
	frappe.db.after_commit.reset()
	message.db_set("status", "Canceled")
	frappe.db.commit()
	answer = requests.get(message.body.split("\n")[1], timeout=30)
	assert (answer.status_code, answer.content) == (200, content)
	assert answer.headers["Content-Type"] == "application/octet-stream"
	assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
	assert answer.headers["Content-Security-Policy"] == "sandbox"
	assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("days", "expected"), [(1, 1), (30, 30), (0, 7), (-3, 7)])
def test_links_expire_after_days(stack, sent, days, expected):
	frappe.db.set_single_value("Twilio SMS Settings", "links_expire_after_days", days)
	token = media_links.for_customer(sent.media[0].file).partition("token=")[2]
	frappe.db.rollback()
	frappe.clear_document_cache("Twilio SMS Settings", "Twilio SMS Settings")
	left_s = int(token.split(".")[1], 16) - time.time()
	assert left_s == pytest.approx(expected * 24 * 3600, abs=60)


def test_a_link_is_short(stack):
	assert media_links.length() - len(public_url.base()) <= 105


def test_a_text_with_a_link_arrives(agent, customer, stack, sim, picture):
	number = stack.add_number(mms_enabled=0, **AS_LINK)
	ticket = ticket_of(customer.text("How?", to=number))
	file = upload("a.png", picture, attached_to_doctype="HD Ticket", attached_to_name=str(ticket.name))
	frappe.db.commit()
	answer = agent.reply(ticket.name, "<p>So</p>", attachments=[file])
	assert answer.status_code == 200, answer.text
	assert "sent as a link" in answer.text
	eventually(lambda: customer.inbox())
	received = customer.inbox()[0]
	assert received.media == []
	assert requests.get(received.body.split("\n")[1], timeout=30).content == picture
	sent = frappe.get_last_doc(
		"Twilio SMS Message", {"customer_number": customer.number, "direction": "Outbound"}
	)
	eventually(lambda: status_of(sent.name) == "Delivered")


def test_kind_of_knows_no_svg_and_no_html():
	assert {media.kind_of(content)[0] for content in (SVG, HTML, b"", b"x")} == {"application/octet-stream"}
