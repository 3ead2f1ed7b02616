"""The small parts that need a site: errors, file names, subjects."""

import time

import pytest


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
			(body, "SMS from +1 415-555-0132")
			for body in ("", "   ", "\u200d", "\u2060", "\u3164", "\ufe0f", "\u202e")
		),
	],
)
def test_a_subject_is_one_short_line_without_markup_and_with_all_words(site, body, subject):
	from twilio_sms_channel.desks.opening import subject_of

	assert subject_of(body, "+14155550132") == subject


def test_a_subject_is_made_at_once_whatever_was_texted(site):
	from twilio_sms_channel.desks.opening import subject_of

	began = time.process_time()
	for body in ("<" * 16_000, "<a" * 8_000, "<" * 8_000 + ">" * 8_000):
		subject_of(body, "+14155550132")
	assert time.process_time() - began < 1
