"""The house's order, read from the source: which room may import which, and how large a file may be.

It needs neither Frappe nor a site. The order and its reasons: docs/architecture.md.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

APP = "twilio_sms_channel"
ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / APP
# Lowest first. A room imports rooms on floors below its own, and itself.
FLOORS = (
	("infra",),
	("people", "content"),
	("twilio_gateway", "desks"),
	("messaging.conversation",),
	("messaging.delivery",),
	("messaging.sending",),
	("messaging.outbound",),
	("messaging.inbound",),
	("messaging.setup",),
	("messaging.upkeep",),
	("permissions",),
	("overrides", "doctor", "reports"),
	("api",),
)
# Imports nothing of the app: it stands in for Twilio.
SIMULATOR = "simulator"
# What Frappe calls: single modules, DocTypes, reports and patches. They may import every room.
DOCTYPES, PATCHES = APP, "patches"
SDK_ROOM = "twilio_gateway"
TICKET_SYSTEMS = ("helpdesk", "erpnext")
ROOMS_OF_TICKET_SYSTEMS = ("desks", "overrides")
MOST_LINES = 400
SIZED = ("*.py", "*.js")
NOT_OURS = {".throwaway", "build", "dist", ".git", "node_modules", "site", "__pycache__"}


@cache
def modules() -> dict[str, ast.Module]:
	"""Dotted name below the app → its syntax tree."""
	found = {}
	for path in sorted(PACKAGE.rglob("*.py")):
		parts = path.relative_to(PACKAGE).with_suffix("").parts
		name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
		found[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
	return found


def imported(tree: ast.Module, at_once: bool = False) -> Iterator[str]:
	"""Dotted names that a module imports, wherever in it, at run time or for types.

	:param at_once: those alone that are loaded with the module
	"""
	for node in tree.body if at_once else ast.walk(tree):
		if isinstance(node, ast.Import):
			yield from (alias.name for alias in node.names)
		elif isinstance(node, ast.ImportFrom):
			assert not node.level, "imports are absolute"
			yield from (f"{node.module}.{alias.name}" for alias in node.names)


def edges(name: str, at_once: bool = False) -> set[str]:
	"""Modules of the app that one of them imports."""
	known, found = modules(), set()
	for dotted in imported(known[name], at_once):
		if dotted != APP and not dotted.startswith(f"{APP}."):
			continue
		target = dotted[len(APP) + 1 :]
		if target not in known:
			target = target.rpartition(".")[0]
		if target not in ("", name):
			found.add(target)
	return found


def room_of(module: str) -> str | None:
	"""The room that a module is in, None for what Frappe calls."""
	for room in (SIMULATOR, *(room for floor in FLOORS for room in floor)):
		if module == room or module.startswith(f"{room}."):
			return room
	return None


def floor_of(room: str) -> int:
	return next(n for n, floor in enumerate(FLOORS) if room in floor)


def test_every_module_is_in_a_room_or_is_what_frappe_calls():
	below = {
		name.split(".")[0] for name in modules() if "." in name and name.split(".")[0] not in ("messaging",)
	}
	rooms = {room.split(".")[0] for floor in FLOORS for room in floor}
	assert below - rooms - {SIMULATOR, DOCTYPES, PATCHES} == set()
	assert [name for name in modules() if name.startswith("messaging.") and not room_of(name)] == []


def test_rooms_import_only_rooms_below_them():
	wrong = []
	for name in modules():
		room = room_of(name)
		if room in (None, SIMULATOR):
			continue
		for target in edges(name):
			other = room_of(target)
			if other == room:
				continue
			if other in (None, SIMULATOR) or floor_of(other) >= floor_of(room):
				wrong.append(f"{name} imports {target}")
	assert sorted(wrong) == []


def test_the_simulator_imports_nothing_of_the_app():
	wrong = {
		f"{name} imports {target}"
		for name in modules()
		if room_of(name) == SIMULATOR
		for target in edges(name)
		if room_of(target) != SIMULATOR
	}
	assert wrong == set()
	assert not any(
		dotted.split(".")[0] == "frappe"
		for name in modules()
		if room_of(name) == SIMULATOR
		for dotted in imported(modules()[name])
	)


def test_no_modules_import_each_other_in_a_circle():
	"""Tarjan's strongly connected components: https://doi.org/10.1137/0201010"""
	index, low, stack, circles = {}, {}, [], []

	def visit(name: str) -> None:
		index[name] = low[name] = len(index)
		stack.append(name)
		for target in edges(name):
			if target not in index:
				visit(target)
				low[name] = min(low[name], low[target])
			elif target in stack:
				low[name] = min(low[name], index[target])
		if low[name] == index[name]:
			circle = stack[stack.index(name) :]
			del stack[stack.index(name) :]
			if len(circle) > 1:
				circles.append(sorted(circle))

	sys.setrecursionlimit(10_000)
	for name in modules():
		if name not in index:
			visit(name)
	assert circles == []


def test_twilios_sdk_is_imported_in_the_gateway_alone():
	wrong = [
		f"{name} imports {dotted}"
		for name, tree in modules().items()
		if room_of(name) != SDK_ROOM
		for dotted in imported(tree)
		if dotted.split(".")[0] == "twilio"
	]
	assert wrong == []


@pytest.mark.parametrize("module", ("api.webhooks", "api.ticket", "messaging.inbound.intake"))
def test_twilios_sdk_is_not_loaded_where_twilio_is_not_called(module):
	"""It takes a third of a second, of each job that a worker forks."""
	loaded, waiting = set(), [module]
	while waiting:
		if (name := waiting.pop()) not in loaded:
			loaded.add(name)
			waiting += edges(name, at_once=True)
	assert {"twilio_gateway.client", "twilio_gateway.sdk"} & loaded == {"twilio_gateway.client"}


def test_ticket_systems_are_imported_where_they_are_adapted():
	wrong = [
		f"{name} imports {dotted}"
		for name, tree in modules().items()
		if room_of(name) not in ROOMS_OF_TICKET_SYSTEMS
		for dotted in imported(tree)
		if dotted.split(".")[0] in TICKET_SYSTEMS
	]
	assert wrong == []


@pytest.mark.parametrize("pattern", SIZED)
def test_no_file_is_too_long_to_be_read_at_once(pattern):
	long = {}
	for path in ROOT.rglob(pattern):
		inside = path.relative_to(ROOT)
		if NOT_OURS & set(inside.parts):
			continue
		lines = len(path.read_text(encoding="utf-8").splitlines())
		if lines > MOST_LINES:
			long[str(inside)] = lines
	assert long == {}
