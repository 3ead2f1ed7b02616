"""Desk's browser code, built with packages of the npm registry."""

import json
import shutil
from pathlib import Path

import debian
import frappe_source
import services
from layout import APPS, ASSETS, BENCH, CACHE, DEV, NODE, link, write_whole
from processes import run
from python_env import apps
from steps import digest

LOCK = DEV / "package-lock.json"
BUILDER = DEV / "build_assets.mjs"
BUILT = ASSETS / "bundles"
# No package's own script runs. The peers that packages of different years ask for do not agree.
NPM_OPTIONS = ["--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--fetch-retries=1"]
SOURCES_OF_BUNDLES = (".js", ".ts", ".css", ".scss", ".vue", ".html")


def packages_made_from(chosen: Path = DEV) -> str:
	return digest(chosen / LOCK.name, chosen / "package.json")


def install_packages(chosen: Path = DEV, place: Path = NODE):
	"""Those that package.json and its lock in `chosen` name."""
	draft = BENCH / f"{place.name}.new"
	shutil.rmtree(draft, ignore_errors=True)
	draft.mkdir()
	for name in ("package.json", LOCK.name):
		shutil.copy(chosen / name, draft)
	run([debian.program("npm"), "ci", *NPM_OPTIONS], "install packages of the npm registry", "npm", draft)
	shutil.rmtree(place, ignore_errors=True)
	draft.rename(place)


def renew_lock():
	draft = CACHE / "npm-lock"
	draft.mkdir(exist_ok=True)
	shutil.copy(DEV / "package.json", draft)
	# Whoever installs has a registry configured; which one is nothing to write down.
	options = [*NPM_OPTIONS, "--package-lock-only", "--omit-lockfile-registry-resolved"]
	run([debian.program("npm"), "install", *options], "choose npm packages", "npm", draft)
	shutil.copy(draft / "package-lock.json", LOCK)


def made_from() -> str:
	return digest(
		frappe_source.made_from(),
		packages_made_from(),
		BUILDER,
		*_bundle_sources(),
	)


def _bundle_sources() -> "list[Path]":
	"""What the apps' bundles may be made of. An app without bundles is served as it is, nothing is built."""
	found = []
	for app in apps():
		public = APPS / app / app / "public"
		if app != "frappe" and any(public.rglob("*.bundle.*")):
			found += sorted(file for file in public.rglob("*") if file.suffix in SOURCES_OF_BUNDLES)
	return found


def link_public_folders():
	"""As on a bench, /assets/APP is the app's public folder."""
	for app in apps():
		public = APPS / app / app / "public"
		if public.is_dir():
			link(ASSETS / app, public)
	link(APPS / "frappe" / "node_modules", NODE / "node_modules")
	link(APPS / "frappe" / "frappe" / "public" / "node_modules", NODE / "node_modules")


def build() -> str:
	draft = BENCH / "bundles.new"
	shutil.rmtree(draft, ignore_errors=True)
	draft.mkdir()
	run([debian.node(), BUILDER, BENCH, NODE, draft], "build Desk's browser bundles", "assets")
	bundles = {
		name: f"/assets/{BUILT.name}/{file}"
		for name, file in json.loads((draft / "assets.json").read_text()).items()
	}
	shutil.rmtree(BUILT, ignore_errors=True)
	draft.rename(BUILT)
	write_whole(ASSETS / "assets.json", json.dumps(bundles, indent="\t"))
	# Desk in a right-to-left language asks for mirrored styles; unmirrored ones are better than none.
	mirrored = {f"rtl_{name}": address for name, address in bundles.items() if name.endswith(".css")}
	write_whole(ASSETS / "assets-rtl.json", json.dumps(mirrored, indent="\t"))
	services.forget_cached_assets()
	return f"{len(bundles)} bundles"
