"""What / of the running site shows, and what is printed at the end: where to go, and as whom."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from layout import START_PAGE, write_whole
from page_style import STYLE


@dataclass(frozen=True)
class Login:
	name: str
	role: str
	user: str
	password: str


@dataclass(frozen=True)
class Place:
	title: str
	url: str
	login: Login | None = None
	"""who looks at it; None where nobody has to log in"""

	@property
	def printed(self) -> str:
		"""Its address for somebody who may not be logged in: most pages would only refuse them."""
		if not self.login:
			return self.url
		parts = urlsplit(self.url)
		return urlunsplit(parts._replace(path="/login", query=f"redirect-to={quote(parts.path)}"))


@dataclass(frozen=True)
class Card:
	title: str
	words: str
	places: tuple[Place, ...]


@dataclass(frozen=True)
class Guide:
	title: str
	lead: str
	cards: tuple[Card, ...]
	logins: tuple[Login, ...]
	real: str
	"""what is the real thing"""
	stand_ins: tuple[str, ...]

	def write(self, file: Path = START_PAGE) -> None:
		"""Make / of the running site show it."""
		write_whole(file, page(self))

	def lines(self, start_url: str) -> list[str]:
		places = [place for card in self.cards for place in card.places]
		width = max(len(place.title) for place in places)
		shown = [f"{place.title:<{width}}  {place.printed}" for place in places]
		names = max(len(login.name) for login in self.logins)
		roles = max(len(login.role) for login in self.logins)
		users = max(len(login.user) for login in self.logins)
		logins = [
			f"{login.name:<{names}}  {login.role:<{roles}}  {login.user:<{users}}  password: {login.password}"
			for login in self.logins
		]
		indented = [
			f"{'Start here':<{width}}  {start_url}",
			"",
			*shown,
			"",
			*logins,
			"",
			f"Real: {self.real}",
			*(f"Stand-in: {words}" for words in self.stand_ins),
		]
		return [f"  {line}".rstrip() for line in indented]


# One click logs in and opens the page. Whoever was logged in before is logged out: a session has one user.
SCRIPT = """
	document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", async (event) => {
		event.preventDefault();
		const { user, password, place } = form.dataset;
		try {
			await fetch("/api/method/logout");
			const body = new URLSearchParams({ usr: user, pwd: password });
			const answer = await fetch("/api/method/login", { method: "POST", body });
			if (!answer.ok) throw new Error(`The site answered ${answer.status}.`);
			location.assign(place);
		} catch (error) {
			document.getElementById("problem").textContent = `Logging in failed. ${error.message}`;
		}
	}));
"""


def page(guide: Guide) -> str:
	cards = "".join(_card(card, is_first=not at) for at, card in enumerate(guide.cards))
	logins = "".join(
		f"<tr><th scope='row'>{escape(login.role)}</th><td>{escape(login.name)}</td>"
		f"<td><code>{escape(login.user)}</code></td><td><code>{escape(login.password)}</code></td></tr>"
		for login in guide.logins
	)
	stand_ins = "".join(f"<p>Stand-in: {escape(words)}</p>" for words in guide.stand_ins)
	return f"""<!DOCTYPE html>
<html lang="en">
<head>
	<meta charset="utf-8">
	<meta name="viewport" content="width=device-width, initial-scale=1">
	<title>{escape(guide.title)}</title>
	<link rel="icon" href="data:,">
	<style>{STYLE}</style>
</head>
<body>
	<main>
		<h1>{escape(guide.title)}</h1>
		<p class="lead">{escape(guide.lead)}</p>
		<p id="problem" role="alert"></p>
		<div class="cards">{cards}</div>
		<section class="card wide"><h2>Logins</h2><table>{logins}</table></section>
		<section class="card wide"><h2>What is real and what is a stand-in</h2>
			<p>Real: {escape(guide.real)}</p>{stand_ins}
		</section>
	</main>
	<script>{SCRIPT}</script>
</body>
</html>"""


def _card(card: Card, is_first: bool) -> str:
	places = "".join(_button(place, is_first and not at) for at, place in enumerate(card.places))
	return f"<section class='card'><h2>{escape(card.title)}</h2><p>{escape(card.words)}</p>{places}</section>"


def _button(place: Place, is_first: bool) -> str:
	kind = "button first" if is_first else "button"
	label = escape(place.title)
	if not place.login:
		return f"<a class='{kind}' href='{escape(place.url)}' target='_blank' rel='noopener'>{label}</a>"
	data = f"data-user='{escape(place.login.user)}' data-password='{escape(place.login.password)}'"
	return f"<form {data} data-place='{escape(place.url)}'><button class='{kind}'>{label}</button></form>"
