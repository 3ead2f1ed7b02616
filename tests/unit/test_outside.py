"""Values from outside are short, plain and without markup."""

import pytest

from twilio_sms_channel.content import outside


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
def test_a_type_of_file_is_one_or_nothing(said, kept):
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
def test_an_address_is_one_or_nothing(said, kept):
	assert outside.ip_address(said) == kept


def test_values_from_outside_are_no_markup():
	assert outside.plain("<b>\u202eT\x00w\n</b>", 8) == "‹b›Tw\n"
	assert outside.plain(None) == ""
	assert outside.plain(30002) == "30002"
	url = "https://api.twilio.com/a?b=1&c='d'%20#rc=3&rp=ct,rt,5xx"
	assert outside.url(url) == url
	assert outside.url('https://x.example/" onload=<') == "https://x.example/%22%20onload=%3C"
