"""Numbers from samples, and their table."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


def quantile(samples: list[float], share: float) -> float:
	"""The smallest sample that at least this share of all samples does not exceed (nearest rank).

	>>> quantile([4, 1, 3, 2], 0.5), quantile([4, 1, 3, 2], 0.99)
	(2, 4)

	:param share: above 0, at most 1
	:raises ValueError: there are no samples, or the share is none
	"""
	if not samples:
		raise ValueError("no samples")
	if not 0 < share <= 1:
		raise ValueError(f"{share} is not a share")
	return sorted(samples)[ceil(share * len(samples)) - 1]


def median(samples: list[float]) -> float:
	"""The middle sample, the lower one of two.

	>>> median([3, 1, 2])
	2
	"""
	return quantile(samples, 0.5)


def median_ratio(over: list[float], under: list[float]) -> float:
	"""The median of what pairs of samples, taken one right after the other, come to when divided.

	Something else that ran on the machine for a while was in both halves of a pair.

	>>> median_ratio([5, 50, 6], [10, 100, 10])
	0.5

	:raises ValueError: the lists differ in length or are empty
	"""
	return median([a / b for a, b in zip(over, under, strict=True)])


@dataclass(frozen=True)
class Goal:
	"""What a figure ought to be: at least or at most `limit`."""

	figure: str
	text: str
	limit: float
	at_least: bool

	def holds(self, value: float) -> bool:
		"""
		>>> Goal("speed", "", 2, at_least=True).holds(2), Goal("time", "", 2, at_least=False).holds(2.1)
		(True, False)
		"""
		return value >= self.limit if self.at_least else value <= self.limit

	def words(self) -> str:
		return f"at {'least' if self.at_least else 'most'} {self.limit:.2f}"


def table(head: list[str], rows: list[list[str]]) -> str:
	"""Columns of equal width: the first one to the left, all others to the right.

	>>> print(table(["", "ms"], [["text", "5.0"], ["mail", "12.0"]]))
	        ms
	text   5.0
	mail  12.0
	"""
	widths = [max(len(line[column]) for line in [head, *rows]) for column in range(len(head))]
	lines = []
	for first, *others in [head, *rows]:
		cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
		lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
	return "\n".join(lines)
