"""The documentation's pictures: `make screenshots`. The browser tests take them; those that the pages show are kept, small.

Runs with the bench's Python, for Pillow.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PIL import Image, ImageChops

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
COLOURS = 256
MARGIN = 24
# What a page of documentation shows without scaling it down again.
MAX_WIDTH_PX = 1000


def shown() -> set[str]:
	"""The names of the pictures that README and the pages of docs/ show."""
	pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
	return {name for page in pages for name in re.findall(r"images/([\w.-]+\.png)\)", page.read_text())}


def keep(taken: Path) -> list[str]:
	"""Put each picture that a page shows into docs/images.

	:param taken: folder with the browser tests' pictures
	:return: names of the pictures that were not taken
	"""
	missing = []
	for name in sorted(shown()):
		if not (taken / name).exists():
			missing.append(name)
			continue
		# Screens have few colours: a palette makes the file a third as large, and nobody sees it.
		picture = small(without_empty_end(Image.open(taken / name).convert("RGB")))
		picture.quantize(COLOURS, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)
		print(f"✓ {name:<40} {(IMAGES / name).stat().st_size / 1024:6.0f} kB")
	return missing


def small(picture: Image.Image) -> Image.Image:
	if picture.width <= MAX_WIDTH_PX:
		return picture
	height = round(picture.height * MAX_WIDTH_PX / picture.width)
	return picture.resize((MAX_WIDTH_PX, height), Image.Resampling.LANCZOS)


def without_empty_end(picture: Image.Image) -> Image.Image:
	"""Cut off what is nothing but background at the bottom."""
	background = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
	content = ImageChops.difference(picture, background).getbbox()
	end = min(picture.height, content[3] + MARGIN) if content else picture.height
	return picture.crop((0, 0, picture.width, end))


if __name__ == "__main__":
	for name in keep(Path(sys.argv[1])):
		print(f"! {name} was not taken; the old one stays" if (IMAGES / name).exists() else f"✗ no {name}")
