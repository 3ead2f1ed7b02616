"""Which parts of a text are secrets, by their shape."""

import re

SECRETS = ("auth_token", "next_auth_token", "api_key_secret", "shared_key", "second_shared_key")
_FIELDS = "|".join(SECRETS)
_IN_TEXT = (
	# In a dict or in JSON, however often that was quoted again.
	re.compile(rf"""((?:{_FIELDS})\\*["']\s*:\s*\\*["'])[^"']*"""),
	# Behind the user's name: ('AC…', 'secret').
	re.compile(r"""(\(["'](?:AC|SK)[0-9a-zA-Z]{32}["'],\s*["'])[^"']*"""),
	re.compile(r"(Basic )[0-9a-zA-Z+/=]+"),
	# A login in an address, such as a proxy's.
	re.compile(r"""(://[^/\s:@"']*:)[^/\s@"']+(?=@)"""),
	# An attribute: v16 writes down those of objects, of `requests`' HTTPBasicAuth(password='secret') too.
	re.compile(r"""((?:password|token|secret)=["'])[^"']*"""),
)
HIDDEN = "********"


def redact(text: str) -> str:
	"""The text without the values of fields that hold secrets."""
	for pattern in _IN_TEXT:
		text = pattern.sub(rf"\1{HIDDEN}", text)
	return text
