"""A token bucket, kept as GCRA does it (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm): the arithmetic alone.

What is kept says from when on a number may send again. A message moves that on by the time it takes, and unused time counts
for BURST_S.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from twilio_sms_channel.infra.retry_policies import CALLS

SEGMENTS_PER_SECOND = {"Long Code": 1, "Toll-Free": 3, "Alphanumeric Sender": 10, "Short Code": 100}
MMS_PER_SECOND = 25
# Of what a number may. Together with BURST_S, and with what catches up on the way, it stays below that over 5 s.
SHARE = 0.95
BURST_S = 0.1
# Of one message: 1,600 characters that take 67 a segment.
MOST_SEGMENTS = 24


@dataclass
class Bucket:
	"""A number's token bucket, while its row is locked."""

	number: str
	now: datetime
	next_at: dict[str, datetime]
	"""by number, this one and those it shares with: from when on it may send"""
	round: int
	failures: int
	"""calls in a row that Twilio did not take"""
	segments_per_second: float = 1
	shared_with: dict[str, float] = field(default_factory=dict)
	"""numbers that Twilio may choose to send from, with their segments per second"""
	pool_has_backlog: bool = False
	"""whether these have messages of their own: then the service takes turns with them"""

	@property
	def wait_s(self) -> float:
		"""Until the next message may leave.

		A Messaging Service waits for itself alone: its numbers, which send for themselves as well, are busy one after the
		other, and it would never find all of them free at one moment. They wait for what it sent.
		"""
		return max((self.next_at[self.number] - self.now).total_seconds(), 0)

	@property
	def room(self) -> int:
		"""How many messages of one segment may leave now, at most."""
		if self.wait_s:
			return 0
		unused_s = min((self.now - self.next_at[self.number]).total_seconds(), BURST_S)
		return 1 if self.failures else 1 + int(max(unused_s, 0) * self.segments_per_second)

	def take(self, seconds: float) -> None:
		"""Count a message, which takes the number that long."""
		for number in self.next_at:
			taken_s = 2 * seconds if self.pool_has_backlog else seconds
			if its_own := self.shared_with.get(number):
				# Any of them may be the one that sends it.
				taken_s = min(max(seconds * self.segments_per_second / its_own, 1 / MMS_PER_SECOND), seconds)
			begin = max(self.next_at[number], self.now - timedelta(seconds=BURST_S))
			self.next_at[number] = begin + timedelta(seconds=taken_s)


def longest_wait_s(segments_per_second: float) -> float:
	"""How far ahead a number's next moment can be: after its longest message and one of its service's, or after failures."""
	return max(2 * MOST_SEGMENTS / segments_per_second / SHARE + BURST_S, 2 * CALLS.most_s)


def seconds_for(segments: int, has_media: bool, segments_per_second: float) -> float:
	"""How long a number is taken by a message. An MMS counts as one segment, at most 25 a second leave an account."""
	if has_media:
		return max(1 / segments_per_second, 1 / MMS_PER_SECOND) / SHARE
	return max(segments, 1) / segments_per_second / SHARE
