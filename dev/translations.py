"""The app's translations: `make translations` brings them up to date with the sources, and says what lacks.

The catalogs in `locale/` are what people edit. Everything else follows from them and the sources:

- `locale/main.pot`  every visible string
- `locale/de.po` …   loses what is no longer shown, gets what is new, untranslated
- `translations/de.csv` …  the same as Frappe reads it without being built. Both v15 and v16 read it; both prefer what
  `bench build` compiled of the .po (`frappe.translate.get_translations_from_apps`).

Runs with the bench's Python, for Babel. Not by Frappe's own extractors: those of v15 and v16 find different strings, and
neither finds those in nested templates of JavaScript.
"""

from __future__ import annotations

import argparse
import ast
import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import addresses
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

APP = Path(__file__).parents[1] / "twilio_sms_channel"
LOCALE, CSV = APP / "locale", APP / "translations"
TEMPLATE = LOCALE / "main.pot"
LANGUAGES = ("de", "es", "fr")
# Has a page of its own, apart from Frappe and its languages.
NOT_SHOWN_BY_FRAPPE = (APP / "simulator", APP / "public" / "dist")
# Which arguments of a call are translated. An Explanation's are when it is told.
TRANSLATED_ARGUMENTS = {"_": (0,), "_lt": (0,), "Explanation": (0, 1)}
# Frappe's own word for a permission; where it is meant otherwise it is translated with a context.
LEFT_TO_FRAPPE = {"Read"}
JS_STRING = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`"""
JS_CALL = re.compile(rf"(?<![\w$])__\(\s*({JS_STRING})\s*(.)", re.S)
JS_CONTEXT = re.compile(rf"\s*(?:\[[^\[\]]*\]|null|undefined)\s*,\s*({JS_STRING})\s*,?\s*\)")
PLACEHOLDER = re.compile(r"\{\d*\}")
TAG = re.compile(r"</?\w+")


class Untranslatable(Exception):
	"""A string that is put together in a way in which no translation of it is found; says where."""


def template() -> Catalog:
	"""Every visible string of the app's sources.

	:raises Untranslatable: a translated string is not written as one literal
	"""
	catalog = _new_catalog()
	for file in sorted(APP.rglob("*")):
		find = FINDERS.get(file.suffix)
		if not find or any(folder in file.parents for folder in NOT_SHOWN_BY_FRAPPE):
			continue
		place = file.relative_to(APP.parent).as_posix()
		for text, context in find(file):
			if _is_words(text):
				catalog.add(text, locations=[(place, 0)], context=context or None)
	return catalog


def _in_python(file: Path) -> Iterator[tuple[str, str]]:
	for node in ast.walk(ast.parse(file.read_text())):
		if isinstance(node, ast.Call):
			yield from _in_call(node, file)
		elif isinstance(node, ast.Dict):
			yield from _in_field(_literals(node))


def _in_call(node: ast.Call, file: Path) -> Iterator[tuple[str, str]]:
	name = getattr(node.func, "id", "")
	contexts = [keyword.value.value for keyword in node.keywords if keyword.arg == "context"]
	for place in TRANSLATED_ARGUMENTS.get(name, ()):
		if place >= len(node.args):
			continue
		argument = node.args[place]
		if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
			yield argument.value, contexts[0] if contexts else ""
		elif isinstance(argument, ast.JoinedStr | ast.BinOp):
			raise Untranslatable(f"{file}:{node.lineno}: {name}() wants one literal; values go into {{0}}")


def _literals(node: ast.Dict) -> dict:
	return {
		key.value: value.value
		for key, value in zip(node.keys, node.values, strict=True)
		if isinstance(key, ast.Constant) and isinstance(value, ast.Constant)
	}


def _in_javascript(file: Path) -> Iterator[tuple[str, str]]:
	# Not by Babel's lexer, which is lost in a template within a template.
	code = file.read_text()
	for call in JS_CALL.finditer(code):
		literal, after = call.groups()
		if after not in ",)" or (literal[0] == "`" and "${" in literal):
			line = code.count("\n", 0, call.start()) + 1
			raise Untranslatable(f"{file}:{line}: __() wants one literal; values go into {{0}}")
		context = JS_CONTEXT.match(code, call.end()) if after == "," else None
		yield _unquoted(literal), _unquoted(context[1]) if context else ""


def _unquoted(literal: str) -> str:
	inner = literal[1:-1]
	if literal[0] != '"':
		inner = re.sub(r'(?<!\\)"', r"\"", inner.replace("\\'", "'").replace("\\`", "`"))
	return json.loads(f'"{inner}"', strict=False)


def _in_json(file: Path) -> Iterator[tuple[str, str]]:
	"""What a document that comes with the app shows: a DocType, a workspace, a report …"""
	doc = json.loads(file.read_text())
	if not isinstance(doc, dict) or not doc.get("doctype"):
		return
	for key in ("name", "label", "title", "description", "subtitle", "success_message"):
		if isinstance(doc.get(key), str) and not (doc["doctype"] == "Workspace" and key == "name"):
			yield doc[key], ""
	for row in _rows(doc):
		yield from _in_field(row)
		if row.get("doctype") not in ("DocField", "DocPerm") and not row.get("fieldtype"):
			for key in ("label", "group", "action_label"):
				if isinstance(row.get(key), str):
					yield row[key], ""
	for state in doc.get("states") or []:
		yield state.get("title") or "", ""


def _rows(doc: dict) -> Iterator[dict]:
	for value in doc.values():
		if isinstance(value, list):
			yield from (row for row in value if isinstance(row, dict))


def _in_field(field: dict) -> Iterator[tuple[str, str]]:
	"""What a field of a DocType, a custom field or a column of a report shows."""
	if not field.get("fieldtype"):
		return
	for key in ("label", "description", "placeholder"):
		if isinstance(field.get(key), str):
			yield field[key], ""
	options = field.get("options") or ""
	if field["fieldtype"] == "Select":
		yield from ((option, "") for option in options.split("\n") if option not in LEFT_TO_FRAPPE)
	elif field["fieldtype"] in ("HTML", "Heading"):
		yield options, ""


FINDERS = {".py": _in_python, ".js": _in_javascript, ".json": _in_json}


def _is_words(text: str) -> bool:
	return bool(re.search(r"[^\W\d_]", PLACEHOLDER.sub("", text or "")))


def _new_catalog(locale: str | None = None) -> Catalog:
	catalog = Catalog(
		locale=locale,
		project="Twilio SMS Channel",
		copyright_holder="Twilio SMS Channel contributors",
		msgid_bugs_address=addresses.read().support,
		last_translator="Twilio SMS Channel contributors",
		language_team="Twilio SMS Channel contributors",
		fuzzy=False,
	)
	catalog.header_comment = "# Twilio SMS Channel, MIT licence. Written by `make translations`."
	return catalog


def catalog_of(language: str) -> Catalog:
	"""A language's catalog as it is on disk."""
	path = LOCALE / f"{language}.po"
	if not path.exists():
		return _new_catalog(language)
	with path.open("rb") as file:
		return read_po(file, locale=language)


def faults(language: str, catalog: Catalog) -> list[str]:
	"""What a translated catalog gets wrong, besides what it lacks."""
	found = []
	for message in filter(lambda m: m.id, catalog):
		if message.fuzzy:
			found.append(f"{language}: fuzzy: {message.id}")
		if not message.string:
			continue
		for what, pattern in (("placeholders", PLACEHOLDER), ("tags", TAG)):
			if sorted(pattern.findall(message.id)) != sorted(pattern.findall(message.string)):
				found.append(f"{language}: other {what} than in: {message.id}")
		if message.id[-1] in ".:…" and message.string[-1] not in ".:…":
			found.append(f"{language}: ends otherwise than: {message.id}")
	return found


def missing(catalog: Catalog) -> list[Message]:
	return [message for message in catalog if message.id and not message.string]


def bring_up_to_date() -> dict[Path, bytes]:
	"""What the files should hold, by path."""
	wanted = template()
	files = {TEMPLATE: _as_po(wanted)}
	for language in LANGUAGES:
		catalog = catalog_of(language)
		catalog.update(wanted, no_fuzzy_matching=True)
		catalog.obsolete.clear()
		files[LOCALE / f"{language}.po"] = _as_po(catalog)
		files[CSV / f"{language}.csv"] = _as_csv(catalog)
	return files


def _as_po(catalog: Catalog) -> bytes:
	data = io.BytesIO()
	write_po(data, catalog, sort_output=True, ignore_obsolete=True, width=0, include_lineno=False)
	# Without the days of writing, the same sources give the same file.
	return b"".join(
		line
		for line in data.getvalue().splitlines(keepends=True)
		if not line.startswith((b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Generated-By'))
	)


def _as_csv(catalog: Catalog) -> bytes:
	data = io.StringIO()
	rows = csv.writer(data, lineterminator="\n")
	for message in sorted(
		filter(lambda m: m.id and m.string, catalog), key=lambda m: (m.id, m.context or "")
	):
		rows.writerow([message.id, message.string, *([message.context] if message.context else [])])
	return data.getvalue().encode()


def main() -> int:
	parser = argparse.ArgumentParser(description="Bring the translations up to date with the sources.")
	parser.add_argument(
		"--check", action="store_true", help="write nothing; 1 when something lacks or is old"
	)
	parser.add_argument("--list", action="store_true", help="print what is untranslated")
	arguments = parser.parse_args()
	try:
		files = bring_up_to_date()
	except Untranslatable as e:
		print(f"✗ {e}", file=sys.stderr)
		return 1
	old = [path for path, data in files.items() if not path.exists() or path.read_bytes() != data]
	if arguments.check:
		problems = [f"not up to date: {path.relative_to(APP.parent)}" for path in old]
	else:
		problems = []
		for path in old:
			path.parent.mkdir(exist_ok=True)
			path.write_bytes(files[path])
			print(f"wrote {path.relative_to(APP.parent)}")
	lacking = 0
	for language in LANGUAGES:
		catalog = read_po(io.BytesIO(files[LOCALE / f"{language}.po"]), locale=language)
		untranslated = missing(catalog)
		lacking += len(untranslated)
		print(f"{language}: {len(untranslated)} of {len(catalog)} untranslated")
		if arguments.list:
			for message in untranslated:
				print(f"\t{json.dumps(message.id, ensure_ascii=False)}")
		problems += faults(language, catalog)
	for problem in problems:
		print(f"✗ {problem}", file=sys.stderr)
	return int(bool(problems or (arguments.check and lacking)))


if __name__ == "__main__":
	sys.exit(main())
