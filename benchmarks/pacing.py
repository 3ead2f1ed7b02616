"""What moments of arrival come to: how many a second, how many at once, how evenly, in which order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

from figures import median, quantile


def per_second(arrivals: list[float]) -> float:
	"""Intervals per second from the first arrival to the last one.

	>>> per_second([10, 10.5, 11, 11.5])
	2.0

	:param arrivals: seconds, ascending, at least two
	"""
	return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


def most_over(arrivals: list[float], seconds: float) -> float:
	"""The most arrivals a second, averaged over any window of so many seconds; the moment at its end is the next one's.

	>>> most_over([0, 0.4, 0.9, 1.3, 2.3], 1)
	3.0

	:param arrivals: seconds, ascending
	"""
	return max(bisect_left(arrivals, begin + seconds) - n for n, begin in enumerate(arrivals)) / seconds


def evenness(arrivals: list[float], interval_s: float) -> dict[str, float]:
	"""How far the time between arrivals is from what it ought to be, as a share of that.

	`mean` is the mean's deviation, `median` and `p95` are of the deviations of each; `error` is the larger of the
	first two.

	>>> evenness([0, 1, 2.1, 3, 4], 1)["mean"]
	0.0

	:param arrivals: seconds, ascending, at least two
	"""
	deviations = [abs(b - a - interval_s) / interval_s for a, b in pairwise(arrivals)]
	mean = abs((arrivals[-1] - arrivals[0]) / (len(arrivals) - 1) - interval_s) / interval_s
	return {
		"error": max(mean, median(deviations)),
		"mean": mean,
		"median": median(deviations),
		"p95": quantile(deviations, 0.95),
	}


def order_kept(arrived: Iterable[tuple[str, str]], written: Iterable[tuple[str, str]]) -> float:
	"""The share of customers whose texts arrived in the order written, all of them and each once.

	>>> order_kept(
	...     [("Ann", "1"), ("Bob", "2"), ("Ann", "2"), ("Bob", "1")],
	...     [("Ann", "1"), ("Ann", "2"), ("Bob", "1"), ("Bob", "2")],
	... )
	0.5

	:param arrived: (customer, text)
	:param written: the same
	"""
	got, expected = _by_customer(arrived), _by_customer(written)
	return sum(got.get(customer) == texts for customer, texts in expected.items()) / len(expected)


def _by_customer(texts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
	found: dict[str, list[str]] = {}
	for customer, text in texts:
		found.setdefault(customer, []).append(text)
	return found
