"""The documentation as a site: `make docs`. The pages are in docs/, their order and the site's look in mkdocs.yml."""

from __future__ import annotations

import re
import subprocess
import sys

import services
from layout import DOCS_TOOLS, ROOT
from processes import environment
from trouble import Trouble

SITE = ROOT / "site"
# What a page loads by itself. A link that somebody may click is no such thing.
LOADED = re.compile(
	r"""<(?:script|img|iframe|source)\b[^>]*\bsrc="?(?:https?:)?//|<link\b[^>]*\bhref="?(?:https?:)?//"""
)


def build():
	"""Write the site anew into SITE.

	:raises Trouble: a link leads nowhere, a page is in no menu, or a page would load something from another host
	"""
	if _mkdocs("build", "--strict", "--clean"):
		raise Trouble(
			"the documentation was not built", "mkdocs said above", "correct the pages or mkdocs.yml"
		)
	if pages := [page.name for page in SITE.rglob("*.html") if LOADED.search(page.read_text())]:
		raise Trouble("pages load something from another host", ", ".join(sorted(pages)), "put it into docs/")
	print(f"✓ {SITE / 'index.html'}")


def serve() -> int:
	"""Show the site, and each change of the pages at once, until Ctrl-C."""
	address = f"{services.HOST}:{services.usable_port('docs')}"
	return _mkdocs("serve", "--livereload", "--dev-addr", address)


def _mkdocs(*words: str) -> int:
	# The theme's advertisement of its makers' next product is not about these pages.
	env = environment(NO_MKDOCS_2_WARNING="1")
	command = [DOCS_TOOLS / "bin" / "python", "-m", "mkdocs", *words]
	return subprocess.run(command, cwd=ROOT, env=env, stdout=sys.stdout, stderr=sys.stderr).returncode
