"""What is told of a call to Twilio: what was said, cut short, and nothing secret."""

import pytest
import requests

from twilio_sms_channel.twilio_gateway import exchanges

PASSWORD = "0123456789abcdef0123456789abcdef"


def said(
	answer: str | None = "", status: int = 400, data=None, url: str = "https://api.twilio.com/Messages.json"
):
	request = requests.Request("POST", url, data=data, auth=("AC" + "1" * 32, PASSWORD)).prepare()
	with pytest.raises(RuntimeError) as raised, exchanges.told():
		exchanges.begin(request)
		if answer is not None:
			response = requests.Response()
			response.status_code, response._content = status, answer.encode()
			exchanges.end(response)
		raise RuntimeError
	return raised.value.exchange


def test_what_was_said_is_told_in_lines():
	told = said('{"code": 21610}', data={"To": "+1", "Body": "Grüße\n& <b>", "Empty": ""})
	assert told.request == "To: +1\nBody: Grüße\n& <b>\nEmpty: "
	assert (told.method, told.status, told.response) == ("POST", 400, '{"code": 21610}')


def test_no_answer_is_no_status():
	told = said(None, data={"To": "+1"})
	assert (told.status, told.response) == (0, "")


def test_what_is_secret_is_masked():
	link = "https://user:secret-login@help.example.com/api/method/x.media.get?token=secret-token&a=1"
	told = said(
		f'{{"auth_token": "secret-form", "echo": "{PASSWORD}"}} Basic c2VjcmV0',
		data={"MediaUrl": link},
		url=link,
	)
	everything = " ".join((told.url, told.request, told.response))
	for secret in ("secret-login", "secret-token", "secret-form", PASSWORD, "c2VjcmV0"):
		assert secret not in everything
	assert "help.example.com/api/method/x.media.get?token=********&a=1" in told.request


def test_it_is_cut():
	told = said("x" * 100_000, data={"Body": "y" * 100_000}, url="https://api.twilio.com/" + "z" * 5000)
	assert len(told.response) == exchanges.MAX_RESPONSE_CHARACTERS + 1
	assert len(told.request) == exchanges.MAX_REQUEST_CHARACTERS + 1
	assert len(told.url) == exchanges.MAX_URL_CHARACTERS


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", "no form", iter([b"x"]), None])
def test_any_request_can_be_told(data):
	assert isinstance(said(data=data).request, str)


def test_where_nothing_was_said_nothing_is_told():
	with pytest.raises(RuntimeError) as raised, exchanges.told():
		raise RuntimeError
	assert raised.value.exchange is None
