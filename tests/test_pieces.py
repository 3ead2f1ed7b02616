"""The small parts: numbers, segments, text, statuses."""

import time

import pytest


@pytest.mark.parametrize(
	("text", "region", "number"),
	[
		("+1 (415) 555-0132", None, "+14155550132"),
		("0171 1234567", "DE", "+491711234567"),
		("(415) 555-0132", "US", "+14155550132"),
		("+5215512345678", None, "+525512345678"),
		("12345", "US", None),
		("72345", None, None),
		("TWILIO", "US", None),
		("whatsapp:+14155550132", None, None),
		("", None, None),
		(None, None, None),
	],
)
def test_e164(site, text, region, number):
	from twilio_sms_channel.people import phone

	assert phone.e164(text, region) == number


@pytest.mark.parametrize(
	("text", "encoding", "segments"),
	[
		("", "GSM-7", 0),
		("a" * 160, "GSM-7", 1),
		("a" * 161, "GSM-7", 2),
		("€" * 80, "GSM-7", 1),
		("€" * 81, "GSM-7", 2),
		("ä" * 70, "GSM-7", 1),
		("ç", "UCS-2", 1),
		("Ç", "GSM-7", 1),
		("`" * 71, "UCS-2", 2),
		("👋" * 35, "UCS-2", 1),
		("👋" * 36, "UCS-2", 2),
	],
)
def test_segments(site, text, encoding, segments):
	from twilio_sms_channel.content.segments import count

	counted = count(text)
	assert (counted.encoding, counted.segments) == (encoding, segments)


