"""After how long something is tried again."""

from math import inf

import pytest

from twilio_sms_channel.infra.retry_policies import (
	CALLS,
	DELIVERY,
	HOUR,
	LOOK_UPS,
	THREADING,
	Backoff,
	Schedule,
)


def test_waits_double_up_to_the_longest():
	assert [CALLS.wait_s(failures) for failures in (1, 2, 6)] == [0.1, 0.2, 3.2]
	assert CALLS.wait_s(50) == CALLS.wait_s(5000) == CALLS.longest_s == 30
	assert [THREADING.wait_s(failures) for failures in (1, 2, 5)] == [30, 60, 480]


def test_the_longest_wait_is_the_one_before_the_last_attempt():
	assert THREADING.longest_s == 480
	assert not THREADING.is_exhausted(5) and THREADING.is_exhausted(6)
	assert Backoff(first_s=1).longest_s == inf and not Backoff(first_s=1).is_exhausted(1000)


@pytest.mark.parametrize(("passed_s", "wait_s"), [(0, 20), (80, 20), (400, 100), (1200, 300), (86400, 300)])
def test_look_ups_become_rarer(passed_s, wait_s):
	assert LOOK_UPS.wait_s(passed_s) == wait_s


def test_a_schedule_ends():
	assert DELIVERY.next_s(0) == 60 and DELIVERY.next_s(60) == 120
	assert DELIVERY.next_s(13 * HOUR) == 24 * HOUR and DELIVERY.next_s(24 * HOUR) is None
	assert DELIVERY.longest_s == 12 * HOUR
	assert Schedule((5,)).longest_s == 5
