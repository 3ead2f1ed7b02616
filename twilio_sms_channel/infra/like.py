"""Words of people in a LIKE of SQL."""


def escaped(words: str) -> str:
	"""The words for LIKE, where %, _ and the backslash mean something."""
	return words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
