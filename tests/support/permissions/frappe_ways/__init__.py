"""Frappe's endpoints that read rows of a DocType of the caller's choice, each as a question about the three texts.

Each way is asked with somebody's session and gives the teams of whose text it told something.
"""

from collections.abc import Callable, Iterator

from support.permissions.frappe_ways.documents import documents
from support.permissions.frappe_ways.figures import figures
from support.permissions.frappe_ways.links import by_tag, files, linked, through_links
from support.permissions.frappe_ways.lists import lists
from support.permissions.frappe_ways.searches import searches

__all__ = ["by_tag", "files", "linked", "through_links", "ways"]


def ways(doctype: str, field: str, needle: str, name: str) -> Iterator[tuple[str, Callable]]:
	"""Every way to the words of a DocType's documents.

	:param field: of the DocType, with the words
	:param needle: of a text: what the field holds
	:param name: of a text: the document's name
	"""
	for some in (searches, lists, figures, documents):
		yield from some(doctype, field, needle, name)
