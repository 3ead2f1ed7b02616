"""From the reply box's HTML to a text message, and from a text message to HTML that is safe to show.

Helpdesk's box is TipTap, Desk's is Quill; what was pasted into either can come from any mail program.
"""

import html
import re
import unicodedata

import regex
from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.builder import ParserRejectedMarkup
from bs4.element import PreformattedString

BLOCKS = {
	*(
		"address",
		"article",
		"aside",
		"blockquote",
		"dd",
		"details",
		"div",
		"dl",
		"dt",
		"figcaption",
		"figure",
	),
	*("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre"),
	*("section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"),
}
UNSEEN = {"script", "style", "head", "title", "template", "noscript", "input", "svg", "colgroup"}
SIGNATURES = (
	".signature, [data-signature], .gmail_signature, .moz-signature, #Signature, #ms-outlook-mobile-signature"
)
HISTORY = "blockquote, .gmail_quote, .yahoo_quoted, .protonmail_quote, .moz-cite-prefix, .gmail_attr"
# Outlook puts the history beside its mark, not into it.
HISTORY_FOLLOWS = "#appendonsend, #divRplyFwdMsg, #reply-intro"
# "On … wrote:" before the quote, as mail programs of several languages have it.
INTRODUCTION = re.compile(
	r"^(on|am|le|el|il|em|op|den)\b.{4,200}\b(wrote|schrieb.*|a écrit|escribió|ha scritto|escreveu|schreef.*|skrev.*)\s*:$"
	r"|^-+\s*original message\s*-+$",
	re.IGNORECASE | re.DOTALL,
)
SIGNATURE_MARK = "-- "
QUOTE = "> "
INDENT = "  "
# Frappe's own address of a file; everything else is somewhere else.
LOCAL_FILE = re.compile(r"^/(?:private/)?files/")
DATA = "data:"
DATA_URI = re.compile(r"\bdata:[^\s\"'<>]*", re.IGNORECASE)
MAX_ALT_CHARACTERS = 10
MAX_INTRODUCTION_CHARACTERS = 1000
# Quotes in quotes and lists in lists beyond this are shown as if they were at this depth.
MAX_DEPTH = 30
BLANKS = re.compile(r"[ \t\r\n\f\u00a0]+")
CONTROL = regex.compile(r"[\p{Cc}\p{Cs}--\n]|[\u00ad\u200b\u2060\ufeff]", regex.VERSION1)
# They hold emoji and the letters of some scripts together; elsewhere they are left-overs of copying.
JOINERS = re.compile(r"[\u200c\u200d]+")
DIRECTIONS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
RIGHT_TO_LEFT = ("R", "AL")
# Letters and signs that are drawn as nothing.
BLANK_SIGNS = "\u115f\u1160\u2800\u3164\uffa0"
SUPERSCRIPT = re.compile(r"[-+\u2212]?[0-9]+(?:[.,/][0-9]+)?|[a-z]")


