"""What a release says of itself: its section of CHANGELOG.md, as `.github/workflows/release.yml` publishes it."""

from __future__ import annotations

import re

from layout import APP, ROOT
from trouble import Trouble

CHANGELOG = ROOT / "CHANGELOG.md"
UNRELEASED = "Unreleased"
VERSION = ROOT / APP / "__init__.py"
HEADING = re.compile(r"^## \[(?P<version>[^\]\n]+)\](?: - (?P<date>\d{4}-\d\d-\d\d))?$", re.M)
# Where versions' links are, at the end.
LINKS = re.compile(r"^\[[^\]\n]+\]: \S+$", re.M)


def sections(changelog: str) -> dict[str, tuple[str | None, str]]:
	"""Version → its day, None as long as it is not released, and its notes; the newest first."""
	_, *parts = HEADING.split(changelog)
	found = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
	return {version: (date, LINKS.sub("", notes).strip()) for version, date, notes in found}


def version() -> str:
	"""The app's."""
	return re.search(r'^__version__ = "(\S+)"$', VERSION.read_text(encoding="utf-8"), re.M)[1]


def documented(changelog: str, app_version: str) -> str:
	"""Which version the pages are about: the released one only as long as nothing has changed since."""
	known = sections(changelog)
	if not known.get(app_version, (None, ""))[0]:
		return f"{app_version} (unreleased)"
	return f"after {app_version} (unreleased)" if known[UNRELEASED][1] else app_version


def of(tag: str, changelog: str, app_version: str) -> str:
	"""The notes of the release that a tag stands for.

	:param tag: "v" and a version
	:raises Trouble: the tag, the app and CHANGELOG.md do not agree
	"""
	if tag != f"v{app_version}":
		advice = f"tag v{app_version}, or change __version__ first"
		raise Trouble(f"{tag} is not the app's version", f"that is {app_version}", advice)
	date, notes = sections(changelog).get(app_version, (None, ""))
	if not (date and notes):
		why = "CHANGELOG.md has no section with a day for it"
		advice = f"put what is new under ## [{app_version}] - YYYY-MM-DD"
		raise Trouble(f"{app_version} is not released", why, advice)
	return notes
