"""What a file is, by what it contains and what its sender calls it."""

import pytest
from support.sound_and_film import film, webm

from twilio_sms_channel.content import media_types

VCARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoë\r\nEND:VCARD"


@pytest.mark.parametrize(
	("content", "declared", "kind", "ending"),
	[
		# Words in a file, whatever they begin with.
		(b"BMW will not start", "text/plain", "text/plain", "txt"),
		("Grüße 👋".encode("utf-16"), "text/plain; charset=utf-16", "text/plain", "txt"),
		("Grüße".encode("latin-1"), "text/plain", "text/plain", "txt"),
		(b"<b>bold</b>", "text/plain", "text/plain", "txt"),
		(b"a;b\n1;2\n", "text/csv", "text/csv", "csv"),
		(b"a;b\n1;2\n", "text/comma-separated-values", "text/csv", "csv"),
		(b"X-WR-CALNAME:Ann\r\n", "text/calendar", "text/calendar", "ics"),
		# Known by their first line, behind whatever.
		(("\r\n\n " + VCARD).encode(), "text/x-vcard", "text/vcard", "vcf"),
		(VCARD.encode("utf-16"), "application/octet-stream", "text/vcard", "vcf"),
		(VCARD.encode("utf-16-be"), "text/x-vcard", "text/vcard", "vcf"),
		(b"\xef\xbb\xbf\nBEGIN:VCALENDAR\nEND:VCALENDAR", "", "text/calendar", "ics"),
		(b"\r\n%PDF-1.4\n1 0 obj", "", "application/pdf", "pdf"),
		(b"\n{\\rtf1 hello}", "", "text/rtf", "rtf"),
		# Sound is no film.
		(film(b"3gp4", b"soun"), "video/3gpp", "audio/3gpp", "3gp"),
		(film(b"3gp5", b"soun", b"vide"), "audio/3gpp", "video/3gpp", "3gp"),
		(film(b"3gp5"), "audio/3gpp", "audio/3gpp", "3gp"),
		(film(b"3g2a", b"vide"), "", "video/3gpp2", "3g2"),
		(film(b"isom", b"soun"), "video/mp4", "audio/mp4", "m4a"),
		(film(b"mp42", b"vide"), "", "video/mp4", "mp4"),
		(webm(b"A_OPUS"), "video/webm", "audio/webm", "weba"),
		(webm(b"V_VP9", b"A_OPUS"), "audio/webm", "video/webm", "webm"),
		(webm(), "audio/webm", "audio/webm", "weba"),
		(b"\x0b\x77" + b"\1\0" * 20, "", "audio/ac3", "ac3"),
		(b".snd\0\0\0\x18", "", "audio/basic", "au"),
		(b"\0\xff\x01\xfe" * 9, "audio/mpeg", "audio/mpeg", "mp3"),
		# What is declared makes no picture, no PDF, no page of anything.
		(b"\0\1\2", "text/plain", "application/octet-stream", "bin"),
		(b"words", "image/png", "application/octet-stream", "bin"),
		(b"words", "audio/mpeg", "application/octet-stream", "bin"),
		(b"<p>words", "text/html", "application/octet-stream", "bin"),
		(b"words", "application/pdf", "application/octet-stream", "bin"),
		(b"", "text/plain", "application/octet-stream", "bin"),
		(b"\0\1\2", "audio/L24", "application/octet-stream", "bin"),
	],
	ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_kinds_of_files(content, declared, kind, ending):
	assert media_types.kind_of(content, declared) == (kind, ending)
