"""A release's notes are its section of the changelog, and the changelog can be read for them."""

import re
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "dev"))
import release_notes
from trouble import Trouble

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
UNRELEASED = "Unreleased"
CHANGELOG = """# Changelog

## [Unreleased]

## [1.10.0] - 2026-12-01

### Fixed

- This, see [1.9.0].

## [1.9.0] - 2026-11-30

- That.

## [1.8.0]

- Without a day.

[1.10.0]: https://a.example/v1.10.0
[1.9.0]: https://a.example/v1.9.0
"""


@pytest.mark.parametrize(
	("version", "notes"), [("1.10.0", "### Fixed\n\n- This, see [1.9.0]."), ("1.9.0", "- That.")]
)
def test_notes_are_the_versions_section(version, notes):
	assert release_notes.of(f"v{version}", CHANGELOG, version) == notes


@pytest.mark.parametrize(
	("tag", "app_version"),
	[
		("v1.9.0", "1.10.0"),
		("1.9.0", "1.9.0"),
		("v1.8.0", "1.8.0"),
		("v2.0.0", "2.0.0"),
		("vUnreleased", "Unreleased"),
	],
	ids=["another version", "not a tag of a version", "without a day", "without a section", "not released"],
)
def test_what_does_not_agree_is_not_released(tag, app_version):
	with pytest.raises(Trouble):
		release_notes.of(tag, CHANGELOG, app_version)


def test_the_links_at_the_end_are_no_notes():
	assert release_notes.sections(CHANGELOG)["1.8.0"] == (None, "- Without a day.")


@pytest.mark.parametrize(
	("app_version", "unreleased", "named"),
	[
		("1.10.0", "", "1.10.0"),
		("1.10.0", "- New.\n\n", "after 1.10.0 (unreleased)"),
		("1.11.0", "- New.\n\n", "1.11.0 (unreleased)"),
		("1.8.0", "", "1.8.0 (unreleased)"),
	],
	ids=["just released", "changed since", "not released", "without a day"],
)
def test_the_documentation_names_what_it_is_about(app_version, unreleased, named):
	changelog = CHANGELOG.replace("## [Unreleased]\n\n", f"## [Unreleased]\n\n{unreleased}")
	assert release_notes.documented(changelog, app_version) == named


def test_the_changelog_is_one():
	text = release_notes.CHANGELOG.read_text(encoding="utf-8")
	sections = release_notes.sections(text)
	assert len(sections) == len(re.findall(r"^## ", text, re.M)), "each heading is a version's"
	first, *released = sections
	assert first == UNRELEASED
	assert sections[first][0] is None
	assert all(sections[version][0] for version in released)
	in_order = sorted(released, key=lambda version: [int(part) for part in version.split(".")], reverse=True)
	assert released == in_order
	assert set(re.findall(r"^### (.+)$", text, re.M)) <= KINDS
	assert {first, *released} == set(re.findall(r"^\[([^\]]+)\]: ", text, re.M)), "each version has a link"
	if released:
		assert released[0] == release_notes.version()
