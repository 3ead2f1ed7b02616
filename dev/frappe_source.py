"""Frappe's source tree, made from a wheel on PyPI.

Frappe is on PyPI under another name only: the wheel holds Frappe's own files of August 2023 (15.0.0-dev) with its names
replaced. Here they are put back; every Python, JavaScript and Vue file then is what Frappe's authors published. The
tree is generated, never committed.
"""

import hashlib
import re
import shutil
import zipfile
from pathlib import Path

from layout import APPS, CACHE, TOOLS, write_whole
from processes import run
from steps import digest
from trouble import Trouble

WHEEL = "criscostack-1.0.0-py3-none-any.whl"
REQUIREMENT = "criscostack==1.0.0"
SHA256 = "dc58aaf29c59b7666edc953596e5b31f77d7286b2ed6b14c6a205b217c210349"

NAMES = {
	b"criscostack": b"frappe",
	b"Criscostack": b"Frappe",
	b"CRISCOSTACK": b"FRAPPE",
	b"criscoerp": b"erpnext",
	b"Criscoerp": b"ERPNext",
	b"Crisco": b"Frappe",
}
LONGEST_FIRST = re.compile(b"|".join(sorted(NAMES, key=len, reverse=True)))
# The one file whose name was changed in another way.
BENCH_HELPER = ("utils/brik_helper.py", "utils/bench_helper.py")
TEXT_HAS_NO_NUL_WITHIN = 8192

TREE = APPS / "frappe"

PYPROJECT = """\
[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"

[project]
name = "frappe"
dynamic = ["version"]
requires-python = ">=3.10"
dependencies = [
{dependencies}
]

[tool.setuptools]
packages = ["frappe"]

[tool.setuptools.dynamic]
version = {{ attr = "frappe.__version__" }}
"""


def made_from() -> str:
	return digest(Path(__file__))


def make() -> str:
	wheel = CACHE / WHEEL
	if not (wheel.exists() and _sha256(wheel) == SHA256):
		_download()
	draft = APPS.parent / "frappe.new"
	shutil.rmtree(draft, ignore_errors=True)
	with zipfile.ZipFile(wheel) as archive:
		for name in archive.namelist():
			if name.endswith(("/", ".DS_Store")) or ".dist-info/" in name:
				continue
			_unpack(archive.read(name), draft / _file_name(name))
		metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
		requirements = re.findall(r"^Requires-Dist: (.+?)\s*$", archive.read(metadata).decode(), re.MULTILINE)
	dependencies = "\n".join(f"\t'{requirement}'," for requirement in requirements)
	write_whole(draft / "pyproject.toml", PYPROJECT.format(dependencies=dependencies))
	shutil.rmtree(TREE, ignore_errors=True)
	draft.rename(TREE)
	return f"{REQUIREMENT}, sha256 checked"


def _download():
	pinned = CACHE / "frappe.txt"
	pinned.write_text(f"{REQUIREMENT} --hash=sha256:{SHA256}\n")
	pip = [TOOLS / "bin" / "python", "-m", "pip", "download"]
	options = ["--no-deps", "--only-binary=:all:", "--require-hashes"]
	run(
		[*pip, *options, "--dest", CACHE, "--requirement", pinned],
		f"download Frappe's wheel {REQUIREMENT} from the Python registry",
		"frappe-source",
	)
	if _sha256(CACHE / WHEEL) != SHA256:
		(CACHE / WHEEL).unlink()
		raise Trouble(
			f"{WHEEL} is not the file that was checked",
			"its sha256 differs from the one in dev/frappe_source.py",
			"do not use it; look into a proxy or mirror in between, then run the same command again",
		)


def _unpack(content: bytes, file: Path):
	if b"\0" not in content[:TEXT_HAS_NO_NUL_WITHIN]:
		content = _renamed(content)
	file.parent.mkdir(parents=True, exist_ok=True)
	file.write_bytes(content)


def _file_name(name: str) -> str:
	return _renamed(name.encode()).decode().replace(*BENCH_HELPER)


def _renamed(text: bytes) -> bytes:
	return LONGEST_FIRST.sub(lambda match: NAMES[match[0]], text)


def _sha256(file: Path) -> str:
	return hashlib.sha256(file.read_bytes()).hexdigest()
