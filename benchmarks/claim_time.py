"""How long it takes to claim the next text, when few wait and when very many do."""

from __future__ import annotations

import time
from dataclasses import dataclass

import frappe
import sending
from figures import median


@dataclass(frozen=True)
class Shape:
	"""A backlog on one short code."""

	texts: int
	conversations: int


FEW = 50


def growth(account: str, shape: Shape, claims: int) -> dict[str, float]:
	"""Claim in turns from a small backlog and from one of that shape: medians in ms, and how many times longer.

	Both lie in the same table, so the small one tells what a claim takes that nothing else waits for.
	"""
	small = sending.short_code(account, sending.UNLIMITED)
	large = sending.short_code(account, sending.UNLIMITED)
	sending.backlog(small, FEW, min(FEW, shape.conversations))
	sending.backlog(large, shape.texts, shape.conversations)
	took: dict[str, list[float]] = {small: [], large: []}
	for turn in range(claims + 2):
		for number in (small, large):
			frappe.db.rollback()
			begin = time.perf_counter()
			text = sending.claim(number)
			seconds = time.perf_counter() - begin
			sending.give_back(text)
			# The first ones are for warming up.
			if turn >= 2:
				took[number].append(seconds)
	for number in took:
		sending.call_off_all(number)
	few_ms, many_ms = (1000 * median(took[number]) for number in (small, large))
	return {"few_ms": few_ms, "many_ms": many_ms, "growth": many_ms / few_ms}
