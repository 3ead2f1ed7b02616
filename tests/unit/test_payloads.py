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


@pytest.mark.parametrize("scheme", ["rcs:", "RCS:"])
def test_rcs_is_the_same_person(scheme):
	text = read(From=scheme + "+14155550132", To="rcs:" + "a" * 60)
	assert (text.sender, text.way, text.to) == ("+14155550132", "RCS", "rcs:" + "a" * 60)
	assert not noted(text)


@pytest.mark.parametrize("said", ["rcs:", "rcs:+1", "rcs:+14155x", "rcs:bank_agent", "rcs:+" + "1" * 16])
def test_rcs_that_claims_what_is_no_number_is_another_sender(said):
	text = read(From=said)
	assert (text.sender, text.way) == (said, "RCS")
	assert noted(text) == [f"From is “{said}”."]


@pytest.mark.parametrize(
	("params", "way"),
	[
		({}, "SMS"),
		({"NumMedia": "1", "MediaUrl0": "https://api.twilio.com/1"}, "MMS"),
		({"MessageSid": "MM" + "1" * 32}, "MMS"),
		({"OtherRecipients0": "+14155550133"}, "MMS"),
		({"To": "rcs:acme_agent"}, "RCS"),
		({"From": "rcs:+14155550132", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/1"}, "RCS"),
		({"From": "whatsapp:+14155550132"}, "WhatsApp"),
		({"From": "messenger:1234"}, "Messenger"),
		({"From": "viber:+14155550132"}, "Other"),
		({"From": "Bank: urgent"}, "SMS"),
		({"From": ""}, "SMS"),
	],
)
def test_an_address_tells_the_way(params, way):
	assert read(**params).way == way


def test_a_status_callback_tells_which_sender_it_was():
	params = {"MessageSid": SID, "MessageStatus": "sent", "From": "rcs:acme_agent"}
	assert payloads.read_status(params).sender == "rcs:acme_agent"
	assert payloads.read_status({**params, "From": ""}).sender == ""


def test_a_group_is_the_same_whoever_of_it_writes():
	members = ["+14155550132", "+14155550133", "+14155550134"]
	groups = set()
	for place, sender in enumerate(members):
		others = [*members[:place], *members[place + 1 :]]
		groups.add(read(From=sender, OtherRecipients0=others[0], OtherRecipients1=others[1]).group)
		assert not read(From=sender).group
	# Some name our own number among the others.
	groups.add(
		read(**{f"OtherRecipients{n}": who for n, who in enumerate([*members[1:], INBOUND["To"]])}).group
	)
	assert len(groups) == 1 and groups != {""}
	assert read(From=members[0], OtherRecipients0=members[1]).group not in groups
	assert read(From=members[0], OtherRecipients0=INBOUND["To"]).group == ""


@pytest.mark.parametrize(
	("said", "kept"),
	[("BANK", "BANK"), ("72345", "72345"), ("<b>x", "bx"), ("", "Unknown"), ("a" * 34, "a" * 34)],
)
def test_a_sender_is_short_and_without_markup(said, kept):
	assert read(From=said).sender == kept


@pytest.mark.parametrize(
	"said",
	[
		*("Amazon.de", "McDonald's", "Café Rio", "AT&T", "447700900123", "whatsapp:+14155550178"),
		*("messenger:1234567890123456", "viber:+44", "rcs:AGENT", "sms+x:1", "١٢٣٤٥", "株式会社"),
	],
)
def test_any_sender_is_kept_as_it_is_named(said):
	assert read(From=said).sender == said


def test_long_senders_that_begin_alike_are_not_one_person():
	first, second = (read(From="webchat:" + "a" * 60 + end).sender for end in "xy")
	assert first != second and {len(first), len(second)} == {34}
	assert first.startswith("webchat:aaaa") and read(From="webchat:" + "a" * 60 + "x").sender == first


def test_a_tapped_button_and_a_place_are_kept():
	text = read(Body="", ButtonText="Track my\u202e parcel", ButtonPayload="x" * 10_000)
	assert (text.body, text.button_text) == ("Track my\u202e parcel", "Track my parcel")
	assert text.button_payload == "x" * payloads.MAX_BUTTON_CHARACTERS
	assert read(ButtonText="Yes").body == "Hello"
	text = read(Latitude="37.78", Longitude="-122.41", Label="Shop", Address="1 Main St")
	assert text.location == "37.78, -122.41, Shop, 1 Main St"


@pytest.mark.parametrize(
	"params",
	[{"Latitude": "1"}, {"Latitude": "<b>", "Longitude": "2"}, {"Latitude": "1e9", "Longitude": "2"}],
)
def test_a_place_is_two_numbers(params):
	assert read(**params).location == ""


class Odd(dict):
	"""What breaks whoever reads one of its parameters."""

	def get(self, key, default=None):
		if key == "NumSegments":
			raise RuntimeError("a fault of the reader")
		return super().get(key, default)


def test_a_fault_of_the_reader_is_no_other_error():
	with pytest.raises(payloads.MalformedWebhook, match="RuntimeError: a fault"):
		payloads.read_inbound(Odd(INBOUND))


@pytest.mark.parametrize(
	("params", "expected"),
	[
		({"MessageSid": None, "Body": "STOP"}, ("", "+14155550132", "+14155550100", "STOP")),
		({"To": None, "Body": "STOP"}, (SID, "+14155550132", "", "STOP")),
		({"From": None}, (SID, "", "+14155550100", "Hello")),
		({"From": "rcs:+14155550132", "To": "\u200b"}, (SID, "+14155550132", "", "Hello")),
	],
)
def test_what_can_be_read_of_a_malformed_message_is_read(params, expected):
	found = payloads.salvage({k: v for k, v in {**INBOUND, **params}.items() if v is not None})
	assert (found.sid, found.sender, found.to, found.body) == expected
	assert found.opt_out == ""


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
