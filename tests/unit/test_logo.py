"""The logo for listings is the app's, in pixels."""

import re
from pathlib import Path

from PIL import Image

IMAGES = Path(__file__).parents[2] / "twilio_sms_channel" / "public" / "images"
SIZE = 512


def test_the_logo_in_pixels_is_that_of_the_drawing():
	svg = (IMAGES / "twilio-sms-channel.svg").read_text(encoding="utf-8")
	ground = re.search(r'<rect [^>]*fill="#([0-9a-f]{6})"', svg)[1]
	with Image.open(IMAGES / "twilio-sms-channel.png") as logo:
		assert logo.size == (SIZE, SIZE)
		assert logo.getpixel((0, 0))[3] == 0, "the corners are round, and transparent"
		colours = [colour for _, colour in sorted(logo.getcolors(SIZE * SIZE), reverse=True)]
	# The ground and what is drawn on it cover most of it.
	assert colours[:2] == [(*bytes.fromhex(ground), 255), (255, 255, 255, 255)]
