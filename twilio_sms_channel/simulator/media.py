"""Media of messages: what Twilio takes, and how it gets what the app sends."""

import mimetypes
import re

import filetype
import requests

from twilio_sms_channel.simulator.delivery import USER_AGENT
from twilio_sms_channel.simulator.errors import DELIVERY_ERRORS

MAX_MEDIA_BYTES = 5 * 1024 * 1024
"""of all media of a message together"""
MAX_RCS_MEDIA_BYTES = 16 * 1024 * 1024
MAX_MEDIA = 10
MEDIA_TIMEOUT_S = 10

# As in Twilio's article on accepted content types for media.
ACCEPTED_MEDIA = {
	*("image/" + t for t in ("jpeg", "jpg", "gif", "png", "bmp", "tiff", "heic", "heif")),
	*("video/" + t for t in ("mpeg", "mp4", "quicktime", "webm", "3gpp", "3gpp2", "3gpp-tt")),
	*("video/" + t for t in ("H261", "H263", "H263-1998", "H263-2000", "H264")),
	*("audio/" + t for t in ("basic", "L24", "mp4", "mpeg", "ogg", "vnd.rn-realaudio", "vnd.wave", "3gpp")),
	*("audio/" + t for t in ("3gpp2", "ac3", "webm", "amr-nb", "amr")),
	*("text/" + t for t in ("vcard", "x-vcard", "csv", "rtf", "richtext", "calendar", "directory")),
	"application/pdf",
}


class MediaRefused(Exception):
	def __init__(self, code: int, why: str):
		self.code = code
		super().__init__(f"{code} {DELIVERY_ERRORS[code]} ({why})")


def download(url: str, most_bytes: int) -> tuple[str, bytes, str]:
	"""Name, bytes and content type of an outbound medium.

	:raises MediaRefused: 63019 not to be had, 11751 too large, 12300 of a type nobody takes or not what it says
	"""
	headers = {"User-Agent": USER_AGENT, "Accept": "*/*"}
	try:
		with requests.Session() as session:
			session.trust_env = False
			head = session.head(url, headers=headers, timeout=MEDIA_TIMEOUT_S, allow_redirects=True)
			if not head.ok:
				raise MediaRefused(63019, f"HEAD answered {head.status_code}")
			with session.get(url, headers=headers, timeout=MEDIA_TIMEOUT_S, stream=True) as response:
				if not response.ok:
					raise MediaRefused(63019, f"GET answered {response.status_code}")
				content = response.raw.read(most_bytes + 1, decode_content=True)
				disposition = response.headers.get("Content-Disposition", "")
				declared, announced = _mime(response), _mime(head)
	except (requests.RequestException, OSError, ValueError) as e:
		raise MediaRefused(63019, type(e).__name__)
	if not content:
		raise MediaRefused(63019, "0 bytes")
	if len(content) > most_bytes:
		raise MediaRefused(11751, "too large")
	if declared != announced:
		raise MediaRefused(12300, f"HEAD says {announced or 'nothing'}, GET says {declared or 'nothing'}")
	if declared not in {t.lower() for t in ACCEPTED_MEDIA}:
		raise MediaRefused(12300, declared or "no content type")
	actual = filetype.guess_mime(content)
	if actual and _alike(actual) != _alike(declared):
		raise MediaRefused(12300, f"said to be {declared} but is {actual}")
	found = re.search(r'filename="?([^";]+)', disposition)
	name = found[1] if found else url.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
	return name, content, declared


def sniff(name: str, content: bytes) -> str:
	"""The content type of a file, by its bytes, else by its name."""
	guess = filetype.guess(content)
	return guess.mime if guess else mimetypes.guess_type(name)[0] or "application/octet-stream"


def described(name: str, content: bytes, content_type: str = "") -> tuple[str, bytes, str]:
	return name, content, content_type or sniff(name, content)


def _mime(response: requests.Response) -> str:
	return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


def _alike(mime: str) -> str:
	"""Types that stand for each other: a picture must be what it says, sound and film only of that family."""
	mime = mime.replace("image/jpg", "image/jpeg")
	family = mime.split("/")[0]
	return "av" if family in ("audio", "video") else mime
