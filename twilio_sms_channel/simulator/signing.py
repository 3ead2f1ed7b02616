"""Twilio's request signature, made by hand.

The app checks signatures with Twilio's own SDK. Signing here with that same SDK would prove nothing, so this is
an independent reading of https://www.twilio.com/docs/usage/security#validating-requests.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

SHA1, SHA256 = "HMAC_SHA1", "HMAC_SHA256"
HASHES = {SHA1: hashlib.sha1, SHA256: hashlib.sha256}


def sign(auth_token: str, url: str, params: Mapping[str, str] | None = None, algorithm: str = SHA1) -> str:
	"""The value of `X-Twilio-Signature`.

	:param auth_token: the account's auth token, or a shared key
	:param url: the URL exactly as configured, with query and, where there is one, the `#…` of connection overrides
	:param params: the form fields of a POST; None for a GET, whose parameters are in the URL already
	"""
	signed = url + "".join(name + value for name, value in sorted((params or {}).items()))
	digest = hmac.new(auth_token.encode(), signed.encode(), HASHES[algorithm]).digest()
	return base64.b64encode(digest).decode()
