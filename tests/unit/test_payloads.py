"""What Twilio's webhooks say, read into this app's words: what can be kept is kept."""

import pytest

from twilio_sms_channel.twilio_gateway import payloads

SID, SERVICE = "SM" + "1" * 32, "MG" + "2" * 32
INBOUND = {"MessageSid": SID, "From": "+14155550132", "To": "+14155550100", "Body": "Hello"}


def read(**params: str | None) -> payloads.InboundMessage:
	return payloads.read_inbound(
		{key: value for key, value in {**INBOUND, **params}.items() if value is not None}
	)


def noted(text: payloads.InboundMessage) -> list[str]:
	return [note.sentence.format(*note.values) for note in text.notes]


def test_a_text_as_twilio_documents_it():
	text = read(NumMedia="0", NumSegments="1", FromCity="SAN FRANCISCO", FromState="CA", FromCountry="US")
	assert (text.sid, text.sender, text.to, text.body) == (SID, "+14155550132", "+14155550100", "Hello")
	assert (text.region, text.segments, text.media, text.notes) == ("SAN FRANCISCO, CA, US", 1, [], [])


@pytest.mark.parametrize(
	"params", [{"MessageSid": None}, {"MessageSid": "1"}, {"To": None}, {"To": "\u200b"}]
)
def test_without_a_message_or_a_recipient_it_is_malformed(params):
	with pytest.raises(payloads.MalformedWebhook):
		read(**params)


def test_a_service_stands_for_the_recipient():
	assert read(To=None, MessagingServiceSid=SERVICE).service_sid == SERVICE


@pytest.mark.parametrize("name", payloads.SID_NAMES)
def test_the_sid_goes_by_several_names(name):
	assert read(**{"MessageSid": None, name: SID}).sid == SID


def test_rcs_is_the_same_person():
	text = read(From="rcs:+14155550132")
	assert text.sender == "+14155550132" and noted(text) == ["It came by RCS (From is “rcs:+14155550132”)."]


@pytest.mark.parametrize(
	("said", "kept"),
	[("BANK", "BANK"), ("72345", "72345"), ("<b>x", "bx"), ("", "Unknown"), ("a" * 50, "a" * 34)],
)
def test_a_sender_is_short_and_without_markup(said, kept):
	assert read(From=said).sender == kept


def test_a_body_is_cut_only_far_beyond_what_twilio_sends():
	text = read(Body="x" * 20_000)
	assert len(text.body) == payloads.MAX_ACCEPTED_BODY_CHARACTERS
	assert noted(text) == ["Body had 20000 characters; what is beyond 16000 is cut off."]
	assert read(Body="a\x00b").body == "ab"


def test_files_that_come_are_taken_whatever_their_number_is_said_to_be():
	text = read(
		NumMedia="1",
		MediaUrl0="https://a.example/1",
		MediaContentType0="image/png",
		MediaUrl1="https://a.example/2",
	)
	assert text.media == [("https://a.example/1", "image/png"), ("https://a.example/2", "")]
	assert noted(text) == ["NumMedia is “1”, but 2 files came along."]
	assert read(NumMedia="1", MediaUrl0="x" * 3000).media == []


@pytest.mark.parametrize(("said", "kept"), [("3", 3), ("", 1), ("-1", 1), ("9999", 1), ("x", 1)])
def test_segments_are_a_number(said, kept):
	assert read(NumSegments=said).segments == kept


@pytest.mark.parametrize(
	("params", "report"),
	[
		({"MessageStatus": "delivered"}, True),
		({"SmsStatus": "received", "Body": "Hi"}, False),
		({"MessageStatus": "sent", "Body": "Hi"}, False),
		({"MessageStatus": "sent", "NumMedia": "1"}, False),
		({}, False),
	],
)
def test_a_report_has_a_status_and_nothing_to_read(params, report):
	assert payloads.is_report(params) == report
