"""Sites of the throwaway bench."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import services
from layout import (
	ADMIN_PASSWORD,
	APPS,
	DATA,
	DEMO_SITE,
	DEV,
	EMPTY_SITE,
	MORE_TEST_SITES,
	PYTHON,
	SITES,
	TEST_SITE,
	apps_on,
	desk_of,
	site_with,
	without_desk,
	write_whole,
)
from processes import environment, run
from python_env import apps
from steps import Step, digest
from trouble import Trouble

# What `migrate` brings into a site's database.
SCHEMA_FOLDERS = {
	"doctype",
	"report",
	"workspace",
	"number_card",
	"dashboard_chart",
	"module_onboarding",
	"onboarding_step",
	"page",
	"print_format",
	"notification",
	"custom",
	"fixtures",
}
SCHEMA_FILES = {"hooks.py", "install.py", "patches.txt", "modules.txt"}

FINISHER, COPIER = DEV / "finish_site.py", DEV / "copy_site.py"

IMPORT = """
import importlib, json, sys, traceback
errors = {}
for app in sys.argv[1:]:
	try:
		importlib.import_module(app + ".hooks")
	except Exception as error:
		place = traceback.extract_tb(error.__traceback__)[-1]
		errors[app] = f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno})"
		if isinstance(error, SyntaxError):
			errors[app] = f"{type(error).__name__}: {error}"
print(json.dumps(errors))
"""

FRAPPE = [PYTHON, "-m", "frappe.utils.bench_helper", "frappe"]


def frappe(what: str, log: str, *arguments: object, **env: str) -> str:
	"""Run a command of Frappe's, as `bench` would."""
	return run([*FRAPPE, *arguments], what, log, SITES, **env)


def steps(site: str, needs: tuple[str, ...]) -> list[Step]:
	"""What makes a site with everything on it, and the site that it is a copy of. Each needs the one before."""
	config = SITES / site / "site_config.json"
	if original := _original_of(site):
		copied = Step(
			f"Site {site}",
			lambda: _copy(original, site),
			(f"Migration of {original}",),
			lambda: digest(services.ROOT_PASSWORD, _database_of(original)),
			config,
		)
		made = [*steps(original, needs), copied]
	else:
		made = [
			Step(f"Site {site}", lambda: _make(site), needs, lambda: digest(services.ROOT_PASSWORD), config)
		]
	for app in apps_on(site):
		if original and app in apps_on(original):
			continue
		made.append(
			Step(
				f"{app} on {site}",
				lambda app=app: _install(site, app),
				(made[-1].name,),
				lambda app=app: digest(_database_of(site), app in apps()),
			)
		)
	if not original:
		made.append(
			Step(f"Finish {site}", lambda: _finish(site), (made[-1].name,), lambda: _finished_from(site))
		)
	made.append(Step(f"Migration of {site}", lambda: _migrate(site), (made[-1].name,), lambda: _schema(site)))
	return made


def _original_of(site: str) -> str:
	"""The site that this one begins as a copy of, which takes seconds; "" for one that is made from nothing."""
	if without_desk(site) in MORE_TEST_SITES:
		return site_with(desk_of(site), TEST_SITE)
	# ERPNext joins a site that has this app already, as it can be on any bench.
	return TEST_SITE if site == site_with("both", TEST_SITE) else ""


def forget(site: str):
	"""Have the site made from nothing by the next run."""
	shutil.rmtree(SITES / site, ignore_errors=True)


def drop(site: str):
	"""Remove the site and its database, as far as they are there."""
	if (SITES / site / "site_config.json").exists():
		archive = ["--archived-sites-path", DATA / "dropped-sites"]
		frappe(f"drop the site {site}", f"drop-{site}", "drop-site", site, "--force", "--no-backup", *archive)
		shutil.rmtree(DATA / "dropped-sites", ignore_errors=True)
	forget(site)


def write_apps(site: str):
	"""apps.txt, without what cannot be imported: one such name breaks every command of Frappe's.

	A site that is there already has the app, and nothing can be done with it until the app is mended.
	"""
	if (SITES / site / "site_config.json").exists():
		for app in _import_errors():
			_refuse_unimportable(app)
	names = ["frappe", *(app for app in apps() if app != "frappe" and app not in _import_errors())]
	write_whole(SITES / "apps.txt", "\n".join(names) + "\n")


def set_config(site: str, **values: object):
	file = SITES / site / "site_config.json"
	known = json.loads(file.read_text())
	if {**known, **values} != known:
		write_whole(file, json.dumps({**known, **values}, indent=1))


def _database_of(site: str) -> str:
	"""Which database a site has: one made anew has nothing of what was done before."""
	config = json.loads((SITES / site / "site_config.json").read_text())
	return digest(config["db_name"], config["db_password"])


def _make(site: str):
	_fresh.add(site)
	# What an interrupted run left; --force does the same for its database.
	forget(site)
	options = ["--force", "--no-mariadb-socket", "--admin-password", ADMIN_PASSWORD]
	frappe(f"make the site {site}", f"new-{site}", "new-site", *options, site)
	if without_desk(site) == TEST_SITE:
		# Each run of the tests makes users; Frappe takes 60 an hour.
		set_config(site, allow_tests=1, throttle_user_limit=10_000)


def _copy(original: str, site: str):
	_fresh.add(site)
	drop(site)
	password = services.root_password()
	words = [PYTHON, COPIER, original, site, services.port("db")]
	run(words, f"make the site {site}", f"copy-{site}", SITES, DATABASE_PASSWORD=password)


def _install(site: str, app: str) -> str | None:
	if app not in apps():
		return "left out: its source is not there"
	_refuse_unimportable(app)
	# By force, because one that was interrupted half-way may count as installed already.
	frappe(f"install {app} on {site}", f"install-{app}-{site}", "--site", site, "install-app", "--force", app)


def _refuse_unimportable(app: str):
	if error := _import_errors().get(app):
		raise Trouble(f"the app {app} cannot be imported", error, "mend it, then run the same command again")


def _finish(site: str):
	has_scheduler = "yes" if without_desk(site) in (DEMO_SITE, EMPTY_SITE) else "no"
	run([PYTHON, FINISHER, site, has_scheduler], f"finish {site}", f"finish-{site}", SITES)


def _migrate(site: str) -> str | None:
	if site in _fresh:
		return None
	frappe(f"migrate {site}", f"migrate-{site}", "--site", site, "migrate", "--skip-search-index")
	return "its DocTypes or hooks had changed"


def _finished_from(site: str) -> str:
	return digest(_database_of(site), FINISHER)


def _schema(site: str) -> str:
	return digest(_database_of(site), *_schema_sources(site))


def _schema_sources(site: str) -> list[Path]:
	found = []
	for app in apps_on(site):
		package = (APPS / app / app).resolve()
		for file in package.rglob("*"):
			is_schema = file.suffix == ".json" and SCHEMA_FOLDERS & set(file.relative_to(package).parts)
			if is_schema or file.name in SCHEMA_FILES:
				found.append(file)
	return sorted(found)


@cache
def _import_errors() -> dict[str, str]:
	"""The apps that cannot be imported, each with what Python says."""
	wanted = [app for app in apps() if app != "frappe"]
	result = subprocess.run(
		[PYTHON, "-c", IMPORT, *wanted], cwd=SITES, env=environment(), capture_output=True, text=True
	)
	return json.loads(result.stdout)


_fresh: set[str] = set()
