"""An animated picture of two pages side by side: README's first one."""

import io
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

HEIGHT_PX, TICKET_PX, PHONE_RADIUS_PX = 640, 620, 52
COLOURS = 128
FOLLOWS_MS = 350
# What stands around the two: drawn by the browser, so that it has the fonts of the pages.
FRAME = """<!doctype html>
<style>
	body {{ display: flex; gap: 20px; width: max-content; margin: 0; padding: 14px 20px 20px; background: {background};
		font: 600 15px/1 Inter, system-ui, "Liberation Sans", sans-serif; color: #39434f; }}
	p {{ margin: 0 0 10px 4px; }}
	div {{ height: {height}px; background: #fff; }}
	section + section div {{ border-radius: 10px; box-shadow: 0 2px 14px rgb(20 40 80 / 18%); }}
	section:first-child div {{ background: none; }}
</style>
<section><p>The customer’s phone</p><div style="width: {phone}px"></div></section>
<section><p>The agent’s ticket</p><div style="width: {ticket}px"></div></section>
"""


class Film:
	def __init__(self, file: Path):
		self.file = file
		self.frames: list[Image.Image] = []
		self.durations_ms: list[int] = []

	def set_up(self, phone, ticket) -> None:
		"""
		:param phone: what is shown on the left, a locator
		:param ticket: the page on the right
		"""
		self.phone, self.ticket = phone, ticket
		phone.evaluate(
			"(phone, height) => { phone.style.height = `${height}px`; phone.style.boxShadow = 'none' }",
			HEIGHT_PX,
		)
		phone.get_by_role("log").evaluate("log => { log.scrollTop = log.scrollHeight }")
		# Beside the phone's round corners.
		background = f"rgb{_picture(phone.screenshot()).getpixel((0, 0))}"
		ticket.set_viewport_size({"width": TICKET_PX, "height": HEIGHT_PX})
		width = round(phone.bounding_box()["width"])
		page = ticket.context.new_page()
		sizes = {"height": HEIGHT_PX, "phone": width, "ticket": TICKET_PX}
		page.set_content(FRAME.format(**sizes, background=background))
		boxes = [page.locator("div").nth(at).bounding_box() for at in (0, 1)]
		self.places = [(round(box["x"]), round(box["y"])) for box in boxes]
		self.frame = _picture(page.locator("body").screenshot())
		page.close()

	def shoot(self, seconds: float) -> None:
		if not hasattr(self, "frame"):
			return
		# The count of what is typed follows a moment later.
		self.ticket.wait_for_timeout(FOLLOWS_MS)
		whole = self.frame.copy()
		phone, ticket = _picture(self.phone.screenshot()), _picture(self.ticket.screenshot())
		whole.paste(phone, self.places[0], _rounded(phone.size, PHONE_RADIUS_PX))
		whole.paste(ticket, self.places[1])
		if self.frames and not ImageChops.difference(whole, self.frames[-1]).getbbox():
			self.durations_ms[-1] += round(seconds * 1000)
			return
		self.frames.append(whole)
		self.durations_ms.append(round(seconds * 1000))

	def save(self) -> None:
		# One palette for all: what stays the same is not stored again.
		colours = self.frames[-1].quantize(COLOURS, dither=Image.Dither.NONE)
		first, *others = [frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in self.frames]
		first.save(
			self.file, save_all=True, append_images=others, duration=self.durations_ms, loop=0, optimize=True
		)
		seconds = sum(self.durations_ms) / 1000
		print(
			f"{self.file.name}: {len(self.frames)} frames, {seconds:.0f} s, {self.file.stat().st_size / 1024:.0f} kB"
		)


def _rounded(size: tuple[int, int], radius_px: int) -> Image.Image:
	mask = Image.new("L", size)
	ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius_px, fill=255)
	return mask


def _picture(png: bytes) -> Image.Image:
	return Image.open(io.BytesIO(png)).convert("RGB")
