"""How fast a number may send: the arithmetic."""

from datetime import datetime, timedelta

import pytest

from twilio_sms_channel.messaging.sending.token_bucket import (
	BURST_S,
	SHARE,
	Bucket,
	longest_wait_s,
	seconds_for,
)

NOW = datetime(2026, 1, 1)


def test_over_five_seconds_a_number_never_sends_more_than_it_may():
	"""As the claims of a busy worker follow each other, however often it comes to them."""
	for every_s in (0.01, 0.05, 0.09, 0.3):
		begin = datetime(2026, 1, 1)
		bucket = Bucket("1", begin, {"1": begin - timedelta(hours=1)}, 0, 0, 100)
		sent = []
		for step in range(int(12 / every_s)):
			bucket.now = begin + timedelta(seconds=step * every_s)
			for _ in range(bucket.room):
				bucket.take(seconds_for(1, False, 100))
				sent.append(step * every_s)
		most = max(sum(1 for at in sent if first <= at < first + 5) for first in sent)
		assert most <= 500
		if every_s <= BURST_S:
			assert len(sent) / 12 > 90


def test_an_mms_counts_as_one_and_never_goes_faster_than_the_account_may():
	assert seconds_for(3, False, 1) * SHARE == pytest.approx(3)
	assert seconds_for(3, True, 1) * SHARE == pytest.approx(1)
	assert seconds_for(1, True, 100) * SHARE == pytest.approx(0.04)


def test_a_message_takes_its_segments_time_and_unused_time_counts_a_moment():
	bucket = Bucket("1", NOW, {"1": NOW - timedelta(hours=1)}, 0, 0, 10)
	assert bucket.wait_s == 0 and bucket.room == 1 + int(BURST_S * 10)
	bucket.take(2)
	assert bucket.wait_s == pytest.approx(2 - BURST_S) and bucket.room == 0


def test_after_a_failure_one_message_is_tried():
	assert Bucket("1", NOW, {"1": NOW - timedelta(hours=1)}, 0, 3, 100).room == 1


def test_what_a_service_sends_counts_for_each_of_its_numbers_as_long_as_it_needs():
	bucket = Bucket("MG", NOW, dict.fromkeys(("MG", "slow", "fast"), NOW), 0, 0, 1, {"slow": 1, "fast": 10})
	bucket.take(2)
	took_s = {number: (at - NOW).total_seconds() for number, at in bucket.next_at.items()}
	assert took_s == pytest.approx({"MG": 2, "slow": 2, "fast": 0.2})
	assert bucket.wait_s == pytest.approx(2)


def test_a_service_takes_turns_with_its_numbers():
	pool = dict.fromkeys(("MG", "member"), NOW)
	bucket = Bucket("MG", NOW, pool, 0, 0, 1, {"member": 1}, pool_has_backlog=True)
	bucket.take(1)
	took_s = {number: (at - NOW).total_seconds() for number, at in bucket.next_at.items()}
	assert took_s == pytest.approx({"MG": 2, "member": 1})


def test_nobody_waits_longer_than_for_the_longest_message():
	assert longest_wait_s(100) == 60 and longest_wait_s(0.1) > 480


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 1, 3])
def test_no_debt_is_taken_for_a_clock_that_was_set_back(rate):
	longest = seconds_for(24, False, rate)
	service = Bucket("MG", NOW, dict.fromkeys(("MG", "member"), NOW), 0, 0, rate, {"member": rate}, True)
	service.take(longest)
	member = Bucket("member", NOW, {"member": NOW}, 0, 0, rate)
	member.take(longest)
	both = Bucket("MG", NOW, {"MG": NOW, **member.next_at}, 0, 0, rate, {"member": rate}, True)
	both.take(longest)
	most = max((*service.next_at.values(), *both.next_at.values()))
	assert (most - NOW).total_seconds() <= longest_wait_s(rate)
