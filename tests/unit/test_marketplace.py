"""What Frappe's Marketplace asks of the repository and of the listing's texts."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTING = ROOT / "docs" / "listing"
PACKAGE = ROOT / "twilio_sms_channel"
CODE = [path for end in ("py", "js") for path in PACKAGE.rglob(f"*.{end}") if "dist" not in path.parts]
# Commands, and what the reviewers do not want to read.
UNWANTED = r"\bbench\b|git clone|https?://|\]\(|architecture|deployment|installation|installing"
MAX_SUMMARY_CHARACTERS, MAX_SCREENSHOTS = 80, 6


def test_each_line_that_a_rule_is_wrong_about_has_its_reason_in_the_line_above():
	excused = []
	for path in CODE:
		lines = path.read_text().splitlines()
		for above, line in zip(["", *lines], lines, strict=False):
			if re.search(r"(#|//) nosemgrep", line):
				excused.append((path.name, line))
				assert re.match(r"\s*(#|//) \w", above.replace("`", "")), (path, line)
				assert line.endswith(" nosemgrep"), (path, line)
	assert excused


def test_what_is_not_scanned_is_in_no_package():
	ignored = (ROOT / ".semgrepignore").read_text().splitlines()
	assert {line for line in ignored if line and not line.startswith("#")} == {
		"dev/",
		"benchmarks/",
		"tests/",
	}
	assert 'include = ["twilio_sms_channel*"]' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("text", ["summary.md", "description.md"])
def test_the_texts_have_no_commands_and_no_links(text):
	assert re.findall(UNWANTED, (LISTING / text).read_text(), re.I) == []


def test_the_summary_is_one_short_sentence_without_the_name():
	(summary,) = (LISTING / "summary.md").read_text().splitlines()
	assert 40 <= len(summary) <= MAX_SUMMARY_CHARACTERS
	assert "Twilio SMS Channel" not in summary and summary not in (LISTING / "description.md").read_text()


def test_the_screenshots_are_there():
	rows = re.findall(r"^\| `([\w./-]+\.png)` \| (.+) \|$", (LISTING / "screenshots.md").read_text(), re.M)
	assert 1 <= len(rows) <= MAX_SCREENSHOTS
	assert [name for name, _caption in rows if not (LISTING / name).exists()] == []
