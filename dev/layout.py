"""Where everything of the throwaway bench lies."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV = ROOT / "dev"

BENCH = ROOT / ".throwaway"
APPS = BENCH / "apps"
ENV = BENCH / "env"
PYTHON = ENV / "bin" / "python"
SITES = BENCH / "sites"
ASSETS = SITES / "assets"
CONFIG = BENCH / "config"
DATA = BENCH / "data"
# The e-mails of the demo, as a Maildir.
MAILS = DATA / "mails"
# What / of the running site shows.
START_PAGE = DATA / "start.html"
# A picture that a customer sends.
PARCEL = DATA / "parcel.png"
LOGS = BENCH / "logs"
CACHE = BENCH / "cache"
TOOLS = BENCH / "tools"
DOCS_TOOLS = BENCH / "docs-tools"
DOCS_NODE = BENCH / "docs-node"
NODE = BENCH / "node"
DONE = BENCH / "done"

APP = "twilio_sms_channel"
# In the order in which a site gets them; Frappe itself comes first on every site.
SOURCES = {"helpdesk": DEV / "helpdesk_standin", "erpnext": DEV / "erpnext_standin", APP: ROOT}

# Which ticket systems a site has; a site of each kind has a name of its own.
DEFAULT_DESK = "helpdesk"
DESKS = {DEFAULT_DESK: ("helpdesk",), "erpnext": ("erpnext",), "both": ("helpdesk", "erpnext")}

TEST_SITE = "test.localhost"
MORE_TEST_SITES = ("test2.localhost", "test3.localhost", "test4.localhost")
DEMO_SITE = "demo.localhost"
# Without an account: where the guided page is tried.
EMPTY_SITE = "empty.localhost"
BENCHMARK_SITE = "bench.localhost"
ADMIN_PASSWORD = "admin"


def site_with(desk: str, site: str) -> str:
	"""The name of the site that is like `site`, with these ticket systems."""
	return site if desk == DEFAULT_DESK else site.replace(".", f"-{desk}.", 1)


def desk_of(site: str) -> str:
	return next((desk for desk in DESKS if f"-{desk}." in site), DEFAULT_DESK)


def without_desk(site: str) -> str:
	"""The same site with the ticket systems that are meant where none are named."""
	return site.replace(f"-{desk_of(site)}.", ".", 1)


def apps_on(site: str) -> tuple[str, ...]:
	"""The apps of a site besides Frappe, in the order in which it gets them."""
	return (*DESKS[desk_of(site)], APP)


def make_folders():
	for folder in (APPS, ASSETS, CONFIG, DATA, LOGS, CACHE, DONE):
		folder.mkdir(parents=True, exist_ok=True)
	for app, source in SOURCES.items():
		link(APPS / app, source)


def link(place: Path, target: Path):
	"""Make `place` a symbolic link to `target`, whatever it was before."""
	if place.is_symlink() and place.resolve() == target.resolve():
		return
	if place.is_symlink() or place.is_file():
		place.unlink()
	place.symlink_to(target)


def write_whole(file: Path, text: str, mode: int = 0o644):
	"""Write so that whoever is interrupted leaves the old file or the new one, never half of one."""
	draft = file.with_name(file.name + ".new")
	draft.write_text(text)
	draft.chmod(mode)
	draft.replace(file)
