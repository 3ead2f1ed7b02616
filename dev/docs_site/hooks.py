"""What mkdocs does besides mkdocs.yml says: the site names its version, and is searched without a web server as well."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.append(str(Path(__file__).parents[1]))
import release_notes
from layout import DOCS_NODE

# mike sets it while it builds the site of one version, beside which it puts the list of all.
BUILT_BY_MIKE = "MIKE_DOCS_VERSION"
# Browsers start no worker from a folder, and the theme searches in one: the shim makes it a frame.
SHIM = "javascripts/iframe-worker.js"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
	changelog = release_notes.CHANGELOG.read_text(encoding="utf-8")
	version = release_notes.documented(changelog, release_notes.version())
	config.copyright = f"Documentation of version {version}"
	if BUILT_BY_MIKE not in os.environ:
		# The choice of versions says it otherwise; here it would look for a list that is not there.
		del config.extra["version"]
		config.site_name += f" {version}"
	return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
	shim = DOCS_NODE / "node_modules" / "iframe-worker" / "shim" / "index.js"
	files.append(File.generated(config, SHIM, abs_src_path=str(shim)))
	return files
