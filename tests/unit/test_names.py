"""What is called by its name in a string is there: jobs, hooks, and the points where tests kill a process."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = "twilio_sms_channel"
DOTTED = re.compile(rf"^{APP}(?:\.\w+)+(?::\w+(?:\.\w+)*)?(?=:(?:call|return)|$)")
FOLDERS = (APP, "tests", "benchmarks", "dev")
# A key of a request.
NO_CODE = {f"{APP}.read_at"}
NOT_OURS = {"dist", "node_modules", "__pycache__"}


def names_in(path: Path) -> set[str]:
	tree = ast.parse(path.read_text(encoding="utf-8"))
	known = {
		target.id: node.value
		for node in tree.body
		if isinstance(node, ast.Assign)
		for target in node.targets
		if isinstance(target, ast.Name)
	}
	strings = {said(node, known) for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr)}
	parts = (part for string in strings for part in string.split(" then "))
	return {found[0] for part in parts if (found := DOTTED.match(part))} - NO_CODE


def said(node: ast.AST, known: dict[str, ast.AST]) -> str:
	"""What a string says, with the module's own constants in it; "" for what is known only when it runs."""
	if isinstance(node, ast.Constant):
		return node.value if isinstance(node.value, str) else ""
	if isinstance(node, ast.FormattedValue):
		return said(node.value, known)
	if isinstance(node, ast.Name):
		return said(known[node.id], known) if node.id in known else ""
	if isinstance(node, ast.JoinedStr):
		parts = [said(value, known) for value in node.values]
		return "".join(parts) if all(parts) else ""
	return ""


def is_there(name: str) -> bool:
	"""Whether a dotted name is a module, a folder, or something that a module defines or imports."""
	parts = re.split(r"[.:]", name)
	for length in range(len(parts), 0, -1):
		place = ROOT.joinpath(*parts[:length])
		if (module := place.with_suffix(".py")).exists():
			return length == len(parts) or parts[length] in defined_in(module)
		if place.is_dir():
			return length == len(parts) or parts[length] in defined_in(place / "__init__.py")
	return False


def defined_in(module: Path) -> set[str]:
	if not module.exists():
		return set()
	found = set()
	for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
		if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
			found.add(node.name)
		elif isinstance(node, ast.Import | ast.ImportFrom):
			found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
		elif isinstance(node, ast.Assign):
			targets = {target.id for target in node.targets if isinstance(target, ast.Name)}
			found |= targets
			if "__getattr__" in targets and isinstance(node.value, ast.Call):
				# A module that makes what it is asked for names it there.
				found |= {keyword.arg for keyword in node.value.keywords}
	return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_names_in_strings_are_there(folder):
	missing = {}
	for path in (ROOT / folder).rglob("*.py"):
		if NOT_OURS & set(path.parts):
			continue
		if wrong := sorted(name for name in names_in(path) if not is_there(name)):
			missing[str(path.relative_to(ROOT))] = wrong
	assert missing == {}
