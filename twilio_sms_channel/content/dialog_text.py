"""What an agent wrote in Desk's e-mail dialog, without what the dialog puts below: the signature, and the quoted message."""

import re

from twilio_sms_channel.content import text

SEPARATOR = "---"


def own_words(message: str, signatures: list[str], introduction: str) -> str:
	"""
	:param message: the dialog's HTML
	:param signatures: those that it may have added, HTML or plain text
	:param introduction: what stands above a quote, "On {0}, {1} wrote:" in the user's language
	:return: HTML with the agent's words and pictures
	"""
	quoted, signed = _quote(introduction), [_plain(signature) for signature in signatures]
	soup = text.parsed(message)
	blocks = _blocks(soup)
	for n, block in enumerate(blocks):
		following = next((b for b in (_said(b) for b in blocks[n + 1 :]) if b), "")
		if _said(block) == SEPARATOR and (not following or quoted.match(following)):
			for behind in blocks[n:]:
				behind.extract()
			break
	_take_off(_blocks(soup), [signature for signature in signed if signature])
	return str(soup)


def _blocks(soup) -> list:
	"""What stands below one another: in Quill's own box, where there is one."""
	box = soup.find(class_="ql-editor") or soup
	return list(box.contents)


def _take_off(blocks: list, signatures: list[str]) -> None:
	"""Take a signature off the end, which may be several lines."""
	for first in range(len(blocks) - 1, -1, -1):
		said = _joined(blocks[first:])
		if said in signatures:
			for block in blocks[first:]:
				block.extract()
			return


def _joined(blocks: list) -> str:
	return " ".join(" ".join(_said(block) for block in blocks).split())


def _said(block) -> str:
	return " ".join(block.get_text(" ").split())


def _plain(signature: str) -> str:
	return _said(text.parsed(signature.replace("\n", "<br>") if "<" not in signature else signature))


def _quote(introduction: str) -> re.Pattern:
	words = [re.escape(part) for part in re.split(r"\{[01]\}", introduction)]
	return re.compile(".*".join(words), re.DOTALL)
