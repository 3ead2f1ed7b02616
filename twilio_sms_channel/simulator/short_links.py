"""Links that Twilio shortens (https://www.twilio.com/docs/messaging/features/link-shortening)."""

import hashlib
import re

LINK = re.compile(r"https?://\S+", re.I)
DOMAIN = "https://twil.example/"


def shortened(body: str) -> str:
	"""A message with short links in place of its own; the same link always becomes the same one."""
	return LINK.sub(lambda link: DOMAIN + hashlib.sha256(link[0].encode()).hexdigest()[:8], body)
