"""What was said in a call to Twilio, without secrets: for those who have to find out why it failed.

Each thread notes its last request and the answer, which costs nothing; they are put into words only where a call has failed.
"""

import base64
import binascii
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl

from requests import PreparedRequest, Response

from twilio_sms_channel.infra.masking import HIDDEN, redact

MAX_REQUEST_CHARACTERS, MAX_RESPONSE_CHARACTERS, MAX_URL_CHARACTERS = 4000, 8000, 1000
# Our own links open files to whoever has them; an address can hold a login.
_IN_LINKS = re.compile(r"(\btoken=)[^&\s\"']+")
_LOGIN_IN_URL = re.compile(r"(://)[^/@\s\"']+(?=@)")
_of_thread = threading.local()


@dataclass(frozen=True)
class Exchange:
	"""A request and its answer as they may be shown."""

	method: str
	url: str
	request: str
	"""Its parameters, one a line"""
	status: int
	"""0: no answer came"""
	response: str
	seconds: float


def begin(request: PreparedRequest) -> None:
	"""A request of this thread leaves."""
	_of_thread.said = (request, None, time.monotonic())


def end(answer: Response) -> None:
	"""It was answered."""
	request, _none, began = _of_thread.said
	_of_thread.said = (request, answer, began)


@contextmanager
def told() -> Iterator[None]:
	"""What a call within the block raises carries what was said last: its attribute `exchange`."""
	_of_thread.said = None
	try:
		yield
	except Exception as error:
		# Whatever the call raises: it is raised as it is.
		error.exchange = last()
		raise
	finally:
		# An answer can be large.
		_of_thread.said = None


def last() -> Exchange | None:
	"""What this thread said last; None when nothing left it."""
	if not (said := getattr(_of_thread, "said", None)):
		return None
	request, answer, began = said
	hide = _hider(request)
	return Exchange(
		method=request.method or "",
		url=hide(request.url or "")[:MAX_URL_CHARACTERS],
		request=_cut(hide(_words(request)), MAX_REQUEST_CHARACTERS),
		status=answer.status_code if answer is not None else 0,
		response=_cut(hide(answer.text or ""), MAX_RESPONSE_CHARACTERS) if answer is not None else "",
		seconds=round(time.monotonic() - began, 3),
	)


def _words(request: PreparedRequest) -> str:
	body = request.body or ""
	if isinstance(body, bytes):
		body = body.decode(errors="replace")
	if not isinstance(body, str):
		return ""
	return "\n".join(f"{name}: {value}" for name, value in parse_qsl(body, keep_blank_values=True)) or body


def _hider(request: PreparedRequest):
	secret = _password(request.headers.get("Authorization"))

	def hide(text: str) -> str:
		if secret:
			text = text.replace(secret, HIDDEN)
		text = _LOGIN_IN_URL.sub(rf"\1{HIDDEN}", _IN_LINKS.sub(rf"\1{HIDDEN}", text))
		return redact(text)

	return hide


def _password(header: str | bytes | None) -> str:
	if isinstance(header, bytes):
		header = header.decode("latin-1")
	try:
		login = base64.b64decode((header or "").partition("Basic ")[2]).decode()
	except (binascii.Error, UnicodeDecodeError):
		return ""
	return login.partition(":")[2]


def _cut(text: str, most: int) -> str:
	return text if len(text) <= most else text[:most] + "…"
