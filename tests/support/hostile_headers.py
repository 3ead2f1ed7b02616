"""Hypothesis strategies for a webhook's headers: idle ones, and hostile ones."""

from hypothesis import strategies as st

FORM = "application/x-www-form-urlencoded"
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
		("Authorization", b"Basic bm9ib2R5Om5vdGhpbmc="),
		("Authorization", b"Basic \xff%%%"),
		("Authorization", b"Bearer nonsense"),
		("Authorization", b"token nobody:nothing"),
		("Authorization", b'Digest username="x", realm=""'),
		("Frappe-Authorization-Source", b"Twilio SMS Account"),
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
		("X-Twilio-Webhooks-Signature-Settings", b"=,,\xff=;key==" * 100),
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
