"""Hypothesis strategies for a webhook's parameters: what Twilio may send, and the same changed."""

from hypothesis import strategies as st

from support.stack import Stack

# Stands for the SID of a request, which is new each time that it is sent.
SID = "@SID@"

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
			*("rcs:+19075550199", "rcs:+1", "rcs:", "RCS:some_agent", "rcs:" + "a" * 200),
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
def proper_params(draw, stack: Stack, number: str) -> list:
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
def changed_params(draw, stack: Stack, number: str) -> list:
	"""The same with parameters missing, doubled, replaced and added."""
	params = draw(proper_params(stack, number))
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
