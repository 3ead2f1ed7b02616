"""The programs of the system: what is there is used, what is missing comes from Debian's packages.

None of these packages has a service in it, so nothing of them starts by itself: `mariadb-server-core` is the server
without its service, and `redis-tools` brings the server's program under the name of its checking tool.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from layout import CONFIG, link
from processes import run
from trouble import Trouble

SYSTEM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NODE_AT_LEAST = (18, 17)
SPACE_NEEDED_GB = 2.5

# The one without windows needs two thirds of the time.
CHROMIUM_NAMES = (
	"chromium-headless-shell",
	"chromium",
	"chromium-browser",
	"google-chrome",
	"google-chrome-stable",
)
# Text messages are full of emoji, and Desk's pages name fonts that look like these.
FONTS = {"fonts-liberation": "**/LiberationSans-Regular.*", "fonts-noto-color-emoji": "**/NotoColorEmoji.*"}
FONT_FOLDER = Path("/usr/share/fonts")


def program(*names: str) -> str | None:
	path = f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}"
	return next((found for name in names if (found := shutil.which(name, path=path))), None)


def redis_server() -> str | None:
	if found := program("redis-server", "valkey-server"):
		return found
	if several_in_one := program("redis-check-rdb"):
		# One program; what it is called decides what it does.
		server = CONFIG / "redis-server"
		link(server, Path(several_in_one))
		return str(server)
	return None


def database_server() -> str | None:
	return program("mariadbd", "mysqld")


def database_installer() -> str | None:
	return program("mariadb-install-db", "mysql_install_db")


def node() -> str | None:
	return program("node", "nodejs")


def has_venv() -> bool:
	return (
		subprocess.run([sys.executable, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0
	)


def missing() -> list[str]:
	"""The Debian packages of what is not there."""
	packages = []
	if not (database_server() and database_installer()):
		packages.append("mariadb-server-core")
	# Frappe's new-site calls the client by its old name.
	if not program("mysql"):
		packages.append("mariadb-client-core")
	# Frappe makes its backups with it.
	if not program("mysqldump", "mariadb-dump"):
		packages.append("mariadb-client")
	if not redis_server():
		packages.append("redis-tools")
	if not node():
		packages.append("nodejs")
	if not program("npm"):
		packages.append("npm")
	if not program("git"):
		packages.append("git")
	if not has_venv():
		packages.append("python3-venv")
	if release := _debian_release():
		# Elsewhere the package of this name is only a pointer to another store.
		if not program(*CHROMIUM_NAMES):
			packages.append("chromium-headless-shell" if release >= 12 else "chromium")
		packages += [font for font, file in FONTS.items() if not any(FONT_FOLDER.glob(file))]
	return packages


def _debian_release() -> int:
	"""0 where it is another system; a release that has no number yet counts as later than all that have one."""
	try:
		lines = Path("/etc/os-release").read_text().replace('"', "").splitlines()
	except OSError:
		return 0
	facts = dict(line.split("=", 1) for line in lines if "=" in line)
	return int(facts.get("VERSION_ID") or 99) if facts.get("ID") == "debian" else 0


def install_missing() -> str | None:
	packages = missing()
	if packages:
		_install(packages)
	version = subprocess.run([node() or "node", "--version"], capture_output=True, text=True).stdout.strip()
	if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) < NODE_AT_LEAST:
		raise Trouble(
			f"Node.js {version} is too old",
			"Desk's browser code is built with tools that need 18.17",
			"install Node.js 18.17 or newer and see that `node --version` tells it",
		)
	return ", ".join(packages) or None


def _install(packages: list[str]):
	if not program("apt-get"):
		raise Trouble(
			f"programs are missing: {', '.join(packages)} (by their names on Debian)",
			"this system has no apt-get to install them with",
			"install MariaDB 10.6+ (server and client), Redis 6+, Node.js 18.17+ with npm, git and Chromium by hand, "
			"so that their programs are in PATH; then run the same command again",
		)
	prefix = _as_root(packages)
	options = ["-q", "-o", "DPkg::Lock::Timeout=120"]
	quiet = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
	# An interrupted installation keeps every later one from starting.
	run([*quiet, "dpkg", "--configure", "-a"], "finish an interrupted package installation", "debian")
	run([*quiet, "apt-get", "update", *options], "read Debian's package lists", "debian")
	run(
		[*quiet, "apt-get", "install", "-y", "--no-install-recommends", *options, *packages],
		f"install Debian packages: {' '.join(packages)}",
		"debian",
	)
	if still := missing():
		raise Trouble(
			f"still missing after the installation: {', '.join(still)}",
			"the packages of this release hold other programs than Debian 12's",
			"install MariaDB 10.6+, Redis 6+, Node.js 18.17+ with npm, and git by hand",
		)


def _as_root(packages: list[str]) -> list[str]:
	if os.geteuid() == 0:
		return []
	if not program("sudo"):
		raise Trouble(
			f"Debian packages are missing: {' '.join(packages)}",
			"you are not root, and there is no sudo",
			f"as root: apt-get install --no-install-recommends {' '.join(packages)}",
		)
	return ["sudo", "-n"]


def ask_for_root_early():
	"""Let sudo ask for its password before anything else writes to the terminal."""
	if os.geteuid() and program("sudo") and sys.stdin.isatty() and (packages := missing()):
		print(f"Debian packages to be installed with sudo: {' '.join(packages)}", flush=True)
		subprocess.run(["sudo", "-v"])


def check_space(folder: Path, is_new: bool):
	free_gb = shutil.disk_usage(folder).free / 1e9
	if free_gb < (SPACE_NEEDED_GB if is_new else 0.3):
		raise Trouble(
			f"only {free_gb:.1f} GB are free on the disk of {folder}",
			f"a throwaway bench takes about {SPACE_NEEDED_GB} GB while it is made",
			"free some space, or `make clean` other benches, then run the same command again",
		)