def to_html(text: str) -> str:
	"""A text message as HTML: everything escaped, line breaks kept."""
	return html.escape(text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br>")


def clean(text: str | None) -> str:
	"""The text as it is sent: line breaks of one kind, and nothing that cannot be seen."""
	text = (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
	text = text.replace("\u2028", "\n").replace("\u2029", "\n")
	text = JOINERS.sub(_between_others, CONTROL.sub("", text))
	if DIRECTIONS.search(text) and not any(
		unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in _words(text)
	):
		text = DIRECTIONS.sub("", text)
	return text.strip()


def first_line(text: str | None) -> str:
	"""The first line of a text that shows something, "" when none does. For lists: it changes no direction there."""
	lines = clean(DIRECTIONS.sub("", text or "")).split("\n")
	return next((line.strip() for line in lines if any(_shows(character) for character in line)), "")


def _shows(character: str) -> bool:
	return unicodedata.category(character)[0] in "LNPS" and character not in BLANK_SIGNS


def _between_others(joiners: re.Match) -> str:
	"""Joiners are kept where something other than ASCII stands on both sides."""
	text, (first, after) = joiners.string, joiners.span()
	return (
		joiners[0]
		if first and not text[first - 1].isascii() and not text[after : after + 1].isascii()
		else ""
	)


def from_html(message: str) -> str:
	"""The reply box's HTML as readable plain text.

	Links keep their address, lists their marks and depth, the agent's own quotes get "> ". The history that a mail
	program or "Reply" puts behind the answer, and the e-mail signature, are left out.
	"""
	if "<" not in message and "&" not in message:
		return clean(message)
	soup = _own_words(message)
	try:
		written = _inside(soup)
	except RecursionError:
		# Hundreds of boxes within boxes: somebody's whole web page.
		written = soup.get_text("\n")
	return clean(re.sub(r"\n{3,}", "\n\n", "\n".join(_without_signature(written.split("\n")))))


def pictures(message: str) -> list[str]:
	"""Where the pictures are that were pasted into the reply box, in order: files of this site and `data:` URIs.

	:return: `src` attributes as they stand, each once
	"""
	if "<img" not in message.lower():
		return []
	sources = (_source(img) for img in _own_words(message).find_all("img"))
	return list(dict.fromkeys(source for source in sources if _is_reply_file(source)))


def _own_words(message: str) -> BeautifulSoup:
	"""What the agent wrote, without signature and history."""
	soup = parsed(message)
	for signature in soup.select(SIGNATURES):
		signature.decompose()
	for mark in soup.select(HISTORY_FOLLOWS):
		if not mark.decomposed:
			for later in [*mark.find_next_siblings(), mark]:
				later.decompose()
	_leave_out_history(soup)
	return soup


def parsed(message: str) -> BeautifulSoup:
	"""A reply box's HTML, whatever is in it."""
	# Behind the last tag there are only signs, at each of which the parser would look through all that follows.
	markup, end_of_tag, words = message.rpartition(">")
	message = f"{markup}{end_of_tag}{words.replace('<', '&lt;')}"
	try:
		return BeautifulSoup(message, "html.parser")
	except ParserRejectedMarkup:
		return BeautifulSoup(message.replace("<![", "&lt;!["), "html.parser")


def _leave_out_history(soup: BeautifulSoup) -> None:
	"""Take out the quotes at the end, each with the line that introduces it. Behind a quote of their own, agents go on writing."""
	if not (quotes := soup.select(HISTORY)):
		return
	place, end = _positions(soup)
	texts = [node for node in soup.descendants if type(node) is NavigableString and node.strip()]
	looked_at = set()
	for quote in reversed(quotes):
		if quote.decomposed or (texts and place[id(texts[-1])] > end[id(quote)]):
			continue
		_drop_from(texts, place, place[id(quote)])
		introduction = _block_of(texts[-1], quote) if texts else None
		quote.decompose()
		if introduction is None or id(introduction) in looked_at:
			continue
		looked_at.add(id(introduction))
		if INTRODUCTION.match(introduction.get_text(" ", strip=True)[:MAX_INTRODUCTION_CHARACTERS]):
			_drop_from(texts, place, place[id(introduction)])
			introduction.decompose()


def _positions(soup: BeautifulSoup) -> tuple[dict[int, int], dict[int, int]]:
	"""By the identity of each node: its place in the document, and the place of the last one within it."""
	place, end, open_ones = {}, {}, []
	last = -1
	for last, node in enumerate(soup.descendants):
		while open_ones and open_ones[-1] is not node.parent:
			end[id(open_ones.pop())] = last - 1
		place[id(node)] = end[id(node)] = last
		if isinstance(node, Tag):
			open_ones.append(node)
	end.update((id(node), last) for node in open_ones)
	return place, end


def _drop_from(texts: list, place: dict[int, int], first: int) -> None:
	while texts and place[id(texts[-1])] >= first:
		texts.pop()


def _block_of(text, quote):
	"""The block that a text stands in, right before a quote; None when there is none, or when it is around the quote."""
	block = next((parent for parent in text.parents if parent.name in BLOCKS), None)
	return None if block is None or any(block is parent for parent in quote.parents) else block


def _inside(node, around: "_Pieces | None" = None) -> str:
	pieces = _Pieces(around)
	_walk(node, pieces)
	return pieces.text()


class _Pieces:
	"""Text that grows: runs of blanks are one, and a block begins a line of its own."""

	def __init__(self, around: "_Pieces | None" = None):
		self.pieces: list[str] = []
		self.depth: int = around.depth + 1 if around else 0
		self.is_as_is: bool = around.is_as_is if around else False
		self.numbers: dict[int, int] = around.numbers if around else {}
		"""by the identity of an item of a list: its number"""

	def add(self, text: str) -> None:
		text = BLANKS.sub(" ", text)
		if not self.pieces or self.pieces[-1][-1] in " \n":
			text = text.lstrip(" ")
		self.add_as_is(text)

	def add_as_is(self, text: str) -> None:
		if text:
			self.pieces.append(text)

	def break_line(self) -> None:
		self.pieces.append("\n")

	def new_line(self) -> None:
		if self.pieces and self.pieces[-1][-1] != "\n":
			self.break_line()

	def text(self) -> str:
		return "".join(self.pieces)


def _walk(node, pieces: _Pieces) -> None:
	for child in node.children:
		if isinstance(child, NavigableString):
			if isinstance(child, PreformattedString):
				# A comment and the like
				continue
			if pieces.is_as_is:
				pieces.add_as_is(str(child))
			else:
				pieces.add(str(child))
		elif child.name not in UNSEEN:
			_element(child, pieces)


def _element(child, pieces: _Pieces) -> None:
	if child.name == "br":
		pieces.break_line()
	elif child.name == "a":
		_link(child, pieces)
	elif child.name == "img":
		pieces.add(_picture(child))
	elif child.get("data-type") == "mention" or "mention" in child.get("class", ()):
		pieces.add(_mention(child))
	elif child.name == "li" and pieces.depth < MAX_DEPTH:
		_item(child, pieces)
	elif child.name == "blockquote" and pieces.depth < MAX_DEPTH:
		_block(pieces, "\n".join(f"{QUOTE}{line}".rstrip() for line in _lines(child, pieces)))
	elif child.name == "tr" and pieces.depth < MAX_DEPTH:
		cells = (" ".join(_lines(cell, pieces)) for cell in child.find_all(("td", "th"), recursive=False))
		_block(pieces, " | ".join(cell for cell in cells if cell))
	elif child.name in BLOCKS or child.name in ("li", "blockquote", "tr"):
		pieces.new_line()
		if child.name == "p" and child.parent.name != "li" and not child.contents:
			pieces.break_line()
		was_as_is = pieces.is_as_is
		pieces.is_as_is = was_as_is or child.name == "pre"
		_walk(child, pieces)
		pieces.is_as_is = was_as_is
		pieces.new_line()
	elif child.name == "sup" and SUPERSCRIPT.fullmatch(power := child.get_text().strip()):
		pieces.add(f"^{power}")
	else:
		_walk(child, pieces)


def _block(pieces: _Pieces, text: str) -> None:
	pieces.new_line()
	pieces.add_as_is(text)
	pieces.new_line()


def _lines(node, pieces: _Pieces) -> list[str]:
	return _inside(node, pieces).strip(" \n").split("\n")


def _item(li, pieces: _Pieces) -> None:
	first, *others = _lines(li, pieces)
	depth = _depth(li)
	lines = [_list_mark(li, pieces) + first, *(f"{INDENT}{line}".rstrip() for line in others)]
	_block(pieces, "\n".join(INDENT * depth + line for line in lines))


def _depth(li) -> int:
	"""Quill's items are all of one list, with their depth as a class."""
	return next((int(c[10:]) for c in li.get("class", ()) if re.fullmatch(r"ql-indent-\d", c)), 0)


def _list_mark(li, pieces: _Pieces) -> str:
	kind = li.get("data-list") or ("ordered" if li.parent.name == "ol" else "bullet")
	if kind in ("checked", "unchecked") or li.has_attr("data-checked"):
		return "[x] " if kind == "checked" or li.get("data-checked") == "true" else "[ ] "
	if kind != "ordered":
		return "- "
	if id(li) not in pieces.numbers:
		_number_items(li.parent, pieces.numbers)
	return f"{pieces.numbers[id(li)]}. "


def _number_items(ordered_list, numbers: dict[int, int]) -> None:
	"""Which number each item of an ordered list has. An item of lesser depth, or of another kind, begins the count anew."""
	start = ordered_list.get("start", "1")
	first = int(start) if re.fullmatch(r"\d{1,6}", start) else 1
	counts: dict[int, int] = {}
	for item in ordered_list.find_all("li", recursive=False):
		depth = _depth(item)
		counts = {its_depth: count for its_depth, count in counts.items() if its_depth <= depth}
		numbers[id(item)] = first + counts.get(depth, 0)
		is_ordered = item.get("data-list") in (None, "ordered")
		counts[depth] = counts.get(depth, 0) + 1 if is_ordered else 0


def _link(a, pieces: _Pieces) -> None:
	label = _inside(a, pieces).strip(" \n")
	href = (a.get("href") or "").strip()
	if (
		not href.lower().startswith(("http://", "https://", "mailto:", "tel:"))
		or a.get("data-type") == "mention"
	):
		pieces.add_as_is(label)
		return
	address = re.sub(r"^(mailto|tel):", "", href, flags=re.IGNORECASE)
	pieces.add_as_is(address if _means(label, address) else f"{label} ({address})")


def _means(label: str, address: str) -> bool:
	"""Whether a link's label says no more than its address."""
	bare = (re.sub(r"^https?://", "", text, flags=re.IGNORECASE).rstrip("/") for text in (label, address))
	return not label or len(set(bare)) == 1


def _mention(node) -> str:
	name = node.get_text("", strip=True) or node.get("data-label") or node.get("data-value") or ""
	return name if not name or name.startswith("@") else f"@{name}"


def _picture(img) -> str:
	source, alt = _source(img), (img.get("alt") or "").strip()
	if _is_reply_file(source):
		return ""
	if alt and len(alt) <= MAX_ALT_CHARACTERS and not regex.search(r"[\p{L}\s]", alt):
		# Mail programs paste emoji as pictures.
		return alt
	return source if source.lower().startswith(("http://", "https://")) else ""


def _source(img) -> str:
	return (img.get("src") or "").strip()


def _is_reply_file(source: str) -> bool:
	return bool(LOCAL_FILE.match(source)) or source[: len(DATA)].lower() == DATA


def _without_signature(lines: list[str]) -> list[str]:
	lines = [line.lstrip("\n") for line in lines]
	if SIGNATURE_MARK in lines[1:]:
		lines = lines[: lines.index(SIGNATURE_MARK, 1)]
	return [line.rstrip(" ") for line in lines]


def _words(text: str) -> str:
	return DIRECTIONS.sub("", text)
