"""Where the project and its people are found: pyproject.toml says it, `make addresses` writes it wherever else it stands.

Pages, templates and hooks.py cannot read pyproject.toml. `tests/unit/test_addresses.py` fails while they say something else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from layout import APP, ROOT, write_whole
from trouble import Trouble

SUFFIXES = {".md", ".po", ".pot", ".py", ".toml", ".yaml", ".yml"}
LEFT_OUT = {".git", ".throwaway", "build", "dist", "node_modules", "site"}
# Those that say which addresses the other files have: they are written last, so that an interrupted run can be repeated.
REPOSITORY_STANDS_IN, SUPPORT_STANDS_IN = "README.md", f"{APP}/hooks.py"


@dataclass(frozen=True)
class Addresses:
	repository: str
	support: str


def read(root: Path = ROOT) -> Addresses:
	"""As pyproject.toml says. Python 3.10 has no reader of TOML."""
	text = (root / "pyproject.toml").read_text(encoding="utf-8")
	repository = re.search(r'^Repository = "(\S+)"$', text, re.M)
	support = re.search(r'^authors = .*\bemail = "(\S+)"', text, re.M)
	return Addresses(_found(repository, "pyproject.toml"), _found(support, "pyproject.toml"))


def written(root: Path = ROOT) -> Addresses:
	"""As the other files say."""
	readme = (root / REPOSITORY_STANDS_IN).read_text(encoding="utf-8")
	hooks = (root / SUPPORT_STANDS_IN).read_text(encoding="utf-8")
	repository = re.search(rf"bench get-app {APP} (\S+)", readme)
	support = re.search(r'^app_email = "(\S+)"$', hooks, re.M)
	return Addresses(_found(repository, REPOSITORY_STANDS_IN), _found(support, SUPPORT_STANDS_IN))


def _found(match: re.Match | None, file: str) -> str:
	if not match:
		raise Trouble(f"{file} names no address", "it is not where it used to stand", "see dev/addresses.py")
	return match[1]


def files(root: Path = ROOT) -> Iterator[Path]:
	"""What may name an address."""
	for folder, below, names in os.walk(root):
		below[:] = sorted(set(below) - LEFT_OUT)
		yield from (path for name in sorted(names) if (path := Path(folder, name)).suffix in SUFFIXES)


def renew(root: Path = ROOT) -> list[Path]:
	"""Write pyproject.toml's addresses wherever the former ones stand.

	:return: the files that were changed
	"""
	former, now = astuple(written(root)), astuple(read(root))
	last = (root / REPOSITORY_STANDS_IN, root / SUPPORT_STANDS_IN)
	changed = []
	for path in sorted(files(root), key=last.__contains__):
		old = new = path.read_text(encoding="utf-8")
		for before, after in zip(former, now, strict=True):
			new = _replaced(new, before, after)
		if new != old:
			write_whole(path, new, path.stat().st_mode & 0o777)
			changed.append(path)
	return changed


def _replaced(text: str, before: str, after: str) -> str:
	"""Not within a longer name: only a path may go on after it, or a sentence end."""
	return re.sub(rf"(?<![\w.-]){re.escape(before)}(?![\w-]|\.\w)", lambda _: after, text)
