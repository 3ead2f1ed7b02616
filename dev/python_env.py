"""The virtual environment with Frappe, the apps and what the tests need."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from layout import (
	APP,
	APPS,
	BENCH,
	CACHE,
	DEV,
	DOCS_TOOLS,
	ENV,
	LOGS,
	PYTHON,
	ROOT,
	SOURCES,
	TOOLS,
	write_whole,
)
from processes import run
from steps import digest
from trouble import NOTHING_FITS, Trouble

REQUIREMENTS = DEV / "requirements.txt"
CONSTRAINTS = DEV / "constraints.txt"
# There while packages are installed. A package of which half was installed counts as there.
UNFINISHED = ENV / "unfinished"
TOOL_REQUIREMENTS = DEV / "tools.txt"
DOCS_REQUIREMENTS = DEV / "docs.txt"

CONSTRAINTS_HEAD = "# What the tests were last run with. Written by `python3 dev renew`; twilio is always the newest allowed."
# pip is not what is tested.
UNPINNED = ("twilio==", "pip==", "$ ")

# Some packages want a later 3.11 than Debian 12 has.
DEBIANS_PYTHON = "3.11.2"
OLDEST_TWILIO = "twilio==8.5.0"


def tools_made_from() -> str:
	return digest(TOOL_REQUIREMENTS, sys.version)


def make_tools():
	"""uv, which installs in a quarter of pip's time, and ruff: apart from what is tested."""
	_make(TOOLS, TOOL_REQUIREMENTS, "tools")


def docs_tools_made_from() -> str:
	return digest(DOCS_REQUIREMENTS, sys.version)


def make_docs_tools():
	_make(DOCS_TOOLS, DOCS_REQUIREMENTS, "docs-tools")


def _make(folder: Path, requirements: Path, log: str):
	"""An environment of its own, by pip."""
	shutil.rmtree(folder, ignore_errors=True)
	run([sys.executable, "-m", "venv", folder], "make a virtual environment for the tools", log)
	python = folder / "bin" / "python"
	words = ["-m", "pip", "install", "--prefer-binary", "--requirement", requirements]
	run([python, *words], "install the tools from the Python registry", log)


def apps() -> list[str]:
	"""The apps whose folders are there. The stand-in may be left out of a checkout."""
	return ["frappe", *(app for app in SOURCES if (APPS / app / "pyproject.toml").exists())]


def made_from() -> str:
	projects = [APPS / app / "pyproject.toml" for app in apps()]
	return digest(*projects, REQUIREMENTS, CONSTRAINTS, sys.version)


def install() -> str:
	if not _works():
		run(
			[sys.executable, "-m", "venv", "--clear", "--without-pip", ENV],
			"make the virtual environment",
			"packages",
		)
	wanted = [*_editables(), "--requirement", REQUIREMENTS, "--constraint", CONSTRAINTS]
	# The newest Twilio that the app allows, whatever an earlier run put in its place.
	installer = _uv_or_pip(wanted, uv=["--upgrade-package", "twilio"], pip=["--upgrade", "twilio"])
	return f"with {installer}"


def _editables() -> list[str]:
	places = [f"{APPS / app}[test]" if app == APP else str(APPS / app) for app in apps()]
	return [word for place in places for word in ("--editable", place)]


def _works() -> bool:
	"""Whether the environment can be built upon: its interpreter runs, is this one, and nothing was interrupted."""
	if UNFINISHED.exists():
		return False
	probe = [PYTHON, "-c", "import sys; print(sys.version)"]
	try:
		return subprocess.run(probe, capture_output=True, text=True).stdout.strip() == sys.version
	except OSError:
		return False


def install_oldest_twilio():
	_uv_or_pip([OLDEST_TWILIO])


def renew_constraints():
	"""Install the newest of everything that fits, and write down what that is."""
	for_debian = ["--upgrade", "--python-version", DEBIANS_PYTHON]
	_uv_or_pip([*_editables(), "--requirement", REQUIREMENTS], uv=for_debian, pip=["--upgrade"])
	frozen = run([TOOLS / "bin" / "uv", "pip", "freeze", "--python", PYTHON], "list the packages", "packages")
	pinned = [line for line in frozen.splitlines() if "==" in line and not line.startswith(UNPINNED)]
	write_whole(CONSTRAINTS, "\n".join([CONSTRAINTS_HEAD, *pinned]) + "\n")


def _uv_or_pip(wanted: list, uv: list | None = None, pip: list | None = None) -> str:
	"""uv does not read pip's settings, so where those lead to another registry only pip gets through."""
	settings = {"UV_CACHE_DIR": str(CACHE / "uv"), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
	what = "install Python packages"
	UNFINISHED.touch()
	try:
		command = [TOOLS / "bin" / "uv", "pip", "install", "--python", PYTHON, *(uv or []), *wanted]
		run(command, what, "packages", BENCH, **settings, **_index_settings())
		UNFINISHED.unlink()
		return "uv"
	except Trouble as trouble:
		if NOTHING_FITS in (trouble.why or ""):
			# pip would look for minutes, and find nothing either.
			raise
		with (LOGS / "packages.log").open("a") as log:
			log.write(f"uv could not: {trouble.why or trouble.what}. Trying pip.\n")
	command = [TOOLS / "bin" / "python", "-m", "pip", "--python", PYTHON, "install", "--prefer-binary"]
	run([*command, *(pip or []), *wanted], what, "packages", BENCH)
	UNFINISHED.unlink()
	return "pip"


def _index_settings() -> dict[str, str]:
	"""The registry that pip is told to use, told to uv."""
	command = [TOOLS / "bin" / "python", "-m", "pip", "config", "list"]
	listed = subprocess.run(command, capture_output=True, text=True).stdout
	settings = {}
	for line in listed.splitlines():
		name, _, value = line.partition("=")
		if name.rpartition(".")[2] == "index-url":
			settings["UV_DEFAULT_INDEX"] = value.strip("'\"")
	return settings


def ruff(*arguments: str) -> int:
	return subprocess.run([TOOLS / "bin" / "ruff", *arguments], cwd=ROOT).returncode
