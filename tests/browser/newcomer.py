"""Somebody who knows of the demo what `make demo` printed: opens links, clicks and types, and all of it is counted."""

import re
from contextlib import nullcontext
from urllib.parse import parse_qs, urljoin, urlsplit

QUIET_MS, LOOKS_EVERY_MS = 800, 100
# Live updates.
STAYS_OPEN = re.compile(r"/socket\.io/|/simulator/api/changes$")
LOGIN = re.compile(r"(\S+@\S+) +password: (.+)$", re.M)
LINK = re.compile(r"^ {2}(\S.*?) {2,}(https?://\S+)$", re.M)


def links(printed: str) -> dict[str, str]:
	"""Title → address of each page that the end of `make demo` names."""
	return dict(LINK.findall(printed))


def logins(printed: str) -> dict[str, str]:
	"""Address → password."""
	return dict(LOGIN.findall(printed))


def leads_to(url: str) -> str:
	"""Where a link ends once somebody is logged in."""
	(place,) = parse_qs(urlsplit(url).query).get("redirect-to", [url])
	return urljoin(url, place)


def settle(page, work, patience_ms: int = 15_000) -> None:
	"""Have the page do something, and wait until it asks for nothing more: what is torn off by closing it would fail."""
	asked: list = []
	page.on("request", lambda request: asked.append(request))
	for event in ("requestfinished", "requestfailed"):
		page.on(event, lambda request: asked.remove(request) if request in asked else None)
	work()
	quiet_ms = 0
	while quiet_ms < QUIET_MS:
		page.wait_for_timeout(LOOKS_EVERY_MS)
		patience_ms -= LOOKS_EVERY_MS
		open_ = [request for request in asked if not STAYS_OPEN.search(request.url)]
		assert patience_ms > 0, [request.url for request in open_]
		quiet_ms = 0 if open_ else quiet_ms + LOOKS_EVERY_MS


def watch(context) -> list[str]:
	"""The list to which everything is added that goes wrong in any page of the context."""
	problems = []
	context.on("weberror", lambda error: problems.append(f"{error.page.url}: {error.error}"))
	context.on(
		"console",
		lambda message: (
			problems.append(f"{message.text} {message.location}") if message.type == "error" else None
		),
	)
	context.on(
		"response",
		lambda answer: problems.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
	)
	return problems


class Newcomer:
	"""
	:param film: what looks on (`film.Film`), or None
	"""

	def __init__(self, context, film=None):
		self.context, self.film = context, film
		self.clicks: list[str] = []
		self.keys: list[str] = []

	def open(self, title: str, url: str):
		"""Click a link in the terminal."""
		self.clicks.append(f"{title} (printed)")
		page = self.context.new_page()
		page.goto(url)
		return page

	def click(self, target, what: str, opens_page: bool = False):
		"""Click; the page that opens, None where the page stays."""
		self.clicks.append(what)
		with self.context.expect_page() if opens_page else nullcontext() as opened:
			target.click()
		return opened.value if opens_page else None

	def type(self, page, words: str) -> None:
		for word in re.findall(r"\S+\s*", words):
			page.keyboard.type(word)
			self.look()

	def press(self, page, key: str) -> None:
		self.keys.append(key)
		page.keyboard.press(key)

	def look(self, seconds: float = 0.5) -> None:
		"""What is seen now, for so long in the film."""
		if self.film:
			self.film.shoot(seconds)
