"""How often what did not go well is tried again, and after how long. All of it stands here."""

from dataclasses import dataclass
from math import inf

MOST_DOUBLINGS = 60


@dataclass(frozen=True)
class Backoff:
	"""Waits that double with each failure."""

	first_s: float
	most_s: float = inf
	attempts: float = inf
	"""in all, the first one included"""

	def wait_s(self, failures: int) -> float:
		"""
		:param failures: in a row, at least 1
		"""
		# A float ends before an outage does.
		return min(self.first_s * 2 ** min(failures - 1, MOST_DOUBLINGS), self.most_s)

	def is_exhausted(self, failures: int) -> bool:
		return failures >= self.attempts

	@property
	def longest_s(self) -> float:
		"""The longest of the waits."""
		return self.wait_s(int(self.attempts) - 1) if self.attempts < inf else self.most_s


@dataclass(frozen=True)
class Proportional:
	"""Waits that grow with the time that has passed, a quarter of it."""

	first_s: float
	least_s: float
	most_s: float

	def wait_s(self, passed_s: float) -> float:
		return min(max(passed_s / 4, self.least_s), self.most_s)


@dataclass(frozen=True)
class Schedule:
	"""Moments after a beginning, the last of which is the end."""

	after_s: tuple[float, ...]

	def next_s(self, passed_s: float) -> float | None:
		"""How long after the beginning the next moment is, None when it is enough."""
		return next((after_s for after_s in self.after_s if after_s > passed_s), None)

	@property
	def longest_s(self) -> float:
		"""The longest time between two of them."""
		return max(later - earlier for earlier, later in zip((0, *self.after_s), self.after_s, strict=False))


MINUTE, HOUR = 60, 3600

# A customer's message that could not be put into a ticket: for a quarter of an hour, then a person is needed.
THREADING = Backoff(first_s=30, attempts=6)
# A number whose call Twilio did not take: too many requests, or no connection.
CALLS = Backoff(first_s=0.1, most_s=30)
# A file of a message: with each sweep.
MEDIA = Backoff(first_s=0, attempts=5)
# A comparison with Twilio's list after an outage: then with the next tick of the scheduler.
COMPARISONS = Backoff(first_s=2, most_s=15, attempts=5)
# A message of which it is not known whether Twilio took it: in Twilio's list.
LOOK_UPS = Proportional(first_s=5, least_s=20, most_s=300)
# A message whose delivery reports do not come. A network that has not reported one within a day never will.
DELIVERY = Schedule(
	(MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR)
)
