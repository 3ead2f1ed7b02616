"""The stand-ins' files agree with each other, and with the apps' names."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPS = {"helpdesk": ROOT / "dev/helpdesk_standin/helpdesk", "erpnext": ROOT / "dev/erpnext_standin/erpnext"}
TABLES = ("Table", "Table MultiSelect")


def doctypes(app: str) -> dict[Path, dict]:
	return {
		file: json.loads(file.read_text(encoding="utf-8"))
		for file in sorted(APPS[app].glob("*/doctype/*/*.json"))
	}


@pytest.mark.parametrize("app", APPS)
def test_a_doctype_is_where_its_module_and_name_say(app):
	modules = (APPS[app] / "modules.txt").read_text(encoding="utf-8").split("\n")
	assert doctypes(app)
	for file, doc in doctypes(app).items():
		name = doc["name"].lower().replace(" ", "_")
		assert doc["module"] in modules
		assert file.parts[-4:] == (doc["module"].lower(), "doctype", name, f"{name}.json")
		assert f"class {doc['name'].replace(' ', '')}(" in file.with_suffix(".py").read_text(encoding="utf-8")
		assert all(
			(folder / "__init__.py").exists() for folder in file.parents if APPS[app] in folder.parents
		)


@pytest.mark.parametrize("app", APPS)
def test_fields_are_in_the_order_in_which_they_stand(app):
	for doc in doctypes(app).values():
		assert doc["field_order"] == [field["fieldname"] for field in doc["fields"]], doc["name"]


@pytest.mark.parametrize("app", APPS)
def test_child_tables_are_there(app):
	known = {doc["name"]: doc for doc in doctypes(app).values()}
	for doc in known.values():
		for field in doc["fields"]:
			if field["fieldtype"] in TABLES and field["options"] in known:
				assert known[field["options"]]["istable"], (doc["name"], field["fieldname"])


@pytest.mark.parametrize("app", APPS)
def test_what_hooks_name_is_there(app):
	"""Dotted paths into the stand-in itself."""
	for quoted in (APPS[app] / "hooks.py").read_text(encoding="utf-8").split('"')[1::2]:
		if not quoted.startswith(f"{app}.") or "{" in quoted:
			continue
		module, _, attribute = quoted.rpartition(".")
		source = (APPS[app].parent / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
		assert re.search(rf"\b{attribute}\b", source), quoted


def test_the_two_apps_have_no_module_and_no_doctype_in_common():
	names = [{doc["name"] for doc in doctypes(app).values()} for app in APPS]
	modules = [
		set((APPS[app] / "modules.txt").read_text(encoding="utf-8").split("\n")) - {""} for app in APPS
	]
	assert not names[0] & names[1]
	assert not modules[0] & modules[1]
