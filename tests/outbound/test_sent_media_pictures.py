"""Pictures of outgoing texts: made smaller until they fit, turned into what phones show, pasted into the reply box."""

import base64

import frappe
import pytest
from PIL import Image
from support.reply_box import animation, conversation_with, noise, upload, written
from support.sent_media import MB, a_pdf, as_picture, send
from support.stack import eventually, ticket_of

from twilio_sms_channel.content import images
from twilio_sms_channel.messaging.outbound import attachments

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
		frappe.get_doc("File", upload(name, picture + name.encode(), attached_to_doctype=ticket.doctype, attached_to_name=str(ticket.name)))
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
