"""The pictures that customers and agents of the demo send each other, drawn with Pillow."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

SIZE, FINER = (480, 360), 2
SKY, GROUND, INK, GREEN, CARDBOARD, TAPE, METAL = (
	"#dfeaf2",
	"#b9c4a8",
	"#27313b",
	"#2f8f5b",
	"#c99a62",
	"#e7cfa5",
	"#8d99a6",
)


def draw(name: str) -> bytes:
	"""A picture as PNG.

	:param name: bike, parcel or cable
	"""
	width, height = (side * FINER for side in SIZE)
	picture = Image.new("RGB", (width, height), SKY)
	pen = ImageDraw.Draw(picture)
	pen.rectangle((0, height * 0.72, width, height), fill=GROUND)
	{"bike": _bike, "parcel": _parcel, "cable": _cable}[name](pen)
	content = io.BytesIO()
	picture.resize(SIZE, Image.LANCZOS).save(content, "PNG")
	return content.getvalue()


def _bike(pen) -> None:
	rear, front, saddle, bar, pedals = (270, 500), (690, 500), (385, 270), (640, 265), (440, 500)
	for x, y in (rear, front):
		pen.ellipse((x - 120, y - 120, x + 120, y + 120), outline=INK, width=16)
		pen.ellipse((x - 10, y - 10, x + 10, y + 10), fill=INK)
	for begin, end in (
		(rear, saddle),
		(saddle, pedals),
		(rear, pedals),
		(saddle, bar),
		(pedals, bar),
		(bar, front),
	):
		pen.line((*begin, *end), fill=GREEN, width=20)
	pen.line((*saddle, 370, 225), fill=INK, width=16)
	pen.rounded_rectangle((315, 200, 430, 228), 14, fill=INK)
	pen.line((*bar, 625, 215), fill=INK, width=16)
	pen.line((625, 215, 700, 205), fill=INK, width=16)
	pen.ellipse((410, 470, 470, 530), outline=INK, width=12)


def _parcel(pen) -> None:
	pen.polygon(((250, 290), (500, 210), (760, 290), (510, 380)), fill="#d8ad78")
	pen.polygon(((250, 290), (510, 380), (510, 640), (250, 540)), fill=CARDBOARD)
	pen.polygon(((760, 290), (510, 380), (510, 640), (760, 540)), fill="#b08350")
	pen.polygon(((360, 254), (400, 242), (650, 332), (612, 345)), fill=TAPE)
	pen.polygon(((612, 345), (650, 332), (650, 410), (612, 424)), fill=TAPE)
	pen.line(((290, 330), (350, 430), (320, 470), (390, 540)), fill=INK, width=8)


def _cable(pen) -> None:
	pen.rounded_rectangle((520, 180, 800, 420), 60, fill=METAL)
	pen.ellipse((560, 220, 760, 380), fill="#f8f3d4", outline=INK, width=10)
	pen.line(((120, 620), (180, 480), (300, 420), (380, 350)), fill=INK, width=22, joint="curve")
	pen.rounded_rectangle((370, 300, 450, 360), 12, fill="#b3312c")
	pen.rounded_rectangle((478, 290, 530, 340), 8, fill=INK)
