"""Hypothesis strategies for requests to the webhook: from what Twilio sends to what nobody should."""

import json
import secrets
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, urlsplit

from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from support.hostile_headers import FOR_BROWSERS, FORM_TYPES, HOSTILE_HEADERS, IDLE_HEADERS, OTHER_TYPES
from support.hostile_params import SID, changed_params, proper_params
from support.stack import Stack
from twilio_sms_channel.api.webhooks import MAX_BYTES
from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT

BOUNDARY = "boundary-of-the-test"
# Web servers refuse longer ones (gunicorn: 4,094 with the rest of that line).
MAX_TARGET_CHARACTERS = 4000


@dataclass(frozen=True)
class Ask:
	"""One request, ready to be sent, and what it claims."""

	method: str
	target: str
	headers: list[tuple[str, bytes]]
	content: bytes
	sid: str
	signed_params: MultiDict
	"""What a signature would have to cover"""
	is_signed: bool
	must_be_taken: bool
	"""Twilio might send it like this: refusing it would lose a text"""


def _raw(value: str | bytes) -> bytes:
	return value if isinstance(value, bytes) else value.encode()


def _urlencoded(params: list) -> bytes:
	return "&".join(
		f"{quote_from_bytes(_raw(n), '')}={quote_from_bytes(_raw(v), '')}" for n, v in params
	).encode()


def _multipart(params: list) -> bytes:
	def part(name: str | bytes, value: str | bytes) -> bytes:
		quoted = _raw(name).replace(b'"', b"%22").replace(b"\r", b"%0D").replace(b"\n", b"%0A")
		return (
			b"--"
			+ BOUNDARY.encode()
			+ b'\r\nContent-Disposition: form-data; name="'
			+ quoted
			+ b'"\r\n\r\n'
			+ _raw(value)
		)

	return b"\r\n".join([*(part(n, v) for n, v in params), b"--" + BOUNDARY.encode() + b"--\r\n"])


def _said(params: list, broken: str) -> MultiDict:
	"""The parameters as text; `broken` says what becomes of bytes that are none."""

	def text(value: str | bytes) -> str:
		if isinstance(value, str):
			return value
		if broken == "quoted":
			return quote_from_bytes(value, " ")
		return value.decode(errors="replace")

	return MultiDict([(text(n), text(v)) for n, v in params])


@st.composite
def asks(draw, url: str, stack: Stack, number: str, hosts: list[bytes]) -> Ask:
	"""Requests to `url`, half of them as Twilio might send them.

	:param number: the one of our numbers that is texted
	:param hosts: of `HOSTS`, those that Frappe does not refuse itself before it calls any app
	"""
	proper = draw(st.booleans())
	params = draw(proper_params(stack, number) if proper else changed_params(stack, number))
	sid = secrets.token_hex(16)
	params = [(n, v.replace(SID, sid) if isinstance(v, str) else v) for n, v in params]

	method = draw(
		st.sampled_from(
			["POST", "POST", "POST", "GET"] if proper else ["POST"] * 6 + ["GET", "GET", "PUT", "HEAD"]
		)
	)
	encoding = "form" if proper else draw(st.sampled_from(["form"] * 5 + ["multipart", "json", "other"]))
	query = draw(
		st.sampled_from(
			["", "", "", "x=1", "a=%20b&a=2", "bodySHA256=00", "=", "?", "%", "x=%ED%A0%80", "To=%2B1"]
		)
	)
	content_type, content, said = "", b"", _said(params, draw(st.sampled_from(["replaced", "quoted"])))
	if method in ("GET", "HEAD"):
		query, signed_over = _urlencoded(params).decode(), {}
	elif encoding == "form":
		content_type, content, signed_over = draw(FORM_TYPES), _urlencoded(params), said
	elif encoding == "multipart":
		content_type, content, signed_over = (
			f"multipart/form-data; boundary={BOUNDARY}",
			_multipart(params),
			said,
		)
	elif encoding == "json":
		content = json.dumps({n: v for n, v in params if isinstance(v, str)}).encode()
		content_type, signed_over = "application/json", {}
	else:
		content_type, content = (
			draw(OTHER_TYPES),
			draw(st.sampled_from([_urlencoded(params), b"\xff" * 50, b""])),
		)
		signed_over = said

	asked = url + (f"?{query}" if query else "")
	right = RequestValidator(stack.auth_token).compute_signature(
		asked + draw(st.sampled_from(["", RETRY_FRAGMENT])), signed_over
	)
	# In a query the signature covers the bytes, so it says nothing about what text they are.
	can_sign = method == "POST" or all(isinstance(part, str) for pair in params for part in pair)
	signatures, is_signed = _signatures(draw, right, asked, signed_over, can_sign)
	headers = [("Host", draw(st.sampled_from(hosts))), *draw(st.lists(IDLE_HEADERS, max_size=2))]
	if method not in ("GET", "POST"):
		headers = [header for header in headers if header != FOR_BROWSERS]
	hostile_headers = [] if proper else draw(st.lists(HOSTILE_HEADERS, max_size=1))
	if content_type:
		headers.append(("Content-Type", content_type.encode()))
	if content or method in ("POST", "PUT"):
		headers.append(("Content-Length", str(len(content)).encode()))
	target = urlsplit(url).path + (f"?{query}" if query else "")
	return Ask(
		method=method,
		target=target,
		headers=[*headers, *hostile_headers, *(("X-Twilio-Signature", s) for s in signatures)],
		content=content,
		sid=next((str(v) for n, v in params if n == "MessageSid"), sid),
		signed_params=said,
		is_signed=is_signed,
		must_be_taken=(
			is_signed and proper and len(target) < MAX_TARGET_CHARACTERS and len(content) <= MAX_BYTES
		),
	)


def _signatures(draw, right: str, url: str, params, can_sign: bool) -> tuple[list[bytes], bool]:
	"""The values of X-Twilio-Signature, none, one or two, and whether they are what Twilio would send."""
	if can_sign and draw(st.integers(0, 9)) < 7:
		return [right.encode()], True
	wrong = RequestValidator("somebody else's token").compute_signature(url, params)
	return (
		draw(
			st.sampled_from(
				[
					[],
					[b""],
					[b"nonsense"],
					[b"\xff\xfe"],
					[b"A" * 5000],
					[wrong.encode()],
					[right.lower().encode()],
					*([right.encode(), b"nonsense"], [b"nonsense", right.encode()], [right.encode()[:-1]]),
				]
			)
		),
		False,
	)
