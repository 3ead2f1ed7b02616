"""The privacy policy names whatever the app stores, and the code no host besides those that the policy names."""

import ast
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
APP = ROOT / "twilio_sms_channel"
POLICY = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
# Has a page of its own on the machine, and plays Twilio's hosts.
SIMULATOR = APP / "simulator"
URL = re.compile(r"https?://[\w.-]*\w")
# Twilio, and names that nobody can have.
ALLOWED = re.compile(r"(?:[\w-]+\.)*(?:twilio\.com|example\.com|example)")
# A namespace is compared, never fetched.
NAMESPACES = {"www.w3.org"}
JS_COMMENT = re.compile(r"(?<!:)//[^\n]*|/\*.*?\*/", re.S)


def hosts_in_python(code: str) -> set[str]:
	"""Of URLs in strings, without docstrings."""
	tree = ast.parse(code)
	documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
	docstrings = {
		id(node.body[0].value)
		for node in ast.walk(tree)
		if isinstance(node, documented) and has_docstring(node)
	}
	strings = [
		node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
	]
	return {host for node in strings if id(node) not in docstrings for host in hosts(node.value)}


def has_docstring(node: ast.AST) -> bool:
	return (
		bool(node.body)
		and isinstance(node.body[0], ast.Expr)
		and isinstance(node.body[0].value, ast.Constant)
	)


def hosts(text: str) -> set[str]:
	return {urlsplit(url).hostname for url in URL.findall(text)}


def foreign(found: set[str]) -> set[str]:
	return {host for host in found - NAMESPACES if not ALLOWED.fullmatch(host)}


def test_foreign_hosts_are_found():
	code = '"""See https://docs.a.org"""\nA = "https://api.twilio.com/x"\nB = f"http://evil.org/{A}"\n'
	assert hosts_in_python(code) == {"api.twilio.com", "evil.org"}
	assert foreign(hosts_in_python(code)) == {"evil.org"}
	assert foreign({"twilio.com.evil.org", "nottwilio.com"}) == {"twilio.com.evil.org", "nottwilio.com"}
	assert hosts(JS_COMMENT.sub("", '// https://a.org\nload("https://b.org/c"); /* https://d.org */')) == {
		"b.org"
	}


def test_the_code_names_no_host_but_twilios():
	wrong = {}
	for path in sorted(APP.rglob("*")):
		if SIMULATOR in path.parents or {"dist", "node_modules"} & set(path.parts):
			continue
		if path.suffix == ".py":
			found = hosts_in_python(path.read_text(encoding="utf-8"))
		elif path.suffix in (".js", ".css", ".html"):
			found = hosts(JS_COMMENT.sub("", path.read_text(encoding="utf-8")))
		else:
			continue
		if foreign(found):
			wrong[str(path.relative_to(ROOT))] = foreign(found)
	assert wrong == {}


def test_the_policy_names_each_doctype():
	forms = [json.loads(path.read_text(encoding="utf-8")) for path in APP.glob("*/doctype/*/*.json")]
	names = sorted(form["name"] for form in forms if form.get("doctype") == "DocType")
	assert len(names) > 10
	short = {name: name.removeprefix("Twilio SMS ") for name in names}
	assert [name for name in names if f"*{name}*" not in POLICY and f"*{short[name]}*" not in POLICY] == []
