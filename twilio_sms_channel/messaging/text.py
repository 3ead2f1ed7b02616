"""From the reply box's HTML to a text message, and from a text message to HTML that is safe to show."""

import html
import re

from bs4 import BeautifulSoup, Comment, NavigableString

BLOCKS = {
	"p",
	"div",
	"li",
	"tr",
	"h1",
	"h2",
	"h3",
	"h4",
	"h5",
	"h6",
	"pre",
	"blockquote",
	"ul",
	"ol",
	"table",
}
UNSEEN = {"script", "style", "head", "title", "template"}


def to_html(text: str) -> str:
	"""A text message as HTML: everything escaped, line breaks kept."""
	return html.escape(text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br>")


def from_html(message: str) -> str:
	"""The reply box's HTML as readable plain text.

	Links keep their address, lists their marks, line breaks stay. The quoted text that "Reply" puts behind the
	answer and the e-mail signature are left out.
	"""
	if "<" not in message and "&" not in message:
		return message.strip()
	soup = BeautifulSoup(message, "html.parser")
	for quote in soup.find_all("blockquote"):
		if not _text_after(quote):
			quote.decompose()
	for signature in soup.select(".signature, [data-signature]"):
		signature.decompose()
	pieces: list[str] = []
	_walk(soup, pieces)
	lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in "".join(pieces).split("\n"))
	return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _walk(node, pieces: list[str]) -> None:
	for child in node.children:
		if isinstance(child, NavigableString):
			if not isinstance(child, Comment) and type(child) is NavigableString:
				in_pre = any(p.name == "pre" for p in child.parents)
				pieces.append(str(child) if in_pre else re.sub(r"\s+", " ", str(child)))
		elif child.name in UNSEEN:
			continue
		elif child.name == "br":
			pieces.append("\n")
		elif child.name == "a":
			_link(child, pieces)
		elif child.name == "li":
			item: list[str] = []
			_walk(child, item)
			_new_line(pieces)
			pieces.append(_list_mark(child) + "".join(item).strip())
			_new_line(pieces)
		elif child.name in BLOCKS:
			_new_line(pieces)
			_walk(child, pieces)
			_new_line(pieces)
		else:
			_walk(child, pieces)


def _link(a, pieces: list[str]) -> None:
	label = a.get_text(" ", strip=True)
	href = (a.get("href") or "").strip()
	if (
		not href.lower().startswith(("http://", "https://", "mailto:", "tel:"))
		or a.get("data-type") == "mention"
	):
		pieces.append(label)
		return
	address = re.sub(r"^(mailto|tel):", "", href, flags=re.IGNORECASE)
	pieces.append(address if label in ("", href, address) else f"{label} ({address})")


def _list_mark(li) -> str:
	if li.parent is not None and li.parent.name == "ol" and li.get("data-list") != "bullet":
		return f"{len(li.find_previous_siblings('li')) + 1}. "
	return "- "


def _new_line(pieces: list[str]) -> None:
	if pieces and not pieces[-1].endswith("\n"):
		pieces.append("\n")


def _text_after(node) -> bool:
	return any(
		isinstance(n, NavigableString) and n.strip() and node not in n.parents
		for n in node.find_all_next(string=True)
	)
