"""Questions with somebody's session: each gives the teams whose text it told something."""

import json
from collections.abc import Callable
from typing import Any

import frappe
import frappe.realtime
import requests

NOTHING = "Xanadu-of-nobody"
MANY = 500
SAYS = ("message", "values", "results", "docs", "docinfo")


def each(ask):
	"""Of a question about one text, the teams for which it was answered."""
	return lambda person, texts: {team for team, text in texts.items() if ask(person, text)}


def granted(answer: requests.Response) -> bool:
	"""Whether an endpoint let somebody in. 404 and 417 are what it says to a request that makes no sense."""
	assert answer.status_code in (200, 403, 404, 417), answer.text
	return answer.status_code != 403


def got(method: str, http: str = "GET", **args):
	"""`{ticket}` and so on in the arguments stand for the text's; what is answered must hold something."""

	def ask(person, text):
		filled = {key: value.format(**vars(text)) for key, value in args.items()}
		answer = person.call(method, http=http, **filled)
		return answer.status_code == 200 and bool(_found(answer))

	return each(ask)


def _found(answer: requests.Response):
	if "json" not in answer.headers["Content-Type"]:
		return answer.content
	said = answer.json()
	return said.get("message") or said.get("docs") or said.get("results")


def joined(doctype: str, name: str):
	"""Frappe's socket server asks this before somebody gets a document's events."""
	if hasattr(frappe.realtime, "can_subscribe_doc"):
		return got("frappe.realtime.can_subscribe_doc", doctype=doctype, docname=name)
	return got("frappe.realtime.has_permission", doctype=doctype, name=name)


def listed(method: str, doctype: str, attribute: str, **args):
	"""Which of the three names a list shows."""

	def ask(person, texts):
		names = {getattr(text, attribute): team for team, text in texts.items()}
		filters = json.dumps([[doctype, "name", "in", list(names)]])
		answer = person.call(method, http="GET", doctype=doctype, filters=filters, **args)
		return {team for name, team in names.items() if answer.ok and name in answer.text}

	return ask


def counted(method: str, doctype: str, attribute: str, **args):
	def ask(person, text):
		filters = json.dumps([[doctype, "name", "=", getattr(text, attribute)]])
		answer = person.call(method, http="GET", doctype=doctype, filters=filters, **args)
		return answer.ok and json.dumps(answer.json().get("message")) not in ("0", "[]", "null", "{}")

	return each(ask)


def said(method: str, http: str = "GET", **args):
	"""Whether what is answered holds the text's words."""

	def ask(person, text):
		filled = {key: value.format(**vars(text)) for key, value in args.items()}
		answer = person.call(method, http=http, **filled)
		return answer.ok and text.secret in answer.text

	return each(ask)


def counted_by_words(doctype: str, field: str):
	def ask(person, text):
		filters = json.dumps({field: ["like", f"%{text.secret}%"]})
		answer = person.call("frappe.client.get_count", http="GET", doctype=doctype, filters=filters)
		return answer.ok and bool(answer.json().get("message"))

	return each(ask)


def resource(doctype: str, attribute: str):
	def ask(person, text):
		path = f"{person.stack.web}/api/resource/{doctype}/{getattr(text, attribute)}"
		return person.session.get(path, timeout=30).ok

	return each(ask)


def told(method: str, needle: str, /, **args: Any) -> Callable:
	"""Asked once for everything: whose needle stands in the answer, also in that of an error."""

	def ask(person, texts) -> set[str]:
		answer = person.call(method, http="GET", **args).text
		return {team for team, text in texts.items() if getattr(text, needle) in answer}

	return ask


def told_each(method: str, needle: str, /, **args: str) -> Callable:
	"""Asked about each text; `{ticket}` and so on in the arguments stand for the text's."""

	def ask(person, texts) -> set[str]:
		return {
			team
			for team, text in texts.items()
			if getattr(text, needle) in person.call(method, http="GET", **_filled(args, text)).text
		}

	return ask


def page(path: str, needle: str) -> Callable:
	"""A page of the site instead of a method."""

	def ask(person, texts) -> set[str]:
		return {
			team
			for team, text in texts.items()
			if getattr(text, needle)
			in person.session.get(person.stack.web + path.format(**vars(text)), timeout=30).text
		}

	return ask


def oracle(method: str, words: str, /, **args: Any) -> Callable:
	"""Whether the answer differs when a filter meets the text's words from when it meets nothing.

	:param words: of a text
	:param args: every "{word}" is the word that is looked for
	"""

	def ask(person, texts) -> set[str]:
		def answer(word: str) -> tuple:
			filled = {key: value.replace("{word}", word) for key, value in args.items()}
			said = person.call(method, http="GET", **filled)
			if "json" not in said.headers["Content-Type"]:
				return said.status_code, said.text.replace(word, "")
			# Errors show what was asked, cut to some length.
			return said.status_code, {key: value for key, value in said.json().items() if key in SAYS}

		nothing = answer(NOTHING)
		return {team for team, text in texts.items() if answer(getattr(text, words)) != nothing}

	return ask


def _filled(args: dict[str, str], text) -> dict[str, str]:
	for key, value in vars(text).items():
		args = {name: given.replace(f"{{{key}}}", str(value)) for name, given in args.items()}
	return args
