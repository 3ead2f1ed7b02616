"""Pictures made to fit into a message: turned upright, of a type that phones show, small enough."""

import io
import struct
import warnings
import zlib

from PIL import Image, ImageOps

# 64 megapixels are 200 MB of memory; no phone takes larger ones by itself.
MAX_PIXELS = 64 * 1000**2
# Frappe may write a JPEG anew when it is stored, with quality 75: below, that would make it larger again.
QUALITIES = (85, 75)
SMALLER_BY = 0.8
SMALLEST_SIDE = 320
ORIENTATION = 0x0112
UPRIGHT = (None, 1)
WHITE = "#ffffff"
# What Pillow's readers raise on damaged files of one type or another. A job's time-out is none of these.
DAMAGE = (
	*(OSError, SyntaxError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError),
	*(RuntimeError, MemoryError, struct.error, zlib.error),
)


class CannotScale(Exception):
	"""Why a picture cannot be made smaller or another type, for people; see `reason`."""

	def __init__(self, reason: str):
		super().__init__(reason)
		self.reason = reason


ANIMATED, DAMAGED, TOO_MANY_PIXELS, TOO_LARGE = "animated", "damaged", "too many pixels", "too large"


def lies_on_its_side(content: bytes) -> bool:
	"""Whether a picture is upright only for programs that mind a remark in it, which many phones do not."""
	try:
		with Image.open(io.BytesIO(content)) as picture:
			return picture.getexif().get(ORIENTATION) not in UPRIGHT
	except (*DAMAGE, Image.DecompressionBombError):
		# Such a picture is sent as it is.
		return False


def fitted(content: bytes, max_bytes: int) -> tuple[bytes, str, str]:
	"""The picture as JPEG, or PNG while it has transparent parts, of at most so many bytes.

	Quality goes first, then size. The parts that show through become white when only JPEG is small enough.

	:return: content, content type, file ending
	:raises CannotScale: animated, damaged, too many pixels, or it would be smaller than a stamp
	"""
	picture = _opened(content)
	if has_alpha(picture):
		written = _written(picture.convert("RGBA"), "PNG", optimize=True)
		if len(written) <= max_bytes:
			return written, "image/png", "png"
	picture = _flat(picture)
	for quality in QUALITIES:
		if len(written := _written(picture, "JPEG", quality=quality)) <= max_bytes:
			return written, "image/jpeg", "jpg"
	while min(picture.size) * SMALLER_BY >= SMALLEST_SIDE:
		picture = picture.resize(
			[round(side * SMALLER_BY) for side in picture.size], Image.Resampling.LANCZOS
		)
		if len(written := _written(picture, "JPEG", quality=QUALITIES[-1])) <= max_bytes:
			return written, "image/jpeg", "jpg"
	raise CannotScale(TOO_LARGE)


def has_alpha(picture: Image.Image) -> bool:
	return picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info


def _opened(content: bytes) -> Image.Image:
	try:
		with warnings.catch_warnings():
			# Pillow warns of large pictures and refuses the very largest; both are said in our words.
			warnings.simplefilter("ignore", Image.DecompressionBombWarning)
			picture = Image.open(io.BytesIO(content))
		if picture.width * picture.height > MAX_PIXELS:
			raise CannotScale(TOO_MANY_PIXELS)
		if getattr(picture, "n_frames", 1) > 1:
			raise CannotScale(ANIMATED)
		picture.load()
		return ImageOps.exif_transpose(picture)
	except CannotScale:
		raise
	except Image.DecompressionBombError:
		raise CannotScale(TOO_MANY_PIXELS) from None
	except DAMAGE:
		raise CannotScale(DAMAGED) from None


def _flat(picture: Image.Image) -> Image.Image:
	if has_alpha(picture):
		picture = picture.convert("RGBA")
		flat = Image.new("RGB", picture.size, WHITE)
		flat.paste(picture, mask=picture.getchannel("A"))
		return flat
	if picture.mode.startswith(("I", "F")):
		# 16 bits of grey
		picture = picture.point(lambda value: value / 256).convert("L")
	if picture.mode in ("RGB", "L"):
		return picture
	# A profile of other colours says nothing about these.
	picture.info.pop("icc_profile", None)
	return picture.convert("RGB")


def _written(picture: Image.Image, kind: str, **options) -> bytes:
	data = io.BytesIO()
	picture.save(data, kind, icc_profile=picture.info.get("icc_profile"), **options)
	return data.getvalue()
