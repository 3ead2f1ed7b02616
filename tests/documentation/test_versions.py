"""What is published of several versions, by the real mike into a real repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("CHANGELOG.md", "dev", "docs", "mkdocs.yml", "pyproject.toml", "twilio_sms_channel/__init__.py")
WHO = {"GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.com"}


@pytest.fixture
def checkout(tmp_path, documentation_site) -> Path:
	"""A clone, with the tools that `make docs` installed, of a repository."""
	there = tmp_path / "checkout"
	for name in NEEDED:
		(there / name).parent.mkdir(parents=True, exist_ok=True)
		copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
		copy(ROOT / name, there / name)
	(there / ".throwaway" / "logs").mkdir(parents=True)
	for tools in ("docs-node", "docs-tools"):
		(there / ".throwaway" / tools).symlink_to(ROOT / ".throwaway" / tools)
	git(tmp_path, "init", "--bare", "--quiet", "published")
	git(there, "init", "--quiet")
	git(there, "remote", "add", "origin", str(tmp_path / "published"))
	who = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
	git(there, *who, "commit", "--quiet", "--allow-empty", "--message", "what mike names as its source")
	return there


def git(place: Path, *words: str) -> str:
	return subprocess.run(["git", *words], cwd=place, check=True, capture_output=True, text=True).stdout


def publish(checkout: Path, ref: str):
	command = [sys.executable, "-c", f"import pages; pages.publish({ref!r})"]
	env = {**os.environ, **WHO, "PYTHONPATH": str(checkout / "dev")}
	done = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True)
	assert not done.returncode, done.stdout + done.stderr


def published(checkout: Path, file: str) -> str:
	return git(checkout.parent / "published", "show", f"gh-pages:{file}")


def test_each_version_stays_where_it_is(checkout):
	publish(checkout, "main")
	assert "main/" in published(checkout, "index.html")
	index = checkout / "docs" / "index.md"
	index.write_text(index.read_text() + "\nOnly in 0.2.\n")
	publish(checkout, "v0.2.0")
	index.write_text(index.read_text().replace("Only in 0.2.", "Only in 0.1."))
	# As whoever publishes next does: from another clone.
	git(checkout, "branch", "--delete", "--force", "gh-pages")
	publish(checkout, "v0.1.7")
	versions = {each["version"]: each for each in json.loads(published(checkout, "versions.json"))}
	assert {name: (each["title"], each["aliases"]) for name, each in versions.items()} == {
		"main": ("main (unreleased)", []),
		"0.2": ("0.2.0", ["latest"]),
		"0.1": ("0.1.7", []),
	}
	assert "latest/" in published(checkout, "index.html")
	for folder, words in (("0.2", "Only in 0.2."), ("latest", "Only in 0.2."), ("0.1", "Only in 0.1.")):
		page = published(checkout, f"{folder}/index.html")
		assert words in page
		assert '"provider": "mike"' in page
	assert "Only in" not in published(checkout, "main/index.html")


def test_what_is_no_version_is_not_published(checkout):
	with pytest.raises(AssertionError, match="is not published"):
		publish(checkout, "some-branch")