@pytest.mark.parametrize(
	("html", "text"),
	[
		("<p>Hello</p>", "Hello"),
		("<p>One</p><p>Two</p>", "One\nTwo"),
		("<p>One<br>Two</p>", "One\nTwo"),
		("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
		("<ol><li><p>a</p></li><li><p>b</p></li></ol>", "1. a\n2. b"),
		('<p>See <a href="https://example.com/x">here</a></p>', "See here (https://example.com/x)"),
		('<a href="https://example.com">https://example.com</a>', "https://example.com"),
		('<a href="javascript:alert(1)">x</a>', "x"),
		("<p>Yes</p><blockquote><p>You wrote</p></blockquote>", "Yes"),
		("<blockquote>Quoted</blockquote><p>Answer</p>", "> Quoted\nAnswer"),
		("<p>Hi</p><script>alert(1)</script><style>p{}</style>", "Hi"),
		("<p>5 &lt; 6 &amp; 7&nbsp;kg</p>", "5 < 6 & 7 kg"),
		("<p>👋 ünï</p>", "👋 ünï"),
		("plain\ntext", "plain\ntext"),
		("<p></p>", ""),
		("<p>Bye</p><p class='signature'>-- <br>Grace</p>", "Bye"),
	],
)
def test_the_reply_boxs_html_becomes_readable_text(site, html, text):
	from twilio_sms_channel.content.text import from_html

	assert from_html(html) == text


def test_a_text_is_escaped_and_keeps_its_lines(site):
	from twilio_sms_channel.content.text import to_html

	assert to_html("<b>1</b>\r\n2\n\n3 & 'x'") == "&lt;b&gt;1&lt;/b&gt;<br>2<br><br>3 &amp; &#x27;x&#x27;"


def test_status_only_rises(site):
	from twilio_sms_channel.infra.statuses import FINAL, RANK, may_follow

	assert "Delivered" not in may_follow("Sent")
	assert "Sent" in may_follow("Delivered")
	assert "Delivered" in may_follow("Read")
	for final in FINAL:
		assert not {"Delivered", "Blocked", "Canceled"} & set(may_follow(final)) or final == "Read"
	# What has arrived counts also after a network gave it back, and never the other way round.
	assert {"Undelivered", "Failed"} <= set(may_follow("Delivered")) & set(may_follow("Read"))
	for given_back in ("Undelivered", "Failed"):
		assert not set(FINAL) & set(may_follow(given_back))
	assert set(RANK) >= {"Queued", "Sending", "Unconfirmed", "Accepted", "Sent", "Delivered", "Read"}


def test_every_status_of_twilio_is_known(site):
	from twilio_sms_channel.infra.statuses import OUR_STATUS, RANK

	assert set(OUR_STATUS.values()) <= set(RANK)


@pytest.mark.parametrize("code", ["21610", "30006", "30034", "20003"])
def test_known_errors_say_what_to_do(site, code):
	from twilio_sms_channel.twilio_gateway.errors import explain, help_url

	assert len(explain(code).split(". ")) >= 2
	assert code in help_url(code)


def test_unknown_errors_show_twilios_own_words(site):
	from twilio_sms_channel.twilio_gateway.errors import explain

	assert explain("99999", "Something new") == "Something new"
	assert "99999" in explain("99999")


@pytest.mark.parametrize(
	("name", "short"),
	[
		("how to fix it.png", "how-to-fix-it.png"),
		("a" * 60 + ".jpeg", "a" * 15 + ".jpeg"),
		("", "file"),
		("ä ö.gif", "a-o.gif"),
		("Müller Straße.pdf", "Muller-Strasse.pdf"),
		("Mu\u0308ller.pdf", "Muller.pdf"),
		("请.pdf", "file.pdf"),
		("../x\u202egpj.exe", "xgpj.exe"),
		("x.averylongending", "x.avery"),
	],
)
def test_file_names_are_short_for_twilio(site, name, short):
	from twilio_sms_channel.content.media_links import short_name

	assert short_name(name) == short
	assert len(short_name(name)) <= 20


@pytest.mark.parametrize(
	("body", "subject"),
	[
		("Hello <b>x</b>", "Hello ‹b›x‹/b›"),
		("<script>alert(1)</script>", "‹script›alert(1)‹/script›"),
		("price <100 and >50 ok?", "price ‹100 and ›50 ok?"),
		("a < b > c", "a ‹ b › c"),
		("x" * 500, "x" * 139 + "…"),
		("\n \u200b\n\u2800\nSecond line", "Second line"),
		("Order \u202egpj.exe\u202c\u2066!", "Order gpj.exe!"),
		("\u202bשלום\u202c", "שלום"),
		("👋", "👋"),
		*(
			(body, "Text from +1 415-555-0132")
			for body in ("", "   ", "\u200d", "\u2060", "\u3164", "\ufe0f", "\u202e")
		),
	],
)
def test_a_subject_is_one_short_line_without_markup_and_with_all_words(site, body, subject):
	from twilio_sms_channel.desks.helpdesk.desk import subject_of

	assert subject_of(body, "+14155550132") == subject


def test_a_subject_is_made_at_once_whatever_was_texted(site):
	from twilio_sms_channel.desks.helpdesk.desk import subject_of

	began = time.process_time()
	for body in ("<" * 16_000, "<a" * 8_000, "<" * 8_000 + ">" * 8_000):
		subject_of(body, "+14155550132")
	assert time.process_time() - began < 1


@pytest.mark.parametrize(
	("said", "kept"),
	[
		("image/jpeg", "image/jpeg"),
		("text/plain; charset=utf-8", "text/plain"),
		("application/vnd.ms-excel", "application/vnd.ms-excel"),
		("image/png<svg onload=x>", ""),
		("<svg/onload=x>", ""),
		("é/é", ""),
		("", ""),
		(None, ""),
	],
)
def test_a_type_of_file_is_one_or_nothing(site, said, kept):
	from twilio_sms_channel.content import outside

	assert outside.content_type(said) == kept


@pytest.mark.parametrize(
	("said", "kept"),
	[
		("203.0.113.7", "203.0.113.7"),
		(" 2001:DB8::1 ", "2001:db8::1"),
		("203.0.113.7, 10.0.0.1", ""),
		("<script>", ""),
		("0x7f000001", ""),
		(None, ""),
	],
)
def test_an_address_is_one_or_nothing(site, said, kept):
	from twilio_sms_channel.content import outside

	assert outside.ip_address(said) == kept


def test_values_from_outside_are_no_markup(site):
	from twilio_sms_channel.content import outside

	assert outside.plain("<b>\u202eT\x00w\n</b>", 8) == "‹b›Tw\n"
	assert outside.plain(None) == ""
	assert outside.plain(30002) == "30002"
	url = "https://api.twilio.com/a?b=1&c='d'%20#rc=3&rp=ct,rt,5xx"
	assert outside.url(url) == url
	assert outside.url('https://x.example/" onload=<') == "https://x.example/%22%20onload=%3C"
