"""Hypothesis strategies for requests to the webhook: from what Twilio sends to what nobody should."""

import json
import secrets
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, urlsplit

from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from support.stack import Stack
from twilio_sms_channel.api.webhooks import MAX_BYTES
from twilio_sms_channel.twilio_gateway.signature import RETRY_FRAGMENT

# Stands for the SID of a request, which is new each time that it is sent.
SID = "@SID@"
BOUNDARY = "boundary-of-the-test"
# Web servers refuse longer ones (gunicorn: 4,094 with the rest of that line).
MAX_TARGET_CHARACTERS = 4000
FORM = "application/x-www-form-urlencoded"


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


# --- text --------------------------------------------------------------------------------------------------------

SNIPPETS = st.sampled_from(
	[
		*("Hello", " ", "  two blanks ", "\n", "\r\n", "\r", "\t", "ünïcödé", "e\u0301", "ＡＢＣ", "ß", "İ"),
		"👩‍👩‍👧",
		"🏳️‍🌈",
		"\U0010ffff",
		"\u202eright to left",
		"שלום",
		"مرحبا",
		"\ufeff",
		"\u2028",
		"\ufffd",
		*("\x00", "\x01", "\x1b[31m", "\x7f", "\x85", "\x0b", "\ufffe"),
		*("{{ 7*7 }}", "{% raw %}", "${7*7}", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>"),
		"' OR 1=1 --",
		'"',
		"\\",
		"%s",
		"%(x)s",
		"%00",
		"%ED%A0%80",
		"&Body=other",
		"a=b;c",
		"+",
		"{}",
		"]]>",
	]
)
ANY_TEXT = st.one_of(
	st.builds(
		"{}{}{}".format, SNIPPETS, st.text(st.characters(exclude_categories=["Cs"]), max_size=20), SNIPPETS
	),
	st.builds(lambda piece, times: piece * times, SNIPPETS, st.sampled_from([0, 1, 100, 3000, 20_000])),
)
# What a phone can send.
BODY = ANY_TEXT.map(lambda text: text.replace("\x00", "")[:1600])
# No text at all: lone surrogates, cut sequences, overlong forms, Latin-1.
BROKEN = st.sampled_from(
	[b"\xed\xa0\x80", b"\xff\xfe", b"\xc3", b"\xf0\x9f\x98", b"\xc0\x80", b"caf\xe9", b"\xf4\x90\x80\x80"]
)

# --- parameters --------------------------------------------------------------------------------------------------

NUMBERS = st.sampled_from(
	[
		*("0", "1", "2", "10", "11", "-1", "1.5", "many", "", " 1", "1\n", "٣", "²", "1e3", "0x1", "None"),
		*("007", "00000000002", "0000000009999999999", "9" * 30, "9" * 5000, "0" * 5000 + "1"),
	]
)
URLS = st.one_of(
	st.sampled_from(
		[
			"https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME0",
			"file:///etc/passwd",
			"http://169.254.169.254/latest/meta-data",
			"http://127.0.0.1:6379/",
			"//x",
			"",
			"https://evil.example.com/@api.twilio.com",
			"javascript:alert(1)",
			"data:text/html,<script>",
			"ä b\n",
			*("https://example.com/" + "x" * 1900, "https://example.com/" + "x" * 3000),
		]
	),
	ANY_TEXT,
)
TYPES = st.one_of(
	st.sampled_from(
		["image/jpeg", "image/png", "text/html", "image/svg+xml", "", "x" * 139, "x/" * 500, "é" * 200]
	),
	ANY_TEXT,
)
PARTIES = st.one_of(
	st.sampled_from(
		[
			"+19075550199",
			"72345",
			"SUPPORT",
			"My Shop",
			"whatsapp:+19075550199",
			"+",
			"",
			"+1" * 20,
			"1234567890",
			"+19075550199\n",
			" +19075550199",
			"+١٩٠٧٥٥٥٠١٩٩",
			"<script>",
			"client:anna",
			"sip:x@example.com",
			"A" * 17,
		]
	),
	ANY_TEXT,
)
PLACES = st.sampled_from([(), ("FromZip", "ToCity"), ("FromCity", "FromState", "FromCountry")])
PLACE = st.sampled_from(
	[
		"SAN FRANCISCO",
		"",
		"L'Aquila",
		"Åbo/Turku\n",
		"{{ 7*7 }}\x00",
		"ß" * 60,
		"Llanfair" * 30,
		"\U0010ffff" * 200,
	]
)
# Also what Frappe gives a meaning of its own.
OTHER_NAMES = st.one_of(
	st.sampled_from(
		[
			"ErrorCode",
			"ErrorUrl",
			"ChannelMetadata",
			"OptOutType",
			"SmsStatus",
			"body",
			"Body ",
			"Body[]",
			"sid",
			"_lang",
			"data",
			"doctype",
			"method",
			"_type",
			"message",
			"csrf_token",
			"args",
			"kwargs",
			"account",
			*("text", "params", "self", "__class__"),
		]
	),
	ANY_TEXT.map(lambda text: text[:200]).filter(lambda name: name not in ("cmd", "fn")),
)


@st.composite
def _proper_params(draw, stack: Stack, number: str) -> list:
	"""What Twilio might send: any body, any files, parameters of tomorrow."""
	media = draw(
		st.lists(
			st.tuples(URLS.filter(lambda url: 0 < len(url) <= 2000 and "\x00" not in url), TYPES), max_size=3
		)
	)
	params = [
		("MessageSid", ("MM" if media else "SM") + SID),
		("AccountSid", stack.account_sid),
		("From", draw(st.sampled_from(["+19075550199", "+447700900123", "72345", "SUPPORT"]))),
		("To", number),
		("Body", draw(BODY)),
		("NumMedia", str(len(media))),
		("NumSegments", draw(st.sampled_from(["0", "1", "11"]))),
	]
	for place, (url, kind) in enumerate(media):
		params += [(f"MediaUrl{place}", url), (f"MediaContentType{place}", kind.replace("\x00", ""))]
	params += [(name, draw(PLACE)) for name in draw(PLACES)]
	if draw(st.booleans()):
		params.append(("OptOutType", draw(st.sampled_from(["STOP", "START", "HELP"]))))
	return params[::-1] if draw(st.booleans()) else params


@st.composite
def _changed_params(draw, stack: Stack, number: str) -> list:
	"""The same with parameters missing, doubled, replaced and added."""
	params = draw(_proper_params(stack, number))
	values = {
		"MessageSid": st.sampled_from(
			[
				"SM" + SID,
				"SM" + SID + "\n",
				"sm" + SID,
				SID,
				"SM" + SID + "0",
				" SM" + SID,
				"SM1",
				"",
				"SM" + "１" * 32,
			]
		),
		"AccountSid": st.sampled_from(
			[stack.account_sid + "\n", stack.account_sid.lower(), "AC" + "0" * 32, "AC", "", "ACx' OR '1'='1"]
		),
		"MessagingServiceSid": st.sampled_from(["MG" + "a" * 32, "MG" + "a" * 32 + "\n", "-", "MGx", ""]),
		"From": PARTIES,
		"To": st.one_of(st.sampled_from([number + "\n", number[1:], number + " ", "+19075550000"]), PARTIES),
		"NumMedia": NUMBERS,
		"NumSegments": NUMBERS,
		"Body": st.one_of(ANY_TEXT, BROKEN),
		"MediaUrl0": st.one_of(URLS, BROKEN),
		"MediaContentType0": st.one_of(TYPES, BROKEN),
		"FromCity": st.one_of(ANY_TEXT, BROKEN),
		"OptOutType": ANY_TEXT,
	}
	for change in draw(
		st.lists(st.sampled_from(["drop", "double", "replace", "add", "many"]), min_size=1, max_size=3)
	):
		if change == "drop" and params:
			params.pop(draw(st.integers(0, len(params) - 1)))
		elif change == "double":
			name = draw(st.sampled_from(sorted(values)))
			params.insert(draw(st.integers(0, len(params))), (name, draw(values[name])))
		elif change == "replace":
			name = draw(st.sampled_from(sorted(values)))
			params = [pair for pair in params if pair[0] != name] + [(name, draw(values[name]))]
		elif change == "add":
			params.append((draw(OTHER_NAMES), draw(st.one_of(ANY_TEXT, BROKEN))))
		elif change == "many":
			params += [
				(f"MediaUrl{n}", "https://example.com/")
				for n in range(10, draw(st.sampled_from([11, 12, 13, 1100])))
			]
	return params


# --- headers -----------------------------------------------------------------------------------------------------

FOR_BROWSERS = ("Accept", b"text/html")
# None of them may make a difference.
IDLE_HEADERS = st.sampled_from(
	[
		("X-Forwarded-Host", b"evil.example.com"),
		("X-Forwarded-Proto", b"gopher"),
		("X-Forwarded-For", b"127.0.0.1, " * 40),
		("X-Forwarded-For", b"<script>\xff"),
		("X-Forwarded-Port", b"99999"),
		("X-Forwarded-Prefix", b"/elsewhere"),
		("Forwarded", b'for="[::1]";host=evil.example.com'),
		("X-Original-URL", b"/api/method/frappe.ping"),
		("X-Rewrite-URL", b"/"),
		("X-HTTP-Method-Override", b"DELETE"),
		("X-Real-IP", b"not an address"),
		("User-Agent", b"TwilioProxy/1.1"),
		("User-Agent", b"\xff" * 2000),
		("Accept", b"*/*"),
		FOR_BROWSERS,
		("Accept", b"application/json;q=nonsense,,,"),
		("Accept-Encoding", b"gzip, br, nonsense;q=9"),
		("Range", b"bytes=0-5"),
		("If-None-Match", b'"x"'),
		("Origin", b"null"),
		("Referer", b"javascript:alert(1)"),
		("I-Twilio-Idempotency-Token", b"%s" * 50),
		("X-Requested-With", b"XMLHttpRequest"),
		("X-Frappe-Site-Name", b"../../other"),
	]
)
HOSTILE_HEADERS = st.sampled_from(
	[
		("Authorization", b"Negotiate"),
		("Cookie", b"sid=nonsense; user_id=Administrator"),
		("Cookie", b"=;;sid=\xff; " * 20),
		("X-Frappe-CSRF-Token", b"nonsense"),
		("Accept-Language", b"xx-nonsense;q=a, ../../etc"),
		("Content-Encoding", b"gzip"),
		("X-Twilio-Webhooks-Signature-Settings", b"key=x,algorithm=HMAC_SHA256"),
		("X-Twilio-Webhooks-Signature-Settings", b"algorithm=nonsense"),
	]
)
HOSTS = [
	b"evil.example.com",
	b"[::1]",
	b"127.0.0.1",
	b"localhost:99999",
	b"a" * 300,
	b"x y",
	b"\xff",
	b"",
]
FORM_TYPES = st.sampled_from(
	[FORM, FORM + "; charset=utf-8", FORM + "; charset=utf-16", FORM + "; charset=nonsense", FORM.upper()]
)
OTHER_TYPES = st.sampled_from(
	[
		"",
		"text/plain",
		"text/xml",
		"application/octet-stream",
		"multipart/form-data",
		"nonsense",
		";;;=",
		"a/b" * 500,
	]
)

# --- whole requests ----------------------------------------------------------------------------------------------


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
	params = draw(_proper_params(stack, number) if proper else _changed_params(stack, number))
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
