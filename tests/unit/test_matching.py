"""Which message in Twilio's list is ours, when Twilio changed its words or keeps none."""

from datetime import datetime, timedelta, timezone

import pytest

from twilio_sms_channel.messaging.sending.matching import (
	TRIAL_PREFIX,
	Claim,
	by_words,
	without_words,
	words_at_twilio,
)
from twilio_sms_channel.simulator.encoding import in_plain_characters
from twilio_sms_channel.simulator.short_links import shortened
from twilio_sms_channel.twilio_gateway.models import Accepted, FoundMessage

NOON = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
LINKS = "Your invoice: https://shop.example/i?id=7, and how to pay it: https://shop.example/pay"


def claim(body: str = "Your bike is ready.", media: int = 0, after_s: float = 0, known: bool = True) -> Claim:
	begun = NOON + timedelta(seconds=after_s)
	return Claim(body, media, (begun, begun) if known else None)


def found(body: str, media: int = 0, after_s: float = 1, sid: str = "SM1", sender: str = "") -> FoundMessage:
	return FoundMessage(
		accepted=Accepted(sid, "sent", 1, None, ""),
		sender=sender or "+14155550100",
		service_sid="",
		direction="outbound-api",
		body=body,
		media=media,
		error_code="",
		error_message="",
		created=NOON + timedelta(seconds=after_s),
	)


@pytest.mark.parametrize(
	"theirs",
	[
		"Your bike is ready.",
		" Your bike is ready. ",
		TRIAL_PREFIX + " " + "Your bike is ready.",
		"Your bike is ready",
	],
)
def test_the_same_words_are_the_same_message_at_any_time(theirs):
	at_twilio = found(theirs, after_s=900)
	assert by_words(claim(), [at_twilio]) is at_twilio
	assert by_words(claim(known=False), [at_twilio]) is at_twilio


@pytest.mark.parametrize("body", ["Open ½ 9 – 5, “naïve” №1 ℡ ﬁne", "Fullwidth ＡＢＣ１２３ and … «quotes»"])
def test_smart_encoding_keeps_the_words(body):
	assert by_words(claim(body), [found(in_plain_characters(body))])


def test_of_the_same_words_the_one_in_time_counts():
	long_ago, ours = found("Thanks!", after_s=-1800, sid="SM1"), found("Thanks!", sid="SM2")
	assert by_words(claim("Thanks!"), [long_ago, ours]) is ours


def test_a_picture_has_no_words_that_could_be_the_same():
	ours = claim("", media=1)
	assert by_words(ours, [found("", media=1, after_s=-600)]) is None
	assert without_words(ours, [found("", media=1, after_s=-600)], []) is None
	at_twilio = found("", media=1)
	assert without_words(ours, [at_twilio], []) is at_twilio
	assert without_words(ours, [found(TRIAL_PREFIX, media=1)], [])
	assert without_words(ours, [found("", media=2)], []) is None


@pytest.mark.parametrize(
	("ours", "theirs"),
	[
		(LINKS, shortened(LINKS)),
		(LINKS, TRIAL_PREFIX + " " + shortened(LINKS)),
		(LINKS, "Your invoice: https://twil.io/a, and how to pay it: https://shop.example/pay"),
		("https://shop.example/i?id=7", "https://twil.io/abc"),
		("The ƒactory re-opens on the 5th of May", "The factory re-opens on the 5th of May"),
		("The shop re-opens on the 5th of May", "The shop re-opens on the 5th of May. Reply STOP to opt out"),
	],
)
def test_changed_words_are_found_by_what_is_left_of_them(ours, theirs):
	at_twilio = found(theirs)
	assert by_words(claim(ours), [at_twilio]) is None
	assert without_words(claim(ours), [at_twilio], []) is at_twilio
	# What was sent at another time, or with a file, is another one.
	for other in (found(theirs, after_s=600), found(theirs, after_s=-60), found(theirs, media=1)):
		assert without_words(claim(ours), [other], []) is None
	assert without_words(claim(ours, known=False), [at_twilio], []) is None


@pytest.mark.parametrize(
	("ours", "theirs"),
	[
		("Your bike is ready.", "Your code is 4711"),
		("Yes", "No"),
		(LINKS, "Your invoice: https://twil.io/a"),
		("See https://shop.example/a", "Sea https://twil.io/a"),
	],
)
def test_quite_other_words_match_nothing(ours, theirs):
	assert without_words(claim(ours), [found(theirs)], []) is None


def test_without_words_time_pair_and_files_tell():
	at_twilio = found("")
	assert without_words(claim(), [at_twilio], []) is at_twilio
	assert without_words(claim(media=2), [found("", media=2)], [])
	assert without_words(claim(), [found("", media=1)], []) is None
	assert without_words(claim(), [found("", after_s=-6)], []) is None
	assert without_words(claim(), [found("", after_s=61)], []) is None


def test_a_sender_of_the_service_does_not_matter():
	for sender in ("rcs:shop_agent", "+14155550177"):
		assert without_words(claim(), [found("", sender=sender)], [])


def test_where_two_remain_nobody_is_matched():
	two = [found("", after_s=1, sid="SM1"), found("", after_s=2, sid="SM2")]
	assert without_words(claim(), two, []) is None
	# Two of ours, and one at Twilio: it is one of them.
	assert without_words(claim(), two[:1], [claim("Another one", after_s=1)]) is None


def test_as_many_as_ours_are_told_apart_by_their_order():
	two = [found("", after_s=1, sid="SM1"), found("", after_s=8, sid="SM2")]
	first, second = claim("First", after_s=0), claim("Second", after_s=7)
	assert without_words(first, two, [second]) is two[0]
	assert without_words(second, two, [first]) is two[1]


def test_what_is_surely_another_one_of_ours_does_not_count():
	two = [found("Second", after_s=1, sid="SM1"), found("", after_s=2, sid="SM2")]
	assert without_words(claim("First"), two, [claim("Second", after_s=1)]) is two[1]
	# A message of another time has no part in it.
	assert without_words(claim("First"), two[1:], [claim("Third", after_s=600)]) is two[1]


def test_changed_words_say_more_than_none():
	two = [found("", sid="SM1"), found(shortened(LINKS), sid="SM2")]
	assert without_words(claim(LINKS), two, []) is two[1]


def test_two_that_cannot_be_told_apart_match_nothing():
	two = [found("", sid="SM1"), found("", sid="SM2")]
	same = claim("Twice")
	assert without_words(same, two, [same]) is None


@pytest.mark.parametrize(
	("theirs", "said"),
	[
		("Hi", ""),
		(" Hi\n", ""),
		(TRIAL_PREFIX + " " + "Hi", "Changed"),
		("Hello", "Changed"),
		("", "Not Kept"),
	],
)
def test_what_twilio_changed_is_noted(theirs, said):
	assert words_at_twilio("Hi", found(theirs)) == said
