"""The documentation as a site: `make docs`. The pages are in docs/, their order and the site's look in mkdocs.yml."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import assets
import debian
import python_env
import services
from layout import DEV, DOCS_NODE, DOCS_TOOLS, ROOT
from processes import environment, run
from steps import Step
from trouble import Trouble

SITE = ROOT / "site"
PACKAGES = DEV / "docs_site"
# What a page loads by itself. A link that somebody may click is no such thing.
LOADED = re.compile(
	r"""<(?:script|img|iframe|source)\b[^>]*\bsrc="?(?:https?:)?//|<link\b[^>]*\bhref="?(?:https?:)?//"""
)

# The published site has a folder for each version: of what is on the branch main, and of each released X.Y.
UNRELEASED = "main"
NEWEST = "latest"
# With a star nothing fails before the branch is there for the first time.
BRANCH = "+refs/heads/gh-pages*:refs/remotes/origin/gh-pages*"
TAG = re.compile(r"v(?P<full>(?P<minor>\d+\.\d+)\.\d+)")


def tools() -> list[Step]:
	"""What the site is built with, as far as it is not there yet."""
	needs = () if debian.has_venv() and debian.program("npm") else ("Debian packages",)
	python = DOCS_TOOLS / "bin" / "python"
	made_from = python_env.docs_tools_made_from
	return [
		Step("Documentation's tools", python_env.make_docs_tools, needs, made_from, python),
		Step(
			"Documentation's scripts",
			lambda: assets.install_packages(PACKAGES, DOCS_NODE),
			needs,
			lambda: assets.packages_made_from(PACKAGES),
			DOCS_NODE,
		),
		*([Step("Debian packages", debian.install_missing)] if needs else []),
	]


def build():
	"""Write the site anew into SITE.

	:raises Trouble: a link leads nowhere, a page is in no menu, or a page would load something from another host
	"""
	_succeed("mkdocs", "build", "--strict", "--clean")
	if pages := [page.name for page in SITE.rglob("*.html") if LOADED.search(page.read_text())]:
		raise Trouble("pages load something from another host", ", ".join(sorted(pages)), "put it into docs/")
	print(f"✓ {SITE / 'index.html'}")


def serve() -> int:
	"""Show the site, and each change of the pages at once, until Ctrl-C."""
	address = f"{services.HOST}:{services.usable_port('docs')}"
	return _run("mkdocs", "serve", "--livereload", "--dev-addr", address).returncode


def publish(ref: str):
	"""Push the site to the branch gh-pages, into the folder of its version. The folders of others stay as they are.

	:param ref: "main", or a release's tag
	:raises Trouble: neither of them, or what `build` raises
	"""
	released = TAG.fullmatch(ref)
	if not released and ref != UNRELEASED:
		raise Trouble(f"{ref} is not published", "it is neither main nor a tag such as v1.2.3", "name one")
	build()
	run(["git", "fetch", "origin", BRANCH], "fetch what is published", "docs", ROOT)
	listed = json.loads(_succeed("mike", "list", "--json", capture=True))
	others = {each["version"] for each in listed} - {UNRELEASED}
	if released:
		version, title = released["minor"], released["full"]
		# A correction of an older version leaves the newer one the newest.
		names = [NEWEST] if all(_order(version) >= _order(other) for other in others) else []
	else:
		version, title, names = UNRELEASED, f"{UNRELEASED} (unreleased)", []
	# Not every host of pages follows links between folders.
	options = ["--push", "--update-aliases", "--alias-type", "copy", "--title", title]
	_succeed("mike", "deploy", *options, version, *names)
	_succeed("mike", "set-default", "--push", NEWEST if released or others else UNRELEASED)


def _order(version: str) -> list[int]:
	return [int(part) for part in version.split(".")]


def _succeed(program: str, *words: str, capture: bool = False) -> str | None:
	done = _run(program, *words, capture=capture)
	if done.returncode:
		why = f"{program} says it above"
		raise Trouble(f"{program} {words[0]} failed", why, "correct the pages or mkdocs.yml")
	return done.stdout


def _run(program: str, *words: str, capture: bool = False) -> subprocess.CompletedProcess:
	# The theme's advertisement of its makers' next product is not about these pages.
	env = environment(NO_MKDOCS_2_WARNING="1")
	# mike calls mkdocs by its name.
	env["PATH"] = f"{DOCS_TOOLS / 'bin'}:{env['PATH']}"
	command = [DOCS_TOOLS / "bin" / "python", DOCS_TOOLS / "bin" / program, *words]
	stdout = subprocess.PIPE if capture else sys.stdout
	return subprocess.run(command, cwd=ROOT, env=env, stdout=stdout, stderr=sys.stderr, text=True)
