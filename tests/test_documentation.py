"""The pages of docs/ against each other, and against what they tell about. `make docs` builds them with the real tool."""

import ast
import inspect
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from twilio_sms_channel.twilio_gateway.errors import EXPLANATIONS, help_url

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
# README, and what a project says of itself.
AT_THE_TOP = sorted(ROOT.glob("*.md"))
DOCTOR = ROOT / "twilio_sms_channel" / "doctor"
DOCTYPES = ROOT / "twilio_sms_channel" / "twilio_sms_channel" / "doctype"
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Have no label on the form, or are not on it.
UNSEEN = {"Section Break", "Column Break"}


@cache
def anchors(page: Path) -> set[str]:
	"""The names that links to a page's headings have, as Markdown's tools make them, and those written by hand."""
	text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
	headings = re.findall(r"^#+ (.+)$", text, re.M)
	names = [re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings]
	assert len(names) == len(set(names)), f"{page.name} has two headings of the same name"
	return {*names, *re.findall(r'<a id="([^"]+)"></a>', text)}


def links(page: Path) -> list[str]:
	"""What a page links to or shows on its own site."""
	targets = LINK.findall(CODE.sub("", page.read_text()))
	return [target for target in targets if not re.match(r"\w+:", target)]


@pytest.mark.parametrize("page", [*AT_THE_TOP, *PAGES], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
	for target in links(page):
		path, _, anchor = unquote(target).partition("#")
		file = page.parent / path if path else page
		assert file.exists(), f"{page.name} links to {target}"
		assert not anchor or anchor in anchors(file), f"{page.name} links to {target}"


def test_every_page_is_in_the_menu_once():
	settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
	listed = [page for section in settings["nav"] for pages in section.values() for page in pages]
	listed = [page if isinstance(page, str) else next(iter(page.values())) for page in listed]
	assert sorted(listed) == [page.name for page in PAGES]


def test_every_picture_is_shown():
	text = "".join(page.read_text() for page in [ROOT / "README.md", ROOT / "mkdocs.yml", *PAGES])
	assert [file.name for file in (DOCS / "images").iterdir() if f"images/{file.name}" not in text] == []


def test_the_error_codes_are_those_of_the_app():
	rows = [
		f"| [{code}]({help_url(code)}) | {told.what} | {told.do} | {told.who} |"
		for code, told in sorted(EXPLANATIONS.items())
	]
	assert [line for line in (DOCS / "error-codes.md").read_text().splitlines() if line[:3] == "| ["] == rows


@pytest.mark.parametrize(
	("page", "doctype"), [("numbers.md", "twilio_sms_number"), ("accounts.md", "twilio_sms_account")]
)
def test_every_setting_is_explained(page, doctype):
	"""Those that the app adds where ticket systems are installed included."""
	from twilio_sms_channel.desks import choice
	from twilio_sms_channel.desks.registry import SYSTEMS

	form = json.loads((DOCTYPES / doctype / f"{doctype}.json").read_text())
	added = [system.added.FIELDS for system in SYSTEMS] + [choice.fields([])]
	fields = [*form["fields"], *(field for fields in added for field in fields.get(form["name"], []))]
	shown = [field for field in fields if field["fieldtype"] not in UNSEEN and not field.get("hidden")]
	if page == "accounts.md":
		# What Twilio says of an account is told in sentences.
		shown = [field for field in shown if not field.get("read_only")]
	explained = set(re.findall(r"\*\*([^*]+)\*\*", (DOCS / page).read_text()))
	assert [field["label"] for field in shown if field["label"] not in explained] == []


def test_every_finding_of_the_doctor_is_explained():
	found = {name for file in DOCTOR.rglob("*.py") for name in findings(file)}
	explained = re.findall(r'<a id="([\w.]+)"></a>', (DOCS / "doctor.md").read_text())
	assert found
	assert sorted(explained) == sorted(found)


def findings(file: Path) -> set[str]:
	"""What a module of the doctor can find: "webhooks.method"; "errors" where the rest depends ("errors.30007")."""
	calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
	made = [call for call in calls if getattr(call.func, "id", "") in ("Finding", "_of")]
	words = [node for call in made for argument in call.args for node in ast.walk(argument)]
	texts = [word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)]
	return {text.rstrip(".") for text in texts if re.fullmatch(r"[a-z_]+\.[a-z_]*", text)}


def test_every_endpoint_of_the_set_up_is_explained():
	import frappe

	from twilio_sms_channel.api import setup

	rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", (DOCS / "setup-api.md").read_text(), re.M))
	endpoints = {
		name: endpoint
		for name, endpoint in vars(setup).items()
		if callable(endpoint) and endpoint in frappe.whitelisted
	}
	assert sorted(rows) == sorted(endpoints)
	for name, endpoint in endpoints.items():
		assert re.findall(r"`(\w+)`", rows[name]) == list(inspect.signature(endpoint).parameters), name
